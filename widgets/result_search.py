"""Finding words in the view of a result that shows: the field, the count, and moving between matches.

Owns these. What is looked through is the view's own affair.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..services.state.text import one_line
from .found import count_words, pattern_of
from .json_tree import JsonTree
from .result_pages import Page
from .virtual_list import VirtualList


class ResultSearch(ModalScreen[None]):
    """Base of the result screen; ``page`` is the view that shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "leave", "Close", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("n", "next_match(1)", "Next match", show=False),
        Binding("N", "next_match(-1)", "Match before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.page: Page | JsonTree | None = None
        self._found = 0
        self._at = -1
        self._looking = False

    def search_again(self) -> None:
        """Another view shows: look for the same words in it."""
        self._found, self._at = 0, -1
        words = self.query_one("#result-search", Input).value
        if words:
            self._search(words)

    def action_search(self) -> None:
        search = self.query_one("#result-search", Input)
        search.add_class("-shown")
        search.focus()
        self.say()

    @on(Input.Changed, "#result-search")
    def _typed(self, event: Input.Changed) -> None:
        self._search(event.value)

    @on(Input.Submitted, "#result-search")
    def _submitted(self) -> None:
        self._close_search()

    def _search(self, words: str) -> None:
        self._found, self._at, self._looking = 0, -1, bool(words)
        self.run_worker(self._look_through(words), exclusive=True, group="search", exit_on_error=False)
        self.say()

    async def _look_through(self, words: str) -> None:
        page = self.page
        if page is None:
            return

        def told(count: int) -> None:
            if count and not self._found:
                self._found = count
                self._go(page.nearest())
            self._found = count
            self.say()

        self._found = await page.find(pattern_of(words), told)
        self._looking = False
        if self._found and self._at < 0:
            self._go(page.nearest())
        self.say()

    def _go(self, number: int) -> None:
        if self.page is not None and self._found:
            self._at = number % self._found
            self.page.show_match(self._at)
            self.say()

    def action_next_match(self, step: int) -> None:
        if self._found:
            self._go(self._at + step)

    def _close_search(self) -> None:
        self.query_one("#result-search", Input).remove_class("-shown")
        if self.page is not None:
            self.page.focus()
        self.say()

    def action_leave(self) -> None:
        """Out of the search first, then out of the screen."""
        search = self.query_one("#result-search", Input)
        if search.has_class("-shown"):
            search.value = ""
            self._close_search()
        elif search.value:
            search.value = ""
        else:
            self.dismiss()

    def say(self) -> None:
        """The line at the bottom: what is under the cursor, or what was found."""
        search = self.query_one("#result-search", Input)
        typing = search.has_class("-shown")
        told: list[str] = []
        if search.value:
            words = "" if typing else f"/{one_line(search.value, 40)}  "
            told.append(words + count_words(self._at, self._found, running=self._looking))
        if isinstance(self.page, JsonTree) and not typing:
            told.append(self.page.told())
            if not self.page.complete:
                told.append(f"{self.page.count:,} values so far")
        said = " · ".join(told)
        self.query_one("#result-said", Static).update(Content(said))
        self.query_one("#result-foot").set_class(bool(said) or typing, "-shown")

    @on(JsonTree.Grown)
    @on(VirtualList.Highlighted)
    def _moved(self) -> None:
        self.say()
