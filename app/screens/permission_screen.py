"""Whether one tool may be used now, by which rule, and what can be done about it for this session.

Owns the choices. Never decides: they go to the intents, and the screen closes.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ...services.models import Effect, JsonObject, Reach, Tool
from ...services.state.text import one_line
from ...widgets.fact_lines import fact
from ...widgets.ink import Line, wrapped
from ...widgets.tool_words import annotation_words
from ..controller import Intents
from ..tool_intents import GRANT, Explained
from .changes_screen import ReadDocument

WORDS: dict[Effect, tuple[str, str, str]] = {
    Effect.ALLOW: ("✓", "good", "It runs without asking"),
    Effect.ASK: ("?", "warn", "It asks first"),
    Effect.DENY: ("⊘", "bad", "It is denied"),
}
_INKS = {"$text-success": "good", "$text-warning": "warn", "$text-error": "bad"}


class PermissionScreen(ModalScreen[str | None]):
    """Dismisses with ``profile`` when another profile is to be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,p", "close", "Close", show=False)]

    def __init__(self, intents: Intents, server: str, tool: Tool, arguments: JsonObject, explained: Explained) -> None:
        super().__init__()
        self._intents = intents
        self._server = server
        self._tool = tool
        self._arguments = arguments
        self._explained = explained

    def compose(self) -> ComposeResult:
        with Vertical(id="permission-why") as box:
            box.border_title = Content(f"Permission of {one_line(self._tool.name, 50)}")
            box.border_subtitle = "Enter chooses · Esc closes"
            yield ReadDocument(self._lines, id="permission-lines")
            yield OptionList(*self._options(), compact=True)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = options.option_count - 1  # who only looks presses Enter and has changed nothing
        options.focus()

    def _lines(self, width: int) -> list[Line]:
        decision = self._explained.decision
        mark, ink, words = WORDS[decision.effect]
        lines: list[Line] = [((f"{mark} ", ink), (words, "strong"))]
        why = wrapped(one_line(decision.why, 400), width - 2) if decision.why else ()
        lines += [(("  ", ""), (text, "")) for text in why]
        todo = wrapped(one_line(decision.remedy, 400), width - 2) if decision.remedy else ()
        lines += [(("  ", ""), (text, "accent")) for text in todo]
        lines.append(())
        lines += fact("Rule", one_line(decision.rule, 300), width)
        if decision.source != decision.rule:
            lines += fact("From", one_line(decision.source, 300), width)
        lines += fact("Profile", one_line(self._explained.profile, 60), width)
        claims = [(word, _INKS.get(style, "muted")) for word, style in annotation_words(self._tool.annotations)]
        if claims:
            spans = [(f"{' · ' if index else ''}{word}", ink) for index, (word, ink) in enumerate(claims)]
            lines.append((("Claims       ", "muted"), *spans))
        if self._arguments:
            lines += fact("Asked for", "the arguments that stand in its form", width, "muted")
        if self._explained.reasons:
            lines += [(), (("What was looked at", "muted"),)]
        for reason in self._explained.reasons:
            for index, text in enumerate(wrapped(one_line(reason, 400), width - 2)):
                lines.append((("· " if not index else "  ", "muted"), (text, "")))
        return lines

    def _options(self) -> list[Option]:
        decision = self._explained.decision
        options: list[Option] = []
        if self._explained.can_be_let:
            options.append(Option(Content(f"Let it run for {GRANT // 60} minutes without asking"), "grant"))
        if decision.reach is not None:
            ends = decision.reach is Reach.SESSION
            words = "Ask again from now on" if ends else "Forget the answer that lets it run"
            options.append(Option(Content(words), "forget"))
        options.append(Option(Content("Another permission profile …"), "profile"))
        options.append(Option(Content("Close"), "close"))
        return options

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        match event.option_id:
            case "grant":
                self._intents.allow_for_a_while(self._server, self._tool.name, self._arguments)
            case "forget":
                self._intents.forget(self._explained.decision.rule)
            case "profile":
                self.dismiss("profile")
                return
            case _:
                pass
        self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)
