"""What a tool's annotations claim, in words.

Owns those words and their colours. Never decides anything by them: a server says what it likes (protocol section 26).
"""

from __future__ import annotations

from ..services.models import JsonObject


def annotation_words(annotations: JsonObject) -> list[tuple[str, str]]:
    """(word, style) of every hint that is given; hints that are not given are not guessed."""
    words: list[tuple[str, str]] = []
    read_only = annotations.get("readOnlyHint")
    if read_only is True:
        words.append(("read-only", "$text-success"))
    elif read_only is False:
        words.append(("writes", "$text-warning"))
    if annotations.get("destructiveHint") is True and read_only is not True:
        words.append(("destructive", "$text-error"))
    elif annotations.get("destructiveHint") is False and read_only is not True:
        words.append(("not destructive", "$text-muted"))
    if annotations.get("idempotentHint") is True:
        words.append(("idempotent", "$text-muted"))
    world = annotations.get("openWorldHint")
    if isinstance(world, bool):
        words.append(("open world" if world else "closed world", "$text-muted"))
    return words
