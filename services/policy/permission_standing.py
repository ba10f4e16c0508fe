"""What the settings files say about permissions at one moment, ready to be asked.

Owns uniting the files: their rules, their profiles and which of those is chosen. Never opens a file and never weighs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..models.qualified import plain
from ..state.text import one_line
from .permission_settings import Written
from .profiles import BUILT_IN, TESTER, Profile, unknown_profile
from .rule_book import RuleBook

Told: TypeAlias = "tuple[Written, ...]"
"""What each file says, the administrator's first."""
SESSION = "this session"


@dataclass(frozen=True, slots=True)
class Standing:
    """``profiles`` by name, with the rules of each; ``servers``: the names of those that are configured."""

    told: Told
    servers: frozenset[str]
    book: RuleBook
    profiles: Mapping[str, Profile]
    rules_of: Mapping[str, RuleBook]

    @classmethod
    def of(cls, told: Told, servers: Iterable[str]) -> Standing:
        names = frozenset(servers)
        profiles = dict(BUILT_IN)
        for written in told:
            for profile in written.profiles:
                profiles.setdefault(profile.name, profile)  # the first file that describes it counts
        book = RuleBook(
            [rule for written in told for rule in written.rules],
            [budget for written in told for budget in written.budgets],
            names,
        )
        rules_of = {name: RuleBook(profile.rules, (), names) for name, profile in profiles.items()}
        return cls(told, names, book, profiles, rules_of)

    def profile(self, server: str, chosen: str | None, chosen_for: Mapping[str, str]) -> tuple[Profile, str]:
        """The profile that counts for ``server``, and where it was chosen; the last two are choices of this session.

        A choice for one server stands above one for all; the administrator's stand above everybody's.
        """
        name, place = self._chosen(server, chosen, chosen_for)
        return self.profiles.get(name) or unknown_profile(name, place), place

    def choices(self) -> tuple[str, ...]:
        """The servers that a file chooses a profile for."""
        return tuple(dict.fromkeys(server for written in self.told for server in written.chosen_for))

    def unknown_profiles(self) -> Iterator[str]:
        """A remark for each profile that is chosen and that nobody described."""
        for written in self.told:
            for name in dict.fromkeys((written.chosen, *written.chosen_for.values())):
                if name is not None and name not in self.profiles:
                    told = f'"{one_line(name, 60)}" is chosen in {written.file}'
                    yield f"{told} and is no profile: everything is asked for (there is {', '.join(self.profiles)})"

    def managed_choice(self, server: str | None) -> str | None:
        """The administrator's file that chose the profile of ``server`` (None: of all), None where none did."""
        for written in self.told:
            if written.managed and (written.chosen is not None or _of(written.chosen_for, server) is not None):
                return written.file
        return None

    def _chosen(self, server: str, chosen: str | None, chosen_for: Mapping[str, str]) -> tuple[str, str]:
        for managed in (True, False):
            if not managed and server in chosen_for:
                return chosen_for[server], SESSION
            files = [written for written in self.told if written.managed is managed]
            for written in files:
                name = _of(written.chosen_for, server)
                if name is not None:
                    return name, written.file
            if not managed and chosen is not None:
                return chosen, SESSION
            for written in files:
                if written.chosen is not None:
                    return written.chosen, written.file
        return TESTER, "default"


def _of(chosen_for: Mapping[str, str], server: str | None) -> str | None:
    """The choice for ``server`` by its name, or by the form that rules have it in."""
    if server is None or not chosen_for:
        return None
    found = chosen_for.get(server)
    return found if found is not None else chosen_for.get(plain(server))
