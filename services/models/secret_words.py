"""Words by which a field asks for a secret.

Owns that one question, for forms (which warn) and for what is kept of calls (which leaves it out). Never sees a value.
"""

from __future__ import annotations

import re

from .json_values import JsonObject, as_text

_SECRET = re.compile(
    r"pass(word|phrase|code)|\bpwd\b|secret|token|(api|private)[\s_-]?key|credential|\b(pin|cvv|ssn)\b", re.IGNORECASE
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
READ = 2_000
"""Characters of a description that are looked at."""


def speaks_of_secret(name: str, schema: JsonObject) -> bool:
    """The field's name, title, description or format speaks of a password, key or token."""
    said = [as_text(schema.get(word)) or "" for word in ("title", "description", "format")]
    place = " ".join((_CAMEL.sub(" ", name), name, said[0], said[1][:READ], said[2]))
    return bool(_SECRET.search(place.replace("_", " "))) or bool(_SECRET.search(place))


def declared_secret(schema: JsonObject) -> bool:
    """The schema itself says that it holds one."""
    return schema.get("format") == "password" or schema.get("writeOnly") is True
