"""The JSON-RPC 2.0 codec: bytes to envelopes and back (protocol section 2).

Owns the one JSON codec of the house and the envelope rules. Never knows a method; whatever cannot
be an envelope becomes ``Malformed`` with the reason and is kept, never raised.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias, cast

from pydantic_core import from_json, to_json

from ..models import Json, JsonObject
from ..transports.base import LIMIT_HINT, RequestId

SMALL = 1024 * 1024
"""Bytes of a message up to which its values are not counted."""
MOST_CONTAINERS = 2_000_000
"""Objects and arrays in one message: each takes up to 30 times the memory of its text."""
LARGEST_BATCH = 10_000
"""Messages in one array."""


@dataclass(slots=True, eq=False)
class Request:
    id: RequestId
    method: str
    params: JsonObject


@dataclass(slots=True, eq=False)
class Notification:
    method: str
    params: JsonObject


@dataclass(slots=True, eq=False)
class Response:
    """A result. ``result`` is any JSON value as received; ``flaw`` says what is wrong with the envelope."""

    id: RequestId
    result: Json
    flaw: str | None = None


@dataclass(slots=True, eq=False)
class ErrorResponse:
    """An error; ``id`` None when the server could not read the request's id."""

    id: RequestId | None
    code: int
    message: str
    data: Json
    flaw: str | None = None


@dataclass(slots=True, eq=False)
class Malformed:
    """Bytes that are no message, why, and what to do. ``answered``: the request it may have been meant to answer."""

    data: bytes
    reason: str
    answered: RequestId | None = None
    hint: str = "See the server's log."


Message: TypeAlias = Request | Notification | Response | ErrorResponse | Malformed


def parse(data: bytes) -> Json:
    """The JSON value of ``data``. Raises ``ValueError``.

    What the strict parser refuses but people send (lone surrogates, a byte order mark, nesting up to
    1,000) is read by the tolerant one, so that it can be shown.
    """
    try:
        return cast("Json", from_json(data))
    except ValueError as error:
        try:
            return cast("Json", json.loads(data.removeprefix(b"\xef\xbb\xbf")))
        except (ValueError, RecursionError):
            raise error from None


def dump(value: Json) -> bytes:
    """Compact UTF-8 JSON on one line."""
    try:
        return to_json(value)
    except ValueError:
        # A lone surrogate has no UTF-8 form; as an escape it is valid JSON text.
        return json.dumps(value, separators=(",", ":")).encode()


def decode(data: bytes, dropped: int = 0) -> Message | list[Message]:
    """The envelope in ``data``; a list when it is a batch (2025-03-26, tolerated elsewhere).

    ``dropped``: bytes that are missing in the middle because there were too many.
    """
    if dropped:
        reason = f"a message of {len(data) + dropped:,} bytes or more, which is too large"
        return Malformed(data, reason, _guessed_id(data), LIMIT_HINT)
    if len(data) > SMALL and data.count(b"{") + data.count(b"[") > MOST_CONTAINERS:
        return Malformed(data, f"more than {MOST_CONTAINERS:,} objects and arrays in one message", _guessed_id(data))
    try:
        value = parse(data)
    except ValueError as error:
        return Malformed(data, f"not JSON: {error}", _guessed_id(data))
    if isinstance(value, list):
        if not value:
            return Malformed(data, "an empty batch")
        if len(value) > LARGEST_BATCH:
            return Malformed(data, f"a batch of {len(value):,} messages")
        return [_envelope(item, None) for item in value]
    return _envelope(value, data)


_ID_FIRST = re.compile(rb'\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*,\s*"(?:result|error)"')
_ID_LAST = re.compile(rb'"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,15})\s*\}\s*$')
_ID_AFTER = re.compile(rb'"id"\s*:\s*(\d{1,15})\s*\}\s*$')
_VERSION_RESULT = re.compile(rb'\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"(?:result|error)"')
"""The three orders in which SDKs write an answer."""


def _guessed_id(data: bytes) -> int | None:
    """Which request an answer is for that cannot be read as a whole (nested too deeply, cut off, …)."""
    match = _ID_FIRST.match(data)
    if match is None and data.startswith((b'{"result"', b'{"error"')):
        match = _ID_LAST.search(data[-100:])
    elif match is None and _VERSION_RESULT.match(data):
        match = _ID_AFTER.search(data[-100:])
    return int(match[1]) if match else None


def _usable_id(value: Json) -> RequestId | None:
    return None if isinstance(value, bool) or not isinstance(value, (int, str)) else value


def _envelope(value: Json, frame: bytes | None) -> Message:
    """The envelope in ``value``; of one in a batch only its own part of the frame is kept."""
    message = _message(value, frame or b"")
    if frame is None and isinstance(message, Malformed):
        try:
            message.data = dump(value)
        except (ValueError, RecursionError):  # nested as deeply as only a reader can go
            pass
    return message


def _message(value: Json, data: bytes) -> Message:
    if not isinstance(value, dict):
        return Malformed(data, "a message must be a JSON object")
    flaw = None if value.get("jsonrpc") == "2.0" else 'member "jsonrpc" is not "2.0" (section 2)'
    method = value.get("method")
    if method is not None:
        if not isinstance(method, str):
            return Malformed(data, "method is not a string")
        params = value.get("params")
        if not isinstance(params, dict):
            if params is not None:
                return Malformed(data, "params is not an object")
            params = {}
        if "id" not in value:
            return Notification(method, params)
        request_id = _usable_id(value["id"])
        if request_id is None:
            return Malformed(data, "a request's id must be a string or an integer")
        return Request(request_id, method, params)
    if "error" in value:
        return _error(value, data, flaw)
    if "result" not in value:
        return Malformed(data, "neither a method nor a result nor an error", _usable_id(value.get("id")))
    answered = _usable_id(value.get("id"))
    if answered is None:
        return Malformed(data, "a result without a usable id")
    return Response(answered, value["result"], flaw)


def _error(value: JsonObject, data: bytes, flaw: str | None) -> Message:
    error = value["error"]
    answered = _usable_id(value.get("id"))
    if not isinstance(error, dict):
        return Malformed(data, "error is not an object", answered)
    code, message = error.get("code"), error.get("message")
    if isinstance(code, bool) or not isinstance(code, int):
        flaw, code = "error.code is not an integer (section 2)", 0
    if not isinstance(message, str):
        flaw, message = "error.message is not a string (section 2)", ""
    if "result" in value:
        flaw = "both result and error (section 2)"
    return ErrorResponse(answered, code, message, error.get("data"), flaw)


def encode_request(request_id: RequestId, method: str, params: JsonObject | None) -> bytes:
    message: JsonObject = {"jsonrpc": "2.0", "id": request_id, "method": method}
    if params is not None:
        message["params"] = params
    return dump(message)


def encode_notification(method: str, params: JsonObject | None) -> bytes:
    message: JsonObject = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return dump(message)


def encode_result(request_id: RequestId, result: Json) -> bytes:
    return dump({"jsonrpc": "2.0", "id": request_id, "result": result})


def encode_error(request_id: RequestId, code: int, message: str, data: Json = None) -> bytes:
    error: JsonObject = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return dump({"jsonrpc": "2.0", "id": request_id, "error": error})
