"""A result as text for the clipboard.

Owns what is copied: the structured content as JSON, else the text blocks, else the whole result. Never
copies more than terminals take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..services.models import as_list, as_object, as_text
from ..services.state.model import CallState
from ..services.state.text import one_line
from .json_text import pretty_text

if TYPE_CHECKING:
    from textual.app import App

LIMIT = 500_000
"""Characters; terminals drop longer clipboard sequences."""


def result_text(call: CallState) -> str:
    """The text of a finished call."""
    if call.error is not None:
        return "\n".join(part for part in (call.error.title, call.error.hint) if part)
    result = call.result or {}
    texts = [as_text(as_object(item).get("text")) for item in as_list(result.get("content"))]
    joined = "\n".join(text for text in texts if text)
    if "structuredContent" in result:
        return pretty_text(result["structuredContent"])
    return joined or pretty_text(result)


def copy_result(app: App[object], call: CallState) -> None:
    """Copy through the terminal, or say why not."""
    if call.result_dropped and call.error is None:
        app.notify("The result is no longer kept: newer calls needed the room.", severity="warning", markup=False)
        return
    copy_words(app, result_text(call), "")


def copy_words(app: App[object], text: str, what: str) -> None:
    """Copy a text; ``what`` it is is said, unless it is empty."""
    if len(text) > LIMIT:
        app.notify("Too long for the clipboard: save it with s.", severity="warning", markup=False)
        return
    app.copy_to_clipboard(text)
    named = f"{one_line(what, 80)}: " if what else ""
    app.notify(f"{named}{len(text):,} characters copied.", markup=False)
