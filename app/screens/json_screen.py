"""A piece of JSON, edited as text: a saved call whole, the variables of a collection.

Owns the text and that it is JSON when it leaves. What it means is checked by a callable; nothing is written here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from ...services.models import Json, JsonObject
from ...services.state.text import one_line
from .unsaved_screen import UnsavedScreen


class JsonScreen(UnsavedScreen):
    """``check`` says what is wrong with an object, empty: nothing; then ``save`` is told it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False, priority=True),
        Binding("ctrl+s", "save", "Save", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        about: str,
        value: JsonObject,
        check: Callable[[JsonObject], str],
        save: Callable[[JsonObject], object],
    ) -> None:
        super().__init__()
        self._title = title
        self._about = about
        self._before = json.dumps(value, indent=2, ensure_ascii=False)
        self._check = check
        self._saves = save
        self._area = TextArea(self._before, id="json-text", tab_behavior="indent", compact=True, show_line_numbers=True)

    def compose(self) -> ComposeResult:
        with Vertical(id="json-edit") as box:
            box.border_title = Content(one_line(self._title, 70))
            box.border_subtitle = "Ctrl+S saves · Esc closes"
            yield Static(Content.styled(self._about, "$text-muted"), classes="about")
            yield self._area
            yield Static("", id="json-problem", markup=False)

    def on_mount(self) -> None:
        self._area.focus()

    @property
    def unsaved(self) -> bool:
        return self._area.text != self._before

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self.query_one("#json-problem", Static).update("")

    def action_save(self) -> None:
        value, problem = _read(self._area.text)
        problem = problem or self._check(value)
        if problem:
            self.query_one("#json-problem", Static).update(Content.styled(one_line(problem, 300), "$text-error"))
            return
        self._saves(value)
        self.dismiss(None)


def _read(text: str) -> tuple[JsonObject, str]:
    try:
        value = cast("Json", json.loads(text or "{}"))
    except json.JSONDecodeError as error:
        return {}, f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "an object is wanted: { … }")
