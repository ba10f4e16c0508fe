"""Questions: what can be done there, and by which keys."""

from __future__ import annotations

from .action import READING, Action, Group

GROUP: Group = (
    "Questions",
    (Action("answer", "Answer", "w", "Go to the question of a server", "w", READING, READING),),
)
