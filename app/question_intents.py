"""What a person asks about the questions of servers: who answers them, which roots are told, an address to open.

Owns the requests and what is told of how they went. Never draws, and never answers a question.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from ..services.errors import UsageError
from ..services.models import JsonObject
from .auto_answers import ASKING, AutoProfile, with_file

if TYPE_CHECKING:
    from .controller import Toast
    from .main import Services


@dataclass(frozen=True, slots=True)
class Answering:
    """How a server's questions are answered; ``kept``: in later runs too. ``keepable``: that can be had."""

    profile: AutoProfile = ASKING
    kept: bool = False
    keepable: bool = False


@dataclass(frozen=True, slots=True)
class RootsChoice:
    """The roots of one server, by where they come from; those that count stand first in ``own``, ``entry``, ``all``.

    ``own``: chosen in this run; ``entry``: those its entry names; ``everyone``: told to all that have none of their
    own. None: not chosen, not named. ``declared``: its connection lets it ask for them.
    """

    own: tuple[JsonObject, ...] | None = None
    entry: tuple[JsonObject, ...] | None = None
    everyone: tuple[JsonObject, ...] = ()
    declared: bool = True

    @property
    def told(self) -> tuple[JsonObject, ...]:
        return next((roots for roots in (self.own, self.entry) if roots is not None), self.everyone)


class QuestionIntents(Protocol):
    """Everything a screen may ask for. Each returns at once."""

    def answering(self, server: str) -> Answering: ...
    def answer_automatically(self, server: str, profile: AutoProfile, *, keep: bool) -> None: ...
    def roots_of(self, server: str) -> RootsChoice: ...
    def tell_roots(self, server: str | None, roots: tuple[JsonObject, ...] | None) -> None: ...
    def root_uri(self, text: str) -> str | None: ...
    def look_at_root(self, uri: str, told: Callable[[str], None]) -> None: ...
    def visit(self, server: str, url: str, opened: Callable[[bool], None]) -> None: ...


class QuestionController:
    """``QuestionIntents`` on the real services; ``attempt`` and ``beside`` turn errors into toasts."""

    _services: Services
    _toast: Toast

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller has the task group")

    def _attempt(self, work: Callable[[], None]) -> None:
        raise TypeError("the controller tells what goes wrong")

    # Answers without a person.

    def answering(self, server: str) -> Answering:
        auto = self._services.auto
        if auto is None:
            return Answering()
        chosen = auto.of(server)
        profile, kept = (chosen.profile, chosen.kept) if chosen is not None else (ASKING, False)
        return Answering(profile, kept, auto.can_keep)

    def answer_automatically(self, server: str, profile: AutoProfile, *, keep: bool) -> None:
        """From now on; a file is read at once, so that what is wrong with it is told before it is needed."""
        auto = self._services.auto
        if auto is None:
            self._toast("Nobody is asked here", "The program that shows this dashboard answers by itself.")
            return
        profile = with_file(profile)

        async def work() -> None:
            if "file" in (profile.forms, profile.completions):
                from .answers import read_answers

                await anyio.to_thread.run_sync(lambda: read_answers(profile.file, quiet=True))
            auto.choose(server, profile, keep=keep)
            if profile.asks:
                self._toast("You are asked", server)
            else:
                self._toast(f"Answered automatically: {profile.words}", f"{server}, {_for_how_long(keep)}")

        self._beside(work)

    # Roots.

    def roots_of(self, server: str) -> RootsChoice:
        manager = self._services.manager
        entry, session = manager.entry(server), manager.session(server)
        if entry is None:
            return RootsChoice()
        named = None if entry.roots is None else tuple[JsonObject, ...]({"uri": uri} for uri in entry.roots)
        declared = session is None or session.offer.roots is not None
        return RootsChoice(manager.own_roots(entry.configured_as), named, manager.everyones_roots or (), declared)

    def tell_roots(self, server: str | None, roots: tuple[JsonObject, ...] | None) -> None:
        """Choose the roots of one server, or (None) of all without their own, until mcpdeck ends."""
        manager = self._services.manager
        entry = manager.entry(server) if server is not None else None
        name = entry.configured_as if entry is not None else server

        manager.choose_roots(name, roots)

        async def work() -> None:
            told = await manager.tell_roots()
            self._services.store.flush()
            if told:
                whom = told[0] if len(told) == 1 else f"{len(told)} servers"
                self._toast("The roots are others now", f"{whom} was told." if len(told) == 1 else f"{whom} were told.")

        self._beside(work)

    def root_uri(self, text: str) -> str | None:
        """The URI of a folder that was typed as a path or a ``file://`` URI; None: it is neither."""
        from ..services.config.roots import root_uri

        return root_uri(text.strip(), Path.cwd()) if text.strip() else None

    def look_at_root(self, uri: str, told: Callable[[str], None]) -> None:
        """Whether there is such a folder here; ``told`` hears on the loop what a person may want to know."""

        async def work() -> None:
            told(await anyio.to_thread.run_sync(_remark, uri, abandon_on_cancel=True))

        self._beside(work)

    # Addresses.

    def visit(self, server: str, url: str, opened: Callable[[bool], None]) -> None:
        """Open a question's address in the person's browser; ``opened`` hears on the loop whether one was started."""
        from ..services.auth.addresses import browsable
        from ..services.auth.browser import open_in_browser

        async def work() -> None:
            reason = browsable(url)
            if reason is not None:
                raise UsageError(f"this address is not opened: {reason}", hint="Nothing was sent to it.", server=server)
            opened(await anyio.to_thread.run_sync(open_in_browser, url, os.environ))

        self._beside(work)


def _for_how_long(kept: bool) -> str:
    return "until you choose otherwise" if kept else "until mcpdeck ends"


def _remark(uri: str) -> str:
    """What a person may want to know of a folder on this machine; servers elsewhere have others."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        return "on another machine"
    path = Path(unquote(parts.path))
    try:
        if not path.exists():
            return "there is no such folder on this machine"
        return "" if path.is_dir() else "this is a file, not a folder"
    except OSError as error:
        return f"it cannot be looked at: {error.strerror}"
