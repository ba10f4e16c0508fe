"""Questions: what can be done there, and by which keys."""

from __future__ import annotations

from .action import READING, Action, Group

GROUP: Group = (
    "Questions",
    (
        Action("answer", "Answer", "w", "Go to what waits for you", "w", READING, READING),
        Action("next_question", "Next question", "F6", "From there to the next one; what is typed stays", "f6"),
        Action("queue", "All questions", "W", "Everything that waits for you, since when", "W", READING),
        Action("auto_answer", "Who answers", "M", "Answer this server's questions automatically", "M", READING),
        Action("roots", "Roots", "F", "Which folders the server is told", "F", READING),
    ),
)
