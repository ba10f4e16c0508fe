"""What the keys of the server list do to the list itself: order, groups, filter, ticks, the whole width.

Owns the choice of how servers are listed, which is kept for the next run, and what the border says of it. What is done
to the servers that are ticked is in ``ServerActions``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content

from ...services.models import JsonObject, as_object, as_text
from ...services.state.model import McpState, ServerState
from ...widgets.app_of import app_of
from ...widgets.server_list import ServerList
from ...widgets.server_order import GROUP_WORDS, SORT_WORDS, Arrangement, Grouping, Sort
from ...widgets.server_rows import GroupHead
from ...widgets.virtual_list import VirtualList
from ..actions import Zone
from .choice_screen import ChoiceScreen
from .deck_saved import DeckSaved

if TYPE_CHECKING:
    from ..preferences import Preferences

KEPT_AS = "servers"
"""Name of the preference."""


class DeckRows(DeckSaved):
    """Base of the deck screen."""

    _listing: bool = False

    # What arrives.

    def follow_servers(self, new: McpState) -> None:
        """The chosen server as it is now; one that is gone gives way to the row under the cursor."""
        self._servers.mcp = new
        selected = self.server.id if self.server is not None else None
        if selected not in new.servers:
            row = self._servers.server
            selected = row.id if row is not None else new.order[0] if new.order else None
        self.server = new.servers[selected] if selected is not None else None
        self._tell_servers()

    @on(VirtualList.Highlighted, "#servers")
    def _row_highlighted(self) -> None:
        if self._servers.wanted.group is not Grouping.NONE:  # the keys mean other servers on the head of a group
            self._hints()

    @on(ServerList.Changed)
    def _list_changed(self) -> None:
        self._tell_servers()
        self.zone_entered(self._zone())

    def _tell_servers(self) -> None:
        """The borders: how many there are, what is ticked, in which order."""
        servers = self._servers
        total, shown = len(self.mcp.order), servers.shown
        count = f" {shown:,}/{total:,}" if servers.wanted.words else f" {total:,}" if total else ""
        servers.border_title = Content(f"Servers{count}")
        ticked = len(servers.ticked) if servers.has_ticks else 0
        parts = [f"{ticked:,} marked" if ticked else "", servers.wanted.told]
        servers.border_subtitle = Content(" · ".join(part for part in parts if part))

    @property
    def selected(self) -> ServerState | None:
        if self._zone() in (Zone.SERVERS, Zone.FIND) and isinstance(self._servers.current, GroupHead):
            many = self._servers.ticked  # its head stands for the servers of a group, not for the one shown beside it
            return many[0] if len(many) == 1 else None
        return super().selected

    @property
    def targets(self) -> tuple[ServerState, ...]:
        if self._zone() in (Zone.SERVERS, Zone.FIND) and (many := self._servers.ticked):
            return many
        return super().targets

    # Order and groups.

    def list_as_kept(self) -> None:
        """Order and groups as they were chosen last; what a hand wrote into the file and is none is left out."""
        kept = as_object(self._preferences.value(KEPT_AS)) if self._preferences is not None else {}
        if kept:
            sort, group = as_text(kept.get("sort")) or "", as_text(kept.get("group")) or ""
            self._servers.list_as(
                Arrangement(
                    sort=Sort(sort) if sort in [*Sort] else Sort.CONFIGURED,
                    reverse=kept.get("reverse") is True,
                    group=Grouping(group) if group in [*Grouping] else Grouping.NONE,
                )
            )

    @property
    def _preferences(self) -> Preferences | None:
        from ..deck import Deck

        app = app_of(self)
        return app.preferences if isinstance(app, Deck) else None

    def _arrange(self, wanted: Arrangement) -> None:
        self._servers.list_as(wanted)
        kept: JsonObject = {"sort": wanted.sort.value, "reverse": wanted.reverse, "group": wanted.group.value}
        if self._preferences is not None:
            self._preferences.keep(KEPT_AS, kept)

    def action_sort(self) -> None:
        wanted = self._servers.wanted

        def chosen(name: str | None) -> None:
            if name is not None:
                sort = Sort(name)
                self._arrange(replace(wanted, sort=sort, reverse=sort is wanted.sort and not wanted.reverse))

        choices = tuple((sort.value, sort.value, words) for sort, words in SORT_WORDS.items())
        about = "The same once more turns it round. What moves is put in order once a second."
        app_of(self).push_screen(ChoiceScreen("Sort the servers", about, choices, wanted.sort.value), chosen)

    def action_group(self) -> None:
        wanted = self._servers.wanted

        def chosen(name: str | None) -> None:
            if name is not None:
                self._arrange(replace(wanted, group=Grouping(name)))

        choices = tuple((group.value, group.value, words) for group, words in GROUP_WORDS.items())
        about = "← and → fold a group, Enter too; keys on its head act on all of its servers."
        app_of(self).push_screen(ChoiceScreen("Group the servers", about, choices, wanted.group.value), chosen)

    # Filter and ticks.

    def action_find_server(self) -> None:
        self._servers.begin_finding()

    def action_keep_found(self) -> None:
        self._servers.end_finding()

    def action_tick(self) -> None:
        self._servers.tick_row()

    def action_tick_all(self) -> None:
        self._servers.tick_all()

    # The whole width.

    def action_list(self) -> None:
        self._listing = not self._listing
        self._widen(self._zone())

    def _widen(self, zone: Zone) -> None:
        """The list has the whole screen while somebody is in it, and again when they come back."""
        self.set_class(self._listing and zone in (Zone.SERVERS, Zone.FIND), "-list")

    def zone_entered(self, zone: Zone) -> None:
        self._widen(zone)

    def leave_servers(self) -> bool:
        """Esc in the list: one thing that was chosen there is over; False where there is nothing of the kind."""
        if self._servers.find("") or self._servers.untick():
            return True
        if self._listing:
            self.action_list()
            return True
        return False
