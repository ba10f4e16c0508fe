"""One call on the whole screen: rendered, as a JSON tree, as raw messages, or as a difference from another call.

Owns moving between these views, searching in them, and leaving again. Never calls a service: what it needs is asked of
whoever opened it (``ResultAsks``), and leaving never ends a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from anyio import to_thread
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from ..services.models import Json
from ..services.state.model import CallState, CallStatus
from ..services.state.text import one_line
from .app_of import app_of
from .call_words import MARKS, duration_words, kind_word
from .json_tree import JsonTree
from .line_input import LineInput
from .raw_words import RawMessages
from .result_asks import NO_ASKS, TITLES, ForModel, ResultAsks, View
from .result_blocks import size_of, size_words
from .result_data import data_of, whole_of
from .result_hands import ResultHands
from .result_keys import keys_of
from .result_pages import DiffPage, Page, RawPage, RenderedPage

WATCHED = 0.2
"""Seconds between two looks at a call that still runs."""


class ResultScreen(ResultHands):
    """``save`` and ``follow`` are called with the call's id when the person asks for it; ``follow`` None: no links.

    ``others``: calls that this one can be compared with, the likeliest first.
    """

    DEFAULT_CSS = """
    ResultScreen { background: $background 60%; align: center middle; }
    ResultScreen > #result-frame {
        width: 100%; height: 100%; background: $background; border: round $border;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    ResultScreen #result-head { height: 1; color: $text-muted; margin: 0 1; }
    ResultScreen #result-body { height: 1fr; margin: 1 0 0 0; }
    ResultScreen #result-body > JsonTree { height: 1fr; }
    ResultScreen #result-foot { height: 1; margin: 0 1; display: none; color: $text-muted; }
    ResultScreen #result-foot.-shown { display: block; }
    ResultScreen #result-said { width: auto; max-width: 100%; height: 1; }
    ResultScreen #result-search { display: none; width: 1fr; height: 1; border: none; padding: 0; margin: 0 2 0 0; }
    ResultScreen #result-search.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_view(1)", "Next view", show=False),
        Binding("shift+tab", "next_view(-1)", "View before", show=False),
        *(Binding(str(at + 1), f"view('{view}')", TITLES[view], show=False) for at, view in enumerate(View)),
        Binding("d", "view('diff')", "Differences", show=False),
        Binding("m", "model", "As a model gets it", show=False),
        Binding("t", "plain", "As text, or all of it", show=False),
        Binding("left_square_bracket", "other(-1)", "Compare with the one before", show=False),
        Binding("right_square_bracket", "other(1)", "Compare with the next", show=False),
    ]

    def __init__(
        self,
        call: CallState,
        *,
        save: Callable[[str], None],
        follow: Callable[[str], None] | None = None,
        cancel: Callable[[str], None] | None = None,
        for_model: ForModel | None = None,
        asks: ResultAsks = NO_ASKS,
        others: Sequence[CallState] = (),
        view: View | None = None,
    ) -> None:
        super().__init__(call, save, follow, cancel, asks)
        for_model = for_model or asks.for_model
        self._for_model = for_model if call.result is not None else None
        self._others = tuple(others)
        self._other = 0
        self.view = view or asks.first_view()
        self._as_model = False
        self._plain = False  # of the rendered view: as text; of the tree: all of the result
        self._whole = False
        self._tree_of = ""
        self._watch: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="result-frame"):
            yield Static(id="result-head")
            yield Container(id="result-body")
            with Horizontal(id="result-foot"):
                yield LineInput(id="result-search", placeholder="search", compact=True)
                yield Static(id="result-said")

    async def on_mount(self) -> None:
        self._watch = self.set_interval(WATCHED, self._look, pause=self.call.status is not CallStatus.RUNNING)
        await self._show()

    async def _look(self) -> None:
        """A running call went on, or has ended."""
        latest = self._asks.latest(self.call.id)
        if latest is None or latest is self.call:
            return
        ended = latest.status is not CallStatus.RUNNING
        self.take(latest)
        if ended:
            if self._watch is not None:
                self._watch.pause()
            self._for_model = self._asks.for_model if latest.result is not None else None
            await self._show()
        self._tell()

    # The views.

    async def _show(self) -> None:
        """Draw the view anew."""
        body = self.query_one("#result-body", Container)
        page = await self._made()
        await body.remove_children()
        self.page = page
        await body.mount(page)
        page.focus()
        self._tell()
        self.search_again()

    async def _made(self) -> Page | JsonTree:
        call = self.call
        match self.view:
            case View.JSON:
                data = None if self._whole else await self._read_data()
                self._tree_of, value = data if data is not None else whole_of(call)
                return JsonTree(value)
            case View.RAW:
                return RawPage(self._messages())
            case View.DIFF:
                other = self._others[self._other] if self._others else None
                many = len(self._others)
                place = f"compared with call {self._other + 1} of {many} · ] and [ choose another" if many > 1 else ""
                return DiffPage(call, other, place)
            case View.RENDERED:
                given = self._for_model(call) if self._as_model and self._for_model is not None else None
                return RenderedPage(call, given=given, plain=self._plain)

    async def _read_data(self) -> tuple[str, Json] | None:
        return await to_thread.run_sync(partial(data_of, self.call))

    def _messages(self) -> RawMessages:
        if self._asks.raw is None:
            return RawMessages(why="the messages of calls are not kept here")
        self._raw = self._asks.raw(self.call)
        return self._raw

    def _tell(self) -> None:
        call = self.call
        mark, ink = MARKS[call.status]
        style = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error"}.get(ink, "$text-muted")
        facts = [one_line(call.instance or call.server, 60), kind_word(call), duration_words(call.duration_ms)]
        if call.result is not None:
            size, exact = size_of(call.result)
            facts.append(size_words(size, exact=exact))
        shown = "  as a model gets it" if self._as_model and self.view is View.RENDERED else ""
        if self.view is View.JSON:
            shown = f"  {self._tree_of}"
        self.query_one("#result-head", Static).update(
            Content.assemble(
                (f"{mark} {call.status.value}", style),
                "  ",
                " · ".join(fact for fact in facts if fact),
                (shown, "bold $primary"),
            )
        )
        frame = self.query_one("#result-frame")
        frame.border_title = Content.assemble(one_line(call.tool, 60), "  ", Content(" │ ").join(self._tabs()))
        frame.border_subtitle = Content(" · ".join(keys_of(self)))
        self.say()

    def _tabs(self) -> list[Content]:
        """The names of the views; a click on one shows it."""
        return [
            Content.from_markup(
                f"[{'bold' if view is self.view else '$text-muted not bold'} @click=screen.view('{view}')]"
                f"{at + 1} {TITLES[view]}[/]"
            )
            for at, view in enumerate(View)
        ]

    @on(JsonTree.LongChosen)
    def _long_chosen(self, event: JsonTree.LongChosen) -> None:
        from .value_screen import ValueScreen

        app_of(self).push_screen(ValueScreen(event.text, event.path))

    async def action_view(self, name: str) -> None:
        if View(name) is not self.view:
            self.view = View(name)
            self._asks.keep_view(name)
            await self._show()

    async def action_next_view(self, step: int) -> None:
        views = list(View)
        await self.action_view(views[(views.index(self.view) + step) % len(views)])

    async def action_model(self) -> None:
        """Show the result as a model gets it, or as it was received again."""
        if self._for_model is None:
            return
        if not self._as_model and self._for_model(self.call) is None:
            self.notify("There is nothing of it for a model.", markup=False)
            return
        self._as_model = not self._as_model
        self.view = View.RENDERED
        await self._show()

    async def action_plain(self) -> None:
        """Rendered: as text, without Markdown and tables. As a tree: all of the result, not only its data."""
        if self.view is View.RENDERED:
            self._plain = not self._plain
        elif self.view is View.JSON:
            self._whole = not self._whole
        else:
            return
        await self._show()

    async def action_other(self, step: int) -> None:
        if self.view is View.DIFF and len(self._others) > 1:
            self._other = (self._other + step) % len(self._others)
            await self._show()

    # For the keys in the border.

    @property
    def said_keys(self) -> dict[str, bool | str]:
        """What there is to be done here and now; see ``result_keys``."""
        page = self.page
        return {
            "model": "" if self._for_model is None else "received" if self._as_model else "model",
            "follow": self._follow is not None,
            "pictures": bool(self.pictures),
            "sounds": bool(self._sounds) and self._asks.play is not None,
            "running": self.call.status is CallStatus.RUNNING and self._cancel is not None,
            "drawn": isinstance(page, RenderedPage) and (page.view.drawn or self._plain),
            "plain": self._plain,
            "whole": self._whole,
            "table": self.table() is not None,
        }
