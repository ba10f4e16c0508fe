"""``sandbox`` of an entry: what its server may do beside reading (config contract, section 2).

Owns what may stand there. Whatever it is not sure of makes the entry unusable: a server whose sandbox is
misspelt must not be started without one. Never starts anything and never looks whether a folder exists.
"""

from __future__ import annotations

from pathlib import Path

from ..models import Sandbox
from .fields import FieldReader, Unusable
from .files import with_home
from .read import json_kind

_FIELDS = ("network", "write")
_SHAPE = 'write true, or {"network": false, "write": ["./data"]}'


def sandbox_of(reader: FieldReader, folder: Path, *, is_stdio: bool) -> Sandbox | None:
    """The sandbox, None where the entry wants none. ``folder``: where the server runs. Raises ``Unusable``."""
    value = reader.value.get("sandbox")
    if value is None or value is False:
        return None
    if not is_stdio:
        what = 'it asks for a "sandbox", which only a command can be started in'
        raise Unusable(what, 'remove "sandbox": a server at a URL runs elsewhere', "sandbox")
    if value is True:
        return Sandbox()
    if not isinstance(value, dict):
        raise Unusable(f'"sandbox" is {json_kind(value)}, neither true nor an object', _SHAPE, "sandbox")
    for key in value:
        if key not in _FIELDS:
            what = f'"sandbox" has the unknown field "{key}", so the server is not started: it would be without one'
            raise Unusable(what, _meant(key) or _SHAPE, "sandbox")
    network = value.get("network", False)
    if not isinstance(network, bool):
        raise Unusable(f'"network" in "sandbox" is {json_kind(network)}, not true or false', _SHAPE, "sandbox")
    write = value.get("write", [])
    if not isinstance(write, list):
        raise Unusable(f'"write" in "sandbox" is {json_kind(write)}, not an array', _SHAPE, "sandbox")
    return Sandbox(network, tuple(_path(reader, item, number, folder) for number, item in enumerate(write, 1)))


def _meant(key: str) -> str:
    from difflib import get_close_matches  # 2 ms, and only for what is misspelt

    close = get_close_matches(key.lower(), _FIELDS, 1) if len(key) < 40 else []
    return f'did you mean "{close[0]}"?' if close else ""


def _path(reader: FieldReader, value: object, number: int, folder: Path) -> str:
    what = f'"write" number {number} in "sandbox"'
    if not isinstance(value, str):
        raise Unusable(f"{what} is not a string", 'write a path: "./data"', "sandbox")
    missing = set(reader.expander.missing)
    text = reader.checked("sandbox", reader.expander.text(value))
    for name in reader.expander.missing.keys() - missing:
        # Elsewhere the text stays as it is; here it would be a folder that nobody meant.
        raise Unusable(f"{what} needs {name}, which is not set", f"set {name}, or give a default", "sandbox")
    if not text.strip():
        raise Unusable(f"{what} is empty", 'write a path: "./data"', "sandbox")
    reader.lint_space(what, value)
    path = folder / with_home(text)
    if path == Path(path.anchor):
        reader.lints.append('"sandbox" lets it write everywhere: "write" names the root of the file system')
    return str(path)
