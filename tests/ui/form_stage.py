"""A bare stage for one widget: an app that shows it and keeps what it posted, and hostile text to feed it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.keys import _character_to_key
from textual.message import Message
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from mcpdeck.app import themes

MessageT = TypeVar("MessageT", bound=Message)

HOSTILE = (
    "[bold red]markup[/]",
    "[@click=app.quit]click me[/]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "a\u202eevil\u202c \u200bzero",
    "$(rm -rf /) {{x}} %s \\",
    "[/] [unclosed",
    "line\r\nend\x00\x9b2J",
    "\ud800 lone",
)
FORBIDDEN = frozenset("\x1b\x07\x00\x9b\u202e\u202c\u200b\ud800\r")


class Stage(App[None]):
    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self._widgets = widgets
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def on_mount(self) -> None:
        self.register_theme(themes.DARK)
        self.theme = themes.DARK.name

    def asked(self, kind: type[MessageT]) -> list[MessageT]:
        """The messages of one kind, each once, in order."""
        found = [message for message in self.posted if isinstance(message, kind)]
        return list(dict.fromkeys(found))


@asynccontextmanager
async def staged(*widgets: Widget, size: tuple[int, int] = (76, 30)) -> AsyncIterator[tuple[Stage, Pilot[None]]]:
    app = Stage(*widgets)
    async with app.run_test(size=size, message_hook=app.posted.append) as pilot:
        await pilot.pause()
        yield app, pilot


async def burst(app: App[None], pilot: Pilot[None], *keys: str) -> None:
    """Keys that arrive all at once, as when typed faster than the screen is drawn."""
    driver = app._driver
    assert driver is not None
    for key in keys:
        character = key if len(key) == 1 else None
        driver.send_message(events.Key(_character_to_key(key) if character else key, character))
    await settle(app, pilot)


async def burst_paste(app: App[None], pilot: Pilot[None], text: str) -> None:
    """A bracketed paste, as a terminal sends it."""
    driver = app._driver
    assert driver is not None
    driver.send_message(events.Paste(text))
    await settle(app, pilot)


async def settle(app: App[None], pilot: Pilot[None]) -> None:
    """Until the screen stays as it is, at most forty rounds of messages and layout."""
    before, same = "", 0
    for _ in range(40):
        await app.workers.wait_for_complete()
        await pilot.pause()
        now = text_of(app)
        same = same + 1 if now == before else 0
        if same == 2:
            return
        before = now


def text_of(app: App[None]) -> str:
    """What stands on the screen, as plain text."""
    lines: list[Strip] = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip if not segment.control).rstrip() for strip in lines)


def row_of(app: App[None], words: str) -> int:
    """The screen row on which ``words`` stand."""
    return next(row for row, line in enumerate(text_of(app).split("\n")) if words in line)
