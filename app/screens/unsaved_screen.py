"""A dialog in which something is typed that stands nowhere else: nothing leaves it before a person is asked.

Owns that question. Never knows what is typed, and never saves it.
"""

from __future__ import annotations

from textual.screen import ModalScreen

from ...widgets.app_of import app_of
from .confirm_screen import Answer, ConfirmScreen


class UnsavedScreen(ModalScreen[str | None]):
    """Base of the dialogs that make or change an entry. Leaving one dismisses it with None."""

    @property
    def unsaved(self) -> bool:
        """Something would be lost."""
        raise TypeError("the screen knows what was typed")

    def action_leave(self) -> None:
        if not self.unsaved:
            self.dismiss(None)
            return

        def answered(answer: str | None) -> None:
            if answer == "discard":
                self.dismiss(None)

        answers = (Answer("", "Go on (Esc)", "escape"), Answer("discard", "Discard (y)", "y"))
        lead = "It is not saved. Ctrl+C leaves mcpdeck without saving it."
        app_of(self).push_screen(ConfirmScreen("Discard what was typed?", lead, (), answers), answered)
