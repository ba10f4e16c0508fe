"""``mcpdeck read``: one resource, its contents on stdout or in a file.

Owns the JSON shape ``{"server", "uri", "contents": […as received…], "durationMs"}`` and what goes into a
URI template. Never fetches a URL by itself: the server reads (protocol section 31).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from ...services.config.files import with_home
from ...services.errors import RemoteProtocolError, UsageError
from ...services.models import Json, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.session.uri_templates import Value, expand, variables
from ...services.state.text import one_line
from .. import headless
from ..call_arguments import read_given
from ..content import resource_bytes, resource_lines
from ..exits import Exit
from ..options import Options
from ..printing import note, note_warning, pretty, size_words, write, write_json
from ..resolve import Guard, named, usable


def run(options: Options) -> int:
    target, words = options.target_and_words
    if options.program is None and target is None:
        raise UsageError("which server and which resource?", hint="mcpdeck read TARGET URI")
    if not words:
        listing = f"mcpdeck resources {target}" if target else "mcpdeck resources -- COMMAND ARGS…"
        raise UsageError("which resource? its URI is missing", hint=f"{listing} shows them")
    uri = filled(words[0], words[1:], options)
    if options.json and options.output == "-":
        raise UsageError("--json and --output - both want stdout", hint="give one of the two")
    entry, guard = usable(options, target)
    result, duration_ms = headless.run_for(lambda: _read(entry, guard, uri, options))
    contents = as_list(result.get("contents"))
    if options.output is not None:
        _save(contents, options.output, entry.name, options)
    if options.json:
        write_json({"server": entry.name, "uri": uri, "contents": contents, "durationMs": round(duration_ms, 3)})
    elif options.output is None:
        _print(contents)
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


async def _read(entry: ServerEntry, guard: Guard, uri: str, options: Options) -> tuple[JsonObject, float]:
    """The result as received, and how many milliseconds it took."""
    async with headless.services((entry,), options, guard=guard) as services:
        await services.manager.connected(entry.name)
        began = time.perf_counter()
        result = await headless.asked(services, entry.name, lambda session: session.read_resource(uri), options.timeout)
        headless.note_log(services, entry.name, options)
        return result, (time.perf_counter() - began) * 1000


def _print(contents: Sequence[Json]) -> None:
    if not contents:
        note("the server answered with no contents")
    for item in contents:
        if not isinstance(item, dict):
            write(pretty(item))
            continue
        for line in resource_lines(item, heading=len(contents) > 1):
            write(line)


def _save(contents: Sequence[Json], path: str, server: str, options: Options) -> None:
    """One content as it is: text as UTF-8, a blob decoded; ``-`` is stdout."""
    if len(contents) != 1:
        raise UsageError(
            f"the resource has {len(contents)} parts, and --output takes one", hint="--json has all of them"
        )
    content = as_object(contents[0])
    data = resource_bytes(content)
    if data is None:
        uri = one_line(as_text(content.get("uri")) or "")
        raise RemoteProtocolError(
            f"{uri} holds neither text nor valid base64 (section 31)", hint="--json shows it as it came", server=server
        )
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        # Made for the owner alone: what a server holds is not everybody's.
        descriptor = os.open(with_home(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", hint="check the path of --output") from None
    if not options.quiet:
        note(f"saved {path}, {size_words(len(data))}")
