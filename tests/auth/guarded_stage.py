"""A login's HTTP with names that a test resolves, and what was recorded of it."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.kinds import Place
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import LoginPhase, OAuthSettings

FAR = Place("far", "https://mcp.example/mcp", OAuthSettings())
SECRET = "s3cr3t-of-this-test"


def here(url: str, **settings: Any) -> Place:
    return Place("here", url, OAuthSettings(**settings))


class Names:
    """A resolver that knows what it is told, and counts."""

    def __init__(self, **known: str) -> None:
        self.known = {name.replace("_", "."): tuple(addresses.split()) for name, addresses in known.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError
        return self.known[host]


async def fetched(place: Place, url: str, names: Names | None = None, **more: Any) -> tuple[Any, Recorder]:
    recorder = Recorder()
    async with Guarded(place, recorder, lookup=names or Names()) as fetch:
        answer = await fetch.fetch(LoginPhase.SERVER, "Metadata", more.pop("method", "GET"), url, **more)
    return answer, recorder


async def refused(place: Place, url: str, names: Names | None = None, **more: Any) -> tuple[McpDeckError, Recorder]:
    recorder = Recorder()
    async with Guarded(place, recorder, lookup=names or Names()) as fetch:
        with pytest.raises(McpDeckError) as raised:
            await fetch.fetch(LoginPhase.SERVER, "Metadata", more.pop("method", "GET"), url, **more)
    return raised.value, recorder


def broken(recorder: Recorder) -> list[str]:
    return [each.rule for step in recorder.steps for each in step.verdicts if each.passed is False]
