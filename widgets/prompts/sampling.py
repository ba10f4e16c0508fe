"""A server's request for a completion, answered by a person (protocol section 34).

Owns the form of the answer: a text, or the use of one of the tools that the request offers. Never keeps
a message from one request to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import uuid4

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ...services.state.text import one_line
from ..form_values import Choice, Entry, Field, Form, Kind
from ..json_text import dumps, loads, pretty_text
from ..schema_shape import skeleton
from .question import QuestionPanel, Unready
from .sampling_words import request_lines
from .words import Told

MODEL = "human"
"""The model's name in an answer, unless the person gives another."""
STOPS = ("endTurn", "stopSequence", "maxTokens")
TOKEN = 4
"""Characters of a token, about."""

_REPLY, _ANSWER, _ARGUMENTS, _MODEL, _STOP = "reply", "answer", "arguments", "model", "stopReason"
_TEXT: Json = None
"""The choice that is no tool; tools are chosen by their place, for names may be the same."""


class SamplingPanel(QuestionPanel):
    """A question of ``sampling/createMessage``; accepted it is the whole result, as it goes out."""

    asks: ClassVar[str] = "asks for a completion"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._tools: list[JsonObject] = []
        self._texts = True
        self._most: int | None = None
        self._reply: Json = _TEXT
        self._warned = ""

    def load(self, request: JsonObject) -> Sequence[Told]:
        mode = as_object(request.get("toolChoice")).get("mode")
        self._tools = [] if mode == "none" else [as_object(tool) for tool in as_list(request.get("tools"))]
        self._texts = mode != "required" or not self._tools
        most = request.get("maxTokens")
        self._most = most if isinstance(most, int) and not isinstance(most, bool) else None
        self._reply = _TEXT if self._texts else 0
        self._warned = ""
        self._load_form({})
        return request_lines(request)

    def _load_form(self, entries: dict[str, Entry]) -> None:
        """The fields of the chosen kind of reply; what was typed for another stays in ``entries``."""
        fields: list[Field] = []
        if self._tools:
            texts = [Choice(_TEXT, "text")] if self._texts else []
            tools = [Choice(index, f"use {_name(tool)}") for index, tool in enumerate(self._tools)]
            fields.append(Field(_REPLY, Kind.CHOICE, required=True, schema={}, choices=(*texts, *tools)))
        tool = self._tool
        if tool is None:
            fields.append(Field(_ANSWER, Kind.TEXT, required=True, schema={}))
        else:
            fields.append(Field(_ARGUMENTS, Kind.JSON, required=True, schema={"type": "object"}))
        fields.append(Field(_MODEL, Kind.STRING, required=True, schema={}))
        if tool is None:
            stops = tuple(Choice(stop, stop) for stop in STOPS)
            fields.append(Field(_STOP, Kind.CHOICE, required=True, schema={}, choices=stops))
        start = skeleton(as_object(tool.get("inputSchema"))) if tool is not None else {}
        standard = {
            _MODEL: Entry(MODEL),
            _STOP: Entry(dumps(STOPS[0])),
            _ARGUMENTS: Entry(pretty_text(start) if start else "{}"),
        }
        standing = standard | entries | {_REPLY: Entry(dumps(self._reply))}
        self.fields.load(Form(tuple(fields)), {one.name: standing.get(one.name, Entry()) for one in fields}, {})

    @property
    def _tool(self) -> JsonObject | None:
        """The tool that the reply uses; None when it is a text."""
        index = self._reply
        return self._tools[index] if isinstance(index, int) and index < len(self._tools) else None

    def changed(self) -> None:
        chosen = self.fields.entries.get(_REPLY)
        if chosen is None or not chosen.text or loads(chosen.text) == self._reply:
            return
        kept = {name: entry for name, entry in self.fields.entries.items() if name in (_ANSWER, _MODEL)}
        self._reply = loads(chosen.text)
        self._load_form(kept)
        self.fields.focus_first()

    def content(self) -> JsonObject:
        collected = self.fields.collect()
        self.marked(collected.problems)
        values = collected.values
        tool = self._tool
        if tool is not None:
            use: JsonObject = {
                "type": "tool_use",
                "id": f"toolu_{uuid4().hex[:16]}",
                "name": as_text(tool.get("name")) or "",
                "input": as_object(values.get(_ARGUMENTS)),
            }
            return {"role": "assistant", "content": [use], "model": values[_MODEL], "stopReason": "toolUse"}
        text = as_text(values.get(_ANSWER)) or ""
        self._check_length(text)
        return {
            "role": "assistant",
            "content": {"type": "text", "text": text},
            "model": values[_MODEL],
            "stopReason": values[_STOP],
        }

    def _check_length(self, text: str) -> None:
        """An answer that is longer than was asked for is sent only when it is meant."""
        tokens = -(-len(text) // TOKEN)
        if self._most is not None and tokens > self._most and text != self._warned:
            self._warned = text
            raise Unready(f"about {tokens:,} tokens, {self._most:,} allowed · again sends anyway")


def _name(tool: JsonObject) -> str:
    return one_line(as_text(tool.get("name")) or "(no name)", 60)
