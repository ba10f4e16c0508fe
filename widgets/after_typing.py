"""Doing something only once the keys pressed before it have arrived.

Owns that order. A priority key is handled before the keys that still wait in the queue of the focused
widget: what it does has to queue up behind them. Never touches a value.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.widget import Widget


def after_typing(top: Widget, then: Callable[[], object]) -> None:
    """Call ``then`` once everything typed into the focused widget inside ``top`` was told to ``top``.

    At once when the focus is not inside.
    """
    focused = top.screen.focused
    if focused is None or focused is top or top not in focused.ancestors:
        then()
        return

    def handled() -> None:
        now = top.screen.focused
        way = _told(focused, top)
        if now is not None and now is not focused and top in now.ancestors:
            way += _told(now, top)
        _pass_on(way, then)

    # A key that the control itself does not take goes up to the application, whose bindings act on it.
    _pass_on(list(focused.ancestors_with_self), handled)


def _told(control: Widget, top: Widget) -> list[MessagePump]:
    """The queues by which a change reaches ``top``.

    A control tells its parent by a message of its own, which waits in its own queue first: hence two rounds each.
    """
    way: list[MessagePump] = []
    for node in control.ancestors_with_self:
        if node is top:
            break
        way += (node, node)
    return [*way, top]


def _pass_on(way: list[MessagePump], then: Callable[[], object]) -> None:
    """Go through the queues of ``way`` one after the other; those of widgets that are gone have nothing to say."""
    while way:
        first = way.pop(0)
        if first.is_attached and first.call_later(_pass_on, way, then):
            return
    then()
