"""A file of servers -> entries as written, or what is wrong with it.

Owns taking the object of servers apart, in every format. Never opens a file itself, never judges a
single entry and never raises for what stands in a file: one bad file costs only itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..models import Json, JsonObject, as_object
from .contents import Unreadable, text_of
from .models import FileProblem, Format, RawEntry, Reading, SourceFile
from .positions import Document, KeyPath, TextProblem, read_json

SERVERS_KEY = "mcpServers"
VSCODE_KEY = "servers"
DEEPEST = 32
"""Levels of one entry: far more than any field needs, far less than what follows could choke on."""

NOT_THERE = Reading(found=False)


def read_file(file: SourceFile) -> Reading:
    """Read one source; a file that is not there gives nothing unless a person named it."""
    return read_files([file])[0]


def read_files(files: Sequence[SourceFile]) -> list[Reading]:
    """Read ``files``, in their order; one that stands there several times is opened and understood once.

    What is wrong with such a file as a whole is said by the first of its readings.
    """
    groups: dict[object, list[int]] = {}
    for index, file in enumerate(files):
        key = (file.path, file.format, file.explicit) if file.path is not None else (index,)
        groups.setdefault(key, []).append(index)
    readings = [NOT_THERE] * len(files)
    for indexes in groups.values():
        for index, reading in zip(indexes, _read_one([files[index] for index in indexes]), strict=True):
            readings[index] = reading
    return readings


def _read_one(files: list[SourceFile]) -> list[Reading]:
    """The readings of one file that is looked at in several ways."""
    first, *others = files
    lints: list[str] = []
    try:
        text = text_of(first, lints)
        if text is None:
            return [NOT_THERE] * len(files)
        document = _document(first, text, [file.at for file in files])
    except Unreadable as error:
        problem = FileProblem(first, error.what, error.remedy)
    except TextProblem as error:
        problem = FileProblem(first, f"not {_NAMES[first.format]}: {error.reason}", error.remedy, error.place)
    else:
        if isinstance(document.value, dict):
            return [_reading_of(file, document, document.value, lints) for file in files]
        what = f"the file holds {json_kind(document.value)}, not an object"
        problem = FileProblem(first, what, _example(first.at))
    return [Reading(problems=(problem,), unreadable=problem), *(Reading(unreadable=problem) for _ in others)]


_NAMES = {Format.JSON: "JSON", Format.JSONC: "JSON", Format.TOML: "TOML", Format.YAML: "YAML"}


def _document(file: SourceFile, text: str, paths: Iterable[KeyPath]) -> Document:
    """Raises ``TextProblem``."""
    match file.format:
        case Format.JSON:
            # the key of another client gets a place too, and so do entries that stand there bare
            return read_json(text, depth=2, paths=[*paths, (VSCODE_KEY,), *([()] if _loose(file) else [])])
        case Format.JSONC:
            from .jsonc import read_jsonc

            return read_jsonc(text, depth=2, paths=paths)
        case Format.TOML:
            from .toml_text import read_toml

            return read_toml(text)
        case Format.YAML:
            from .yaml_text import read_yaml

            return read_yaml(text)


def _loose(file: SourceFile) -> bool:
    """A plugin's ``.mcp.json`` may be the object of servers itself."""
    return file.plugin is not None and not file.optional


def _reading_of(file: SourceFile, document: Document, top: JsonObject, lints: list[str]) -> Reading:
    at = file.at
    if _loose(file) and SERVERS_KEY not in top:
        at = ()
    problems = [
        FileProblem(file, f'"{path[-1]}" is given twice; this one is ignored', f'merge the two "{path[-1]}"', place)
        for path, place in document.duplicates
        if path == at[: len(path)]
    ]
    if at == (SERVERS_KEY,) and not file.optional and file.client is None and isinstance(top.get(VSCODE_KEY), dict):
        what = f'"{VSCODE_KEY}" is the key that VS Code uses; its entries are not read'
        place = document.places.get((VSCODE_KEY,))
        problems.append(FileProblem(file, what, f'rename it to "{SERVERS_KEY}"', place))
    found = _at(file, document, at, problems)
    if file.plugin is not None and isinstance(found, str | list):
        from .plugins import named_servers

        entries, named = named_servers(file, found, document.places.get(at), problems)
        return Reading(tuple(entries), tuple(problems), tuple(lints), named=tuple(named))
    if at and found is not None and not isinstance(found, dict):
        what = f'"{at[-1]}" is {json_kind(found)}, not an object'
        problems.append(FileProblem(file, what, f'write "{at[-1]}": {{"NAME": {{…}}}}', document.places.get(at)))
    if not isinstance(found, dict):
        return Reading(problems=tuple(problems), lints=tuple(lints))
    said = (*((file.lint,) if file.lint else ()), *lints)
    entries = _raw_entries(file, document, at, found, said, problems)
    return Reading(tuple(entries), tuple(problems), tuple(lints))


def _at(file: SourceFile, document: Document, at: KeyPath, problems: list[FileProblem]) -> Json:
    """What stands at ``at``, None when there is nothing; ``problems`` get what is wrong on the way."""
    value = document.value
    for depth, key in enumerate(at):
        if not isinstance(value, dict):
            place = document.places.get(at[:depth])
            problems.append(
                FileProblem(file, f'"{at[depth - 1]}" is {json_kind(value)}, not an object', _example(at), place)
            )
            return None
        value = value.get(key)
        if value is None:
            if not problems and not file.optional:
                problems.append(FileProblem(file, f'it has no "{key}"', _remedy(as_object(document.value), at)))
            return None
    return value


def _raw_entries(
    file: SourceFile,
    document: Document,
    at: KeyPath,
    servers: JsonObject,
    lints: tuple[str, ...],
    problems: list[FileProblem],
) -> list[RawEntry]:
    repeated: dict[str, list[str]] = {}
    end = len(at)
    for path, place in document.duplicates:
        if path[:end] != at:
            continue
        if len(path) == end + 1:
            text = f"this name is given twice: the entry at line {place.line} is ignored, the last one counts"
            repeated.setdefault(path[end], []).append(text)
        elif len(path) == end + 2:
            text = f'"{path[-1]}" is given twice: the one at line {place.line} is ignored, the last one counts'
            repeated.setdefault(path[end], []).append(text)
    places = document.places
    prefix = "" if file.plugin is None else f"plugin:{file.plugin}:"
    entries: list[RawEntry] = []
    for name, value in servers.items():
        path = (*at, name)
        place = places.get(path)
        if _too_deep(value):
            what = f'the entry "{name}" is nested too deeply'
            problems.append(FileProblem(file, what, "flatten it; an entry needs three levels", place))
            continue
        fields = {key: there for key in as_object(value) if (there := places.get((*path, key))) is not None}
        said = (*lints, *repeated[name]) if name in repeated else lints
        # an entry without a name stays one: the prefix would hide that
        entries.append(RawEntry(prefix + name if name else "", file, value, file.origin(place), fields, said))
    return entries


def _too_deep(value: Json) -> bool:
    level: list[Json] = [value]
    for _ in range(DEEPEST):
        inner: list[Json] = []
        for one in level:
            if isinstance(one, dict):
                inner += [child for child in one.values() if isinstance(child, dict | list)]
            elif isinstance(one, list):
                inner += [child for child in one if isinstance(child, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def _example(at: KeyPath) -> str:
    text = "{…}"
    for key in reversed(at or (SERVERS_KEY,)):
        text = f'{{"{key}": {text}}}'
    return f"write {text}"


def _remedy(top: JsonObject, at: KeyPath) -> str:
    key = at[0]
    meant = _misspelt(key, top)
    if meant is not None:
        return f'did you mean "{key}"? rename "{meant}"'
    looks_like_entries = any("command" in as_object(value) or "url" in as_object(value) for value in top.values())
    if looks_like_entries:
        return f'put the entries into {{"{key}": {{…}}}}'
    return f'add "{key}": {{}} to it, or remove the file'


def _misspelt(key: str, top: JsonObject) -> str | None:
    """The object in ``top`` that probably was to stand at ``key``."""
    from difflib import get_close_matches  # 2 ms, and only for what is misspelt

    names = {name.lower().replace("_", "").replace("-", ""): name for name in top if len(name) < 2 * len(key)}
    close = get_close_matches(key.lower(), [name for name in names if isinstance(top[names[name]], dict)], 1, 0.85)
    return names[close[0]] if close else None


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
