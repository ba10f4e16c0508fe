"""The first page, as long as no server is configured: when it shows, what it offers, what its lines do.

Owns the lines. What other programs have is found by ``Elsewhere``, beside the screen and after the first frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from ...services.state.model import McpState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.provenance_lines import own_files_left_out
from ..actions import Zone
from ..bridge import NOT_FED
from ..exits import THEN_DEMO
from .confirm_screen import Answer, ConfirmScreen
from .deck_rows import DeckRows

if TYPE_CHECKING:
    from ...widgets.first_run import FirstRun
    from ..elsewhere import Found


class DeckFirstRun(DeckRows):
    """Base of the deck screen."""

    _first: FirstRun | None = None
    _found: tuple[Found, ...] | None = None

    def list_as_kept(self) -> None:
        super().list_as_kept()
        self.call_after_refresh(self._look_whether_first)

    def follow_servers(self, new: McpState) -> None:
        super().follow_servers(new)
        self._look_whether_first()

    def _look_whether_first(self) -> None:
        new = self.mcp
        wanted = new is not NOT_FED and not new.order and not own_files_left_out(new)
        wanted = wanted and not self._intents.embedded and self._intents.elsewhere is not None
        if wanted is not self.has_class("-first") and self.is_mounted:
            self._welcome() if wanted else self._begin()

    def _welcome(self) -> None:
        """Show the page; the first time, look what other programs have."""
        self.add_class("-first")
        if self._first is None:
            from ...widgets.first_run import FirstRun  # most people never see it again

            self._first = FirstRun(id="first")
            self.mount(self._first, before="#footer")
            if self._intents.elsewhere is not None:
                self._intents.elsewhere.find(self._told)
        self._first.display = True
        self.call_after_refresh(self._present, self._found)
        self.call_after_refresh(self._first.rows.focus)

    def _told(self, found: tuple[Found, ...]) -> None:
        self.call_later(self._present, found)

    def _begin(self) -> None:
        """There are servers now."""
        self.remove_class("-first")
        if self._first is not None:
            self._first.display = False
        self.focus_zone(Zone.SERVERS)

    def _present(self, found: tuple[Found, ...] | None) -> None:
        self._found = found
        if self._first is None or not self._first.is_mounted:
            return
        from ..first_page import offers_of, said_of

        target = self._intents.elsewhere.target() if self._intents.elsewhere is not None else ""
        self._first.present(said_of(found), offers_of(found or (), target))

    def on_first_run_chosen(self, event: FirstRun.Chosen) -> None:
        offer = event.offer
        match offer.action:
            case "add":
                self.action_add()
            case "registry":
                self.action_registry()
            case "sources":
                self.action_sources()
            case "demo":
                self._demo()
            case _:
                self._take(offer.program)

    def _demo(self) -> None:
        app_of(self).exit(return_code=THEN_DEMO)

    def _take(self, program: str) -> None:
        """Ask once: what is taken over starts at once, for it is the person's own."""
        found = next((each for each in self._found or () if each.id == program), None)
        elsewhere = self._intents.elsewhere
        if found is None or elsewhere is None or not found.names:
            return

        def answered(answer: str | None) -> None:
            if answer != "take":
                return
            error = elsewhere.take(program)
            if error is not None:
                self._say(one_line(error.title, 200), one_line(error.hint, 200))

        count = f"{len(found.names)} server{'' if len(found.names) == 1 else 's'}"
        facts = (
            ("What runs or is reached then", "\n".join(_lines(found))),
            ("From", "\n".join(found.files)),
            ("Into", elsewhere.target()),
        )
        lead = "They are copied and started as they are configured there; what a project brought along stays off."
        answers = (Answer("", "Not now (Esc)", "escape"), Answer("take", f"Take over {count} (y)", "y"))
        app_of(self).push_screen(ConfirmScreen(f"Take over {count} of {found.title}", lead, facts, answers), answered)


def _lines(found: Found) -> Iterator[str]:
    """Each server with what is run or reached, as far as that is known."""
    width = min(24, max(len(name) for name in found.names))
    for name, runs in zip_longest(found.names, found.runs, fillvalue=""):
        yield f"{one_line(name, 24):<{width}}  {one_line(runs, 200)}".rstrip()
