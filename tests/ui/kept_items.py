"""``ItemIntents`` that only remember what was asked for."""

from __future__ import annotations

from collections.abc import Mapping

from mcpdeck.app.completions import Completions, Told
from mcpdeck.services.models import JsonObject


class KeptItems:
    """Part of ``Kept``; ``completions`` are told at once, by argument."""

    asked: list[tuple[object, ...]]
    completions: dict[str, Completions]

    def subscribe(self, server: str, uri: str, wanted: bool) -> None:
        self.asked.append(("subscribe" if wanted else "unsubscribe", server, uri))

    def read_template(self, server: str, template: str, values: JsonObject) -> str | None:
        self.asked.append(("read template", server, template, values))
        return "call-template"

    def look_at_task(self, server: str, task: str) -> None:
        self.asked.append(("look at task", server, task))

    def task_result(self, server: str, task: str, tool: str) -> str:
        self.asked.append(("task result", server, task))
        return "call-task"

    def complete(
        self, server: str, ref: JsonObject, argument: str, prefix: str, context: Mapping[str, str], told: Told
    ) -> None:
        self.asked.append(("complete", server, ref, argument, prefix, dict(context)))
        found = getattr(self, "completions", {}).get(argument)
        if found is not None:
            told(found)
