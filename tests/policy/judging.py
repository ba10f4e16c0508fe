"""Lists as settings files have them, and servers to judge with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpdeck.services.config.expand import Expander
from mcpdeck.services.models import HttpTarget, InProcessTarget, StdioTarget
from mcpdeck.services.policy.rules import Lists, Policy, Subject, read_lists

UNSET: Any = object()


def lists(
    allowed: Any = UNSET,
    denied: Any = UNSET,
    *,
    managed: bool = False,
    only: Any = UNSET,
    rank: int = 0,
    environ: Mapping[str, str] | None = None,
) -> Lists:
    """What one settings file says; ``only`` is ``allowManagedMcpServersOnly``."""
    keys = {"allowedMcpServers": allowed, "deniedMcpServers": denied, "allowManagedMcpServersOnly": only}
    value = {key: given for key, given in keys.items() if given is not UNSET}
    file = "/etc/claude-code/managed-settings.json" if managed else "/home/me/.claude/settings.json"
    return read_lists(value, file, expander=Expander(environ or {}), managed=managed, rank=rank)


def policy(allowed: Any = UNSET, denied: Any = UNSET, **more: Any) -> Policy:
    return Policy.of([lists(allowed, denied, **more)])


def url(address: str, name: str = "it", written: str | None = None) -> Subject:
    return Subject(name, HttpTarget(address), None if written is None else (written,))


def command(*words: str, name: str = "it", written: tuple[str, ...] | None = None) -> Subject:
    return Subject(name, StdioTarget(words[0], words[1:]), written)


def in_process(name: str = "it") -> Subject:
    return Subject(name, InProcessTarget("m:o"))
