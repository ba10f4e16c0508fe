"""One line of text: where the cursor stands can be seen, also after a paste that is wider than the field.

Owns where the view is. Never changes what is typed.
"""

from __future__ import annotations

from textual.widgets import Input


class LineInput(Input):
    """Base of every one-row field."""

    def watch_value(self) -> None:
        # Of the first change Textual moves the cursor only, and leaves the view at the beginning.
        if self.has_focus and self.cursor_at_end:
            self.scroll_to(x=self.max_scroll_x, animate=False, force=True)
