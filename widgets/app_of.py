"""The running application, typed.

Owns one cast: Textual leaves the return type of ``Widget.app`` open, which strict checking refuses.
"""

from __future__ import annotations

from typing import cast

from textual.app import App
from textual.widget import Widget


def app_of(widget: Widget) -> App[object]:
    return cast("App[object]", widget.app)  # pyright: ignore[reportUnknownMemberType]
