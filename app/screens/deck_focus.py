"""Where the focus of the main screen is and where it goes: zones, the tab that shows, the way back.

Owns the move of the focus between panes and its return after a question. Which widgets stand in a zone is
the deck screen's.
"""

from __future__ import annotations

from textual import events
from textual.reactive import var
from textual.widget import Widget

from ...services.state.model import PromptState
from ...widgets.item_list import FilterInput
from ...widgets.log_pane import LogInput
from ...widgets.prompts.login_words import OWN
from ...widgets.server_list import ServerList
from ..actions import READING, Zone
from .deck_actions import DeckActions

ZONES: dict[str, Zone] = {
    "servers": Zone.SERVERS,
    "tools": Zone.TOOLS,
    "overview": Zone.OVERVIEW,
    "timeline": Zone.TIMELINE,
    "doctor": Zone.DOCTOR,
    "log": Zone.LOG,
    "form": Zone.FORM,
    "item": Zone.ITEM,
    "calls": Zone.CALLS,
    "question": Zone.QUESTION,
    "sampling": Zone.QUESTION,
    "login": Zone.QUESTION,
    "permission": Zone.QUESTION,
    "approval": Zone.QUESTION,
}
"""Widget ids of the panes."""
_ON_THE_LEFT = frozenset({Zone.SERVERS, Zone.FIND, Zone.TOOLS, Zone.FILTER})


class DeckFocus(DeckActions):
    """Base of the deck screen, which says what in a zone takes the focus (``focus_in``)."""

    tab: var[str] = var("overview")
    item_tab: str = "form"
    """The tab that shows the chosen tool, resource, prompt or task."""
    _going: Zone | None = None
    _chosen: str = ""
    opened: PromptState | None = None
    """A question of mcpdeck itself that somebody went to: nobody waits for it at the other end."""
    _before_question: tuple[Zone, Widget | None] = (Zone.SERVERS, None)

    def focus_in(self, zone: Zone) -> None:
        """Focus the widget of a zone that is shown by now."""
        raise TypeError("the deck screen knows its panes")

    def zone_entered(self, zone: Zone) -> None:
        """The focus moved, perhaps within the zone."""
        raise TypeError("the deck screen knows what its panes show")

    def _zone(self) -> Zone:
        """The zone of the focused widget; the servers when nothing has the focus."""
        return _zone_of(self.focused)

    def focus_zone(self, zone: Zone) -> None:
        """Show the pane of ``zone`` and give it the focus."""
        if zone in _ON_THE_LEFT:
            self.show_left()
        else:
            if zone is not Zone.QUESTION:
                self.tab = self.item_tab if zone is Zone.CALLS else zone.value
            self.add_class("-desk")
            self.set_class(zone is Zone.CALLS, "-calls")
        self.set_class(zone is Zone.QUESTION, "-asked")
        self._going = zone
        self.call_after_refresh(self._arrive, zone)

    def _arrive(self, zone: Zone) -> None:
        if self._going is zone:
            self._going = None
        self.focus_in(zone)

    def show_left(self) -> None:
        """Show the lists where only one side has room."""
        self.remove_class("-desk", "-calls", "-zoom")

    def first_of(self, prompts: tuple[PromptState, ...]) -> PromptState | None:
        """The question that is shown: the one somebody went to, else the one that waits longest."""
        known = prompts if self.opened is None else (*prompts, self.opened)
        return next((prompt for prompt in known if prompt.id == self._chosen), known[0] if known else None)

    def follow_questions(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> None:
        """A question takes the focus of whoever only reads; who types is told by the badge. Answered, it goes back."""
        zone = self._going or self._zone()
        was, first = self.first_of(old), self.first_of(new)
        left = {prompt.id for prompt in new}
        if was is not None and was is not self.opened and was.id not in left:
            self.question_closed(was, answering=zone is Zone.QUESTION)
        self.questions_gone([prompt for prompt in old if prompt.id not in left and prompt is not was])
        # A login is given up by Esc twice: the second one must not hit what somebody else asks.
        another = was is not None and first is not None and was.method in OWN and was.server != first.server
        if first is None or (another and zone is Zone.QUESTION):
            if zone is Zone.QUESTION:
                self._return()
        elif (was is None or was.id != first.id) and zone in READING | {Zone.QUESTION}:
            self.focus_zone(Zone.QUESTION)

    def _return(self) -> None:
        zone, widget = self._before_question
        self.focus_zone(zone)
        if widget is not None:
            self.call_after_refresh(self._focus_again, widget)

    def _focus_again(self, widget: Widget) -> None:
        if widget.is_attached and self._going is None:
            widget.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # By now the focus may have gone on to a question: the message tells where it was.
        was = _zone_of(event.widget)
        if was is not Zone.QUESTION:
            self._before_question = (was, event.widget)
        zone = self._zone()
        self.set_class(zone not in _ON_THE_LEFT, "-desk")
        self.set_class(zone is Zone.CALLS, "-calls")
        self.set_class(zone is Zone.QUESTION, "-asked")
        self.zone_entered(zone)


def _zone_of(widget: object) -> Zone:
    if isinstance(widget, FilterInput):
        return Zone.FILTER
    if isinstance(widget, ServerList) and widget.finding:
        return Zone.FIND
    if isinstance(widget, LogInput):
        return Zone.SEARCH
    while isinstance(widget, Widget):
        if widget.id in ZONES:
            return ZONES[widget.id]
        widget = widget.parent
    return Zone.SERVERS
