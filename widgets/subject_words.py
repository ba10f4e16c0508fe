"""A prompt or a resource template in words, above its form. (A tool says much more: ``tool_words``.)

Owns those words. Never draws fields.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ..services.models import as_text
from ..services.state.text import one_line, visible
from .form_subject import Subject, SubjectKind

DESCRIPTION = 8_000
"""Characters of a description that are shown."""


def subject_title(subject: Subject) -> Content:
    """``Readable title  its://{name}  prompt of demo``."""
    title = one_line(subject.title, 80) or one_line(subject.name, 80) or "(no name)"
    parts: list[tuple[str, str] | str] = [(title, "bold $primary")]
    if subject.name != subject.title:
        parts.append((f"  {one_line(subject.name, 120)}", "$text-muted"))
    kind = "template" if subject.kind is SubjectKind.TEMPLATE else subject.kind.value
    parts.append((f"  {kind} of {one_line(subject.server, 40)}", "$text-muted"))
    return Content.assemble(*parts)


def subject_words(subject: Subject, known: Sequence[str]) -> Content:
    """The description, what a template gives, and what is known beside the listing."""
    lines: list[Content] = []
    if subject.description:
        lines.append(Content(visible(subject.description[:DESCRIPTION])))
    mime = as_text(subject.raw.get("mimeType")) if subject.kind is SubjectKind.TEMPLATE else None
    facts = [*([one_line(mime, 60)] if mime else []), *known]
    if facts:
        lines.append(Content.styled("  ".join(facts), "$text-muted"))
    return Content("\n").join(lines)
