"""What was typed for one tool, template or prompt, and small words about it.

Owns the draft's shape. Never draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..services.models import JsonObject
from .form_subject import Subject
from .forms.filling import carry, put
from .forms.nodes import Node, tree_of
from .json_text import JsonTextError, loads


@dataclass(slots=True)
class Draft:
    """``tree`` is what stands in the form, ``raw`` the JSON text once it was seen, ``basis`` what that showed first.

    ``aside`` is the tree that was put away when the form was emptied; ``filled``: it began with what was sent before.
    """

    subject: Subject
    tree: Node
    as_json: bool = False
    raw: str | None = None
    basis: str | None = None
    aside: Node | None = None
    filled: bool = False

    @classmethod
    def of(cls, subject: Subject, values: JsonObject | None) -> Draft:
        draft = cls(subject, tree_of(subject.schema))
        if values:
            put(draft.tree, values)
            draft.filled = True
        return draft

    def follow(self, subject: Subject) -> None:
        """It was listed again: what was typed goes on in the form it has now."""
        if subject.schema != self.subject.schema:
            fresh = tree_of(subject.schema)
            carry(self.tree, fresh)
            self.tree, self.aside = fresh, None
        self.subject = subject

    def empty(self) -> None:
        """Begin anew; done again, what stood there is back."""
        self.tree, self.aside = self.aside or tree_of(self.subject.schema), self.tree
        self.filled = False


def json_object(text: str) -> JsonObject:
    """JSON text that must be an object; nothing at all counts as ``{}``."""
    value = loads(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise JsonTextError("arguments are a JSON object: { … }")
    return value


def count_words(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"
