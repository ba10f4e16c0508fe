"""Between JSON text and the message objects that a server object in this process takes and gives.

Owns one codec for each kind of server: SDK 2.x, SDK 1.x, and servers that take plain JSON values (our typed tools),
which need no SDK. The only module of the services that imports the SDK, and only once such a server is connected.
"""

from __future__ import annotations

import json
from typing import Protocol, cast

from pydantic_core import from_json, to_json

from ..errors import ConnectError
from ..models import Json


class MessageCodec(Protocol):
    """Between JSON text and the message objects that a server passes around."""

    def encode(self, message: object) -> bytes: ...

    def decode(self, data: bytes) -> object:
        """Raises ``ValueError`` for what is not a JSON-RPC message."""
        ...


def codec_for(server: object) -> MessageCodec:
    """The codec that ``server`` needs. Raises ``ConnectError`` where that is the SDK's and there is none."""
    return PlainCodec() if speaks_json(server) else _sdk_codec()


def speaks_json(server: object) -> bool:
    """``server`` takes and gives messages as plain JSON objects (``dict``), not as models of the SDK."""
    return getattr(server, "speaks_json", False) is True


class PlainCodec:
    """Plain JSON objects: nothing stands between them and their text."""

    def encode(self, message: object) -> bytes:
        try:
            return to_json(message)
        except ValueError:  # a lone surrogate has no UTF-8 form; as an escape it is valid JSON text
            return json.dumps(message, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> object:
        try:
            value = cast("Json", from_json(data))
        except ValueError:  # what the strict parser refuses but people send
            value = cast("Json", json.loads(data))
        if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
            raise ValueError('it is no object with "jsonrpc": "2.0"')
        return value


class _Message(Protocol):
    def model_dump_json(self, *, by_alias: bool, exclude_unset: bool = False, exclude_none: bool = False) -> str: ...


class _Envelope(Protocol):
    message: _Message


class _Codec2:
    """SDK 2.x."""

    def __init__(self) -> None:
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        self._adapter = jsonrpc_message_adapter
        self._envelope = SessionMessage

    def encode(self, message: object) -> bytes:
        return cast("_Envelope", message).message.model_dump_json(by_alias=True, exclude_unset=True).encode()

    def decode(self, data: bytes) -> object:
        return self._envelope(self._adapter.validate_json(data, by_name=False))


class _Codec1:
    """SDK 1.x, where the message is a model of its own instead of a union."""

    def __init__(self, envelope: _MakesEnvelope, model: _ReadsJson) -> None:
        self._envelope = envelope
        self._model = model

    def encode(self, message: object) -> bytes:
        return cast("_Envelope", message).message.model_dump_json(by_alias=True, exclude_none=True).encode()

    def decode(self, data: bytes) -> object:
        return self._envelope(self._model.model_validate_json(data))


class _MakesEnvelope(Protocol):
    def __call__(self, message: object, /) -> object: ...


class _ReadsJson(Protocol):
    def model_validate_json(self, json_data: bytes, /) -> object: ...


def _sdk_codec() -> MessageCodec:
    try:
        import mcp.shared.message
        import mcp.types
    except ImportError as error:
        raise ConnectError(
            "in-process servers need the official MCP SDK, which is not installed",
            hint="install the extra: pip install 'mcpdeck[server]'",
        ) from error
    model: object = mcp.types.JSONRPCMessage
    if hasattr(model, "model_validate_json"):
        envelope: object = mcp.shared.message.SessionMessage
        return _Codec1(cast("_MakesEnvelope", envelope), cast("_ReadsJson", model))
    return _Codec2()
