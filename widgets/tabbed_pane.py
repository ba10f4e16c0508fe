"""A pane with several faces, whose tabs stand in the border and so cost no row.

Owns the tab names in the border title and the words in its subtitle. Never switches by itself: a click
on a tab asks the screen (``show_tab``).
"""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget
from textual.widgets import ContentSwitcher


class TabbedPane(ContentSwitcher):
    """``tabs`` are (id of the child, title); ids are plain words."""

    def __init__(self, *children: Widget, tabs: tuple[tuple[str, str], ...], id: str | None = None) -> None:  # noqa: A002
        super().__init__(*children, id=id, initial=tabs[0][0])
        self._tabs = tabs
        self._left_out: set[str] = set()
        self._label()

    def show(self, name: str) -> None:
        """Bring the child ``name`` to the front."""
        self.current = name
        self._label()

    def call_tab(self, name: str, title: str | None) -> None:
        """Give the tab of ``name`` another title (plain words); None: it is left out for now."""
        if title is None:
            self._left_out.add(name)
        else:
            self._left_out.discard(name)
            self._tabs = tuple((one, title if one == name else known) for one, known in self._tabs)
        self._label()

    def tell(self, words: str) -> None:
        """Put ``words`` (already visible text) into the lower border."""
        self.border_subtitle = Content(words)

    def _label(self) -> None:
        chosen = self.current or self._tabs[0][0]
        labels = [
            Content.from_markup(
                f"[{'bold' if name == chosen else '$text-muted not bold'} @click=screen.show_tab('{name}')]{title}[/]"
            )
            for name, title in self._tabs
            if name not in self._left_out or name == chosen
        ]
        self.border_title = Content(" │ ").join(labels)
