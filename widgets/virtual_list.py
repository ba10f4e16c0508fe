"""A list that draws lines, not widgets: shared base of the server list, the tool list and the log.

Owns the keyboard cursor, the mouse, scrolling and a cache of drawn lines keyed by (item, width, look).
Never knows what an item means: subclasses say how many there are and paint one line each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .app_of import app_of
from .ink import INK_CLASSES, INK_CSS, InkWell, Line

ItemT = TypeVar("ItemT", bound=Hashable)

CACHED_STRIPS = 2_048


class VirtualList(ScrollView, Generic[ItemT], can_focus=True):
    """Lines with a cursor. Subclasses give ``length``, ``item_at`` and ``paint``."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(INK_CLASSES)
    DEFAULT_CSS = (
        "VirtualList { background: $background; color: $foreground; overflow-x: hidden; "
        "scrollbar-size-vertical: 1; scrollbar-gutter: auto; height: 1fr; }\n"
        "VirtualList {" + INK_CSS + "}"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "move_page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "move_page(-1)", "Page up", show=False),
        Binding("home,g", "move_to_end(False)", "First", show=False),
        Binding("end,G", "move_to_end(True)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another item."""

        def __init__(self, source: VirtualList[ItemT], index: int) -> None:
            super().__init__()
            self.source = source
            self.index = index

        @property
        def control(self) -> VirtualList[ItemT]:
            return self.source

    class Chosen(Message):
        """Enter, or a second click, on the item under the cursor."""

        def __init__(self, source: VirtualList[ItemT], index: int) -> None:
            super().__init__()
            self.source = source
            self.index = index

        @property
        def control(self) -> VirtualList[ItemT]:
            return self.source

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._inks = InkWell(self)
        self._strips: OrderedDict[Hashable, Strip] = OrderedDict()
        self._cursor = 0

    # What subclasses say.

    def length(self) -> int:
        raise TypeError("a virtual list says its length")

    def item_at(self, index: int) -> ItemT:
        """The item of a row: the identity that its drawn line is cached under."""
        raise TypeError("a virtual list says its items")

    def paint(self, item: ItemT, width: int, *, current: bool) -> Line:
        """One line of at most ``width`` cells; longer lines are cut."""
        raise TypeError("a virtual list paints its items")

    def stamp(self, item: ItemT) -> Hashable:
        """What a line depends on beside its item (a clock, a filter); part of the cache key."""
        return None

    def heading(self, width: int) -> Line | None:
        """A first line that does not scroll, or None."""
        return None

    def headed(self) -> bool:
        """Whether there is a heading; asked for each row, so where a heading costs something this must not."""
        return self.heading(self.scrollable_content_region.width or 80) is not None

    def empty(self) -> Line:
        """What stands there when there is no item."""
        return ()

    # The cursor.

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor; 0 in an empty list."""
        return self._cursor

    @property
    def current(self) -> ItemT | None:
        return self.item_at(self._cursor) if 0 <= self._cursor < self.length() else None

    def move_cursor(self, index: int, *, quiet: bool = False) -> None:
        """Put the cursor on a row (cut to the list) and into view; ``quiet`` posts no message."""
        index = max(0, min(index, self.length() - 1))
        changed = index != self._cursor
        if changed:
            self.redraw_row(self._cursor)
            self._cursor = index
            self.redraw_row(index)
        self.reveal(index)
        if changed and not quiet:
            self.post_message(self.Highlighted(self, index))

    def announce(self) -> None:
        """Another item stands under the cursor, which did not move."""
        self.post_message(self.Highlighted(self, self._cursor))

    def reveal(self, index: int) -> None:
        """Scroll so that the row can be seen."""
        height = self._rows_visible
        if height <= 0:
            return
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    def action_move(self, step: int) -> None:
        self.move_cursor(self._cursor + step)

    def action_move_page(self, direction: int) -> None:
        self.move_cursor(self._cursor + direction * max(1, self._rows_visible - 1))

    def action_move_to_end(self, last: bool) -> None:
        self.move_cursor(self.length() - 1 if last else 0)

    def action_choose(self) -> None:
        if self.length():
            self.post_message(self.Chosen(self, self._cursor))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        index = self._row_at(event.get_content_offset(self))
        if index is None:
            return
        if index == self._cursor and event.chain >= 2:
            self.action_choose()
        else:
            self.move_cursor(index)

    def _row_at(self, offset: object) -> int | None:
        y = getattr(offset, "y", None)
        if y is None:
            return None
        index = int(y) - self._heading_rows + self.scroll_offset.y
        return index if int(y) >= self._heading_rows and index < self.length() else None

    # Drawing.

    @property
    def _heading_rows(self) -> int:
        return 1 if self.headed() else 0

    @property
    def _rows_visible(self) -> int:
        return self.scrollable_content_region.height - self._heading_rows

    def resized_items(self) -> None:
        """The number of items changed: adapt what can be scrolled, keep the cursor inside."""
        self._cursor = max(0, min(self._cursor, self.length() - 1))
        self.virtual_size = Size(0, max(1, self.length()) + self._heading_rows)
        self.refresh()

    def redraw_row(self, index: int) -> None:
        """Draw one row again, if it can be seen."""
        y = index - self.scroll_offset.y + self._heading_rows
        if self._heading_rows <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()
        self._strips.clear()

    def on_focus(self) -> None:
        self.redraw_row(self._cursor)

    def on_blur(self) -> None:
        self.redraw_row(self._cursor)

    def on_resize(self) -> None:
        self.resized_items()
        self.reveal(self._cursor)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self.headed():
            if y == 0:
                return self._inks.strip(self.heading(width) or (), width)
            y -= 1
        length = self.length()
        index = y + self.scroll_offset.y
        if index >= length:
            return self._inks.strip(self.empty() if not length and y == 0 else (), width)
        item = self.item_at(index)
        look = 0 if index != self._cursor else 2 if self.has_focus else 1
        if look == 2:  # the terminal's own cursor goes there too: screen readers read the line that it stands on
            app_of(self).cursor_position = self.content_region.offset + Offset(0, y + self._heading_rows)
        key = (item, width, look, self.stamp(item))
        strip = self._strips.get(key)
        if strip is None:
            strip = self._drawn(item, width, look)
            self._strips[key] = strip
            if len(self._strips) > CACHED_STRIPS:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(key)
        return strip

    def _drawn(self, item: ItemT, width: int, look: int) -> Strip:
        edge = ("▌", "edge") if look == 2 else (" ", "")
        backdrop = ("", "cursor-idle", "cursor")[look]
        return self._inks.strip((edge, *self.paint(item, width - 1, current=look > 0)), width, backdrop)
