"""Permissions from a settings document, and uses to decide about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mcpdeck.services.models import Act, Caller, Offered, Source
from mcpdeck.services.policy.permission_settings import Written, read_permissions
from mcpdeck.services.policy.permissions import Permissions, Sources

READS = {"readOnlyHint": True}
DESTROYS = {"destructiveHint": True}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def written(file: str = "mine", *, managed: bool = False, **permissions: Any) -> Written:
    return read_permissions({"permissions": permissions}, file, own=not managed, managed=managed, project="/root")


def permitting(
    *files: Written,
    configured: Iterable[str] = ("files", "notes"),
    data: Path | None = None,
    clock: Clock | None = None,
    place: str | None = "",
    program: Callable[[str], str] = lambda server: "",
    **permissions: Any,
) -> Permissions:
    """``permissions`` stand in a file called mine, after ``files``."""
    told = (*files, written(**permissions))
    now = clock or Clock()
    return Permissions(
        Sources(lambda: told, lambda: configured, lambda server: place, program), data, now=now, wall=now
    )


def tool(name: str = "write", server: str = "files", /, **changes: Any) -> Act:
    """A use of a tool of a server that is vouched for, by somebody in front of the dashboard."""
    fields: dict[str, Any] = {"trusted": True, "digest": "one", "caller": Caller.DASHBOARD, "source": Source.USER}
    return Act(Offered.TOOL, server, name, **{**fields, **changes})


def resource(uri: str, server: str = "files", **changes: Any) -> Act:
    return Act(Offered.RESOURCE, server, uri, **{"caller": Caller.DASHBOARD, **changes})


def prompt(name: str, server: str = "files", **changes: Any) -> Act:
    return Act(Offered.PROMPT, server, name, **{"caller": Caller.DASHBOARD, **changes})


def effect(permissions: Permissions, act: Act) -> str:
    return permissions.judge(act).effect.value
