"""``mcpdeck call``: one tool call, its result on stdout.

Owns the JSON shape ``call`` and how content is printed for a person. Never decides whether arguments
fit the schema: that is the executor's.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ...services.errors import McpDeckError, UnknownTool, UsageError
from ...services.models import Json, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.state.model import AppState, CallState, CallStatus
from ...services.state.text import one_line
from .. import headless
from ..call_arguments import Given, arguments_for, read_given
from ..content import block_lines
from ..exits import Exit, exit_code
from ..options import Options
from ..printing import note_warning, pretty, report, write, write_json
from ..resolve import Guard, named, usable


def run(options: Options) -> int:
    """Exit code 1 when the tool reported an error (its content is still printed)."""
    target, words = options.target_and_words
    if options.program is None and target is None:
        raise UsageError("which server and which tool?", hint="mcpdeck call TARGET TOOL [name=value …]")
    if not words:
        listing = f"mcpdeck tools {target}" if target else "mcpdeck tools -- COMMAND ARGS…"
        raise UsageError("which tool? its name is missing", hint=f"{listing} shows them")
    tool = words.pop(0)
    given = read_given(words, options.arguments)
    entry, guard = usable(options, target)
    call, flaws = headless.run_for(lambda: _called(entry, guard, tool, given, options))
    if call.error is not None:
        report(call.error, entry.name, as_json=options.json)
        return exit_code(call.error.kind)
    result = call.result or {}
    if options.json:
        write_json(_json(entry.name, call, result, flaws))
    else:
        _print(result)
        for flaw in () if options.quiet else flaws:
            note_warning(f"{tool}: {flaw}")
    return Exit.TOOL_ERROR if call.status is CallStatus.TOOL_ERROR else Exit.DONE


async def _called(
    entry: ServerEntry, guard: Guard, name: str, given: Given, options: Options
) -> tuple[CallState, tuple[str, ...]]:
    """The finished call, and where its structured content does not fit the tool's output schema."""
    async with headless.services((entry,), options, guard=guard, reads=headless.TOOLS) as services:
        session = await services.manager.connected(entry.name)
        tools = await headless.tools_of(session, options.timeout)
        tool = next((tool for tool in tools if tool.name == name), None)
        if tool is None and options.validate:
            unknown = named(name, [tool.name for tool in tools], f'tool of "{entry.name}"', "it has no tools")
            raise UnknownTool(unknown.title, hint=unknown.hint, server=entry.name)
        arguments = arguments_for(given, tool, entry.name, strict=options.validate)
        stop = services.store.subscribe(_Progress().show) if _wants_progress(options) else None
        try:
            call = await services.executor.call(
                entry.name,
                name,
                arguments,
                validate=options.validate,
                timeout=options.timeout,
                as_task=options.task,
            )
        except McpDeckError as error:
            error.server = error.server or entry.name
            raise
        finally:
            if stop is not None:
                stop()
                sys.stderr.write("\r\x1b[K")
        headless.note_log(services, entry.name, options)
        return call, await _output_problems(call, tool.output_schema if tool else None)


def _wants_progress(options: Options) -> bool:
    return sys.stderr.isatty() and not options.quiet


class _Progress:
    """The newest progress on one line of the terminal."""

    def show(self, state: AppState) -> None:
        call = next(iter(state.calls), None)
        if call is None or call.progress is None or call.status is not CallStatus.RUNNING:
            return
        share = f"{call.progress:g}/{call.total:g}" if call.total else f"{call.progress:g}"
        sys.stderr.write(f"\r\x1b[K{share} {one_line(call.message or '', 60)}")
        sys.stderr.flush()


async def _output_problems(call: CallState, schema: JsonObject | None) -> tuple[str, ...]:
    """Where structured content does not fit the tool's output schema (protocol section 28): shown, not refused."""
    result = call.result
    if schema is None or result is None or call.status is CallStatus.TOOL_ERROR:
        return ()
    if "structuredContent" not in result:
        return ("the tool has an output schema, and its result has no structured content",)
    from ...services.engine.validation import check

    wrong = await check(result["structuredContent"], schema)
    if wrong is None:
        return ("structured content could not be checked: the output schema takes too long",)
    return tuple(f"structured content: {problem}" for problem in wrong)


def _json(server: str, call: CallState, result: JsonObject, flaws: tuple[str, ...]) -> JsonObject:
    return {
        "server": server,
        "tool": call.tool,
        "isError": call.status is CallStatus.TOOL_ERROR,
        "content": as_list(result.get("content")),
        "structuredContent": result.get("structuredContent"),
        "hasStructuredContent": "structuredContent" in result,  # null is a value too (protocol section 27)
        "durationMs": None if call.duration_ms is None else round(call.duration_ms, 3),
        "truncated": False,
        "savedTo": None,
        "outputProblems": [*flaws],
        "rounds": call.rounds,
    }


def _print(result: JsonObject) -> None:
    content = as_list(result.get("content"))
    for block in content:
        for line in block_lines(block):
            write(line)
    structured = result.get("structuredContent")
    if structured is not None and not _already_printed(structured, content):
        write(pretty(structured))
    elif not content and structured is None:
        rest = {key: value for key, value in result.items() if key not in ("content", "_meta", "isError")}
        if rest:  # a result of another shape is still what the server said
            write(pretty(rest))


def _already_printed(structured: Json, content: list[Json]) -> bool:
    """Servers repeat structured content as JSON text for older clients (2025-06-18 tools, Structured Content).

    Some SDKs wrap a plain value as ``{"result": value}`` and give the value itself as text.
    """
    for block in content:
        text = as_text(as_object(block).get("text"))
        if text is not None:
            try:
                value: Any = json.loads(text)
            except (ValueError, RecursionError):
                value = text
            if structured in (value, {"result": value}, {"result": text}):
                return True
    return False
