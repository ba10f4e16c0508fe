"""The calls: running ones on top with their progress, then results, newest first.

Owns which calls have a card, selection and the one timer that runs while a call does. Never calls a service and never
mounts a widget for an old call: those are lines of one list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.errors import NoWidget
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from ..services.state.model import CallState, CallStatus
from .app_of import app_of
from .call_cards import CallCard, OldCalls
from .image_preview import ImagePreview
from .result_asks import NO_ASKS, TITLES, ForModel, ResultAsks, View, others_of
from .result_copy import copy_result
from .result_links import links_of

CARDS = 8
"""Finished calls whose results are mounted."""
RUNNING = 12
"""Running calls that have a card of their own."""
PICTURE = 20
"""Rows of a picture on a card, at most."""
CANCEL_CELLS = 13
"""Cells at the right end of a running call's head that cancel it when clicked."""


class CallConsole(VerticalScroll, can_focus=True):
    """``calls`` newest first, of ``server`` only unless that is None.

    ``for_model`` tells what a model gets of a result, ``asks`` all else that results are asked for.
    """

    DEFAULT_CSS = """
    CallConsole {
        height: 1fr; width: 1fr; background: $background; scrollbar-size-vertical: 1;
        & > #calls-empty { color: $text-muted; padding: 0 1; height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next", show=False),
        Binding("up,k", "move(-1)", "Previous", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "enter", "Follow or show all", show=False),
        Binding("o", "open", "Show all"),
        Binding("s", "save", "Save"),
        Binding("x,delete", "cancel", "Cancel", key_display="x"),
        Binding("r", "repeat", "Repeat"),
        Binding("y", "copy", "Copy"),
        Binding("v", "view", "View"),
        Binding("d", "diff", "Differences"),
        Binding("space", "unfold", "Arguments", show=False),
    ]

    calls: reactive[tuple[CallState, ...]] = reactive[tuple[CallState, ...]]((), init=False)
    server: reactive[str | None] = reactive[str | None](None, init=False)
    selected: reactive[str | None] = reactive[str | None](None, init=False)

    class CancelRequested(Message):
        """End this running call."""

        def __init__(self, call_id: str) -> None:
            super().__init__()
            self.call_id = call_id

    class SaveRequested(Message):
        """Write this call's whole result to a file."""

        def __init__(self, call_id: str) -> None:
            super().__init__()
            self.call_id = call_id

    class RepeatRequested(Message):
        """Make the same call again."""

        def __init__(self, call_id: str) -> None:
            super().__init__()
            self.call_id = call_id

    class FollowRequested(Message):
        """Read a resource that this call's result links to."""

        def __init__(self, call_id: str) -> None:
            super().__init__()
            self.call_id = call_id

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
        clock: Callable[[], float] = time.time,
        for_model: ForModel | None = None,
        asks: ResultAsks = NO_ASKS,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._clock = clock
        self._for_model = for_model or asks.for_model
        self._asks = asks
        self._cards: dict[str, CallCard] = {}
        self._order: tuple[CallState, ...] = ()
        self._expected = ""
        self._old = OldCalls(clock)
        self._empty = Static(Content("No calls yet. Choose a tool, fill in its form, press Ctrl+R."), id="calls-empty")
        self._timer: Timer | None = None
        self._frame = 0

    def compose(self) -> ComposeResult:
        yield self._empty
        yield self._old

    def on_mount(self) -> None:
        self._timer = self.set_interval(0.1, self.tick, pause=True)
        self.call_later(self._reconcile)  # once mounted: it may have been told before

    # What arrives.

    def watch_calls(self) -> None:
        self._reconcile()

    def watch_server(self) -> None:
        self._reconcile()

    def watch_selected(self) -> None:
        self._mark()

    def on_resize(self) -> None:
        for preview in self.query(ImagePreview):
            preview.redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._mark()

    def _reconcile(self) -> None:
        if not self.is_mounted:
            return
        calls = [call for call in self.calls if self.server is None or call.server == self.server]
        running = [call for call in calls if call.status is CallStatus.RUNNING]
        finished = [call for call in calls if call.status is not CallStatus.RUNNING]
        seen = {call.id for call in self._order}
        at_first = not seen or self.selected in (None, self._order[0].id)
        self._place_cards([*running[:RUNNING], *finished[:CARDS]])
        rest = (*running[RUNNING:], *finished[CARDS:])
        self._order = (*running[:RUNNING], *finished[:CARDS], *rest)
        self._empty.display = not calls
        here = {call.id for call in self._order}
        # Who stands at the top goes on to what is new there; a call that only moved is not new.
        followed = at_first and bool(self._order) and self._order[0].id not in seen and self._expected not in seen
        if self._expected in here - seen or (self._expected in here and self.selected is None):
            self.selected = self._expected
            self.call_after_refresh(self._show_selected)
        elif self.selected not in here or followed:
            self.selected = self._order[0].id if self._order else None
            if followed and not self.has_focus:
                self.scroll_home(animate=False)
        self._mark()
        if self._timer is not None:
            if running:
                self._timer.resume()
            else:
                self._timer.pause()

    def expect(self, call_id: str) -> None:
        """Put the cursor on this call, as soon as it is there."""
        self._expected = call_id
        if any(call.id == call_id for call in self._order):
            self.selected = call_id
            self._show_selected()

    def _show_selected(self) -> None:
        if self._order:
            self._move_to(self._index())

    def _place_cards(self, shown: Sequence[CallState]) -> None:
        wanted = {call.id for call in shown}
        for call_id in [known for known in self._cards if known not in wanted]:
            self._cards.pop(call_id).remove()
        before: Widget = self._empty
        last_running = next((call.id for call in reversed(shown) if call.status is CallStatus.RUNNING), None)
        for call in shown:
            card = self._cards.get(call.id)
            if card is None:
                card = self._cards[call.id] = CallCard(
                    call, self._clock, self._picture_rows, view=self._first_view(), raw=self._asks.raw
                )
                self.mount(card, after=before)
            else:
                card.show(call)
                place = self.children.index(card)
                if self.children[place - 1] is not before:
                    self.move_child(card, after=before)
            card.set_class(call.id == last_running, "-last-running")
            before = card

    def _picture_rows(self) -> int:
        """A picture and its head fit into the pane."""
        return max(6, min(PICTURE, self.size.height - 3))

    def _mark(self) -> None:
        chosen = self.selected if self.has_focus else None
        for call_id, card in self._cards.items():
            card.select(call_id == chosen)
        self._old.show(tuple(call for call in self._order if call.id not in self._cards), chosen)

    def tick(self) -> None:
        """Redraw what shows time: only head lines of running calls."""
        self._frame += 1
        for card in self._cards.values():
            if card.call.status is CallStatus.RUNNING:
                card.head.frame = self._frame
                card.head.refresh(Region(0, 0, card.head.size.width, 1))

    # Selection.

    @property
    def current(self) -> CallState | None:
        """The selected call."""
        return next((call for call in self._order if call.id == self.selected), None)

    def _move_to(self, index: int) -> None:
        if not self._order:
            return
        index = max(0, min(index, len(self._order) - 1))
        self.selected = self._order[index].id
        card = self._cards.get(self._order[index].id)
        if card is not None:
            self.scroll_to_widget(card, animate=False, top=index > 0 and card.size.height > self.size.height)
        else:
            line = index - len(self._cards)
            self.scroll_to_region(
                Region(0, self._old.virtual_region.y + line, 1, 1), animate=False, force=True, spacing=None
            )

    def _index(self) -> int:
        return next((index for index, call in enumerate(self._order) if call.id == self.selected), 0)

    def action_move(self, step: int) -> None:
        self._move_to(self._index() + step)

    def action_first(self) -> None:
        self._move_to(0)
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        self._move_to(len(self._order) - 1)

    def on_click(self, event: events.Click) -> None:
        widget = self._widget_at(event)
        call = self._call_of(widget, event)
        if call is None:
            return
        again = call.id == self.selected and event.chain >= 2
        self.selected = call.id
        if again:
            self.action_open()
        elif call.status is CallStatus.RUNNING and event.screen_x >= self.content_region.right - CANCEL_CELLS:
            self.action_cancel()

    def _widget_at(self, event: events.Click) -> Widget | None:
        try:
            return self.screen.get_widget_at(*event.screen_offset)[0]
        except NoWidget:
            return None

    def _call_of(self, widget: Widget | None, event: events.Click) -> CallState | None:
        while widget is not None and widget is not self:
            if isinstance(widget, CallCard):
                return widget.call
            if widget is self._old:
                return self._old.at(event.screen_y - self._old.region.y)
            parent = widget.parent
            widget = parent if isinstance(parent, Widget) else None
        return None

    # Intents.

    def action_open(self) -> None:
        if self.current is not None:
            self._open(self.current)

    def _open(self, call: CallState, view: View | None = None) -> None:
        from .result_screen import ResultScreen  # not before somebody looks at one

        follow = self._post_follow if links_of(call.result) else None
        app_of(self).push_screen(
            ResultScreen(
                call,
                save=self._post_save,
                follow=follow,
                cancel=self._post_cancel,
                for_model=self._for_model,
                asks=self._asks,
                others=others_of(call, self.calls),
                view=view,
            )
        )

    def action_diff(self) -> None:
        """How the result differs from that of the call before it."""
        call = self.current
        if call is not None and call.status is not CallStatus.RUNNING:
            self._open(call, View.DIFF)

    def _first_view(self) -> View:
        return self._asks.first_view()

    def action_view(self) -> None:
        """Look at the chosen result in another way; the next results are shown like that too."""
        call = self.current
        card = self._cards.get(call.id) if call is not None else None
        if card is None or card.call.status is CallStatus.RUNNING:
            return
        views = [View.RENDERED, View.JSON, *([View.RAW] if self._asks.raw is not None else [])]
        view = views[(views.index(card.view) + 1) % len(views)] if card.view in views else View.RENDERED
        card.look(view)
        self._asks.keep_view(view)
        self.notify(f"{TITLES[view]}: v shows it in another way, o on the whole screen.", markup=False, timeout=2)

    def action_unfold(self) -> None:
        """Show the arguments of the chosen call in full, or on one line again."""
        call = self.current
        card = self._cards.get(call.id) if call is not None else None
        if card is not None:
            card.unfold()

    def action_enter(self) -> None:
        """Follow the link where there is one; else show all."""
        call = self.current
        if call is not None and links_of(call.result):
            self._post_follow(call.id)
        else:
            self.action_open()

    def action_follow(self) -> None:
        call = self.current
        if call is not None and links_of(call.result):
            self._post_follow(call.id)

    def _post_follow(self, call_id: str) -> None:
        self.post_message(self.FollowRequested(call_id))

    def _post_save(self, call_id: str) -> None:
        self.post_message(self.SaveRequested(call_id))

    def action_save(self) -> None:
        call = self.current
        if call is not None and call.status is not CallStatus.RUNNING:
            self._post_save(call.id)

    def _post_cancel(self, call_id: str) -> None:
        self.post_message(self.CancelRequested(call_id))

    def action_cancel(self) -> None:
        call = self.current
        if call is not None and call.status is CallStatus.RUNNING:
            self._post_cancel(call.id)

    def action_repeat(self) -> None:
        call = self.current
        if call is not None:
            self.post_message(self.RepeatRequested(call.id))

    def action_copy(self) -> None:
        call = self.current
        if call is not None and call.status is not CallStatus.RUNNING:
            copy_result(app_of(self), call)
