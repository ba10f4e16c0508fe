"""A date, a time or both, picked instead of typed.

Owns the month on the screen and the line for the time. Dismisses with the text for the field, or None.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.forms.picking import PickKind
from ...widgets.line_input import LineInput

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CELLS = 4
"""Width of one day."""


class Month(Widget, can_focus=True):
    """The month of ``day``, from Monday."""

    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "days(-1)", "Day before", show=False),
        Binding("right,l", "days(1)", "Next day", show=False),
        Binding("up,k", "days(-7)", "Week before", show=False),
        Binding("down,j", "days(7)", "Next week", show=False),
        Binding("pageup", "months(-1)", "Month before", show=False),
        Binding("pagedown", "months(1)", "Next month", show=False),
        Binding("shift+pageup", "months(-12)", "Year before", show=False),
        Binding("shift+pagedown", "months(12)", "Next year", show=False),
        Binding("home,t", "today", "Today", show=False),
        Binding("enter", "take", "Take it", show=False),
    ]

    day: reactive[date] = reactive(date(2000, 1, 1), layout=True)

    class Taken(Message):
        """The day is the one that is meant."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__()
        self.set_reactive(Month.day, day)
        self._today = today

    def render(self) -> Content:
        weeks = calendar.Calendar().monthdatescalendar(self.day.year, self.day.month)
        lines = [
            Content.styled(f"{calendar.month_name[self.day.month]} {self.day.year}".center(7 * CELLS), "bold"),
            Content.styled("".join(f"{name:>{CELLS - 1}} " for name in DAYS), "$text-muted"),
        ]
        lines += [Content.assemble(*(self._cell(day) for day in week)) for week in weeks]
        return Content("\n").join(lines)

    def _cell(self, day: date) -> tuple[str, str]:
        words = f"{day.day:>{CELLS - 1}} "
        if day == self.day:
            return words, "bold $background on $primary" if self.has_focus else "bold $foreground on $primary 30%"
        if day == self._today:
            return words, "bold $primary underline"
        return words, "$foreground" if day.month == self.day.month else "$text-disabled"

    def action_days(self, count: int) -> None:
        try:
            self.day += timedelta(days=count)
        except OverflowError:
            app_of(self).bell()

    def action_months(self, count: int) -> None:
        month = self.day.year * 12 + self.day.month - 1 + count
        year, index = divmod(month, 12)
        if 1 <= year <= 9999:
            self.day = date(year, index + 1, min(self.day.day, calendar.monthrange(year, index + 1)[1]))

    def action_today(self) -> None:
        self.day = self._today

    def action_take(self) -> None:
        self.post_message(self.Taken())

    def on_click(self, event: Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        weeks = calendar.Calendar().monthdatescalendar(self.day.year, self.day.month)
        if offset is not None and 2 <= offset.y < 2 + len(weeks) and offset.x < 7 * CELLS:
            day = weeks[offset.y - 2][offset.x // CELLS]
            if day == self.day and event.chain >= 2:
                self.action_take()
            self.day = day


class DateScreen(ModalScreen[str | None]):
    """``text`` is what stands in the field; ``now`` the time of here, with its zone."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, kind: PickKind, name: str, text: str, now: datetime) -> None:
        super().__init__()
        self._kind = kind
        self._name = name
        self._now = now
        start = _read(text, now)
        self._month = Month(start.date(), now.date())
        zone = start.strftime("%z")
        written = f"{zone[:3]}:{zone[3:]}" if zone and zone != "+0000" else "Z"
        line = f"{start:%H:%M:%S}{written if kind is PickKind.DATE_TIME or text.endswith(('Z', 'z')) else ''}"
        self._time = LineInput(line, compact=True, placeholder="09:30:00Z", id="date-time")

    def compose(self) -> ComposeResult:
        with Vertical(id="date") as box:
            box.border_title = Content(one_line(self._name, 40) or "Pick")
            box.border_subtitle = "Enter takes · Esc closes"
            if self._kind is not PickKind.TIME:
                yield self._month
                yield Static("←→ day  ↑↓ week  PgUp/PgDn month\nShift+PgUp/PgDn year  t today", classes="about")
            if self._kind is not PickKind.DATE:
                yield Static("Time, with its zone (Z is UTC)", classes="about")
                yield self._time
            yield Static("", id="date-wrong", markup=False)

    def on_mount(self) -> None:
        (self._time if self._kind is PickKind.TIME else self._month).focus()

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Month.Taken)
    def _day_taken(self, event: Month.Taken) -> None:
        event.stop()
        if self._kind is PickKind.DATE:
            self.dismiss(self._month.day.isoformat())
        else:
            self._time.focus()

    @on(Input.Submitted)
    def _time_taken(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        try:
            read = time.fromisoformat(text)
        except ValueError:
            self.query_one("#date-wrong", Static).update("✖ a time, like 09:30:00Z")
            return
        if self._kind is PickKind.TIME:
            self.dismiss(text)
        elif read.tzinfo is None:
            self.query_one("#date-wrong", Static).update("✖ with its zone: Z, +02:00")
        else:
            self.dismiss(f"{self._month.day.isoformat()}T{text}")


def _read(text: str, now: datetime) -> datetime:
    """What stands in the field as far as it can be read, else now."""
    rounded = now.replace(second=0, microsecond=0)
    try:
        if "T" in text.upper():
            read = datetime.fromisoformat(text)
            return read if read.tzinfo is not None else read.replace(tzinfo=now.tzinfo)
        if text.count("-") == 2:
            return datetime.combine(date.fromisoformat(text), rounded.timetz())
        return datetime.combine(rounded.date(), time.fromisoformat(text)) if text else rounded
    except ValueError:
        return rounded
