"""The roots that servers are told (protocol section 35): of one, and of all without their own.

Owns the two lists and the form that adds and edits one. What is changed goes to the intents at once; nothing is read
from a folder here.
"""

from __future__ import annotations

import json
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...services.models import ErrorInfo, JsonObject, as_object, as_text
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.after_typing import after_typing
from ...widgets.chip import Chip
from ...widgets.flow import Flow
from ...widgets.form_fields import FieldsForm
from ...widgets.form_values import EMPTY, Entry, Field, Form, Kind, Problem
from ...widgets.roots_list import RootRow, RootsList
from ...widgets.virtual_list import VirtualList
from ..controller import Intents
from .server_words import written_name

_FOLDER, _NAME = "Folder", "Name"
_FORM = Form(
    (
        Field(_FOLDER, Kind.STRING, required=True, schema={"format": "path or file://"}),
        Field(_NAME, Kind.STRING, required=False, schema={}),
    )
)


class RootsScreen(ModalScreen[None]):
    """``server``: whose roots show first; ``Tab`` turns to those of every server and back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("q,F", "leave_list", "Close", show=False),
        Binding("tab,shift+tab", "turn", "The other list", show=False, priority=True),
        Binding("n,a", "add", "Add", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("delete,backspace,x", "remove", "Remove", show=False),
        Binding("U", "undo", "Undo", show=False),
        Binding("r", "reset", "As configured", show=False),
        Binding("ctrl+s", "write", "Write into its entry", show=False),
        Binding("ctrl+r,ctrl+enter", "take", "Take over", show=False, priority=True),
    ]

    def __init__(self, intents: Intents, server: ServerState) -> None:
        super().__init__()
        self._intents = intents
        self._server = server
        self._all = False
        self._editing: int | None = None  # -1: another one is added
        self._remarks: dict[str, str] = {}
        self._before: list[tuple[bool, tuple[JsonObject, ...] | None]] = []
        self._list = RootsList(id="roots-list")

    def compose(self) -> ComposeResult:
        with Vertical(id="roots"):
            yield Static("", classes="about")
            yield self._list
            yield FieldsForm(id="roots-form", enter_steps=True)
            with Flow(classes="bar"):
                yield Chip("Add", "n", id="roots-add", classes="-strong of-list")
                yield Chip("Edit", "Enter", id="roots-edit", classes="of-list")
                yield Chip("Remove", "Del", id="roots-remove", classes="of-list")
                yield Chip("Undo", "U", id="roots-undo", classes="of-list")
                yield Chip("As configured", "r", id="roots-reset", classes="of-list")
                yield Chip("Into its entry", "Ctrl+S", id="roots-write", classes="of-list")
                yield Chip("Take over", "Ctrl+R", id="roots-take", classes="-strong of-form")

    def on_mount(self) -> None:
        self._show()
        self._list.focus()

    # What shows.

    @property
    def _roots(self) -> tuple[JsonObject, ...]:
        choice = self._intents.roots_of(self._server.id)
        if self._all:
            return choice.everyone
        return choice.own if choice.own is not None else choice.entry or ()

    def _show(self) -> None:
        choice, name = self._intents.roots_of(self._server.id), one_line(self._server.id, 40)
        has_own = choice.own is not None or choice.entry is not None
        box = self.query_one("#roots", Vertical)
        box.set_class(self._editing is not None, "-editing")
        box.border_title = Content("Roots of every server" if self._all else f"Roots of {name}")
        box.border_subtitle = "Esc back" if self._editing is not None else "Tab the other list · Esc closes"
        if self._all:
            but = f"; {name} has" if has_own else ""
            about = f"Told to each server that has none of its own{but}. Until mcpdeck ends."
            nothing = "No root: whoever asks is told that there is none."
        elif choice.own is not None:
            about, nothing = "Chosen here, until mcpdeck ends.", "No root: it is told that there is none."
        elif choice.entry is not None:
            about, nothing = "As its entry names them.", "No root: its entry says so."
        else:
            count = len(choice.everyone)
            others = f"the {count} of every server" if count else "that there is none"
            about = f"It has none of its own, and is told {others}."
            nothing = "None of its own. n adds one; then it is told only those that stand here."
        if not choice.declared and not self._all:
            about += " It may ask from its next connection on."
        self.query_one(".about", Static).update(Content(f"{about} Roots inform; they give and bar no access."))
        told = has_own if not self._all else True
        rows = tuple(
            RootRow(
                as_text(root.get("uri")) or "",
                as_text(root.get("name")) or "",
                told,
                self._remarks.get(as_text(root.get("uri")) or "", ""),
            )
            for root in self._roots
        )
        self._list.show(rows, nothing)
        for row in rows:
            if row.uri not in self._remarks:
                self._remarks[row.uri] = ""
                self._intents.look_at_root(row.uri, lambda remark, uri=row.uri: self._looked(uri, remark))
        chosen = self._editing is None and not self._all and choice.own is not None
        self.query_one("#roots-undo").display = self._editing is None and bool(self._before)
        self.query_one("#roots-reset").display = chosen
        self.query_one("#roots-write").display = chosen and self._writable

    def _looked(self, uri: str, remark: str) -> None:
        if remark and self.is_running:
            self._remarks[uri] = remark
            self.call_later(self._show)

    @property
    def _writable(self) -> bool:
        return not self._intents.embedded and self._intents.entries.editable(self._server.id) is None

    # The list.

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        self.action_edit()

    def action_turn(self) -> None:
        if self._editing is not None:
            self.focus_next()
            return
        self._all = not self._all
        self._list.move_cursor(0)
        self._show()

    def action_add(self) -> None:
        self._edit(-1, {_FOLDER: EMPTY, _NAME: EMPTY})

    def action_edit(self) -> None:
        row = self._list.current
        if row is not None:
            self._edit(self._list.cursor, {_FOLDER: Entry(row.uri), _NAME: Entry(row.name)})

    def action_remove(self) -> None:
        if self._list.current is not None and self._editing is None:
            at = self._list.cursor
            self._change(tuple(root for index, root in enumerate(self._roots) if index != at))

    def action_reset(self) -> None:
        if not self._all:
            self._change(None)

    def action_undo(self) -> None:
        if self._before:
            self._all, roots = self._before.pop()
            self._intents.tell_roots(None if self._all else self._server.id, roots)
            self._show()

    def _change(self, roots: tuple[JsonObject, ...] | None) -> None:
        choice = self._intents.roots_of(self._server.id)
        self._before.append((self._all, choice.everyone if self._all else choice.own))
        self._intents.tell_roots(None if self._all else self._server.id, roots)
        self._show()

    def action_write(self) -> None:
        """Into the entry's file, for later runs as well."""
        own = self._intents.roots_of(self._server.id).own
        if self._all or own is None or not self._writable:
            self.notify("There is nothing to write.", title="As its entry says already", markup=False)
            return
        entries = self._intents.entries
        text = entries.text(self._server.replica_of or self._server.id)
        if isinstance(text, ErrorInfo):
            self.notify(one_line(text.hint, 160) or " ", title=one_line(text.title, 100), markup=False)
            return
        value: JsonObject = {**as_object(json.loads(text)), "roots": [root["uri"] for root in own]}
        failed = entries.replace(self._server.replica_of or self._server.id, written_name(self._server), value)
        if failed is None:
            self._intents.tell_roots(self._server.id, None)
            self.dismiss(None)
        else:
            self.notify(one_line(failed.hint, 160) or " ", title=one_line(failed.title, 100), markup=False)

    # The form.

    def _edit(self, index: int, entries: dict[str, Entry]) -> None:
        if self._editing is not None:
            return
        self._editing = index
        form = self.query_one(FieldsForm)
        form.load(_FORM, entries, {})
        self._show()
        self.call_after_refresh(form.focus_first)

    @on(FieldsForm.Submitted)
    def _submitted(self, event: FieldsForm.Submitted) -> None:
        event.stop()
        self._take()

    def action_take(self) -> None:
        if self._editing is not None:
            after_typing(self.query_one(FieldsForm), self._take)

    def _take(self) -> None:
        form, at = self.query_one(FieldsForm), self._editing
        if at is None:
            return
        collected = form.collect()
        uri = self._intents.root_uri(as_text(collected.values.get(_FOLDER)) or "")
        known = [as_text(root.get("uri")) for index, root in enumerate(self._roots) if index != at]
        wrong = "neither a path nor a file:// URI" if uri is None else "it stands there already" if uri in known else ""
        if uri is None or wrong:
            form.mark({_FOLDER: Problem(wrong, blocking=True)})
            form.focus_field(_FOLDER)
            return
        name = (as_text(collected.values.get(_NAME)) or "").strip()
        root: JsonObject = {"uri": uri, "name": name} if name else {"uri": uri}
        roots = list(self._roots)
        roots[at if at >= 0 else len(roots) :] = [root] if at < 0 else [root, *roots[at + 1 :]]
        self._stop_editing()
        self._change(tuple(roots))

    def _stop_editing(self) -> None:
        self._editing = None
        self._show()
        self._list.focus()

    def action_leave(self) -> None:
        if self._editing is not None:
            self._stop_editing()
        else:
            self.dismiss(None)

    def action_leave_list(self) -> None:
        self.action_leave()

    @on(Chip.Pressed)
    def _pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        getattr(self, f"action_{(event.chip.id or '').removeprefix('roots-')}")()
