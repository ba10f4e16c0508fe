"""What every question of a server shares: who asks and for which call, what is said, and three answers.

Owns the frame, the room of its parts and the keys of the answers. Never answers by itself, and never lets
Escape mean no: it means later or never, ``cancel`` (protocol section 33).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Literal, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from ...services.models import JsonObject
from ...services.state.model import CallState, PromptState
from ...services.state.text import one_line
from ..after_typing import after_typing
from ..chip import Chip
from ..flow import FILLER, Flow
from ..form_fields import FieldsForm
from ..form_values import Problem
from .drafts import Draft, Drafts
from .read_first import ReadFirst
from .words import Told, Words

AnswerAction: TypeAlias = Literal["accept", "decline", "cancel"]
FORM_LEAST = 3
"""Rows that the form keeps, however much there is to read above it."""


class QuestionPanel(Widget):
    """``prompt`` is the open question, None for none; ``calls`` tell which tool's call it belongs to.

    ``endpoint`` is that of the server that asks, safe to show.
    """

    DEFAULT_CSS = """
    QuestionPanel {
        layout: vertical; height: 5; max-height: 100%; width: 1fr; background: $background; color: $foreground;
        border: round $warning; border-title-color: $warning; border-title-style: bold;
        border-subtitle-color: $text-muted;
        & > .question-about {
            height: auto; padding: 0 0 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        }
        & .question-words { height: auto; width: 1fr; padding: 0 1 0 0; }
        & > FieldsForm { padding: 0 0 0 1; margin: 1 0 0 0; }
        & > .question-bar { dock: bottom; background: $surface; padding: 0 1 0 0; }
        & .question-status {
            width: 1fr; height: 1; padding: 0 1; color: $text-error; text-overflow: ellipsis; text-wrap: nowrap;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r,ctrl+enter", "accept", "Accept", key_display="Ctrl+R", priority=True),
        Binding("ctrl+n", "decline", "Decline", key_display="Ctrl+N", priority=True),
        Binding("escape", "cancel", "Cancel", key_display="Esc"),
        # Ahead of the fields: what a server says must be readable to its end while one types the answer.
        Binding("pagedown", "read(1)", "Read on", show=False, priority=True),
        Binding("pageup", "read(-1)", "Read back", show=False, priority=True),
        Binding("enter", "focus_first", "First field", show=False),
    ]

    prompt: reactive[PromptState | None] = reactive[PromptState | None](None, init=False)
    calls: reactive[tuple[CallState, ...]] = reactive[tuple[CallState, ...]]((), init=False)
    endpoint: reactive[str] = reactive("", init=False)

    class Answered(Message):
        """The human's answer; ``content`` only with ``accept``."""

        def __init__(self, prompt_id: str, action: AnswerAction, content: JsonObject | None) -> None:
            super().__init__()
            self.prompt_id = prompt_id
            self.action: AnswerAction = action
            self.content = content

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.can_focus = True
        self._shown: str | None = None
        self._answered: str | None = None
        self._drafts = Drafts()
        self._place = ""
        self._fitted = (0, 0)
        self._titles: tuple[Content, Content] | None = None

    # What each kind of question says by itself.

    def load(self, request: JsonObject) -> Sequence[Told]:
        """Take another question in; the lines to read above the form."""
        raise TypeError("each kind of question reads its own request")

    def content(self) -> JsonObject | None:
        """What an accepted question is answered with; ``Unready`` while that cannot be sent."""
        raise TypeError("each kind of question makes its own answer")

    # What was typed for one question is kept while another one is answered.

    def draft(self) -> Draft:
        """What stands in the panel now."""
        return Draft(self.fields.entries)

    def restore(self, draft: Draft) -> Sequence[Told] | None:
        """Put back what was typed; other lines to read than ``load`` gave, None for the same."""
        if draft.entries:
            self.fields.load(self.fields.form, draft.entries, {})
        return None

    def stands(self, number: int, count: int) -> None:
        """It is the one of that number among ``count`` that wait."""
        place = f"{number} of {count}, F6 next" if count > 1 else ""
        if place != self._place:
            self._place = place
            self.show_title()

    def keep_only(self, open_prompts: AbstractSet[str]) -> None:
        """What was typed for questions that are gone is forgotten."""
        self._drafts.keep_only(open_prompts)

    @property
    def has_form(self) -> bool:
        return True

    @property
    def form_rows(self) -> int:
        """Rows below what is to be read: those of the form and one blank line, or one line without any form."""
        return max(1, self.fields.rows) + 1 if self.has_form else 1

    reading: ReadFirst | None = None
    """Tells whether anybody can have read what shows, where single keys answer."""
    asks: ClassVar[str] = "asks"
    """What the server does, after its name."""

    def asker(self, prompt: PromptState) -> str:
        """Who asks, and for what; safe on one line."""
        return f"{one_line(prompt.server, 40)} {self.asks}"

    def aside(self, prompt: PromptState) -> str:
        """What else belongs below: the tool whose call waits for the answer."""
        call = next((call for call in self.calls if call.id == prompt.call), None)
        tool = one_line(call.tool, 40) if call is not None else ""
        return f"during {tool}" if tool else "during a call" if prompt.call else ""

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="question-about", can_focus=False):
            yield Words()
            yield from self.below()
        yield FieldsForm(warn_secrets=True, enter_steps=True)
        with Flow(classes="question-bar"):
            yield from self.chips()
            yield Static("", classes=f"question-status {FILLER}")

    def below(self) -> ComposeResult:
        """What else is to be read, below the words."""
        return ()

    def chips(self) -> ComposeResult:
        yield Chip("Accept", "Ctrl+R", id="question-accept", classes="-strong")
        yield Chip("Decline", "Ctrl+N", id="question-decline")
        yield Chip("Cancel", "Esc", id="question-cancel")

    def on_mount(self) -> None:
        self.watch(self.fields, "virtual_size", self._resized, init=False)
        self.watch(self._about, "virtual_size", self._resized, init=False)
        self.watch(self._bar, "virtual_size", self._resized, init=False)
        for read in self._about.children:  # fewer words leave the room as it was
            self.watch(read, "virtual_size", self._resized, init=False)
        self.call_later(self._show)  # once mounted: it may have been told before

    # Room.

    @property
    def fields(self) -> FieldsForm:
        return self.query_one(FieldsForm)

    @property
    def _about(self) -> VerticalScroll:
        return self.query_one(".question-about", VerticalScroll)

    @property
    def _words(self) -> Words:
        return self.query_one(Words)

    @property
    def _bar(self) -> Flow:
        return self.query_one(Flow)

    def on_resize(self) -> None:
        self._resized()

    def _resized(self) -> None:
        self.call_after_refresh(self._fit)  # the rows have their own sizes only after this layout

    def _fit(self) -> None:
        """Ask for as many rows as there are to show; what holds the panel may give less, then the parts share it."""
        # The words themselves: what scrolls them is only as tall as it may be.
        about = max(1, sum(read.outer_size.height for read in self._about.children if read.display))
        form = self.form_rows
        bar = max(1, self._bar.outer_size.height)
        height = about + form + bar
        room = self.size.height - bar
        # Of too little room the form gets what it needs up to half, and never less than a field.
        read = min(about, max(1, room - min(form, max(FORM_LEAST + 1, room // 2))))
        if (height, read) != self._fitted:
            self._fitted = (height, read)
            self.styles.height = height + self.gutter.height
            self._about.styles.height = read
        self.call_after_refresh(self.show_title)  # it tells whether there is more to read

    def action_read(self, pages: int) -> None:
        read = self._about if self._about.max_scroll_y > 0 else self.fields
        read.scroll_relative(y=pages * max(1, read.size.height - 1), animate=False)

    # What arrives.

    def watch_prompt(self) -> None:
        self._show()

    def watch_calls(self) -> None:
        self.show_title()

    def watch_endpoint(self) -> None:
        self.show_title()

    def focus_first(self) -> None:
        """Focus the first field, or the panel when there is none."""
        self._focus_first()
        self.call_after_refresh(self._focus_if_lost)  # what was hidden until now takes the focus only then

    def _focus_if_lost(self) -> None:
        if not self.has_focus_within:
            self._focus_first()

    def _focus_first(self) -> None:
        if not self.has_form or not self.fields.focus_first():
            self.focus()

    def action_focus_first(self) -> None:
        self.focus_first()

    def _show(self) -> None:
        prompt = self.prompt
        if prompt is None:
            self._answered = None  # one of our own may come up once more, as the same one
        if not self.is_mounted or prompt is None:
            return
        if self.reading is not None:
            self.reading.begin()
            self.call_after_refresh(self.reading.painted)
        if prompt.id == self._shown:
            self.say("")
            return
        self._drafts.put(self._shown, self.draft())
        self._shown = prompt.id
        self.say("")
        told = self.load(prompt.request)
        draft = self._drafts.take(prompt.id)
        self._words.tell(told if draft is None else self.restore(draft) or told)
        self._about.scroll_home(animate=False)
        self.show_title()

    def show_title(self) -> None:
        prompt = self.prompt
        if prompt is None or not self.is_mounted:
            return
        where = one_line(self.endpoint, 200)
        title = Content.assemble(self.asker(prompt), (f"  {where}" if where else "", "$text-muted not bold"))
        # Nobody should answer a question whose end is out of sight without knowing that it is.
        more = "PgDn reads on" if self._about.max_scroll_y > 0 else ""
        subtitle = Content(" · ".join(part for part in (more, self._place, self.aside(prompt)) if part))
        if (title, subtitle) != self._titles:
            self._titles = self.border_title, self.border_subtitle = title, subtitle

    # Answers.

    def action_accept(self) -> None:
        asked = self.prompt

        def accept() -> None:
            if self.prompt is asked:  # else it was withdrawn meanwhile: nobody has read the next one
                self.accept()

        after_typing(self, accept)

    def accept(self) -> None:
        """Answer with what stands in the form, if that can be sent."""
        if self.prompt is None:
            return
        try:
            content = self.content()
        except Unready as wrong:
            self.say(wrong.words)
            return
        self._answer("accept", content)

    def marked(self, problems: Mapping[str, Problem]) -> None:
        """Show what is wrong at its fields. Raises ``Unready`` if anything is."""
        self.fields.mark(problems)
        if problems:
            self.fields.focus_field(next(iter(problems)))
            raise Unready("1 problem" if len(problems) == 1 else f"{len(problems)} problems")

    def action_decline(self) -> None:
        self._answer("decline", None)

    def action_cancel(self) -> None:
        self._answer("cancel", None)

    def _answer(self, action: AnswerAction, content: JsonObject | None) -> None:
        prompt = self.prompt
        if prompt is not None and prompt.id != self._answered:
            self._answered = prompt.id
            self.post_message(self.Answered(prompt.id, action, content))

    def say(self, words: str) -> None:
        """Safe words beside the answers."""
        self.query_one(".question-status", Static).update(Content(words))

    @on(FieldsForm.Changed)
    def _typed(self, event: FieldsForm.Changed) -> None:
        event.stop()
        self.say("")
        self.changed()

    def changed(self) -> None:
        """Something was typed or chosen."""

    @on(FieldsForm.Submitted)
    def _submitted(self, event: FieldsForm.Submitted) -> None:
        event.stop()
        self.accept()

    @on(Chip.Pressed)
    def _pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        match event.chip.id:
            case "question-accept":
                self.action_accept()
            case "question-decline":
                self.action_decline()
            case "question-cancel":
                self.action_cancel()
            case _:
                self.pressed(event.chip)

    def pressed(self, chip: Chip) -> None:
        """Another chip was clicked."""


class Unready(Exception):
    """The answer cannot be sent yet; ``words`` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words
