"""Which fields can be filled in by picking: a date, a time, a file.

Owns that reading of a schema, and what a picked file becomes. Never opens a screen and reads no file.
"""

from __future__ import annotations

import base64
import mimetypes
from dataclasses import dataclass
from enum import StrEnum

from ...services.models import as_text
from ..form_values import Field, Kind


class PickKind(StrEnum):
    """What is picked."""

    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Pick:
    """``media_type`` is what the file should be; ``as_url``: it becomes a ``data:`` address."""

    kind: PickKind
    media_type: str = ""
    as_url: bool = False
    path: bool = False

    @property
    def words(self) -> str:
        if self.kind is PickKind.FILE:
            return "picks a path" if self.path else "takes a file"
        return "picks it"


_DATES = {"date": PickKind.DATE, "time": PickKind.TIME, "date-time": PickKind.DATE_TIME}
_PATHS = ("path", "file-path", "filepath", "directory-path")


def picks(field: Field) -> Pick | None:
    """How a field can be picked, None when it is typed only."""
    if field.kind not in (Kind.STRING, Kind.TEXT):
        return None
    written = as_text(field.schema.get("format")) or ""
    media = as_text(field.schema.get("contentMediaType")) or ""
    if as_text(field.schema.get("contentEncoding")) in ("base64", "base64url") or written in (
        "byte",
        "binary",
        "base64",
    ):
        return Pick(PickKind.FILE, media)
    if written in ("data-url", "data-uri"):
        return Pick(PickKind.FILE, media, as_url=True)
    if written in _PATHS:
        return Pick(PickKind.FILE, path=True)
    kind = _DATES.get(written)
    return Pick(kind) if kind is not None else None


def encoded(field: Field, name: str, content: bytes) -> str:
    """What stands in the field for a file's bytes."""
    pick = picks(field)
    if as_text(field.schema.get("contentEncoding")) == "base64url":
        return base64.urlsafe_b64encode(content).decode().rstrip("=")
    text = base64.b64encode(content).decode()
    if pick is not None and pick.as_url:
        return f"data:{media_type_of(name)};base64,{text}"
    return text


def media_type_of(name: str) -> str:
    """As its name says."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def fits(wanted: str, name: str) -> bool:
    """A file of that name can be of the wanted media type."""
    if not wanted or wanted == "application/octet-stream":
        return True
    kind = media_type_of(name)
    return kind == wanted or (wanted.endswith("/*") and kind.startswith(wanted[:-1]))
