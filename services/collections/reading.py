"""The text of a collection -> its calls.

Owns the members of the file and what is said of those that are wrong, each with its line. A call that is wrong does
not take the others with it. Never opens a file.

```json
{ "variables": {"city": "Turin"}, "sets": {"north": {"city": "Oslo"}},
  "calls": { "weather": { "server": "weather", "tool": "get_weather", "arguments": {"city": "{{city}}"},
                          "asserts": [{"path": "$.structuredContent.celsius", "type": "number"}],
                          "extract": {"station": "$.structuredContent.station"} } } }
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..config.positions import Document, JsonProblem, read_json
from ..models import Json, JsonObject, Offered, as_object, as_text
from ..state.text import shortened
from .asserts import Assertion, read_assertion
from .model import Collection, Extract, SavedCall, Within
from .paths import flaw

SUFFIX = ".calls"
PROJECT_FILE = "mcpdeck.calls.json"
KINDS = {"tool": Offered.TOOL, "resource": Offered.RESOURCE, "prompt": Offered.PROMPT}
_KIND_WORDS = '"tool", "resource" or "prompt"'
MOST_CALLS = 5_000


def collection_of(text: str, path: Path, *, private: bool) -> Collection:
    """The collection in ``text``; what is wrong with it stands in ``problem``, of one call in the call's."""
    empty = Collection(title_of(path), path, private, text=text)
    try:
        document = read_json(text or "{}", depth=4)
    except JsonProblem as problem:
        where = f"line {problem.place.line}: " if problem.place is not None else ""
        return replace(empty, problem=f"{where}{problem.reason}")
    value = document.value
    if not isinstance(value, dict):
        return replace(empty, problem="it holds no object")
    calls = value.get("calls", {})
    if not isinstance(calls, dict):
        return replace(empty, problem=f'{_line(document, "calls")}"calls" is an object of calls by their names')
    if len(calls) > MOST_CALLS:
        return replace(empty, problem=f"it holds {len(calls)} calls, more than {MOST_CALLS}")
    for name in ("variables", "sets"):
        if not isinstance(value.get(name, {}), dict):
            return replace(empty, problem=f'{_line(document, name)}"{name}" is an object')
    sets = as_object(value.get("sets"))
    wrong = next((name for name, one in sets.items() if not isinstance(one, dict)), None)
    if wrong is not None:
        problem = f'{_line(document, "sets", wrong)}the set "{shortened(wrong)}" is an object of variables'
        return replace(empty, problem=problem)
    twice = next(((way[1], place) for way, place in document.duplicates if len(way) == 2 and way[0] == "calls"), None)
    if twice is not None:  # which of them is meant cannot be told, and writing would drop the other
        problem = f'line {twice[1].line}: the call "{shortened(twice[0])}" stands here twice'
        return replace(empty, problem=problem)
    return replace(
        empty,
        name=as_text(value.get("name")) or empty.name,
        calls=tuple(_call(name, raw, document) for name, raw in calls.items()),
        variables=as_object(value.get("variables")),
        sets={name: as_object(one) for name, one in sets.items()},
    )


def title_of(path: Path) -> str:
    """What a file without a name of its own is called: the project's one like the project."""
    return (path.parent.name or path.stem) if path.name == PROJECT_FILE else path.stem.removesuffix(SUFFIX)


def call_of(name: str, raw: Json) -> SavedCall:
    """One call, as it would stand in a collection."""
    return _call(name, raw, Document({}, {}, ()))


def _call(name: str, raw: Json, document: Document) -> SavedCall:
    place = document.places.get(("calls", name))
    line = place.line if place is not None else None

    def broken(problem: str, *members: str) -> SavedCall:
        where = _line(document, "calls", name, *members) or (f"line {line}: " if line is not None else "")
        return SavedCall(name, line=line, problem=f"{where}{problem}", raw=as_object(raw))

    if not isinstance(raw, dict):
        return broken("a call is an object")
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) != 1:
        return broken(f"a call names one of {_KIND_WORDS}", *kinds[1:2])
    kind, server = kinds[0], raw.get("server")
    target = raw[kind]
    if not isinstance(target, str) or not target:
        return broken(f'"{kind}" is a name', kind)
    if not isinstance(server, str) or not server:
        return broken('"server" is missing: the name of a configured server', *(["server"] if "server" in raw else []))
    if (member := _flawed_member(raw)) is not None:
        return broken(member[1], member[0])
    asserts: list[Assertion] = []
    given = raw.get("asserts", [])
    if not isinstance(given, list):
        return broken('"asserts" is an array', "asserts")
    for number, one in enumerate(given, 1):
        read = read_assertion(one)
        if isinstance(read, str):
            return broken(f"assertion {number}: {read}", "asserts")
        asserts.append(read)
    extract = _extracts(raw.get("extract", {}))
    if isinstance(extract, str):
        return broken(extract, "extract")
    timeout = raw.get("timeout")
    return SavedCall(
        name,
        server,
        KINDS[kind],
        target,
        as_object(raw.get("arguments")),
        as_object(raw.get("variables")),
        tuple(asserts),
        extract,
        raw.get("asTask") is True,
        raw.get("validate") is not False,
        float(timeout) if isinstance(timeout, int | float) else None,
        line,
        "",
        raw,
    )


def _flawed_member(raw: JsonObject) -> tuple[str, str] | None:
    for name in ("arguments", "variables"):
        if not isinstance(raw.get(name, {}), dict):
            return name, f'"{name}" is an object'
    for name in ("asTask", "validate"):
        if not isinstance(raw.get(name, True), bool):
            return name, f'"{name}" is true or false'
    timeout = raw.get("timeout", 1)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 10**9:
        return "timeout", '"timeout" is a number of seconds above 0'
    return None


def _extracts(given: Json) -> Mapping[str, Extract] | str:
    if not isinstance(given, dict):
        return '"extract" is an object: the name of a variable, and the JSONPath of its value'
    extracts: dict[str, Extract] = {}
    for name, one in given.items():
        path = as_text(one) if isinstance(one, str) else as_text(as_object(one).get("path"))
        within = as_object(one).get("from", "result")
        if path is None or within not in ("result", "text"):
            return f'"{shortened(name)}" is a JSONPath, or {{"path": …, "from": "result" or "text"}}'
        wrong = flaw(path)
        if wrong:
            return wrong
        extracts[name] = Extract(path, Within.TEXT if within == "text" else Within.RESULT)
    return extracts


def _line(document: Document, *path: str) -> str:
    place = document.places.get(path)
    return f"line {place.line}: " if place is not None else ""
