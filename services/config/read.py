"""A file of servers -> entries as written, or what is wrong with it.

Owns opening, decoding and taking the ``mcpServers`` object apart. Never judges a single entry and
never raises for what stands in a file: one bad file costs only itself.
"""

from __future__ import annotations

import os
import stat

from ..models import JsonObject, as_object
from .models import FileProblem, RawEntry, Reading, SourceFile
from .positions import Document, JsonProblem, read_json

MAX_BYTES = 8 * 1024 * 1024
"""A larger file is no list of servers; it is refused before it is read."""

SERVERS_KEY = "mcpServers"
VSCODE_KEY = "servers"


class _Unreadable(Exception):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def read_file(file: SourceFile) -> Reading:
    """Read one source; a file that is not there gives nothing unless a person named it."""
    lints: list[str] = []
    try:
        text = file.inline if file.inline is not None else _text_of(file, lints)
        if text is None:
            return Reading()
        document = read_json(text)
    except _Unreadable as error:
        return Reading(problems=(FileProblem(file, error.what, error.remedy),))
    except JsonProblem as error:
        problem = FileProblem(file, f"not JSON: {error.reason}", error.remedy, error.place)
        return Reading(problems=(problem,))
    return _reading_of(file, document, lints)


def _text_of(file: SourceFile, lints: list[str]) -> str | None:
    """The decoded text, None when there is no such file. Raises ``_Unreadable``."""
    data = _bytes_of(file)
    if data is None:
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unreadable("it is UTF-16", "save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        lints.append("the file starts with a byte order mark, which some clients refuse")
        data = data[3:]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unreadable(f"it is not UTF-8 (line {line})", "save it as UTF-8") from None


def _bytes_of(file: SourceFile) -> bytes | None:
    path = file.path
    assert path is not None  # a source without inline text has a path
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _Unreadable("it is a directory", "put a file with that name in its place, or remove it")
        # a pipe is fine where a person named it: --mcp-config <(make-config); found lying about it could block us
        if not stat.S_ISREG(status.st_mode) and not file.explicit:
            raise _Unreadable("it is not a regular file", "put a plain file in its place, or remove it")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if file.explicit:
            raise _Unreadable("no such file", "check the path; JSON given directly starts with {") from None
        if path.is_symlink():
            raise _Unreadable("it is a symbolic link to nothing", "correct the link, or remove it") from None
        return None
    except NotADirectoryError:
        if file.explicit:
            raise _Unreadable("no such file", "check the path; JSON given directly starts with {") from None
        return None
    except PermissionError:
        raise _Unreadable("it cannot be read: permission denied", "give yourself the right to read it") from None
    except (OSError, ValueError) as error:  # a link loop, a name too long, a NUL in the name
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise _Unreadable(f"it cannot be read: {reason}", "check the path") from None
    if len(data) > MAX_BYTES:
        raise _Unreadable(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB", "a list of servers is far smaller")
    return data


def _reading_of(file: SourceFile, document: Document, lints: list[str]) -> Reading:
    if not isinstance(document.value, dict):
        what = f"the file holds {json_kind(document.value)}, not an object"
        return Reading(problems=(FileProblem(file, what, 'write {"mcpServers": {…}}'),))
    top: JsonObject = document.value
    problems: list[FileProblem] = []
    for path, place in document.duplicates:
        if path == (SERVERS_KEY,):
            what = f'"{SERVERS_KEY}" is given twice; this one is ignored'
            problems.append(FileProblem(file, what, f'merge the two "{SERVERS_KEY}" objects', place))
    if isinstance(top.get(VSCODE_KEY), dict):
        what = f'"{VSCODE_KEY}" is the key that VS Code uses; its entries are not read'
        place = document.places.get((VSCODE_KEY,))
        problems.append(FileProblem(file, what, f'rename it to "{SERVERS_KEY}"', place))
    servers = top.get(SERVERS_KEY)
    if servers is None:
        if not problems:
            problems.append(FileProblem(file, f'it has no "{SERVERS_KEY}"', _wrap_remedy(top)))
        return Reading(problems=tuple(problems))
    if not isinstance(servers, dict):
        what = f'"{SERVERS_KEY}" is {json_kind(servers)}, not an object'
        place = document.places.get((SERVERS_KEY,))
        problems.append(FileProblem(file, what, f'write "{SERVERS_KEY}": {{"NAME": {{…}}}}', place))
        return Reading(problems=tuple(problems))
    entries = tuple(_raw_entries(file, document, servers, tuple(lints)))
    return Reading(entries, tuple(problems))


def _raw_entries(file: SourceFile, document: Document, servers: JsonObject, lints: tuple[str, ...]) -> list[RawEntry]:
    repeated: dict[str, list[str]] = {}
    for path, place in document.duplicates:
        if len(path) == 2 and path[0] == SERVERS_KEY:
            text = f"this name is given twice: the entry at line {place.line} is ignored, the last one counts"
            repeated.setdefault(path[1], []).append(text)
        elif len(path) == 3 and path[0] == SERVERS_KEY:
            text = f'"{path[2]}" is given twice: the one at line {place.line} is ignored, the last one counts'
            repeated.setdefault(path[1], []).append(text)
    entries: list[RawEntry] = []
    for name, value in servers.items():
        fields = {
            key: place
            for key in as_object(value)
            if (place := document.places.get((SERVERS_KEY, name, key))) is not None
        }
        origin = file.origin(document.places.get((SERVERS_KEY, name)))
        entries.append(RawEntry(name, file, value, origin, fields, (*lints, *repeated.get(name, ()))))
    return entries


def _wrap_remedy(top: JsonObject) -> str:
    looks_like_entries = any("command" in as_object(value) or "url" in as_object(value) for value in top.values())
    if looks_like_entries:
        return f'put the entries into {{"{SERVERS_KEY}": {{…}}}}'
    return f'add "{SERVERS_KEY}": {{}} to it, or remove the file'


def json_kind(value: object) -> str:
    """The JSON kind of a value in words: ``a string``, ``an array`` …"""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
