"""Calls that are kept, on the main screen: repeat the last one, recent ones, saved ones, many times, in other words.

Owns which call a key means, and what a person edits of a saved call. Screens show the rest; the controller reads and
writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ...services.errors import McpDeckError
from ...services.models import Caller, Effect, JsonObject, Listed, Offered, Tool
from ...services.state.model import CallState, CallStatus
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.form_subject import Subject, SubjectKind
from ...widgets.item_kinds import ItemKind
from ..actions import Zone
from ..call_memory import METHODS
from ..many_calls import RUN
from ..places import Place
from .deck_items import DeckItems, subject_of

if TYPE_CHECKING:
    from ...services.collections.memory import Recent
    from ...services.collections.model import Collection, SavedCall
    from ...services.collections.places import Places, Undo
    from ...services.collections.repeats import Plan
    from .recent_screen import Picked
    from .save_screen import Place as SavePlace
    from .saved_screen import Edit, Session

KINDS = {
    SubjectKind.TOOL: Offered.TOOL,
    SubjectKind.TEMPLATE: Offered.RESOURCE,
    SubjectKind.PROMPT: Offered.PROMPT,
}
PLACES = 100
"""Recent calls that a search finds."""


@dataclass(frozen=True, slots=True, eq=False)
class Called:
    """What a key means: a use of a server with these arguments."""

    kind: Offered
    server: str
    name: str
    arguments: JsonObject
    as_task: bool = False

    @property
    def words(self) -> str:
        return f"{one_line(self.name, 40)} · {one_line(self.server, 30)}"


class DeckSaved(DeckItems):
    """Base of the deck screen."""

    _saved_edit: Edit | None = None
    _session: Session | None = None
    _plan: Plan | None = None
    _collections: tuple[Collection, ...] = ()

    def begin_saved(self) -> None:
        """What was called in earlier runs is read, once the first frame is drawn."""
        self._form.remembered = self._remembered
        self._intents.saved.begin()

    def _remembered(self, subject: Subject) -> JsonObject | None:
        return self._intents.saved.remembered(KINDS[subject.kind], subject.server, subject.name)

    # Which call is meant.

    def called_here(self) -> Called | None:
        """The selected call; else what the form holds; else the chosen thing, as it was called last."""
        if self._zone() is Zone.CALLS:
            call = self._call(self._calls.selected or "")
            if call is not None and (call.method in METHODS or call.method == RUN):
                kind = METHODS.get(call.method, Offered.TOOL)
                return Called(kind, call.server, call.tool, call.arguments, call.task is not None)
            return None
        subject = self._form.subject if self.tab == "form" else None
        at_hand = self.item_at_hand if self._zone() in (Zone.TOOLS, Zone.FILTER, Zone.ITEM) else None
        if at_hand is not None:
            row, kind, item = at_hand
            if isinstance(item, Listed) and kind is ItemKind.RESOURCES:
                return Called(Offered.RESOURCE, row.id, item.key, {})
            if not isinstance(item, Tool | Listed):
                return None
            listed = subject_of(row.id, kind, item)
            if subject is None or subject.key != listed.key:  # the form is not shown yet: nothing is typed for it
                return self._expanded(listed, self._remembered(listed) or {})
        return self._expanded(subject, self._form.arguments() or {}) if subject is not None else None

    def _expanded(self, subject: Subject, arguments: JsonObject) -> Called:
        """A template is used as the resource that it comes to."""
        if subject.kind is not SubjectKind.TEMPLATE:
            return Called(KINDS[subject.kind], subject.server, subject.name, arguments)
        from ...services.session.uri_templates import expand

        values: dict[str, str | list[str]] = {}
        for name, value in arguments.items():
            values[name] = [str(one) for one in value] if isinstance(value, list) else str(value)
        try:
            return Called(Offered.RESOURCE, subject.server, expand(subject.name, values), {})
        except (McpDeckError, ValueError):
            return Called(Offered.RESOURCE, subject.server, subject.name, {})

    def _meant(self) -> Called | None:
        called = self.called_here()
        if called is None:
            self._say("There is no call here", "Choose a tool, or one of the calls.")
        return called

    # Once more.

    def action_repeat_last(self) -> None:
        """The last call of this run at once; where there was none, the ones of earlier runs are shown."""
        last = next((one for one in self.calls if _by_hand(one)), None)
        if last is None:
            self._intents.saved.begin(self._earlier)  # the file may not be read yet
            return
        if last.server not in self.mcp.servers:
            self._say("The last call cannot be made again", f"{one_line(last.server, 60)} is gone.")
            return
        self.repeat_call(last.id)
        if self._zone() is not Zone.FORM:
            self.focus_zone(Zone.CALLS)

    def _earlier(self) -> None:
        if not self.is_attached or app_of(self).screen is not self:
            return
        if self._intents.saved.recent:
            self.action_recent()
        else:
            self._say("Nothing was called yet", "Choose a tool, fill in its form, press Ctrl+R.")

    def action_repeat_now(self) -> None:
        self.action_repeat_last()

    def repeat_call(self, call_id: str) -> None:
        call = self._call(call_id)
        if call is not None and call.method == RUN:
            made = self._intents.saved.run_again(call)
            if made is not None:
                self.made_by_hand(made)
            return
        super().repeat_call(call_id)

    # Recent calls.

    def action_recent(self) -> None:
        from .recent_screen import RecentScreen

        app_of(self).push_screen(RecentScreen(self._intents.saved, self.mcp, self._now()), self._picked)

    def _now(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.clock() if isinstance(app, Deck) else 0.0

    def _picked(self, picked: Picked | None) -> None:
        if picked is None:
            return
        one = picked.call
        match picked.what:
            case "open":
                self.open_recent(one)
            case "again" if one.server not in self.mcp.servers:
                self._say(f"{one_line(one.server, 60)} is gone", "The call cannot be made again.")
            case "again" if one.partly:
                self.open_recent(one)
                self._say("Secrets are not kept", "Fill them in, then call.")
            case "again":
                self.made_by_hand(self._intents.saved.again(one))
                self.focus_zone(Zone.CALLS)
            case "save":
                self._save(Called(one.kind, one.server, one.name, one.arguments, one.as_task))
            case _:
                self._copy(Called(one.kind, one.server, one.name, one.arguments, one.as_task))

    def open_recent(self, one: Recent) -> None:
        """Its form with its arguments; a resource is shown where it is listed."""
        self._open(Called(one.kind, one.server, one.name, one.arguments, one.as_task))

    def _open(self, called: Called) -> bool:
        row = self.mcp.servers.get(called.server)
        if row is None:
            self._say(f"{one_line(called.server, 60)} is gone", "It stands in no configuration any more.")
            return False
        kinds = {Offered.TOOL: ItemKind.TOOLS, Offered.RESOURCE: ItemKind.RESOURCES, Offered.PROMPT: ItemKind.PROMPTS}
        lists = {Offered.TOOL: row.tools, Offered.RESOURCE: row.resources, Offered.PROMPT: row.prompts}
        listed: tuple[Tool | Listed, ...] = lists[called.kind] or ()
        names = (one.name if isinstance(one, Tool) else one.key for one in listed)
        if called.name not in names:
            why = f"{one_line(row.id, 40)} is not connected." if not row.usable else "The server lists it no more."
            self._say(f"{one_line(called.name, 60)} is not there", why)
            return False
        self.go_to_item(row.id, kinds[called.kind], called.name)
        if called.kind is not Offered.RESOURCE:
            self._form.fill(called.arguments)
        return True

    # Saved calls.

    def action_saved(self, at: tuple[str, str] | None = None) -> None:
        from .saved_screen import SavedScreen, Session

        self._session = self._session or Session()

        def copy(call: SavedCall, arguments: JsonObject, target: str) -> None:
            self._copy(Called(call.kind, call.server, target, arguments, call.as_task))

        app_of(self).push_screen(SavedScreen(self._intents.saved, self._session, copy, at), self._edit_chosen)

    def _edit_chosen(self, edit: Edit | None) -> None:
        self._learn()
        if edit is None:
            return
        call = edit.call
        if self._open(Called(call.kind, call.server, call.target, call.arguments, call.as_task)):
            self._saved_edit = edit
            self._say(f"Editing {one_line(call.name, 60)}", "Ctrl+S saves it back.")

    def action_save_call(self) -> None:
        """Save the call that is meant; one that is edited goes back to where it stands."""
        called = self._meant()
        if called is None:
            return
        edited = self._saved_edit
        if edited is not None and _same_thing(edited.call, called) and self._zone() is Zone.FORM:
            self._write(called, edited.call.name, edited.collection.path, private=edited.collection.private)
        else:
            self._save(called)

    def _save(self, called: Called) -> None:
        if not self._intents.saved.keeps:
            self._say("Nothing can be saved here", "The program that shows this dashboard has no place for it.")
            return

        def read(collections: tuple[Collection, ...]) -> None:
            from .save_screen import SaveScreen

            self._collections = collections
            secrets = self._intents.saved.named(called.kind, called.server, called.name, called.arguments)[1]
            name = called.name if called.kind is not Offered.RESOURCE else called.name.rsplit("/", 1)[-1] or called.name
            screen = SaveScreen(_free(name, collections), collections, secrets)
            app_of(self).push_screen(screen, partial(self._place_chosen, called))

        self._intents.saved.collections(read)

    def _place_chosen(self, called: Called, place: SavePlace | None) -> None:
        if place is not None:
            self._write(called, place.name, place.path, private=place.private)

    def _write(self, called: Called, name: str, path: object, *, private: bool) -> None:
        from pathlib import Path

        arguments, secrets = self._intents.saved.named(called.kind, called.server, called.name, called.arguments)
        raw: JsonObject = {"server": called.server, called.kind.value: called.name}
        raw |= {"arguments": arguments} if called.kind is not Offered.RESOURCE else {}
        raw |= {"asTask": True} if called.as_task else {}

        def change(places: Places) -> Undo:
            from ...services.collections.places import load

            where = path if isinstance(path, Path) else places.new("", private=private)
            there = load(where, private=private).call(name) if where.is_file() else None
            return places.put(where, name, _kept_of(there, raw), private=private)

        def done(undo: Undo) -> None:
            hint = f"In {undo.path.name} · K shows saved calls"
            if secrets:
                hint = f"{', '.join(f'${{{one}}}' for one in secrets)} stands for what is secret. {hint}"
            self._say(f"Saved {one_line(name, 60)}", hint)
            self._learn()

        self._intents.saved.change(change, done)

    # In other words, and many times.

    def action_copy_as(self) -> None:
        called = self._meant()
        if called is not None:
            self._copy(called)

    def _copy(self, called: Called) -> None:
        from .copy_screen import CopyScreen

        try:
            copies = self._intents.saved.copies(called.kind, called.server, called.name, called.arguments)
        except McpDeckError as error:
            self._say(error.title, error.hint)
            return
        app_of(self).push_screen(CopyScreen(called.words, copies))

    def action_run_many(self) -> None:
        called = self._meant()
        if called is None:
            return
        from ...services.collections.repeats import Plan
        from .run_screen import RunScreen

        row = self.mcp.servers.get(called.server)
        if row is None or not row.usable:
            self._say(f"{one_line(called.server, 60)} is not connected", "Press r to connect it.")
            return

        def planned(plan: Plan | None) -> None:
            if plan is None:
                return
            self._plan = plan
            made = self._intents.saved.run_many(
                called.kind, called.server, called.name, called.arguments, plan, as_task=called.as_task
            )
            self.made_by_hand(made)
            self.focus_zone(Zone.CALLS)

        app_of(self).push_screen(RunScreen(called.words, self._plan or Plan(), self._warning(called)), planned)

    def _warning(self, called: Called) -> str:
        explained = None
        if called.kind is Offered.TOOL:
            explained = self._intents.explained(called.server, called.name, called.arguments)
        asks = explained is not None and explained.decision.effect is Effect.ASK
        return "This call asks for permission: it would ask each time. p lets it run for a while." if asks else ""

    # For the search.

    def _learn(self) -> None:
        """What there is to be found of saved calls."""

        def read(collections: tuple[Collection, ...]) -> None:
            self._collections = collections

        self._intents.saved.collections(read)

    def saved_places(self) -> Iterable[Place]:
        for collection in self._collections:
            for call in collection.calls:
                at = (str(collection.path), call.name)
                about = f"{call.target} · {collection.name}"
                yield Place("saved", call.name, call.server, about, partial(self.action_saved, at), "K")
        for one in self._intents.saved.recent[:PLACES]:
            about = ", ".join(f"{name}={value}" for name, value in one.arguments.items())
            yield Place("recent", one.name, one.server, about[:200], partial(self.open_recent, one), "h")


def _by_hand(call: CallState) -> bool:
    known = call.method in METHODS or call.method == RUN
    return known and call.caller is Caller.DASHBOARD and call.status is not CallStatus.RUNNING


def _same_thing(call: SavedCall, called: Called) -> bool:
    return (call.kind, call.server, call.target) == (called.kind, called.server, called.name)


def _kept_of(there: SavedCall | None, raw: JsonObject) -> JsonObject:
    """``raw`` with what the call of this name says beside it: its checks, its variables, what nobody knows."""
    if there is None:
        return raw
    gone = {"server", "tool", "resource", "prompt", "arguments", "asTask"}
    return {**raw, **{name: value for name, value in there.raw.items() if name not in gone}}


def _free(name: str, collections: Iterable[Collection]) -> str:
    """``name``, or with a number where a saved call has it."""
    taken = {call.name for one in collections for call in one.calls}
    number, whole = 2, name
    while whole in taken:
        whole, number = f"{name} {number}", number + 1
    return whole
