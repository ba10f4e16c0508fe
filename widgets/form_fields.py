"""Rows of labelled fields: the form of a tool and of a question.

Owns the rows that are in sight, what they change in the tree below them, and where the focus goes. Never sends
anything: whoever holds the form asks it to ``collect``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Static

from ..services.models import JsonObject
from ..services.state.text import one_line
from .app_of import app_of
from .form_values import EMPTY, Collected, Entry, Field, Form, Problem, collect
from .forms.changing import change
from .forms.conditions import settle_up
from .forms.nodes import Node
from .forms.places import Role, places
from .forms.row import FormRow
from .forms.row_focus import FocusedRows
from .forms.row_layout import flat, label_cells, unfold
from .forms.row_words import problem_lines
from .json_text import dumps

__all__ = ["FieldRow", "FieldsForm", "FormRow", "problem_lines"]

FIRST = 10
"""Rows that are made before the first of them can be typed into."""
BATCH = 24
"""Rows that are made at once: those in sight, and the next ones before somebody gets there."""
AHEAD = 6
OPENED = 40
"""Most places with problems that are opened to show them."""

FieldRow = FormRow


class FieldsForm(FocusedRows, can_focus=False):
    """The rows of one form. ``load`` and ``show`` bring another one; ``collect`` reads what stands in it.

    Enter after a choice goes to the next field; after a line it submits, or with ``enter_steps`` goes on too
    until the last field.
    """

    DEFAULT_CSS = """
    FieldsForm {
        height: 1fr; width: 1fr; scrollbar-size-vertical: 1;
        & > .notes { color: $text-muted; height: auto; padding: 0 1 0 0; }
        & > .empty { color: $text-muted; height: auto; }
        & > .more { color: $text-muted; height: 1; }
    }
    """

    class Changed(Message):
        """What stands in the form changed."""

        def __init__(self, row: FormRow | None = None) -> None:
            super().__init__()
            self.row = row

    class Submitted(Message):
        """Enter in a single-line control."""

    class PickWanted(Message):
        """A date, a time or a file is to be picked for a row."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None, warn_secrets: bool = False, enter_steps: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self._enter_steps = enter_steps
        self._form = Form(())
        self._extra: JsonObject = {}
        self.whole = flat(self._form, {})
        self._limit = BATCH
        self._label_cells = 12
        self.warn_secrets = warn_secrets
        self._loaded = False
        self._more = Static("", classes="more", markup=False)
        self._focus_when_ready = False
        self.empty_text = "No arguments."

    def compose(self) -> ComposeResult:
        yield self._more

    def on_mount(self) -> None:
        self._more.display = False
        self.watch(self, "scroll_y", self._scrolled, init=False)
        if self._loaded:
            self._rebuild()

    # What others ask and say.

    @property
    def entries(self) -> dict[str, Entry]:
        """What stands in the fields of a flat form, by name."""
        return {one.key: one.entry for one in self.whole.members}

    @property
    def extra(self) -> JsonObject:
        """Members no field stands for; sent along."""
        return self._extra

    @property
    def rows(self) -> int:
        """Height of everything in the form, in rows."""
        if self.virtual_size.height > self.size.height:
            return self.virtual_size.height  # rows out of sight have no size of their own
        return sum(child.outer_size.height for child in self.children if child.display)

    @property
    def form(self) -> Form:
        return self._form

    @property
    def fields(self) -> tuple[Field, ...]:
        return self._form.fields

    @property
    def count(self) -> int:
        """Rows, also those that are not made yet."""
        return len(self._places)

    def load(self, form: Form, entries: Mapping[str, Entry], extra: JsonObject) -> None:
        """Show a flat form, or the same with other entries."""
        if form is self._form and self._loaded and not extra and not self._extra:
            for one in self.whole.members:
                one.entry, one.problem = entries.get(one.key, EMPTY), None
            self._sync()
            return
        self._form, self._extra = form, extra
        self.show(flat(form, entries))

    def show(self, tree: Node) -> None:
        """Show the rows of a tree, from the top; of the one that shows already, what stands in it now."""
        if tree is self.whole and self._loaded:
            self._place_rows()
            self._sync()
            return
        at = self._focused_at() if self.has_focus_within else None
        path = self._places[at].node.path if at is not None and at < len(self._places) else None
        self.whole = tree
        self._loaded = True
        self._limit = FIRST
        if self.is_mounted:
            self._rebuild()
            if path is not None:  # whoever types goes on where he was
                again = next((index for index, place in enumerate(self._places) if place.node.path == path), None)
                self._focus_at(again) if again is not None else self.focus_first()

    def collect(self) -> Collected:
        return collect(self._form.fields, self.entries, self._extra)

    def mark(self, problems: Mapping[str, Problem]) -> None:
        """Show problems at the fields of a flat form, and none at the others."""
        for one in self.whole.members:
            one.problem = problems.get(one.key)
        self._sync()

    def mark_nodes(self, problems: Mapping[Node, Problem]) -> None:
        """Show problems in their rows, which are opened for it, and none in the others."""
        for row in self._made.values():
            if row.place.role is not Role.ADD:
                row.node.problem = None
        for index, (node, problem) in enumerate(problems.items()):
            node.problem = problem
            if index < OPENED:
                unfold(node)
        self._place_rows()
        self._sync()

    def focus_first(self) -> bool:
        """Focus the first field, as soon as the rows are there; False when there is none."""
        if not self._places:
            return False
        if not self.is_mounted or not self._made:
            self._focus_when_ready = True
            return True
        open_heads = (place.role is Role.HEAD and place.node.open for place in self._places)
        self._focus_at(next((at for at, head in enumerate(open_heads) if not head), 0))
        return True

    def focus_field(self, name: str, *, select: bool = False) -> None:
        """``select``: what comes next takes the place of what stands there."""
        node = self.whole.named(name)
        if node is not None:
            self.focus_node(node, select=select)

    def focus_node(self, node: Node, *, select: bool = False) -> None:
        """Open what it lies in, and focus its row."""
        unfold(node)
        self._place_rows()
        index = next((at for at, place in enumerate(self._places) if place.node is node), None)
        if index is not None:
            self._focus_at(index, select=select)
            self.call_after_refresh(self._row(index).scroll_visible, animate=False)

    # Rows.

    def _rebuild(self) -> None:
        """Other rows altogether."""
        with app_of(self).batch_update():
            for child in [*self.children]:
                if child is not self._more:
                    child.remove()
            self._made = {}
            self.scroll_home(animate=False)
            self._place_rows()
            self._say_notes()
        self.call_after_refresh(self._make_more)
        if self._focus_when_ready:
            self._focus_when_ready = False
            self.focus_first()

    def _say_notes(self) -> None:
        notes: list[Static] = []
        if not self._places and not self._extra:
            notes.append(Static(self.empty_text, classes="empty", markup=False))
        if self._extra:
            names = ", ".join(dumps(name) for name in self._extra)
            notes.append(Static(Content(f"Also sent: {one_line(names, 200)} (edit in JSON)"), classes="notes extra"))
        said = (*self._form.notes, *self.whole.resolved.notes)
        notes += [Static(Content(one_line(note, 300)), classes="notes") for note in said]
        if notes:
            self.mount(*notes, after=self._more)

    def _place_rows(self) -> None:
        """Make, move and take away rows until they are those of the tree, as far as they are in sight."""
        self._places = places(self.whole)
        if not self.is_mounted:
            return
        wanted = self._places[: self._limit]
        keys = {(place.node, place.role) for place in wanted}
        for key in [key for key in self._made if key not in keys]:
            self._made.pop(key).remove()
        width = max(30, self.container_size.width or 60)
        self._label_cells = label_cells(self._places[: 4 * self._limit], width)
        room = width - self._label_cells - 3
        fresh: list[FormRow] = []
        before: FormRow | None = None
        order: list[FormRow] = []
        for place in wanted:
            row = self._made.get((place.node, place.role))
            if row is None:
                row = FormRow(place, label_cells=self._label_cells, width=room, warn_secret=self.warn_secrets)
                self._made[(place.node, place.role)] = row
                fresh.append(row)
            else:
                self._mount_rows(fresh, before)
                fresh = []
                before = row
                if (row.place.depth, row.place.role) != (place.depth, place.role) or row.node.in_list:
                    row.show(place, self._label_cells, room)
            order.append(row)
        self._mount_rows(fresh, before, last=True)
        standing = [child for child in self.children if isinstance(child, FormRow) and child in set(order)]
        if standing != order:
            for one, other in pairwise(order):
                self.move_child(other, after=one)
        left = len(self._places) - len(wanted)
        self._more.display = left > 0
        if left > 0:
            self._more.update(f"… {left} more, further down")

    def _mount_rows(self, fresh: list[FormRow], after: FormRow | None, *, last: bool = False) -> None:
        if not fresh:
            return
        if after is not None and after.is_attached:
            self.mount(*fresh, after=after)
        elif last or not any(isinstance(child, FormRow) for child in self.children):
            self.mount(*fresh, before=self._more)
        else:
            self.mount(*fresh, before=0)

    def _row(self, index: int) -> FormRow:
        """A row, made if it was not."""
        if index >= self._limit - AHEAD and self._limit < len(self._places):
            self._limit = index + BATCH
            self._place_rows()
        place = self._places[index]
        return self._made[(place.node, place.role)]

    def _make_more(self) -> None:
        """What is in sight beside the first rows, once those stand."""
        if self._limit < min(BATCH, len(self._places)):
            self._limit = BATCH
            self._place_rows()

    def _scrolled(self) -> None:
        if self._limit < len(self._places) and self.scroll_y >= self.max_scroll_y - 2 * AHEAD:
            self._limit += BATCH
            self._place_rows()

    def _sync(self) -> None:
        for row in self._made.values():
            row.sync()

    def row_of(self, node: Node) -> FormRow | None:
        """The row of a node, if it is made."""
        return next((row for (one, role), row in self._made.items() if one is node and role is not Role.ADD), None)

    # The focus.

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        at = self._focused_at()
        if at is not None and at >= self._limit - AHEAD and self._limit < len(self._places):
            self._row(at)

    # What rows say.

    @on(FormRow.Changed)
    def _typed(self, event: FormRow.Changed) -> None:
        event.stop()
        settled = settle_up(event.row.node)
        if event.shape or settled:
            self._place_rows()
            self._sync()
        else:
            self._sync_above(event.row.node)
        self.post_message(self.Changed(event.row))

    def _sync_above(self, node: Node) -> None:
        above = node.parent
        while above is not None:
            row = self._made.get((above, Role.HEAD))
            if row is not None:
                row.sync()
            above = above.parent

    @on(FormRow.Submitted)
    def _submitted(self, event: FormRow.Submitted) -> None:
        event.stop()
        key = (event.row.node, event.row.place.role)
        at = next((index for index, place in enumerate(self._places) if (place.node, place.role) == key), None)
        steps = event.chosen or self._enter_steps or event.row.node.in_list
        if at is not None and at + 1 < len(self._places) and steps:
            self._focus_at(at + 1)
        elif not event.chosen:
            self.post_message(self.Submitted())

    @on(FormRow.Wanted)
    def _wanted(self, event: FormRow.Wanted) -> None:
        event.stop()
        if event.what == "pick":
            self.post_message(self.PickWanted(event.row))
            return
        focus, refused = change(event.row.place, event.what, event.name)
        if refused:
            self.notify(refused, markup=False, severity="warning")
        settle_up(event.row.node)
        self._place_rows()
        self._sync()
        if focus is not None:
            index = next((at for at, place in enumerate(self._places) if place[:2] == focus), None)
            index = index if index is not None else self._index_of(focus[0])
            if index is not None:
                self._focus_at(index)
                self.call_after_refresh(self._row(index).scroll_visible, animate=False)
        self.post_message(self.Changed(event.row))

    def _index_of(self, node: Node) -> int | None:
        return next((at for at, place in enumerate(self._places) if place.node is node), None)
