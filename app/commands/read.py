"""``mcpdeck read``: one resource, its contents on stdout or in a file.

Owns the JSON shape ``{"server", "uri", "contents": […as received…], "durationMs"}`` (with those of
``result_output.size_fields``) and what goes into a URI template. Never fetches a URL by itself: the server
reads (protocol section 31).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...services.errors import UsageError
from ...services.models import Caller, Json, ServerEntry, as_list
from ...services.session.uri_templates import Value, expand, variables
from ...services.state.model import CallState
from .. import headless
from ..call_arguments import read_given
from ..content import resource_pieces
from ..exits import Exit, exit_code
from ..options import Options
from ..printing import note, note_warning, pretty, report, write, write_json, write_pieces
from ..resolve import Guard, named, usable
from ..result_output import check_output, note_size, printed, save_resource, size_fields


def run(options: Options) -> int:
    target, words = options.target_and_words
    if options.program is None and target is None:
        raise UsageError("which server and which resource?", hint="mcpdeck read TARGET URI")
    if not words:
        listing = f"mcpdeck resources {target}" if target else "mcpdeck resources -- COMMAND ARGS…"
        raise UsageError("which resource? its URI is missing", hint=f"{listing} shows them")
    uri = filled(words[0], words[1:], options)
    check_output(options)
    entry, guard = usable(options, target)
    call = headless.run_for(lambda: _read(entry, guard, uri, options))
    if call.error is not None:
        report(call.error, entry.name, as_json=options.json)
        return exit_code(call.error.kind)
    if options.output is not None:
        save_resource(call, options)
    if options.json:
        contents = as_list((call.result or {}).get("contents"))
        took = None if call.duration_ms is None else round(call.duration_ms, 3)
        write_json({"server": entry.name, "uri": uri, "contents": contents, "durationMs": took, **size_fields(call)})
    else:
        if options.output is None:
            _print(as_list(printed(call, options).get("contents")))
        note_size(call, options)
    return Exit.DONE


def filled(uri: str, words: Sequence[str], options: Options) -> str:
    """``uri`` exactly as it was given, or as a template with the values of ``words`` put in (RFC 6570)."""
    if not words:
        return uri
    given = read_given(words, None)
    values: dict[str, Value] = dict(given.texts)
    for name, value in given.values.items():
        values[name] = _value(name, value)
    known = variables(uri)
    for name in values:
        if name not in known:
            raise named(name, known, "variable of the template", "the URI has no {variable}")
    missing = [name for name in known if name not in values]
    if missing and not options.quiet:
        note_warning(f"without a value, and left out: {', '.join(missing)}")
    return expand(uri, values)


def _value(name: str, value: Json) -> Value:
    """A JSON value of the command line as RFC 6570 has values: texts, lists and objects of texts."""
    match value:
        case list():
            return [_plain(name, item) for item in value]
        case dict():
            return {key: _plain(name, item) for key, item in value.items()}
        case _:
            return _plain(name, value)


def _plain(name: str, value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{name} is no value of a URI", hint="texts, numbers, and lists or objects of them")
    return str(value)


async def _read(entry: ServerEntry, guard: Guard, uri: str, options: Options) -> CallState:
    """The finished read, whatever came of it."""
    async with headless.services((entry,), options, guard=guard) as services:
        await services.manager.connected(entry.name)
        call = await services.executor.read(entry.name, uri, timeout=options.timeout, caller=Caller.COMMAND)
        headless.note_log(services, entry.name, options)
        return call


def _print(contents: Sequence[Json]) -> None:
    if not contents:
        note("the server answered with no contents")
    for item in contents:
        if not isinstance(item, dict):
            write(pretty(item))
            continue
        write_pieces(resource_pieces(item, heading=len(contents) > 1))
