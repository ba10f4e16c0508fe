"""``${VAR}`` and ``${VAR:-default}`` in the texts of an entry.

Owns the expansion rule. Never decides which fields expand; a value that was put in is not looked at
again, so a variable cannot bring in another reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Expander:
    """Expands texts against one environment and collects the names it did not find."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.missing: dict[str, None] = {}  # in order, each once

    def text(self, text: str) -> str:
        """``text`` with every reference replaced; one without value and default stays literally."""
        return REFERENCE.sub(self._value, text) if "${" in text else text

    def _value(self, match: re.Match[str]) -> str:
        name, default = match.groups()
        value = self._environ.get(name)
        if value is not None:
            return value
        if default is not None:
            return default
        self.missing[name] = None
        return match.group()
