"""Where a server's entry stands, what it won over, what is used in its place, which rule blocks it.

Owns the wording of that in the overview. Pure: a snapshot and a width give lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..services.models import OFFERED, Source, SourceStatus, as_text
from ..services.state.model import McpState, ServerState, ToolChanges
from ..services.state.text import one_line, visible
from .fact_lines import clock, dotted, fact, heading
from .ink import Line, wrapped

SOURCE_WORDS: dict[Source, str] = {
    Source.MANAGED: "managed by an administrator",
    Source.SDK: "given by the program",
    Source.DEMO: "demo",
    Source.CLI: "command line",
    Source.LOCAL: "local file",
    Source.PROJECT: "project file",
    Source.USER: "user file",
    Source.PLUGIN: "plugin",
    Source.IMPORTED: "another client's file",
    Source.CONNECTOR: "connector directory",
    Source.REGISTRY: "registry",
    Source.IDE: "code editor",
    Source.DISCOVERED: "found in the network",
}
TOLD_ELSEWHERE = frozenset(("command", "url", "environment", "watch", "file"))
"""Labels of ``Provenance.shown`` that the overview has lines of its own for."""
SHORTER = {
    "takes from your environment": "Variables",
    "headers helper": "Headers by",
    "token command": "Token by",
    "token file": "Token file",
    "in": "Runs in",
}
NAME_CHARACTERS = 40
NAMES = 12
"""Tools named in one kind of change; the rest is counted."""


def provenance(server: ServerState, width: int) -> Iterable[Line]:
    """Source and place, and what else a person approved of; then who won over whom."""
    for label, text in server.provenance.shown:
        if label not in TOLD_ELSEWHERE:
            yield from fact(SHORTER.get(label) or one_line(label.capitalize(), 12), visible(text), width)
    yield from fact("Source", dotted(SOURCE_WORDS[server.source], one_line(str(server.origin))), width)
    for index, place in enumerate(server.provenance.overrode):
        yield from fact("" if index else "Won over", one_line(place), width)
    if server.watch:
        yield from fact("Restarts on", "\n".join(one_line(glob) for glob in server.watch), width)
    yield from _suppression(server, width)
    yield from _rule(server, width)


def _suppression(server: ServerState, width: int) -> Iterable[Line]:
    by = server.provenance.suppression
    if by is None:
        if server.suppressed_by:
            yield from fact("Used instead", one_line(server.suppressed_by), width)
        return
    if by.why == "managed":
        yield from fact("Only used", f"{one_line(by.by)} ({one_line(by.place)})", width)
        return
    yield from fact("Used instead", f"{one_line(by.by)} ({one_line(by.place)})", width)
    if by.why == "signature":
        yield from fact("Because of", one_line(by.signature or "the same command or URL"), width)


def _rule(server: ServerState, width: int) -> Iterable[Line]:
    """The policy rule that blocks it, as it is written, and the file it stands in."""
    error = server.error
    if error is None or error.kind != "policy":
        return
    rule, which = as_text(error.details.get("rule")), as_text(error.details.get("list"))
    file = as_text(error.details.get("place")) or as_text(error.details.get("file"))
    if which:
        yield from fact("Rule", dotted(one_line(which), one_line(rule) if rule else "none matches"), width)
    if file:
        yield from fact("Stands in", one_line(file), width)


def told_by_rule(server: ServerState) -> bool:
    """The lines of the rule say all that the error says."""
    error = server.error
    return error is not None and error.kind == "policy" and bool(error.details.get("rule"))


def own_files_left_out(mcp: McpState) -> str:
    """Why this run does not read the person's own files, in words; empty when it does."""
    places = (place for place in mcp.sources if place.source is Source.USER and place.status is SourceStatus.IGNORED)
    return next((one_line(place.note) or "they are not read in this run" for place in places), "")


def offered(server: ServerState) -> bool:
    """It is shown to be taken over, and never used from where it stands."""
    return server.source in OFFERED and server.suppressed_by is None


def tool_changes(server: ServerState, width: int) -> Iterable[Line]:
    """Tools that came, went or are described differently since the connection before this one."""
    changes = server.tool_changes
    if changes is None:
        return
    yield from heading("Tools changed", _since(changes))
    for glyph, ink, names in (
        ("+", "good", changes.added),
        ("−", "bad", changes.removed),
        ("~", "warn", changes.changed),
    ):
        if names:
            more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
            shown = ", ".join(one_line(name, NAME_CHARACTERS) for name in names[:NAMES]) + more
            for index, text in enumerate(wrapped(shown, width - 2)):
                yield ((f"{glyph} " if index == 0 else "  ", ink), (text, ""))


def _since(changes: ToolChanges) -> str:
    return f"at {clock(changes.at)} · H shows how" if changes.at else "since the last connection · H shows how"
