"""What is done with the things that a server offers: filled in, read, looked at, told of when they change.

Owns what shows of a thing on the right, its form or its page, and which kind of things is listed. Where the cursor is
and how a thing is found is in ``DeckLists``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import on

from ...services.models import JsonObject, Listed, TaskInfo, Tool
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.form_subject import Subject, SubjectKind
from ...widgets.item_kinds import WORDS, Item, ItemKind, can_subscribe, key_of
from ...widgets.item_page import ItemPage
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from ..controller import Intents
from ..hints import Things
from .deck_lists import OF_ITEMS, DeckLists

if TYPE_CHECKING:
    from ..places import Place

KEPT_KIND = "items.kind"
"""Under which name the kind that is listed is remembered."""
TABS_OF_KINDS = {
    ItemKind.TOOLS: ("form", "Tool"),
    ItemKind.RESOURCES: ("item", "Resource"),
    ItemKind.TEMPLATES: ("form", "Template"),
    ItemKind.PROMPTS: ("form", "Prompt"),
    ItemKind.TASKS: ("item", "Task"),
}


class DeckItems(DeckLists):
    """Base of the deck screen."""

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents, form, calls, clock)
        self._page = ItemPage(id="item", clock=clock)

    def name_item_tab(self, name: str, title: str) -> None:
        """The tab of a thing is called after its kind; there is one of them at a time."""
        raise TypeError("the deck screen has the tabs")

    # What shows of a thing.

    @property
    def item_server(self) -> str | None:
        return self._page.server if self.item_tab == "item" else self._form.server

    def show_item(self, server: str, kind: ItemKind, item: Item) -> None:
        row = self.mcp.servers.get(server)
        if row is None:
            return
        self._preview = None
        self.item_tab, title = TABS_OF_KINDS[kind]
        self.name_item_tab(self.item_tab, title)
        if self.item_tab == "form":
            subject = subject_of(server, kind, item)
            self._form.completes = subject.kind is not SubjectKind.TOOL and "completions" in row.capabilities
            self.open_subject(subject)
        else:
            self._page.show(row, kind, item)
            self.tab = "item"
            self.tell_focus()

    def refresh_item(self) -> None:
        """The state is another one: what shows of a thing follows."""
        name = self._page.server
        if name is not None:
            self._page.told(self.mcp.servers.get(name))

    def use_item(self, server: str, kind: ItemKind, item: Item) -> None:
        row = self.mcp.servers.get(server)
        if row is None:
            return
        self.show_item(server, kind, item)
        match item:
            case Listed() if kind is ItemKind.RESOURCES:
                self._read(row, item)
            case TaskInfo():
                self._look_at_task(row, item)
            case _:
                self.focus_zone(Zone.FORM)

    def _read(self, row: ServerState, item: Listed) -> None:
        if not row.usable:
            self._say(f"{one_line(row.id, 60)} is not connected", "Press r to connect it.")
            return
        self.made_by_hand(self._intents.read(row.id, item.key))
        self._go_to_result()

    def _look_at_task(self, row: ServerState, task: TaskInfo) -> None:
        """A task that is over gives its result; another one is looked at on its page, and asked about anew."""
        if not row.usable:
            self.focus_zone(Zone.ITEM)
            self._say(f"{one_line(row.id, 60)} is not connected", "What is shown was told before. r connects it.")
        elif task.status == "completed":
            self.made_by_hand(self._intents.task_result(row.id, task.id, task.tool))
            self._go_to_result()
        else:
            self.focus_zone(Zone.ITEM)
            self._intents.look_at_task(row.id, task.id)

    def _go_to_result(self) -> None:
        self.focus_zone(Zone.CALLS)
        self._calls.action_first()

    @on(ItemPage.Chosen)
    def _page_chosen(self, event: ItemPage.Chosen) -> None:
        self.use_item(event.server, event.kind, event.item)

    @on(ToolForm.CallRequested)
    def _call_requested(self, event: ToolForm.CallRequested) -> None:
        subject = event.subject
        match subject.kind:
            case SubjectKind.TOOL:
                self.start_call(
                    event.server, event.tool, event.arguments, validate=event.validate, as_task=event.as_task
                )
            case SubjectKind.PROMPT:
                self.made_by_hand(self._intents.prompt(subject.server, subject.name, event.arguments))
            case SubjectKind.TEMPLATE:
                made = self._intents.read_template(subject.server, subject.name, event.arguments)
                if made is None:
                    return
                self.made_by_hand(made)
        self.focus_zone(Zone.CALLS)

    @on(ToolForm.CompletionWanted)
    def _completion_wanted(self, event: ToolForm.CompletionWanted) -> None:
        subject = event.subject
        if subject.kind is SubjectKind.PROMPT:
            ref: JsonObject = {"type": "ref/prompt", "name": subject.name}
        else:
            ref = {"type": "ref/resource", "uri": subject.name}
        self._intents.complete(subject.server, ref, event.argument, event.prefix, event.context, event.told)

    # Keys.

    @property
    def item_at_hand(self) -> tuple[ServerState, ItemKind, Item] | None:
        """What the keys speak of: the thing on the page that has the focus, else the one under the cursor."""
        if self._zone() is Zone.ITEM:
            row, item = self.mcp.servers.get(self._page.server or ""), self._page.item
            return (row, self._page.kind, item) if row is not None and item is not None else None
        current = self._tools.current
        return (self.server, self._tools.kind, current) if self.server is not None and current is not None else None

    def action_call(self) -> None:
        if self._zone() is Zone.ITEM:
            self._page.action_choose()
        else:
            self._tools.rows.action_choose()

    def action_look(self) -> None:
        """Go to its form or its page, and do nothing to it."""
        at_hand = self.item_at_hand
        if at_hand is not None:
            row, kind, item = at_hand
            self.show_item(row.id, kind, item)
            self.focus_zone(Zone.FORM if self.item_tab == "form" else Zone.ITEM)

    def action_subscribe(self) -> None:
        """Be told when the resource changes, or not any more."""
        at_hand = self.item_at_hand
        if at_hand is None or at_hand[1] is not ItemKind.RESOURCES:
            self._say("No resource is chosen", "Press 2 for the resources of this server.")
            return
        row, _, item = at_hand
        uri, name = key_of(item), one_line(row.id, 60)
        if not row.usable:
            self._say(f"{name} is not connected", "Press r to connect it.")
        elif uri in row.subscriptions:
            self._intents.subscribe(row.id, uri, False)
        elif can_subscribe(row):
            self._intents.subscribe(row.id, uri, True)
        else:
            self._say(f"{name} does not tell of changes", "Its capabilities do not name resources.subscribe.")

    def action_cancel_task(self) -> None:
        """The task that is looked at; elsewhere one that is chosen."""
        at_hand = self.item_at_hand if self._zone() in (Zone.TOOLS, Zone.ITEM) else None
        if at_hand is None or not isinstance(at_hand[2], TaskInfo):
            super().action_cancel_task()
        elif at_hand[2].over:
            self._say("The task is over", "There is nothing to cancel.")
        elif self._connected() is not None:
            self._intents.cancel_task(at_hand[0].id, at_hand[2].id)

    def action_kind(self, name: str) -> None:
        """A click on a kind in the border of the list."""
        self._show_kind(ItemKind(name))
        self.focus_zone(Zone.TOOLS)

    def action_show_tools(self) -> None:
        self._show_kind(ItemKind.TOOLS)

    def action_show_resources(self) -> None:
        self._show_kind(ItemKind.RESOURCES)

    def action_show_templates(self) -> None:
        self._show_kind(ItemKind.TEMPLATES)

    def action_show_prompts(self) -> None:
        self._show_kind(ItemKind.PROMPTS)

    def action_show_tasks(self) -> None:
        self._show_kind(ItemKind.TASKS)

    def action_next_kind(self) -> None:
        self._show_kind(self._tools.step_kind(1))

    def action_previous_kind(self) -> None:
        self._show_kind(self._tools.step_kind(-1))

    def _show_kind(self, kind: ItemKind) -> None:
        if self.server is None:
            return
        if not self._tools.show_kind(kind):
            self._say(f"{one_line(self.server.id, 60)} offers no {kind.value}", "")
            return
        self.show_left()
        if self._zone() in (Zone.FORM, Zone.ITEM):
            self.focus_zone(Zone.TOOLS)
        self._keep_kind(kind)
        self._hints()

    # Which kind is remembered.

    def _keep_kind(self, kind: ItemKind) -> None:
        from ..deck import Deck

        app = app_of(self)
        if isinstance(app, Deck):
            app.preferences.keep(KEPT_KIND, kind.value)

    def recall_kind(self) -> None:
        """The kind that was listed in the last run."""
        from ..deck import Deck

        app = app_of(self)
        kept = app.preferences.value(KEPT_KIND) if isinstance(app, Deck) else None
        if isinstance(kept, str) and kept in WORDS:
            self._tools.wanted = ItemKind(kept)

    # For the search.

    def saved_places(self) -> Iterable[Place]:
        """Calls that are kept, to be found like everything else."""
        return ()

    @property
    def things(self) -> Things:
        """What the keys can be about, for the footer."""
        at_hand = self.item_at_hand
        here = self.server is not None and at_hand is not None
        kind = at_hand[1] if at_hand is not None else self._tools.kind
        return Things(kind, at_hand[2] if at_hand is not None and here else None)

    @property
    def has_form(self) -> bool:
        """The chosen thing is one that is filled in."""
        return self.item_tab == "form" and self._form.subject is not None

    @property
    def shows_item(self) -> bool:
        return self.tab in OF_ITEMS


def subject_of(server: str, kind: ItemKind, item: Item) -> Subject:
    """What a form is opened for. Raises ``TypeError`` for what has none."""
    match item:
        case Tool():
            return Subject.of_tool(server, item)
        case Listed() if kind is ItemKind.PROMPTS:
            return Subject.of_prompt(server, item)
        case Listed():
            return Subject.of_template(server, item)
        case _:
            raise TypeError(f"no form for {kind}")
