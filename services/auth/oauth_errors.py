"""What an authorization server says when it says no.

Owns the bounded, harmless reading of OAuth error answers (RFC 6749, section 5.2; RFC 7591, section 3.2.2): JSON or
not, with whatever status. The text is a stranger's: it is shown on one line, and what we sent in secret is taken out
of it, should it be echoed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..errors import DiscoveryError
from ..models import Json
from ..state.text import one_line
from ..telemetry.redaction import MASK
from .guarded import Fetched

_CODE: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,80}")
_MOST: Final = 300
_SHORTEST_SECRET: Final = 6


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """``error``: the OAuth code, empty where there is none. ``description`` fit to be shown. ``words``: both."""

    status: int
    error: str
    description: str

    @property
    def words(self) -> str:
        said = ": ".join(part for part in (self.error, self.description) if part)
        return said or f"it answered {self.status}"

    @property
    def details(self) -> dict[str, Json]:
        return {"error": self.error, "description": self.description, "status": self.status}


def error_body(answer: Fetched, secrets: Iterable[str]) -> ErrorBody:
    """What ``answer`` says went wrong; ``secrets``: what it must not be quoted with. Never raises."""
    hidden = tuple(secrets)
    try:
        found = answer.json()
    except DiscoveryError as error:
        return ErrorBody(answer.status, "", one_line(without(error.title, hidden), _MOST))
    error = found.get("error")
    description = found.get("error_description")
    code = without(error, hidden) if isinstance(error, str) and _CODE.fullmatch(error) else ""
    text = one_line(without(description, hidden), _MOST) if isinstance(description, str) else ""
    if not code and not text:
        text = f"it answered {answer.status} and named no error"
    return ErrorBody(answer.status, code, text)


def without(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every one of ``secrets`` masked, the longest first."""
    for secret in sorted({each for each in secrets if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
