"""``${VAR}`` and ``${VAR:-default}`` in the texts of an entry.

Owns the expansion rule. Never decides which fields expand; a value that was put in is not looked at
again, so a variable cannot bring in another reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..telemetry.redaction import REFERENCE

_ANY = re.compile(r"\$\{(?P<begin>[A-Za-z0-9_]*)(?P<rest>[^}]*)(?P<end>\}?)")
_UNCLOSED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)[^}]*$")


class Expander:
    """Expands texts against one environment and collects the names it did not find."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.missing: dict[str, None] = {}  # in order, each once
        self.unclosed: dict[str, None] = {}  # names of references without their closing brace
        self.odd: dict[str, None] = {}
        """What looks like a reference and is none, as far as it may be shown."""
        self.put_in: dict[str, str] = {}
        """Values of the environment that were put in, and the reference each stands for; a default is none."""

    def text(self, text: str) -> str:
        """``text`` with every reference replaced; one without value and default stays literally."""
        if "${" not in text:
            return text
        unclosed = _UNCLOSED.search(text, text.rfind("${"))
        if unclosed is not None:
            self.unclosed[unclosed[1]] = None
        for match in _ANY.finditer(REFERENCE.sub(" ", text)):
            begin, rest, end = match.groups()
            if end or not begin or begin[0].isdigit():  # else it is one of the unclosed
                self.odd[f"${{{begin}{'…' if rest else ''}{end}"] = None
        return REFERENCE.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        name, default = match.groups()
        if default is not None and "${" in default:
            self.odd[f"${{{name}:-${{…}}"] = None  # the first brace closes it
        value = self._environ.get(name)
        if value is not None:
            self.put_in[value] = f"${{{name}}}"
            return value
        if default is not None:
            return default
        self.missing[name] = None
        return match.group()
