"""What is put down of one HTTP exchange: who asked what, and what came back; never a body.

Owns the form of it; which headers are secrets decides ``telemetry.redaction``. A body is a message and is put down by
whoever reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..models import Json, JsonObject
from ..telemetry.redaction import MASK, masked_text, masked_url, secret_header

if TYPE_CHECKING:
    import httpx


def exchange(request: httpx.Request, response: httpx.Response | None, began: float) -> JsonObject:
    """``{"request": {"method", "url", "headers"}, "status", "reason", "headers", "ms"}``; headers are pairs, in order.

    ``began`` is ``time.perf_counter()`` before the request was sent; ``ms`` runs until the headers were
    there. ``status`` is None when no answer came.
    """
    return {
        "request": {
            "method": request.method,
            "url": masked_url(str(request.url)),
            "headers": _pairs(request.headers.multi_items()),
        },
        "status": None if response is None else response.status_code,
        "reason": "" if response is None else response.reason_phrase,
        "headers": [] if response is None else _pairs(response.headers.multi_items()),
        "ms": round((time.perf_counter() - began) * 1000, 3),
    }


def _pairs(headers: Iterable[tuple[str, str]]) -> list[Json]:
    return [[name, _shown(name, value)] for name, value in headers]


def _shown(name: str, value: str) -> str:
    return MASK if secret_header(name) else masked_text(value)
