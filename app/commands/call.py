"""``mcpdeck call``: one tool call, its result on stdout.

Owns the JSON shape ``call`` and how content is printed for a person. Never decides whether arguments
fit the schema: that is the executor's.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from ...services.errors import UnknownTool, UsageError
from ...services.models import Caller, ErrorInfo, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.models.content import says_the_same
from ...services.state.model import AppState, CallState, CallStatus
from ...services.state.text import one_line
from .. import headless
from ..call_arguments import Given, arguments_for, read_given
from ..content import block_pieces
from ..exits import Exit, exit_code
from ..options import Options
from ..printing import note_warning, pretty_pieces, report, write, write_json, write_pieces
from ..resolve import Guard, named, usable
from ..result_output import check_output, note_size, printed, save, size_fields


def run(options: Options) -> int:
    """Exit code 1 when the tool reported an error (its content is still printed)."""
    target, words = options.target_and_words
    if options.program is None and target is None:
        raise UsageError("which server and which tool?", hint="mcpdeck call TARGET TOOL [name=value …]")
    if not words:
        listing = f"mcpdeck tools {target}" if target else "mcpdeck tools -- COMMAND ARGS…"
        raise UsageError("which tool? its name is missing", hint=f"{listing} shows them")
    check_output(options)
    tool = words.pop(0)
    given = read_given(words, options.arguments)
    entry, guard = usable(options, target)
    call = headless.run_for(lambda: _called(entry, guard, tool, given, options))
    if call.error is not None:
        report(call.error, entry.name, as_json=options.json)
        return exit_code(call.error.kind)
    if options.output is not None:
        save(call, options)
    if options.json:
        write_json(_json(entry.name, call))
    else:
        if options.output is None:
            _print(printed(call, options))
        note_size(call, options)
        for flaw in () if options.quiet else call.output_problems:
            note_warning(f"{tool}: {flaw}")
    return Exit.TOOL_ERROR if call.status is CallStatus.TOOL_ERROR else Exit.DONE


async def _called(entry: ServerEntry, guard: Guard, name: str, given: Given, options: Options) -> CallState:
    """The finished call, whatever came of it."""
    async with headless.services((entry,), options, guard=guard, reads=headless.TOOLS) as services:
        session = await services.manager.connected(entry.name)
        tools = await headless.tools_of(session, options.timeout)
        tool = next((tool for tool in tools if tool.name == name), None)
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
                caller=Caller.COMMAND,
            )
        finally:
            if stop is not None:
                stop()
                sys.stderr.write("\r\x1b[K")
        headless.note_log(services, entry.name, options)
        if tool is None and call.status is CallStatus.NOT_FOUND:
            unknown = named(name, [tool.name for tool in tools], f'tool of "{entry.name}"', "it has no tools")
            return replace(call, error=ErrorInfo.of(UnknownTool(unknown.title, hint=unknown.hint, server=entry.name)))
        return call


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


def _json(server: str, call: CallState) -> JsonObject:
    result = call.result or {}
    return {
        "server": server,
        "tool": call.tool,
        "isError": call.status is CallStatus.TOOL_ERROR,
        "content": as_list(result.get("content")),
        "structuredContent": result.get("structuredContent"),
        "hasStructuredContent": "structuredContent" in result,  # null is a value too (protocol section 27)
        "durationMs": None if call.duration_ms is None else round(call.duration_ms, 3),
        **size_fields(call),
        "outputProblems": [*call.output_problems],
        "rounds": call.rounds,
    }


def _print(result: JsonObject) -> None:
    content = as_list(result.get("content"))
    for block in content:
        write_pieces(block_pieces(block))
    structured = result.get("structuredContent")
    texts = (as_text(as_object(block).get("text")) for block in content)
    if structured is not None and not any(says_the_same(text, structured) for text in texts if text is not None):
        write_pieces(pretty_pieces(structured))
        write()
    elif not content and structured is None:
        rest = {key: value for key, value in result.items() if key not in ("content", "_meta", "isError")}
        if rest:  # a result of another shape is still what the server said
            write_pieces(pretty_pieces(rest))
            write()
