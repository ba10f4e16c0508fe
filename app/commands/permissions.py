"""``mcpdeck permissions``: what may be done unasked, what is asked for, what is denied, and by which rule.

Owns the sub-words (``allow``, ``ask``, ``deny``, ``forget``, ``explain``). Writes mcpdeck's own settings file and its
own memory of answers, nobody else's; calls no tool.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ...services.config.change import Change, Written
from ...services.config.files import Folders
from ...services.errors import UsageError
from ...services.models import Act, Caller, Effect, JsonObject, Offered, ServerEntry, Tool
from ...services.models.qualified import SEPARATOR, plain, server_prefix
from ...services.policy.configured import Configured
from ...services.policy.permission_rules import Refused, Rule, by_uri, odd_condition, parse_rule
from ...services.policy.refusals import refusal
from ...services.policy.rule_file import with_rule, without_rule
from ...services.state.text import one_line, visible
from .. import headless
from ..exits import Exit
from ..options import Options
from ..permission_lines import Met, lints, met_json, overview, overview_json, tool_lines
from ..printing import note, note_warning, write, write_json
from ..resolve import configured, load, named

if TYPE_CHECKING:
    from ...services.session import Session

Edit: TypeAlias = "Callable[[str, str], str]"
"""From the text of a file, and the file's name for errors, to its new text."""
EFFECTS = {effect.value: effect for effect in Effect}
FORGET, EXPLAIN = "forget", "explain"


def run(options: Options) -> int:
    """Exit code 2 for what is no rule, and where there was nothing to forget."""
    word, *rest = options.words or ("",)
    if word in EFFECTS:
        return _put(options, EFFECTS[word], _only(rest, word))
    if word == FORGET:
        return _forget(options, _only(rest, word))
    if word == EXPLAIN:
        return _explain(replace(options, words=tuple(rest)))
    target, more = options.target_and_words
    if more:
        raise UsageError(f"unexpected: {more[0]}", hint="mcpdeck permissions --help")
    return _show(options, target)


# -- looking


def _show(options: Options, target: str | None) -> int:
    if target is None and options.program is None:
        deck, _ = configured(options, None)
        load(deck, options, None)
        met, name = None, None
    else:
        deck, entry = _usable(options, target)
        name = entry.name
        tools = headless.run_for(lambda: _tools(deck, entry, options))
        met = [_met(deck, entry, tool) for tool in tools]
    permissions = deck.permissions()
    if options.json:
        document: JsonObject = {} if name is None else {"server": name}
        document |= overview_json(permissions, name)
        write_json(document if met is None else {**document, "tools": [met_json(one) for one in met]})
        return Exit.DONE
    for line in overview(permissions, name):
        write(line)
    if met is not None:
        write()
        for line in tool_lines(met) if met else ["no tools"]:
            write(line)
    if not options.quiet:
        for lint in lints(permissions):
            note_warning(lint)
    return Exit.DONE


def _explain(options: Options) -> int:
    from ..call_arguments import arguments_for, read_given

    target, words = options.target_and_words
    if not words:
        raise UsageError(
            "which tool? its name is missing", hint="mcpdeck permissions explain TARGET TOOL [name=value …]"
        )
    given = read_given(words[1:], options.arguments)
    deck, entry = _usable(options, target)
    tools = headless.run_for(lambda: _tools(deck, entry, options))
    tool = next((tool for tool in tools if tool.name == words[0]), None)
    if tool is None:
        raise named(words[0], [tool.name for tool in tools], "tool", f"{entry.name} has no tools")
    met = _met(deck, entry, tool, arguments_for(given, tool, entry.name, strict=False))
    if options.json:
        write_json(
            {"server": entry.name, "profile": deck.permissions().profile_of(entry.configured_as), **met_json(met)}
        )
        return Exit.DONE
    for line in met.explained:
        write(one_line(line))
    if met.by_hand != met.decision:
        write(one_line(f"from the command line: {met.by_hand.effect} by {met.by_hand.rule} ({met.by_hand.source})"))
    return Exit.DONE


def _usable(options: Options, target: str | None) -> tuple[Configured, ServerEntry]:
    """The configured servers, and the one that is meant. Raises what stands in the way of contacting it."""
    deck, name = configured(options, target)
    if name is None:
        raise UsageError("which server? a TARGET is missing", hint="mcpdeck permissions explain TARGET TOOL")
    entry = next(entry for entry in load(deck, options, name) if entry.name == name)
    stands_in_the_way = refusal(entry)
    if stands_in_the_way is not None:
        raise stands_in_the_way
    return deck, entry


async def _tools(deck: Configured, entry: ServerEntry, options: Options) -> tuple[Tool, ...]:
    async def operation(session: Session) -> tuple[Tool, ...]:
        return await headless.tools_of(session, options.timeout)

    async with headless.services((entry,), options, guard=deck.guard, reads=headless.TOOLS) as services:
        tools = await headless.asked(services, entry.name, operation, options.timeout)
        headless.note_log(services, entry.name, options)
        return tools


def _met(deck: Configured, entry: ServerEntry, tool: Tool, arguments: JsonObject | None = None) -> Met:
    permissions = deck.permissions()
    act = Act(
        Offered.TOOL,
        entry.configured_as,
        tool.name,
        arguments or {},
        tool.annotations,
        deck.vouches_for(entry),
        entry.source,
        tool.digest,
        Caller.DASHBOARD,
    )
    by_hand = permissions.judge(replace(act, caller=Caller.COMMAND))
    return Met(act, permissions.judge(act), by_hand, permissions.explain(act))


# -- writing


def _put(options: Options, effect: Effect, text: str) -> int:
    rule = _rule(text, effect)
    deck, project = _deck(options)
    _warn_of_unknown_server(deck, rule, options)
    place = project if options.scope == "project" else None
    change = _edit(options, lambda before, file: with_rule(before, effect, rule.text, project=place, file=file))
    if options.json:
        write_json(
            {
                "rule": rule.text,
                "effect": effect.value,
                "file": str(change.path),
                "project": place,
                "changed": change.changed,
                "dryRun": options.dry_run,
            }
        )
        return Exit.DONE
    where = f"{change.path}{f', for {place}' if place else ''}"
    _tell(change, f"{effect}: {rule.text} ({where})", options)
    return Exit.DONE


def _forget(options: Options, text: str) -> int:
    """Take a rule out of mcpdeck's settings, and forget the answers that it names."""
    deck, project = _deck(options)
    rule = text.strip()
    places = {"user": (None,), "project": (project,), None: (None, project)}[options.scope]

    def edit(before: str, file: str) -> str:
        for place in places:
            before = without_rule(before, rule, project=place, file=file)
        return before

    change = _edit(options, edit) if _settings_file().exists() else None
    written = change is not None and change.changed
    permissions = deck.permissions()
    if options.dry_run:
        forgotten = tuple(answer.rule for answer in permissions.remembered() if answer.fits(rule))
    else:
        forgotten = permissions.forget(rule)
    if not written and not forgotten:
        raise UsageError(
            f'nothing is written or remembered about "{one_line(rule, 80)}"',
            hint="mcpdeck permissions shows every rule and answer, and the files that mcpdeck does not write",
        )
    if options.json:
        write_json({"rule": rule, "written": written, "answers": [*forgotten], "dryRun": options.dry_run})
        return Exit.DONE
    if change is not None and change.changed:
        _tell(change, f"taken out: {rule} ({change.path})", options)
    for answer in forgotten:
        write(f"{'would be forgotten' if options.dry_run else 'forgotten'}: you said yes to {one_line(answer)}")
    return Exit.DONE


def _deck(options: Options) -> tuple[Configured, str]:
    deck, _ = configured(replace(options, words=()), None)
    deck.load_entries()
    return deck, str(deck.options.project)


def _edit(options: Options, edit: Edit) -> Change:
    path = _settings_file()
    locks = Folders.of(os.environ).data / "locks"
    return Written(path, private=True).change(lambda text: edit(text, str(path)), locks, dry_run=options.dry_run)


def _settings_file() -> Path:
    return Folders.of(os.environ).settings_file


def _tell(change: Change, done: str, options: Options) -> None:
    if not change.changed:
        write(f"nothing to change: {one_line(done)}")
    elif options.dry_run:
        for line in change.diff().splitlines():
            write(visible(line))
        note("nothing was changed: this is a dry run")
    else:
        write(one_line(done))


def _rule(text: str, effect: Effect) -> Rule:
    """Raises ``UsageError`` for what would not count as it is written."""
    found = parse_rule(text, effect, "the command line")
    odd = odd_condition(text)
    if odd is not None:
        found = Refused(text, odd)
    if isinstance(found, Rule):
        return found
    why = (
        found.why if isinstance(found, Refused) else "rules about MCP begin with mcp__, resource:mcp__ or prompt:mcp__"
    )
    raise UsageError(f'"{one_line(text, 80)}" is no rule: {why}', hint="write mcp__SERVER__TOOL, or mcp__SERVER__*")


def _warn_of_unknown_server(deck: Configured, rule: Rule, options: Options) -> None:
    names = {plain(name) for name in deck.usable_names()}
    if options.quiet or rule.wide is not None or any(reading.server in names for reading in rule.readings):
        return
    if rule.shown is not None:  # the name that tells a tool from others: of a long one not all of the server is in it
        head = rule.shown[: rule.shown.rindex("_")]
        if any(server_prefix(name).startswith(head) for name in names):
            return
    told = f"no server that is configured here is meant by {one_line(rule.text, 80)}"
    if rule.kind is Offered.RESOURCE and SEPARATOR in rule.readings[0].server:
        told += f": resources go by their URI, {one_line(by_uri(rule.readings[0].server), 80)}"
    note_warning(told)


def _only(words: Sequence[str], verb: str) -> str:
    if len(words) != 1:
        raise UsageError(
            "which rule? it is missing" if not words else f"unexpected: {words[1]}",
            hint=f"mcpdeck permissions {verb} {shlex.quote('mcp__SERVER__TOOL')}",
        )
    return words[0]
