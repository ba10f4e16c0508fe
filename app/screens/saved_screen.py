"""Collections of saved calls: run them, see what came of each, change them.

Owns the tree, the detail beside it, and what ran since it was opened. Files are read and written, and calls made, by
the controller; what is told late, when the screen is gone, is kept for the next time it opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from ...services.collections.running import Outcome, Ran, Values, with_givers
from ...services.models import JsonObject
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.ink import Line
from ...widgets.line_document import LineDocument
from ...widgets.saved_rows import SavedTree
from ...widgets.virtual_list import VirtualList
from .saved_changes import Changes
from .saved_words import call_lines, collection_lines, rows_of

if TYPE_CHECKING:
    from ...services.collections.model import Collection, SavedCall
    from ..saved_intents import Saved

WIDE = 100
"""Columns from which the detail stands beside the tree."""
KEYS = "Enter run · a all · e form · E JSON · t check · r d U · v s variables · Y copy · Esc"
SHORT_KEYS = "Enter run · a all · e edit · r rename · d delete · Esc"


@dataclass(slots=True)
class Session:
    """What ran since the dashboard began, by file and name, and the values that calls gave each other."""

    ran: dict[tuple[str, str], Ran] = field(default_factory=dict[tuple[str, str], Ran])
    values: dict[str, Values] = field(default_factory=dict[str, Values])
    folded: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A saved call that is to be changed in its form."""

    collection: Collection
    call: SavedCall


class SavedScreen(ModalScreen["Edit | None"]):
    """``session`` outlives the screen. ``copy`` shows a call in other words; ``at`` is where the cursor begins."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("q", "close", "Close", show=False),
        Binding("a", "run_all", "Run all", show=False),
        Binding("space,left,right", "fold", "Fold", show=False),
        Binding("x", "stop", "Stop", show=False),
        Binding("e", "edit", "Edit in the form", show=False),
        Binding("E", "edit_json", "Edit as JSON", show=False),
        Binding("t", "check", "Add a check", show=False),
        Binding("r", "rename", "Rename", show=False),
        Binding("d,delete", "remove", "Delete", show=False),
        Binding("U", "undo", "Undo", show=False),
        Binding("alt+up", "shift(-1)", "Up", show=False),
        Binding("alt+down", "shift(1)", "Down", show=False),
        Binding("v", "variables", "Variables", show=False),
        Binding("s", "choose_set", "Set", show=False),
        Binding("Y", "copy", "Copy as", show=False),
        Binding("ctrl+d", "scroll_detail(8)", show=False, priority=True),
        Binding("ctrl+u", "scroll_detail(-8)", show=False, priority=True),
    ]

    def __init__(
        self,
        saved: Saved,
        session: Session,
        copy: Callable[[SavedCall, JsonObject, str], object],
        at: tuple[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._saved = saved
        self._session = session
        self._copies = copy
        self._at = at
        self._collections: tuple[Collection, ...] = ()
        self._under_way: set[tuple[str, str]] = set()
        self._give_up: Callable[[], object] | None = None
        self._tree = SavedTree(id="saved-tree")
        self._detail = LineDocument(self._words, id="saved-detail")
        self._changes = Changes(saved, self._read_again, self._say)

    def compose(self) -> ComposeResult:
        with Vertical(id="saved") as box:
            box.border_title = "Saved calls"
            with Container(id="saved-body"):
                yield self._tree
                yield self._detail
            yield Static(id="saved-said", markup=False)

    def on_mount(self) -> None:
        self._tree.focus()
        self._read_again(self._at)

    @on(Resize)
    def _resized(self) -> None:
        self.set_class(self.size.width >= WIDE, "-beside")
        self.query_one("#saved").border_subtitle = KEYS if self.size.width >= WIDE else SHORT_KEYS

    # What there is.

    def _read_again(self, at: tuple[str, str] | None = None) -> None:
        def read(collections: tuple[Collection, ...]) -> None:
            self._collections = collections
            if self.is_attached:
                self._present()
                if at is not None:
                    self._tree.go_to(at)
                self._look()

        self._saved.collections(read)

    def _present(self) -> None:
        self._tree.present(rows_of(self._collections, self._session.ran, self._under_way, self._session.folded))
        self._detail.lay_out()

    @property
    def collection(self) -> Collection | None:
        row = self._tree.current
        return next((one for one in self._collections if row is not None and str(one.path) == row.key[0]), None)

    @property
    def call(self) -> SavedCall | None:
        row, collection = self._tree.current, self.collection
        return collection.call(row.key[1]) if row is not None and collection is not None and row.key[1] else None

    def _words(self, width: int) -> list[Line]:
        collection, call = self.collection, self.call
        if collection is None:
            return []
        if call is None:
            return collection_lines(collection, width, self._values(collection).chosen)
        return call_lines(call, self._session.ran.get((str(collection.path), call.name)), width)

    @on(VirtualList.Highlighted)
    def _look(self) -> None:
        self._detail.scroll_home(animate=False)
        self._detail.lay_out()

    def _say(self, words: str, style: str = "$text-muted") -> None:
        if self.is_attached:
            self.query_one("#saved-said", Static).update(Content.styled(one_line(words, 300), style))

    # Running.

    def _values(self, collection: Collection) -> Values:
        return self._session.values.setdefault(str(collection.path), Values())

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        collection, call = self.collection, self.call
        if collection is None:
            return
        if call is None:
            self.action_run_all()
            return
        calls = with_givers(collection, call, self._values(collection))
        self._run(collection, calls)
        if len(calls) > 1:
            names = ", ".join(one.name for one in calls[:-1])
            self._say(f"{call.name} needs values of {names}: that runs first")

    def action_run_all(self) -> None:
        collection = self.collection
        if collection is not None and collection.calls:
            self._values(collection).extracted.clear()
            self._run(collection, collection.calls)

    def _run(self, collection: Collection, calls: tuple[SavedCall, ...]) -> None:
        if self._give_up is not None:
            self._say("Calls are still running; x stops them", "$text-warning")
            return
        path, session = str(collection.path), self._session
        done: list[Ran] = []

        def begins(call: SavedCall) -> None:
            self._under_way.add((path, call.name))
            self._refresh()

        def told(ran: Ran) -> None:
            done.append(ran)
            session.ran[path, ran.call.name] = ran
            self._under_way.discard((path, ran.call.name))
            self._refresh()

        def over() -> None:
            self._give_up = None
            self._under_way.clear()
            self._refresh()
            self._sum(done, len(calls))

        for call in calls:
            session.ran.pop((path, call.name), None)
        self._say(f"{len(calls)} to run · x stops" if len(calls) > 1 else "running · x stops")
        self._give_up = self._saved.run(
            collection, calls, self._values(collection), begins=begins, told=told, done=over
        )

    def _refresh(self) -> None:
        if self.is_attached:
            self._present()

    def _sum(self, done: list[Ran], wanted: int) -> None:
        counts = [(outcome, sum(ran.outcome is outcome for ran in done)) for outcome in Outcome]
        said = [f"{count} {outcome.value}" for outcome, count in counts if count]
        said += [f"{wanted - len(done)} not run"] if wanted > len(done) else []
        bad = any(ran.outcome is not Outcome.PASSED for ran in done) or wanted > len(done)
        self._say(" · ".join(said), "$text-error" if bad else "$text-success")

    def action_stop(self) -> None:
        if self._give_up is not None:
            self._give_up()

    def action_fold(self) -> None:
        collection = self.collection
        if collection is not None:
            self._session.folded ^= {str(collection.path)}
            self._present()
            self._tree.go_to((str(collection.path), ""))

    # Changing.

    def action_edit(self) -> None:
        collection, call = self.collection, self.call
        if collection is not None and call is not None and not call.problem:
            self.dismiss(Edit(collection, call))

    def action_edit_json(self) -> None:
        if self.collection is not None and self.call is not None:
            self._changes.edit(app_of(self), self.collection, self.call)

    def action_check(self) -> None:
        collection, call = self.collection, self.call
        if collection is None or call is None or call.problem:
            return
        ran = self._session.ran.get((str(collection.path), call.name))
        if ran is None or ran.state is None or ran.state.result is None:
            self._say("Run it first: a check is made of its result")
            return
        self._changes.add_check(app_of(self), collection, call, ran.state)

    def action_rename(self) -> None:
        if self.collection is not None and self.call is not None:
            self._changes.rename(app_of(self), self.collection, self.call)

    def action_remove(self) -> None:
        if self.collection is not None and self.call is not None:
            self._changes.remove(self.collection, self.call)

    def action_shift(self, step: int) -> None:
        if self.collection is not None and self.call is not None:
            self._changes.move(self.collection, self.call, step)

    def action_undo(self) -> None:
        self._changes.undo()

    def action_variables(self) -> None:
        if self.collection is not None and not self.collection.problem:
            self._changes.edit_variables(app_of(self), self.collection)

    def action_choose_set(self) -> None:
        collection = self.collection
        if collection is None:
            return
        if not collection.sets:
            self._say("The collection has no sets of variables; v edits them")
            return
        from .choice_screen import ChoiceScreen

        def chosen(key: str | None) -> None:
            if key is not None:
                self._values(collection).chosen = key
                self._say(f"Variables of {key}" if key else "Variables of the collection")
                self._detail.lay_out()

        choices = [("", "none", "only the collection's own variables")]
        choices += [(name, name, ", ".join(values)) for name, values in collection.sets.items()]
        title = "Which set of variables?"
        app_of(self).push_screen(ChoiceScreen(title, "", tuple(choices), self._values(collection).chosen), chosen)

    def action_copy(self) -> None:
        collection, call = self.collection, self.call
        if collection is None or call is None or call.problem:
            return
        import os

        from ...services.collections.running import made_of
        from ...services.errors import UsageError

        try:
            target, arguments = made_of(collection, call, self._values(collection), os.environ)
        except UsageError as error:
            self._say(f"{error.title}: {error.hint}", "$text-warning")
            return
        self._copies(call, arguments, target)

    def action_scroll_detail(self, lines: int) -> None:
        self._detail.scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        if self._give_up is not None:
            self._give_up()
            self._say("Stopped", "$text-warning")
        else:
            self.dismiss(None)
