"""What a tool is and what its annotations claim, in words.

Owns those words and their colours. Never decides anything by them: a server says what it likes (protocol section 26).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from ..services.models import EraName, Json, JsonObject, Tool, as_object
from ..services.state.model import ServerState, ToolChange
from ..services.state.text import one_line, visible
from .fact_lines import rows_of
from .status_marks import milliseconds

TASKS_EXTENSION = "io.modelcontextprotocol/tasks"
DESCRIPTION = 8_000
"""Characters of a description that are shown."""
STEADY = 22
"""Cells that each thing which is known is given at least: a time that becomes known moves nothing."""


def annotation_words(annotations: JsonObject) -> list[tuple[str, str]]:
    """(word, style) of every hint that is given; hints that are not given are not guessed."""
    words: list[tuple[str, str]] = []
    read_only = annotations.get("readOnlyHint")
    if read_only is True:
        words.append(("read-only", "$text-success"))
    elif read_only is False:
        words.append(("writes", "$text-warning"))
    if annotations.get("destructiveHint") is True and read_only is not True:
        words.append(("destructive", "$text-error"))
    elif annotations.get("destructiveHint") is False and read_only is not True:
        words.append(("not destructive", "$text-muted"))
    if annotations.get("idempotentHint") is True:
        words.append(("idempotent", "$text-muted"))
    world = annotations.get("openWorldHint")
    if isinstance(world, bool):
        words.append(("open world" if world else "closed world", "$text-muted"))
    return words


def runs_tasks(server: ServerState, tool: Tool) -> bool:
    """A person may choose to have the call run as a task (protocol section 36).

    A tool of 2025-11-25 that can only be called so needs no choice, and is called so anyway.
    """
    if server.era is EraName.MODERN:
        return _offers_tasks(server)
    return _offers_tasks(server) and _task_support(tool) == "optional"


def no_task(server: ServerState, tool: Tool) -> str:
    """Why a call cannot become a task, safe to show; empty where it can, or becomes one without being asked."""
    if not _offers_tasks(server):
        return f"{one_line(server.id, 60)} does not run calls as tasks."
    if server.era is EraName.MODERN or _task_support(tool) in ("optional", "required"):
        return ""
    return f"{one_line(tool.name, 60)} does not run as a task."


def _offers_tasks(server: ServerState) -> bool:
    capabilities = server.capabilities
    if server.era is EraName.MODERN:
        return TASKS_EXTENSION in as_object(capabilities.get("extensions"))
    calls = as_object(as_object(as_object(capabilities.get("tasks")).get("requests")).get("tools")).get("call")
    return isinstance(calls, dict)


def _task_support(tool: Tool) -> Json:
    return as_object(tool.raw.get("execution")).get("taskSupport")


def title_of(tool: Tool, server: str) -> Content:
    """Its label, its name where that differs, and whose it is."""
    label = one_line(tool.label, 80) or "(no name)"
    parts: list[tuple[str, str] | str] = [(label, "bold $primary")]
    if tool.name != tool.label:
        parts.append((f"  {one_line(tool.name, 80)}", "$foreground"))
    parts.append((f"  {one_line(server, 40)}", "$text-muted"))
    return Content.assemble(*parts)


def standing(server: ServerState, tool: Tool, qualified: str) -> tuple[str, ...]:
    """What is known of a tool beside its listing, each thing safe to show: its full name, cost, time, last change."""
    words = [one_line(qualified, 120)]
    if tool.size:
        words.append(f"~{tool.tokens:,} tokens (estimate)")
    stats = server.tool_stats.get(tool.name)
    if stats is None or stats.p50 is None:
        words += ["no times yet"] if any(words) else []
    else:
        words.append(f"p50 {milliseconds(stats.p50)} of {stats.calls:,} {'call' if stats.calls == 1 else 'calls'}")
    changed = last_change(server, tool.name)
    if changed is not None:
        what = ", ".join(one_line(one, 40) for one in changed.what)
        words.append(f"changed: {what} (H)")
    return tuple(word for word in words if word)


def last_change(server: ServerState, tool: str) -> ToolChange | None:
    """How the tool was described differently last, while it is known."""
    details = (detail for changes in server.tool_history for detail in changes.details)
    return next((detail for detail in details if detail.name == tool), None)


class About(Visual):
    """What a tool claims, what is wrong with its listing, what else is ``known``, and its description.

    Between two things that are known a line may break, inside of one it does not.
    """

    def __init__(self, tool: Tool, known: Sequence[str] = ()) -> None:
        self._before = [*_claims(tool)]
        self._known = known
        self._description = visible(tool.description.strip()[:DESCRIPTION]).expandtabs(4)
        self._laid_out: tuple[int, Content] | None = None

    def _content(self, width: int) -> Content:
        if self._laid_out is None or self._laid_out[0] != width:
            lines = [*self._before]
            if self._known:
                lines.append(Content.styled("\n".join(rows_of(self._known, width, STEADY)), "$text-muted"))
            lines += [Content(self._description)] if self._description else []
            self._laid_out = width, Content("\n").join(lines)
        return self._laid_out[1]

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self._content(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._content(container_width).get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._content(width).get_height(rules, width)


def _claims(tool: Tool) -> Iterator[Content]:
    claims = annotation_words(tool.annotations)
    if claims:
        joined: list[tuple[str, str]] = [("claims ", "$text-muted")]
        for index, (word, ink) in enumerate(claims):
            joined += [(" · ", "$text-muted")] if index else []
            joined.append((word, ink))
        yield Content.assemble(*joined)
    for problem in tool.problems[:5]:
        yield Content.styled(f"! {one_line(problem, 200)}", "$text-warning")
