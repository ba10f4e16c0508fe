"""Whether a call may be made as it stands: what is decided about it, and for which definition of the tool.

Owns that the definition is the one of the very session that gets the call: it is looked at again at the last moment,
and what was decided about another one, or some time ago, is decided anew. Never sends, and knows no rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from ..errors import InvalidArguments
from ..models import Act, Caller, Decision, Effect, JsonObject, Offered, ServerEntry, Tool
from ..session import Session
from .collaborators import Sessions
from .outcomes import Course, Records
from .permission_step import PermissionStep, denied, is_of_budget
from .resolving import Resolver, misspelt
from .retries import is_repeatable
from .validation import check
from .wanted import Wanted

PERMISSION = "permission"
LISTED = 10.0
"""Seconds for which a list is waited for that is needed for the decision only."""
LOOK_AFTER = 0.02
"""Seconds for which a decision about the same definition is not made again: a call that waits for nothing makes one."""


class AskFirst(Exception):
    """The session that was to get the call offers what a person has to be asked about. Nothing was sent."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class Clearance:
    """Every method runs on the loop's thread. ``permission`` None: everything is allowed."""

    def __init__(
        self,
        sessions: Sessions,
        records: Records,
        permission: PermissionStep | None,
        vouches: Callable[[ServerEntry], bool] | None,
    ) -> None:
        self._sessions = sessions
        self._records = records
        self._permission = permission
        self._vouches = vouches
        self._resolver = Resolver()

    def act(self, kind: Offered, server: str, name: str, arguments: JsonObject, caller: Caller) -> Act:
        """A use as the rules see it, by what is known of the server now. Asks nobody, and reads nothing."""
        session = self._sessions.session(server)
        tool = self._resolver.find(session, name) if session is not None and kind is Offered.TOOL else None
        return self._act(kind, server, name, arguments, caller, tool)

    async def decide(self, course: Course, session: Session) -> Session:
        """Look up what is wanted and decide about it; the session on which that was done.

        Raises ``UnknownTool``, ``PermissionDenied``, ``InvalidArguments`` (nobody is asked about what cannot be called
        at all), and what the list cannot be read for.
        """
        one = course.wanted
        if one.kind is Offered.TOOL and one.validate and session.lists.tools is None:

            async def listed(session: Session) -> tuple[Session, Tool | None]:
                return session, await self._looked_up(one, session)

            # Reading the list may be what finds out that the session is gone.
            session, tool = await self._sessions.using(one.server, listed)
        else:
            tool = await self._looked_up(one, session)
        act = self._see(course, tool)
        if self._permission is not None:
            course.decision = self._permission.decide(act)
            course.decided_at = time.perf_counter()
            if course.decision.effect is Effect.DENY:
                raise denied(act, course.decision, "rule")
        await _fits(one, tool)
        return session

    async def asked(self, course: Course, session: Session) -> None:
        """Have a person asked about it as ``session`` offers it. No clock runs meanwhile. Raises as ``decide`` does."""
        one, permission = course.wanted, self._permission
        assert permission is not None
        shown = course.tool

        def now() -> Act:
            return self._see(course, self._found(one, session))

        def decided(decision: Decision) -> None:
            self._records.decided(course, decision)

        self._records.waits(course, PERMISSION)
        await permission.asked(one.call, now, decided)
        course.agreed.add(course.act.digest)
        course.failed = None  # a person wants it, whatever came of it before
        course.decided_at = time.perf_counter()
        self._records.waits(course, "")
        if course.tool is not shown:
            await _fits(one, course.tool)  # its schema may be another one, too

    async def holds(self, course: Course, session: Session) -> None:
        """The last moment before it is sent on ``session``: whether what was decided holds there, and still.

        Raises ``AskFirst`` besides what ``decide`` raises; and what was ``failed`` with before, where the tool is one
        here that must not be called twice.
        """
        one, before, shown = course.wanted, course.act, course.tool
        known = one.kind is not Offered.TOOL or session.lists.tools is not None
        tool = self._found(one, session) if known else await self._looked_up(one, session)
        lately = time.perf_counter() - course.decided_at < LOOK_AFTER
        if tool is shown and (lately or self._permission is None):
            return
        act = self._see(course, tool)
        if course.failed is not None and not is_repeatable(act):
            course.attempts -= 1
            raise course.failed
        same = act.digest == before.digest
        if self._permission is not None and not (same and lately):
            self._judge(self._permission, course, act, session, same=same)
        if tool is not None and (shown is None or tool.input_schema != shown.input_schema):
            await _fits(one, tool)

    def _judge(self, permission: PermissionStep, course: Course, act: Act, session: Session, *, same: bool) -> None:
        decision = permission.judge(act)
        course.decided_at = time.perf_counter()
        if same and is_of_budget(decision):
            return  # this use is one of those that were counted
        match decision.effect:
            case Effect.DENY:
                self._records.decided(course, decision)
                raise denied(act, decision, "rule")
            case Effect.ASK:
                if act.digest not in course.agreed:
                    raise AskFirst(session)
            case Effect.ALLOW:
                if not same:
                    self._records.decided(course, decision)

    # What is known of it

    async def _looked_up(self, one: Wanted, session: Session) -> Tool | None:
        """The tool as ``session`` lists it, once it was listed; None for one that need not be known, and is not."""
        if one.kind is not Offered.TOOL:
            return None
        if one.validate:
            return await self._resolver.resolved(session, one.name)
        # A batch waits for the list of its own session before it calls a tool.
        waited = one.caller is Caller.BATCH and one.send is None and session.server == one.server
        if session.lists.tools is None and self._permission is not None and not waited:
            with anyio.move_on_after(LISTED if one.timeout is None else min(LISTED, one.timeout)):
                await session.lists.tools_settled()
        return self._resolver.find(session, one.name)

    def _found(self, one: Wanted, session: Session) -> Tool | None:
        """The same, of what was listed already. Raises ``UnknownTool`` where it has to be known."""
        if one.kind is not Offered.TOOL:
            return None
        if one.validate and session.lists.tools is not None:
            return self._resolver.listed(session, one.name)
        return self._resolver.find(session, one.name)

    def _see(self, course: Course, tool: Tool | None) -> Act:
        one = course.wanted
        course.tool = tool
        course.act = self._act(one.kind, one.server, one.name, one.arguments, one.caller, tool)
        return course.act

    def _act(
        self, kind: Offered, server: str, name: str, arguments: JsonObject, caller: Caller, tool: Tool | None
    ) -> Act:
        entry = self._sessions.entry(server)
        if entry is None:
            return Act(kind, server, name, arguments, caller=caller)
        trusted = self._vouches is not None and self._vouches(entry)
        annotations = tool.annotations if tool is not None else {}
        digest = self._resolver.digest(tool) if tool is not None and self._permission is not None else ""
        return Act(kind, entry.configured_as, name, arguments, annotations, trusted, entry.source, digest, caller)


async def _fits(one: Wanted, tool: Tool | None) -> None:
    """Raises ``InvalidArguments``."""
    if tool is None or not one.validate:
        return
    # None: the schema's patterns take too long; the server will judge by itself.
    wrong = await check(one.arguments, tool.input_schema)
    if wrong:
        raise InvalidArguments(
            f"the arguments do not fit {one.name}",
            problems=wrong,
            hint=misspelt(one.arguments, tool.input_schema)
            or "See the tool's input schema; without validation they are sent as they are.",
            server=one.server,
        )
