"""A file chosen from the folders of this machine.

Owns the list of one folder, the filter by name and the line with the path. Folders are read in a thread, and a file
is never opened here: it dismisses with the path, or None.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import anyio
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...services.state.text import one_line
from ...widgets.ink import Line, fit
from ...widgets.line_input import LineInput
from ...widgets.virtual_list import VirtualList

MOST = 20_000
"""Names of one folder that are read."""


@dataclass(frozen=True, slots=True)
class Found:
    """One name in a folder; ``size`` in bytes, None of a folder."""

    name: str
    folder: bool
    size: int | None


class FileList(VirtualList[Found]):
    """Folders first, then files."""

    def __init__(self) -> None:
        super().__init__(id="file-list")
        self._found: list[Found] = []
        self.told = ""

    def show(self, found: list[Found]) -> None:
        self._found = found
        self.move_cursor(0, quiet=True)
        self.resized_items()

    def length(self) -> int:
        return len(self._found)

    def item_at(self, index: int) -> Found:
        return self._found[index]

    def empty(self) -> Line:
        return ((self.told, "muted"),)

    def paint(self, item: Found, width: int, *, current: bool) -> Line:
        name = one_line(item.name, 200) + ("/" if item.folder else "")
        size = "" if item.size is None else f"{item.size:,} B"
        return (
            (fit(name, max(10, width - 16)), "accent" if item.folder else "strong" if current else ""),
            (fit(size, 15, right=True), "muted"),
        )


class FileScreen(ModalScreen[Path | None]):
    """``start`` is the folder that shows first; ``about`` what the file is for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("ctrl+up,alt+up", "above", "Folder above", show=False, priority=True),
    ]

    def __init__(self, start: Path, about: str) -> None:
        super().__init__()
        self._folder = start
        self._about = about
        self._all: list[Found] = []
        self._list = FileList()
        self._name = LineInput(placeholder="type to filter, or a whole path", compact=True, id="file-name")

    def compose(self) -> ComposeResult:
        with Vertical(id="file") as box:
            box.border_title = Content(one_line(self._about, 60) or "Choose a file")
            box.border_subtitle = "Enter takes or opens · Alt+↑ folder above · Esc closes"
            yield Static("", id="file-folder", markup=False)
            yield self._name
            yield self._list

    def on_mount(self) -> None:
        self._name.focus()
        self._go(self._folder)

    def _go(self, folder: Path) -> None:
        self._folder = folder
        self.query_one("#file-folder", Static).update(one_line(str(folder), 200))
        self._name.value = ""
        self._list.told = "reading…"
        self._list.show([])
        self._read(folder)

    @work(exclusive=True)
    async def _read(self, folder: Path) -> None:
        try:
            found = await anyio.to_thread.run_sync(_listed, folder, abandon_on_cancel=True)
        except OSError as error:
            self._all = []
            self._list.told = f"cannot be read: {one_line(error.strerror or str(error), 80)}"
        else:
            self._all = found
            self._list.told = "nothing here by that name"
        self._filter()

    def _filter(self) -> None:
        typed = self._name.value.strip().lower()
        hidden = typed.startswith(".")
        kept = [
            one for one in self._all if (hidden or not one.name.startswith(".") or typed) and typed in one.name.lower()
        ]
        above = [Found("..", True, None)] if not typed and self._folder.parent != self._folder else []
        self._list.show([*above, *kept])

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if "/" not in event.value and not event.value.startswith("~"):
            self._filter()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if "/" in typed or typed.startswith("~"):
            self._take(self._folder / Path(typed).expanduser())
        else:
            self._list.action_choose()

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        item = self._list.current
        if item is not None:
            self._take(self._folder.parent if item.name == ".." else self._folder / item.name)

    @work(exclusive=True, group="take")
    async def _take(self, path: Path) -> None:
        try:
            mode = (await anyio.Path(path).stat()).st_mode
        except (OSError, ValueError) as error:
            self.notify(one_line(str(error), 120), title="Not there", severity="warning", markup=False)
            return
        if stat.S_ISDIR(mode):
            self._go(path)
        elif stat.S_ISREG(mode):
            self.dismiss(path)
        else:
            self.notify("That is no file that could be read.", severity="warning", markup=False)

    def action_move(self, step: int) -> None:
        self._list.action_move(step)

    def action_page(self, direction: int) -> None:
        self._list.action_move_page(direction)

    def action_above(self) -> None:
        self._go(self._folder.parent)

    def action_close(self) -> None:
        self.dismiss(None)


def _listed(folder: Path) -> list[Found]:
    found: list[Found] = []
    with os.scandir(folder) as names:
        for one in names:
            if len(found) >= MOST:
                break
            try:
                is_folder = one.is_dir()
                found.append(Found(one.name, is_folder, None if is_folder else one.stat().st_size))
            except OSError:
                continue
    return sorted(found, key=lambda one: (not one.folder, one.name.lower()))
