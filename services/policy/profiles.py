"""Profiles: roles that say what is done where no rule says it.

Owns the built-in ones and what a profile is. Never weighs one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..models.permissions import Effect
from .permission_rules import Rule

VIEWER, TESTER, ADMIN = "viewer", "tester", "admin"


@dataclass(frozen=True, slots=True)
class Profile:
    """``rules`` count beside all others while it is chosen. ``read_only``: tools that are not trusted and hinted
    read-only are denied. ``default``: what is done where no rule matches; None: what ``tester`` does.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    default: Effect | None = None
    read_only: bool = False
    source: str = "built in"
    managed: bool = False

    @property
    def place(self) -> str:
        """Where what it says stands, in words."""
        return f"profile {self.name}"


BUILT_IN = {
    VIEWER: Profile(VIEWER, default=Effect.ALLOW, read_only=True),
    TESTER: Profile(TESTER),
    ADMIN: Profile(ADMIN, default=Effect.ALLOW),
}


def unknown_profile(name: str, place: str) -> Profile:
    """In the place of one that nobody described: nothing is done unasked."""
    return Profile(name, default=Effect.ASK, source=place)
