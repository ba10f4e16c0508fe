"""The steps of an HTTP request below its head: the TCP connect, the TLS handshake, the wait for the answer.

Owns reading the library's trace of one request (httpcore's "trace" extension). Asked for while a connection is made
only, so that no message pays for it afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .base import Hooks, OnStep

STEPS: Mapping[str, str] = {
    "connect_tcp": "TCP",
    "connect_unix_socket": "socket",
    "start_tls": "TLS",
    "receive_response_headers": "first byte",
}
"""The library's events that are told, in the words of a person. The name is looked up within the TCP connect."""


def traced(hooks: Hooks) -> dict[str, Any] | None:
    """The extensions of a request whose steps are wanted; None: nobody does."""
    return {"trace": Steps(hooks.step)} if hooks.steps() else None


class Steps:
    """The steps of one request."""

    def __init__(self, told: OnStep) -> None:
        self._told = told
        self._began: dict[str, float] = {}

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """``connection.connect_tcp.started`` and the like."""
        step, _, state = event.rpartition(".")
        name = STEPS.get(step.rpartition(".")[2])
        if name is None:
            return
        if state == "started":
            self._began[name] = time.perf_counter()
        else:
            began = self._began.pop(name, time.perf_counter())
            self._told(name, began, _said(name, info.get("return_value")), failed=state == "failed")


def _said(name: str, came: Any) -> str:
    """Where a connection leads, and what it is protected by."""
    if name == "TLS":
        secured = came.get_extra_info("ssl_object") if came is not None else None
        return secured.version() or "" if secured is not None else ""
    if name == "TCP" and came is not None:
        address = came.get_extra_info("server_addr")
        return f"{address[0]}" if isinstance(address, tuple) and address else ""
    return ""
