"""``mcpdeck get NAME``: one entry, whether it is in use or not.

Owns what is said of it: where it stands, what it says, what it won over or lost against, what a person
approves, and the time limits that apply. Shows the entry as it stands in the file with its secrets masked, and
contacts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from ...services.config.masked_entry import masked_definition
from ...services.config.merge import configured_name
from ...services.errors import UsageError
from ...services.models import Json, JsonObject, ServerEntry, Timer
from ...services.policy.configured import Configured
from ...services.policy.refusals import refusal
from ...services.state.reducers import row_of
from ...services.state.spans import span
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note_warning, pretty, write, write_json
from ..resolve import configured, load, switched_off_by, unknown_server
from ..server_rows import server_json, source_words, status_words, why_not


def run(options: Options) -> int:
    """Exit code 2 for a name that there is not, or that several rows have and none of them is in use."""
    if options.program is None and not options.words:
        raise UsageError("which server? its name is missing", hint="mcpdeck get NAME")
    deck, name = configured(options, options.words[0] if options.words else None)
    assert name is not None  # one of the two was given
    entries = load(deck, options, None)
    none = "no server is configured: mcpdeck sources"
    entry = chosen(entries, name, none if deck.exclusive is None else switched_off_by(deck.exclusive))
    if options.json:
        write_json(_json(deck, entry, options))
        return Exit.DONE
    if not options.quiet:
        from ...services.manager import Settings

        for remark in Settings.from_environment(os.environ).remarks:
            note_warning(remark)
    for line in _lines(deck, entry, options):
        write(line)
    others = [row for row in entries if row is not entry and configured_name(row) == configured_name(entry)]
    if others and entry.suppressed_by is None:
        write("")
        write(f"also called so: {', '.join(one_line(row.name) for row in others)}")
    return Exit.DONE


def chosen(entries: Sequence[ServerEntry], name: str, none: str = "") -> ServerEntry:
    """The row called ``name``, or else the one row that is written so in its file. Raises ``UsageError``.

    ``none``: the hint where there is no row at all.
    """
    for entry in entries:
        if entry.name == name:
            return entry
    written = [entry for entry in entries if configured_name(entry) == name]
    if len(written) == 1:
        return written[0]
    if written:
        rows = ", ".join(f'"{entry.name}"' for entry in written)
        raise UsageError(f'{len(written)} entries are called "{name}", and none is in use', hint=f"say which: {rows}")
    raise unknown_server(name, entries, none)


def _json(deck: Configured, entry: ServerEntry, options: Options) -> JsonObject:
    row = row_of(entry)
    provenance = entry.provenance
    document = server_json(row, entry, contacted=False)
    origin = entry.origin
    document |= {
        "definition": _definition(deck, entry),
        "enabled": deck.switched_on(entry),
        "gate": None if entry.gate is None else entry.gate.value,
        "why": why_not(entry) or None,
        "digest": entry.digest,
        "provenance": {
            "source": entry.source.value,
            "file": origin.file,
            "line": origin.line,
            "column": origin.column,
            "overrode": document["overrode"],
            "suppression": document["suppression"],
            "signature": provenance.signature,
        },
        "shown": [{"label": label, "text": text} for label, text in provenance.shown],
        "timeouts": [
            {"name": timer.name, "seconds": timer.seconds, "source": timer.source} for timer in _timers(entry, options)
        ],
        "effective": {
            "era": {"value": entry.era.value, "source": _said(deck, entry, "era", options.era)},
            "protocolVersion": {
                "value": entry.protocol_version,
                "source": _said(deck, entry, "protocolVersion", options.protocol_version),
            },
        },
    }
    return document


def _definition(deck: Configured, entry: ServerEntry) -> Json:
    """The entry as written, masked; null for one that comes from no file."""
    raw = deck.raw(entry)
    return None if raw is None else masked_definition(raw.value)


def _timers(entry: ServerEntry, options: Options) -> tuple[Timer, ...]:
    from ...services.manager import Settings

    settings = Settings.from_environment(os.environ)
    if options.timeout is not None:
        settings = settings.within(options.timeout, "--timeout")
    return settings.timers(entry)


def _said(deck: Configured, entry: ServerEntry, field: str, option: object) -> str:
    """Where the value of ``field`` comes from: an option, the entry's file, or nowhere."""
    raw = deck.raw(entry)
    if option is not None:
        return "the command line"
    if raw is not None and isinstance(raw.value, dict) and raw.value.get(field) is not None:
        return str(entry.origin) or raw.file.label
    return "default"


def _limits(timers: Sequence[Timer]) -> list[str]:
    """A line for each limit that somebody set, and one for all the others."""
    lines = [f"{timer.name} {span(timer.seconds)} ({timer.source})" for timer in timers if timer.source != "default"]
    defaults = ", ".join(f"{timer.name} {span(timer.seconds)}" for timer in timers if timer.source == "default")
    return [*lines, f"{defaults} (defaults)"] if defaults else lines


def _lines(deck: Configured, entry: ServerEntry, options: Options) -> list[str]:
    row, provenance = row_of(entry), entry.provenance
    facts: list[tuple[str, str]] = [("status", status_words(row, entry, contacted=False))]
    why, error = why_not(entry), row.error or refusal(entry)
    facts += [("why", why)] if why else []
    facts += [("", error.hint)] if error is not None and error.hint not in ("", why) else []
    facts.append(("source", source_words(entry)))
    shown = provenance.shown or (("endpoint", entry.endpoint),)
    facts += shown
    facts += [("overrode", place) for place in provenance.overrode]
    facts += [("matched by", provenance.signature)] if provenance.signature else []
    facts += [("note", lint) for lint in entry.lints if lint != why]
    facts += [("time limit", text) for text in _limits(_timers(entry, options))]
    width = max(len(label) for label, _ in facts)
    lines = [one_line(configured_name(entry))]
    lines += [f"  {label:<{width}}  {one_line(text)}" for label, text in facts]
    definition = _definition(deck, entry)
    if definition is not None:
        lines += ["", *pretty(definition).splitlines()]
    return lines
