"""An entry that moves to another file: paths in it that were relative to the old one.

Owns which fields hold such paths. Never opens a file.
"""

from __future__ import annotations

from pathlib import Path

from ..models import Json, JsonObject, as_object
from .files import with_home

_TLS_FILES = ("ca", "cert", "key")


def rebased(value: JsonObject, folder: Path) -> JsonObject:
    """``value`` with the paths that a file in ``folder`` gives relative to it made absolute.

    A path that begins with a variable stays: what it is relative to is not known before it is put in. "watch" and
    "sandbox" stay, too: they are seen from where the server runs, whatever file it stands in.
    """
    moved = dict(value)
    for key in ("cwd", "tokenFile"):
        if key in moved:
            moved[key] = _absolute(moved[key], folder)
    if isinstance(moved.get("tls"), dict):
        tls = as_object(moved["tls"])
        moved["tls"] = {key: _absolute(part, folder) if key in _TLS_FILES else part for key, part in tls.items()}
    return moved


def _absolute(path: Json, folder: Path) -> Json:
    if not isinstance(path, str) or not path.strip() or path.startswith("${") or with_home(path).is_absolute():
        return path
    return str(folder / path)
