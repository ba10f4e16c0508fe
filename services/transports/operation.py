"""What a refused message wanted to do, in words for whoever is asked about it.

Owns the one look into a message of ours that this room takes, and only once its server refused it.
"""

from __future__ import annotations

import json
from typing import cast

from ..models import Json, as_object, as_text
from .base import Outgoing

LONGEST = 1024 * 1024
"""Bytes of a message beyond which it is not looked into."""
_NAMES = ("name", "uri", "taskId")


def operation_of(message: Outgoing | None) -> str:
    """``tools/call paint``; empty where there is no message (a stream, a goodbye)."""
    if message is None:
        return ""
    method = message.method or message.kind
    if message.kind != "request" or len(message.data) > LONGEST:
        return method
    params = as_object(as_object(cast("Json", json.loads(message.data))).get("params"))
    named = next((text for name in _NAMES if (text := as_text(params.get(name)))), "")
    return f"{method} {named}".strip()
