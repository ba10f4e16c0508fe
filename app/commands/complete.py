"""``mcpdeck complete``: what a server suggests for an argument.

Owns the JSON shape ``{"server", "ref", "argument", "values", "total", "hasMore"}``. Never asks again by
itself (protocol section 25).
"""

from __future__ import annotations

from ...services.errors import UsageError
from ...services.models import JsonObject, ServerEntry, as_list, as_object
from ...services.state.text import one_line
from .. import headless
from ..call_arguments import read_given
from ..exits import Exit
from ..options import Options
from ..printing import note, note_warning, write, write_json
from ..resolve import Guard, usable

MOST = 100
"""Values a server may answer with."""


def run(options: Options) -> int:
    target, words = options.target_and_words
    form = "mcpdeck complete TARGET prompt/NAME|URI-TEMPLATE ARG=PREFIX [already=chosen …]"
    if options.program is None and target is None:
        raise UsageError("which server, which prompt or template, and which argument?", hint=form)
    if len(words) < 2:
        raise UsageError("the prompt or the template is missing, or the argument", hint=form)
    reference, argument, *chosen = words
    name, equals, prefix = argument.partition("=")
    if not equals or not name:
        raise UsageError(f'"{argument}" is no argument with what is typed of it', hint=form)
    given = read_given(chosen, None)
    if given.values:
        raise UsageError("arguments of prompts and templates are texts", hint="write already=chosen")
    ref = _reference(reference)
    entry, guard = usable(options, target)
    result = headless.run_for(lambda: _asked(entry, guard, ref, {"name": name, "value": prefix}, given.texts, options))
    completion = as_object(result.get("completion"))
    values = as_list(completion.get("values"))
    if options.json:
        answer: JsonObject = {"server": entry.name, "ref": ref, "argument": {"name": name, "value": prefix}}
        rest: JsonObject = {"total": completion.get("total"), "hasMore": completion.get("hasMore")}
        write_json({**answer, "values": values, **rest})
        return Exit.DONE
    for value in values:
        write(one_line(str(value)))
    if not options.quiet:
        if len(values) > MOST:
            note_warning(f"the server answered with {len(values)} values; {MOST} are allowed (section 25)")
        if completion.get("hasMore") is True:
            note(f"… of {completion['total']}" if isinstance(completion.get("total"), int) else "… and more")
    return Exit.DONE


def _reference(word: str) -> JsonObject:
    """``prompt/NAME``, or the text of a URI or a URI template."""
    if word.startswith("prompt/"):
        return {"type": "ref/prompt", "name": word.removeprefix("prompt/")}
    return {"type": "ref/resource", "uri": word}


async def _asked(
    entry: ServerEntry, guard: Guard, ref: JsonObject, argument: JsonObject, chosen: dict[str, str], options: Options
) -> JsonObject:
    async with headless.services((entry,), options, guard=guard) as services:
        result = await headless.asked(
            services, entry.name, lambda session: session.complete(ref, argument, chosen or None), options.timeout
        )
        headless.note_log(services, entry.name, options)
        return result
