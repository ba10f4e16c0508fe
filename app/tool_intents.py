"""What a person asks about tools beside calling them: whether they may be called, what they are called, what is given.

Owns the questions to the permissions, the catalogue and the executor, and that none of them is asked before somebody
wants to know. Never draws, and never decides.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..services.errors import UsageError
from ..services.models import Act, Caller, Decision, Effect, JsonObject, Offered, Reach
from ..services.state.model import CallState

if TYPE_CHECKING:
    from ..services.policy.permissions import Permissions
    from ..services.registry.catalogue import Catalogue
    from .controller import Toast
    from .main import Services

GRANT = 15 * 60
"""Seconds for which a tool is let run without asking, where a person chooses that."""
KEEPING = 3
"""Servers that keep a profile of their own which are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What a call of a tool would meet now; ``reasons`` are the rules that matched and which of them won.

    ``can_be_let``: it would run unasked for a while, if a person said so.
    """

    decision: Decision
    reasons: tuple[str, ...]
    profile: str
    can_be_let: bool = False


class ToolIntents(Protocol):
    """Everything a screen may ask for. Each returns at once."""

    def reset_breaker(self, server: str) -> None: ...
    def profile_of(self, server: str) -> str: ...
    def profiles(self) -> tuple[str, ...]: ...
    def set_profile(self, name: str, server: str | None) -> None: ...
    def explained(self, server: str, tool: str, arguments: JsonObject) -> Explained | None: ...
    def allow_for_a_while(self, server: str, tool: str, arguments: JsonObject) -> None: ...
    def forget(self, rule: str) -> None: ...
    def qualified(self, server: str, tool: str) -> str: ...
    def for_model(self, call: CallState) -> JsonObject | None: ...
    def look_at_load(self, looking: bool) -> None: ...


class ToolController:
    """``ToolIntents`` on the real services; ``attempt`` runs at once and turns errors into toasts."""

    _services: Services
    _toast: Toast

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._looking = ExitStack()

    def _attempt(self, work: Callable[[], None]) -> None:
        raise TypeError("the controller tells what goes wrong")

    def reset_breaker(self, server: str) -> None:
        """Calls to the server are made again, from the next one on."""

        def work() -> None:
            self._services.executor.reset_breaker(server)
            self._toast("Calls are made again", server)

        self._attempt(work)

    def look_at_load(self, looking: bool) -> None:
        """What processes take is measured only while somebody looks at it."""
        self._looking.close()
        if looking:
            self._looking.enter_context(self._services.loads.looking())

    # Permissions.

    @property
    def _permissions(self) -> Permissions | None:
        return self._services.permissions

    def profile_of(self, server: str) -> str:
        """The profile that the server's tools are used under; empty where nothing is ever asked."""
        permissions = self._permissions
        return permissions.profile_of(self._configured(server)) if permissions is not None else ""

    def _configured(self, server: str) -> str:
        """The name that rules know it by: an instance goes by the name of its entry."""
        entry = self._services.manager.entry(server)
        return entry.configured_as if entry is not None else server

    def profiles(self) -> tuple[str, ...]:
        permissions = self._permissions
        return permissions.profiles() if permissions is not None else ()

    def set_profile(self, name: str, server: str | None) -> None:
        """Use ``name`` until mcpdeck ends; for one server or (None) for all that have none of their own."""

        def work() -> None:
            permissions = self._known_permissions
            permissions.set_profile(name, None if server is None else self._configured(server))
            whose = server if server is not None else self._every_server_but(permissions, name)
            self._toast(f"Profile {name}", f"{whose}, until mcpdeck ends")

        self._attempt(work)

    def _every_server_but(self, permissions: Permissions, name: str) -> str:
        """For whom the choice of ``name`` counts: a server with another one in the settings keeps that."""
        servers = dict.fromkeys(map(self._configured, self._services.store.state.mcp.servers))
        others = [(one, other) for one in servers if (other := permissions.profile_of(one)) != name]
        keeps = ", ".join(f"{one} ({other})" for one, other in others[:KEEPING])
        more = f" and {len(others) - KEEPING:,} more" if len(others) > KEEPING else ""
        return f"every server but {keeps}{more}" if others else "every server"

    @property
    def _known_permissions(self) -> Permissions:
        permissions = self._permissions
        if permissions is None:
            raise UsageError("nothing is asked here", hint="The program that shows this dashboard set no permissions.")
        return permissions

    def explained(self, server: str, tool: str, arguments: JsonObject) -> Explained | None:
        """Whether a call by hand would run, ask or be denied, and why; None where nothing is ever asked."""
        permissions = self._permissions
        if permissions is None:
            return None
        act = self._act(server, tool, arguments)
        decision = permissions.judge(act)
        # A yes for a while is one whatever the arguments are: where none such counts, it would ask all the same.
        # And it is one to this definition, which is not known of a server that is not connected.
        any_arguments = not decision.same_arguments and Reach.SESSION in permissions.reaches(act, decision)
        can_be_let = any_arguments and bool(act.digest)
        return Explained(decision, permissions.explain(act), self.profile_of(server), can_be_let)

    def _act(self, server: str, tool: str, arguments: JsonObject) -> Act:
        return self._services.executor.act(Offered.TOOL, server, tool, arguments, Caller.DASHBOARD)

    def allow_for_a_while(self, server: str, tool: str, arguments: JsonObject) -> None:
        """Let the tool run, as it is described now; with ``arguments`` it is looked whether that is so."""

        def work() -> None:
            permissions, act = self._known_permissions, self._act(server, tool, arguments)
            permissions.allow_for(act, GRANT)
            now = permissions.judge(act)
            if now.effect is Effect.ALLOW:
                self._toast(f"{tool} runs without asking", f"{server}, for {GRANT // 60} minutes")
            else:
                self._toast(f"{tool} is not let run", now.why, severity="warning")

        self._attempt(work)

    def forget(self, rule: str) -> None:
        """A remembered answer does not count any more."""

        def work() -> None:
            forgotten = self._known_permissions.forget(rule)
            self._toast("Forgotten" if forgotten else "There was nothing to forget", ", ".join(forgotten) or rule)

        self._attempt(work)

    # Names, and what a model gets.

    def qualified(self, server: str, tool: str) -> str:
        """The name under which a model knows the tool, told apart from all others."""
        if self._catalogue is None:
            from ..services.registry.catalogue import Catalogue  # not before somebody looks at a tool

            self._catalogue = Catalogue()
        self._catalogue.update(self._services.store.state.mcp)
        found = self._catalogue.find(tool, server)
        return found.qualified if found is not None else ""

    def for_model(self, call: CallState) -> JsonObject | None:
        """The result of a finished call as a model gets it; None where there is no result."""
        if call.measured is not None and call.measured.given is not None:
            return call.measured.given
        if call.result is None:
            return None
        from ..services.engine.truncation import for_model  # not before somebody wants to see it

        return for_model(call.result)
