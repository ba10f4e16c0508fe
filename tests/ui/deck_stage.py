"""The dashboard on a store that tests feed: no service runs, intents are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from mcpdeck.app.actions import Zone
from mcpdeck.app.controller import AnswerAction, Refused, Toast
from mcpdeck.app.deck import Deck
from mcpdeck.app.registry_intents import Registry
from mcpdeck.app.screens.deck_screen import DeckScreen
from mcpdeck.app.seen import Seen
from mcpdeck.app.tool_intents import Explained
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import AppState, CallState
from mcpdeck.services.state.store import Store
from mcpdeck.widgets.server_offer import Declared
from tests.ui import questions, states
from tests.ui.form_stage import burst_paste, settle, text_of
from tests.ui.kept_detail import KeptDetail
from tests.ui.kept_entries import KeptEntries
from tests.ui.kept_items import KeptItems
from tests.ui.kept_logs import KeptLogs
from tests.ui.kept_questions import KeptQuestions
from tests.ui.kept_results import KeptResults
from tests.ui.kept_saved import KeptSaved
from tests.ui.kept_servers import KeptServers
from tests.waiting import eventually


class Kept(KeptDetail, KeptItems, KeptLogs, KeptQuestions, KeptResults, KeptSaved, KeptServers):
    """``Intents`` that only remember what was asked for."""

    def __init__(self, toast: Toast) -> None:
        self.toast = toast
        self.asked: list[tuple[object, ...]] = []
        self.refused: Refused | None = None
        self.entries = KeptEntries(self.asked)
        self.registry: Registry | None = None
        self.embedded = False
        self.secrets: dict[str, str] = {}
        self.profile = ""
        self.looks = False
        self.known_profiles: tuple[str, ...] = ()
        self.explains: Explained | None = None
        self.names: dict[tuple[str, str], str] = {}
        self.given: dict[str, JsonObject] = {}

    def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        validate: bool = True,
        refused: Refused | None = None,
        as_task: bool = False,
    ) -> str:
        self.asked.append(("call as task" if as_task else "call", server, tool, arguments))
        self.refused = refused
        return "call-new"

    def read(self, server: str, uri: str) -> str:
        self.asked.append(("read", server, uri))
        return "call-read"

    def prompt(self, server: str, name: str, arguments: JsonObject) -> str:
        self.asked.append(("prompt", server, name, arguments))
        return "call-prompt"

    def reset_breaker(self, server: str) -> None:
        self.asked.append(("reset breaker", server))

    def profile_of(self, server: str) -> str:
        return self.profile

    def profiles(self) -> tuple[str, ...]:
        return self.known_profiles

    def set_profile(self, name: str, server: str | None) -> None:
        self.asked.append(("set profile", name, server))

    def explained(self, server: str, tool: str, arguments: JsonObject) -> Explained | None:
        self.asked.append(("explained", server, tool, arguments))
        return self.explains

    def allow_for_a_while(self, server: str, tool: str, arguments: JsonObject) -> None:
        self.asked.append(("allow for a while", server, tool, arguments))

    def forget(self, rule: str) -> None:
        self.asked.append(("forget", rule))

    def qualified(self, server: str, tool: str) -> str:
        return self.names.get((server, tool), "")

    def look_at_load(self, looking: bool) -> None:
        self.looks = looking

    def for_model(self, call: CallState) -> JsonObject | None:
        return self.given.get(call.id)

    def cancel(self, call_id: str) -> None:
        self.asked.append(("cancel", call_id))

    def reconnect(self, server: str, *, redetect: bool = False) -> None:
        self.asked.append(("redetect" if redetect else "reconnect", server))

    def relist(self, server: str) -> None:
        self.asked.append(("relist", server))

    def set_log_level(self, server: str, level: str) -> None:
        self.asked.append(("set_log_level", server, level))

    def cancel_task(self, server: str, task: str) -> None:
        self.asked.append(("cancel_task", server, task))

    def declared(self, server: str) -> Declared:
        return questions.DECLARED

    def reconnect_all(self) -> None:
        self.asked.append(("reconnect_all",))

    def set_enabled(self, seen: Seen, enabled: bool) -> None:
        self.asked.append(("set_enabled", seen.name, enabled))

    def approve(self, seen: Seen) -> None:
        self.asked.append(("approve", seen.name))

    def reject(self, seen: Seen) -> None:
        self.asked.append(("reject", seen.name))

    def answer(self, prompt_id: str, action: AnswerAction, content: JsonObject | None) -> None:
        self.asked.append(("answer", prompt_id, action, content))

    def save(self, call_id: str) -> Path | None:
        self.asked.append(("save", call_id))
        return None

    def login(self, server: str, again: bool = False) -> None:
        self.asked.append(("login again" if again else "login", server))

    def look_up(self, server: str) -> None:
        self.asked.append(("look up login", server))

    def logout(self, server: str) -> None:
        self.asked.append(("logout", server))

    def refresh_token(self, server: str) -> None:
        self.asked.append(("refresh token", server))

    def expire_token(self, server: str) -> None:
        self.asked.append(("expire token", server))

    def reveal(self, server: str, key: str) -> str | None:
        self.asked.append(("reveal", server, key))
        return self.secrets.get(key)

    def open_url(self, server: str, url: str) -> None:
        self.asked.append(("open url", server, url))


class Ticks:
    """A clock that goes on when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A running dashboard: press keys, change the state, read the screen."""

    def __init__(self, app: Deck, pilot: Pilot[None], store: Store, ticks: Ticks) -> None:
        self._ticks = ticks
        self.app = app
        self.pilot = pilot
        self.store = store

    @property
    def asked(self) -> list[tuple[object, ...]]:
        assert isinstance(self.app.intents, Kept)
        return self.app.intents.asked

    @property
    def intents(self) -> Kept:
        assert isinstance(self.app.intents, Kept)
        return self.app.intents

    @property
    def deck(self) -> DeckScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, DeckScreen)
        return screen

    @property
    def text(self) -> str:
        return text_of(self.app)

    def line(self, words: str) -> str:
        """The first screen line with ``words``."""
        return next(line for line in self.text.split("\n") if words in line)

    def later(self, seconds: float) -> None:
        self._ticks.now += seconds

    async def press(self, *keys: str) -> None:
        """Keys of somebody who looks at the screen before each of them."""
        for key in keys:
            self.later(1)
            await self.pilot.press(key)
            await self.pilot.pause()
        await self.rest()

    async def burst(self, *keys: str) -> None:
        """Keys that arrive all at once, as when pasted or typed faster than the screen is drawn."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            character = key if len(key) == 1 else None
            driver.send_message(events.Key(_character_to_key(key) if character else key, character))
        await self.rest()

    async def rest(self) -> None:
        """Until nothing moves any more."""
        # A tool's form is built once the cursor rests on it.
        await eventually(lambda: self.deck._preview is None, "form of the tool under the cursor")
        await settle(self.app, self.pilot)

    async def become(self, state: AppState) -> None:
        """The store holds another state; it is flushed and drawn."""
        self.store._state = state
        self.store.flush()
        await settle(self.app, self.pilot)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await settle(self.app, self.pilot)


@asynccontextmanager
async def decked(state: AppState, *, size: tuple[int, int] = (120, 40), toasts: bool = False) -> AsyncIterator[Stage]:
    """``toasts``: they are drawn too."""
    store = Store(state)
    ticks = Ticks()
    app = Deck(store, Kept, version="0.1.0", clock=states.clock, ticks=ticks)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        await settle(app, pilot)
        yield Stage(app, pilot, store, ticks)


def approving(stage: Stage) -> bool:
    """The question whether a server may be started shows, and has the focus."""
    panel = stage.deck.query_one("#approval")
    return bool(panel.display) and stage.deck._zone() is Zone.QUESTION


async def paste(stage: Stage, text: str) -> None:
    """A bracketed paste, as a terminal sends it."""
    await burst_paste(stage.app, stage.pilot, text)
    await stage.rest()
