"""``mcpdeck prompt``: one prompt, filled in by its server.

Owns the JSON shape ``{"server", "prompt", "description", "messages": […as received…], "durationMs"}`` (with those
of ``result_output.size_fields``). Never sends a prompt to a model.
"""

from __future__ import annotations

import sys

from ...services.errors import InvalidArguments, UsageError
from ...services.models import Caller, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.session import Session
from ...services.session.lists import PROMPTS
from ...services.state.model import CallState
from ...services.state.text import one_line
from .. import headless
from ..call_arguments import read_given
from ..content import block_pieces
from ..exits import Exit, exit_code
from ..options import Options
from ..printing import BOLD, coloured, note, pretty, report, write, write_json, write_pieces
from ..resolve import Guard, named, usable
from ..result_output import note_size, printed, size_fields
from .lists import argument_words


def run(options: Options) -> int:
    target, words = options.target_and_words
    if options.program is None and target is None:
        raise UsageError("which server and which prompt?", hint="mcpdeck prompt TARGET NAME [name=value …]")
    if not words:
        listing = f"mcpdeck prompts {target}" if target else "mcpdeck prompts -- COMMAND ARGS…"
        raise UsageError("which prompt? its name is missing", hint=f"{listing} shows them")
    name, *pairs = words
    given = read_given(pairs, None)
    if given.values:
        wrong = next(iter(given.values))
        raise UsageError(f"{wrong}:= gives JSON, and arguments of prompts are texts", hint=f"write {wrong}=value")
    entry, guard = usable(options, target)
    call = headless.run_for(lambda: _got(entry, guard, name, given.texts, options))
    if call.error is not None:
        report(call.error, entry.name, as_json=options.json)
        return exit_code(call.error.kind)
    result = call.result or {}
    if options.json:
        answer: JsonObject = {
            "server": entry.name,
            "prompt": name,
            "description": as_text(result.get("description")),
            "messages": as_list(result.get("messages")),
            "durationMs": None if call.duration_ms is None else round(call.duration_ms, 3),
        }
        write_json({**answer, **size_fields(call)})
    else:
        _print(as_text(result.get("description")), printed(call, options))
        note_size(call, options)
    return Exit.DONE


async def _got(entry: ServerEntry, guard: Guard, name: str, arguments: dict[str, str], options: Options) -> CallState:
    """The finished request, whatever came of it."""
    async with headless.services((entry,), options, guard=guard) as services:
        if options.validate:
            await headless.asked(
                services, entry.name, lambda session: _check(session, name, arguments), options.timeout
            )
        else:
            await services.manager.connected(entry.name)
        call = await services.executor.prompt(
            entry.name, name, arguments or None, timeout=options.timeout, caller=Caller.COMMAND
        )
        headless.note_log(services, entry.name, options)
        return call


async def _check(session: Session, name: str, arguments: dict[str, str]) -> None:
    """Required arguments are looked at before anything is sent (section 32). Raises what is wrong."""
    prompts = [as_object(item) for item in await session.lists.pages(PROMPTS)]
    prompt = next((prompt for prompt in prompts if prompt.get("name") == name), None)
    if prompt is None:
        names = [as_text(prompt.get("name")) or "" for prompt in prompts]
        unknown = named(name, names, f'prompt of "{session.server}"', "it has no prompts; --no-validate asks anyway")
        unknown.server = session.server
        raise unknown
    wanted = [as_object(argument) for argument in as_list(prompt.get("arguments"))]
    known = [as_text(argument.get("name")) or "" for argument in wanted]
    problems = [
        f"{argument['name']}: it is required"
        for argument in wanted
        if argument.get("required") is True and argument.get("name") not in arguments
    ]
    problems += [f"{argument}: the prompt has no such argument" for argument in arguments if argument not in known]
    if problems:
        raise InvalidArguments(
            f'arguments of "{name}" do not fit',
            problems=tuple(problems),
            hint=f"it takes: {argument_words(prompt) or 'nothing'}; --no-validate asks anyway",
            server=session.server,
        )


def _print(description: str | None, result: JsonObject) -> None:
    if description:
        note(one_line(description))
    for item in as_list(result.get("messages")):
        if not isinstance(item, dict):
            write(pretty(item))
            continue
        write(coloured(f"{one_line(as_text(item.get('role')) or 'nobody', 40)}:", BOLD, sys.stdout))
        content = item.get("content")
        for block in content if isinstance(content, list) else [content]:
            write_pieces(block_pieces(block))
