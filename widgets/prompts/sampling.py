"""A server's request for a completion, answered by a person (protocol section 34).

Owns the form of the answer: a text, or the use of one of the tools that the request offers; and which of the two
forms shows, that of the answer or that of the request. Never keeps a message from one request to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import uuid4

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ...services.models import Json, JsonObject, as_list, as_object, as_text
from ...services.state.model import PromptState
from ...services.state.text import one_line
from ..after_typing import after_typing
from ..app_of import app_of
from ..chip import Chip
from ..form_values import Choice, Entry, Field, Form, Kind
from ..json_text import dumps, loads, pretty_text
from ..schema_shape import skeleton
from . import sampling_request
from .drafts import Draft
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
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "turn", "Request or answer", show=False, priority=True),
        Binding("f3", "canned", "Reply kept for it", show=False, priority=True),
        Binding("f4", "copy_request", "Copy request", show=False, priority=True),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._tools: list[JsonObject] = []
        self._texts = True
        self._most: int | None = None
        self._reply: Json = _TEXT
        self._warned = ""
        self._request: JsonObject = {}
        self._changed = False  # the request is another one than was sent
        self._beneath: dict[str, Entry] | None = None  # what stands in the answer while the request shows
        self.canned: tuple[str, str] = (MODEL, "")
        """Model and text of the reply that was written beforehand."""

    def chips(self) -> ComposeResult:
        yield from super().chips()
        yield Chip("Request", "F2", id="sampling-turn")
        yield Chip("Canned", "F3", id="sampling-canned")
        yield Chip("Copy", "F4", id="sampling-copy")

    def load(self, request: JsonObject) -> Sequence[Told]:
        self._request, self._changed, self._beneath = request, False, None
        self._show_side()
        mode = as_object(request.get("toolChoice")).get("mode")
        self._tools = [] if mode == "none" else [as_object(tool) for tool in as_list(request.get("tools"))]
        self._texts = mode != "required" or not self._tools
        self._most = _most(request)
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

    # The request, as it is answered.

    def _show_side(self) -> None:
        editing = self._beneath is not None
        self.query_one("#sampling-turn", Chip).label = "Answer" if editing else "Request"
        self.query_one("#sampling-canned", Chip).display = not editing
        self.fields.warn_secrets = not editing  # "maxTokens" is none

    def action_turn(self) -> None:
        after_typing(self, self._turn)

    def _turn(self) -> None:
        """To the request and back; what stands in both is kept, and what is wrong with the request is shown there."""
        if self.prompt is None:
            return
        if self._beneath is None:
            self._beneath = self.fields.entries
            self._show_side()
            self.fields.load(sampling_request.FORM, sampling_request.entries_of(self._request), {})
        else:
            try:
                self._take_request()
            except Unready as wrong:
                self.say(wrong.words)
                return
            answer, self._beneath = self._beneath, None
            self._show_side()
            self._load_form(answer)
        self.say("")
        self.fields.focus_first()

    def _take_request(self) -> None:
        collected = self.fields.collect()
        self.marked(collected.problems)
        asked = sampling_request.changed(self._request, collected.values)
        self._changed = self._changed or asked != self._request
        self._request, self._most = asked, _most(asked)
        self._words.tell(self._lines())
        self.show_title()

    def _lines(self) -> Sequence[Told]:
        return request_lines(self._request)

    def aside(self, prompt: PromptState) -> str:
        told = ("request changed by you" if self._changed else "", super().aside(prompt))
        return " · ".join(part for part in told if part)

    def action_canned(self) -> None:
        """Put the reply that was written beforehand into the answer, to be read and changed."""
        if self._beneath is not None or self._tool is not None or self.prompt is None:
            return
        model, text = self.canned
        if not text:
            self.say("no reply was written beforehand: M does that")
            return
        entries = {**self.fields.entries, _ANSWER: Entry(text), _MODEL: Entry(model)}
        self.fields.load(self.fields.form, entries, {})
        self.call_after_refresh(self.fields.focus_field, _ANSWER)

    def action_copy_request(self) -> None:
        """The request as JSON, for a model elsewhere."""
        if self.prompt is not None:
            app_of(self).copy_to_clipboard(pretty_text(self._request))
            self.notify("Request copied as JSON.", markup=False)

    def pressed(self, chip: Chip) -> None:
        match chip.id:
            case "sampling-turn":
                self.action_turn()
            case "sampling-canned":
                self.action_canned()
            case _:
                self.action_copy_request()

    def draft(self) -> Draft:
        entries = self.fields.entries if self._beneath is None else self._beneath
        request = self._request
        if self._beneath is not None and not (collected := self.fields.collect()).problems:
            request = sampling_request.changed(request, collected.values)
        more = {"request": dumps(request)} if self._changed or request != self._request else {}
        return Draft(entries, {**more, "reply": dumps(self._reply)})

    def restore(self, draft: Draft) -> Sequence[Told] | None:
        self._reply = loads(draft.more["reply"])
        if "request" in draft.more:
            self._request, self._changed = as_object(loads(draft.more["request"])), True
            self._most = _most(self._request)
        self._load_form(dict(draft.entries))
        return self._lines() if self._changed else None

    def changed(self) -> None:
        if self._beneath is not None:
            return
        chosen = self.fields.entries.get(_REPLY)
        if chosen is None or not chosen.text or loads(chosen.text) == self._reply:
            return
        kept = {name: entry for name, entry in self.fields.entries.items() if name in (_ANSWER, _MODEL)}
        self._reply = loads(chosen.text)
        self._load_form(kept)
        self.fields.focus_first()

    def content(self) -> JsonObject:
        if self._beneath is not None:
            raise Unready("this is the request: F2 goes back to the answer")
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


def _most(request: JsonObject) -> int | None:
    """The length that is asked for, in tokens."""
    most = request.get("maxTokens")
    return most if isinstance(most, int) and not isinstance(most, bool) else None


def _name(tool: JsonObject) -> str:
    return one_line(as_text(tool.get("name")) or "(no name)", 60)
