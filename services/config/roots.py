"""``roots`` of an entry: which folders a server may be told about (protocol section 35).

Owns the making of ``file://`` URIs. Never looks whether a folder exists: roots inform, they do not
give access.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from .fields import FieldReader
from .files import with_home
from .read import json_kind
from .urls import has_scheme


def roots_of(reader: FieldReader, folder: Path) -> tuple[str, ...] | None:
    """The URIs, None where the entry names none; what cannot be one becomes a lint and is left out."""
    value = reader.value.get("roots")
    if value is None:
        return None
    if not isinstance(value, list):
        reader.lints.append(f'"roots" is {json_kind(value)}, not an array: not used')
        return None
    uris: dict[str, None] = {}
    for number, item in enumerate(value, 1):
        text = reader.expander.text(item).strip() if isinstance(item, str) else ""
        uri = root_uri(text, folder) if text else None
        if uri is None:
            reader.lints.append(f'"roots" number {number} is neither a path nor a file:// URI: not used')
        else:
            uris[uri] = None
    return tuple(uris)


def root_uri(text: str, folder: Path) -> str | None:
    """The ``file://`` URI of a path, relative to ``folder``, or of such a URI; None: it is neither."""
    if not has_scheme(text):
        try:
            return (folder / with_home(text)).absolute().as_uri()
        except ValueError:
            return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or not parts.path.startswith("/") or parts.query or parts.fragment:
        return None
    return f"file://{parts.netloc}{quote(parts.path, safe='/%:@!$&()*+,;=~-._' + chr(39))}"
