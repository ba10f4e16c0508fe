"""Being told of changes: ``resources/subscribe`` and ``subscriptions/listen`` (sections 16 and 17).

Owns which resources are subscribed to and the stream that tells of changes in the stateless era. Never
reads a list or a resource itself: it says which may have changed.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from .. import events as ev
from ..eras.versions import METHOD_NOT_FOUND
from ..errors import ConnectionLost, McpDeckError, RequestTimeout, RPCError
from ..models import EraName, Json, JsonObject, as_list, as_object, as_text
from ..state.text import shortened
from ..transports.base import RequestId

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from .session import Session

LISTEN = "subscriptions/listen"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
ACK_TIMEOUT = 10.0
"""Seconds until a listen request must be acknowledged."""
LOST_DELAYS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before listening again after the stream broke."""
STEADY = 5.0
"""Seconds after which a stream counts as good, and its end is the first one again."""
CLOSED_DELAY = 30.0
"""Seconds before listening again after the server ended the stream in good order."""

_FLAGS = (
    ("tools", "toolsListChanged", "notifications/tools/list_changed"),
    ("prompts", "promptsListChanged", "notifications/prompts/list_changed"),
    ("resources", "resourcesListChanged", "notifications/resources/list_changed"),
)
"""Capability, member of the filter, notification."""


@dataclass(eq=False)
class _Stream:
    """One listen request: what it asked for, what was granted, and how it stands."""

    id: RequestId
    wanted: JsonObject
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    granted: JsonObject | None = None
    acknowledged: anyio.Event = field(default_factory=anyio.Event)
    ended: anyio.Event = field(default_factory=anyio.Event)
    error: McpDeckError | None = None

    def allows(self, method: str) -> bool:
        """The notification is of a type that was asked for."""
        if method == "notifications/resources/updated":
            return "resourceSubscriptions" in self.wanted
        if method == "notifications/tasks":
            return "taskIds" in self.wanted
        return any(method == notification and flag in self.wanted for _, flag, notification in _FLAGS)


class Subscriptions:
    """The subscriptions of one session; which resources they are about outlives it (``standing``)."""

    def __init__(self, session: Session, *, listens: bool) -> None:
        self._session = session
        self._listens = listens
        self._uris = session.standing.subscribed
        self._streams: dict[tuple[type, RequestId], _Stream] = {}
        self._current: _Stream | None = None
        self._filter_changed = anyio.Event()
        self._moved = anyio.Event()
        self._first_answer = anyio.Event()
        self._listening = ""

    # What people ask for

    async def subscribe(self, uri: str) -> None:
        """Be told when ``uri`` changes. Raises what the server or the transport raises."""
        if uri in self._uris:
            return
        if self._session.era is EraName.LEGACY:
            await self._session.request("resources/subscribe", {"uri": uri})
            self._uris.append(uri)
            self._tell()
            return
        self._uris.append(uri)
        self._change()
        granted = False
        try:
            await self._granted(uri)
            granted = True
        finally:
            if not granted and uri in self._uris:
                self._uris.remove(uri)
                self._change()

    async def unsubscribe(self, uri: str) -> None:
        """Stop being told of ``uri``."""
        if uri in self._uris:
            self._uris.remove(uri)
        if self._session.era is EraName.LEGACY:
            await self._session.request("resources/unsubscribe", {"uri": uri})
            self._tell()
        else:
            self._change()

    async def _granted(self, uri: str) -> None:
        with anyio.move_on_after(ACK_TIMEOUT):
            while True:
                moved = self._moved
                stream = self._current
                if stream is not None and uri in as_list(stream.wanted.get("resourceSubscriptions")):
                    if stream.granted is not None:
                        if uri in as_list(stream.granted.get("resourceSubscriptions")):
                            return
                        raise RPCError(0, f"the server did not grant a subscription to {uri}")
                    if stream.error is not None:
                        raise stream.error
                await moved.wait()
        raise RequestTimeout(
            f"no acknowledgement of the subscription within {ACK_TIMEOUT:g} s", hint="Look at the server's log."
        )

    # The stream of the stateless era

    async def keep(self) -> None:
        """Restore what stood before, and in the stateless era listen for as long as the session stands."""
        if self._session.era is EraName.LEGACY:
            self._first_answer.set()
            await self._restore()
            return
        attempt = 0
        async with anyio.create_task_group() as tasks:
            while True:
                changed = self._filter_changed
                wanted = self._filter()
                if not wanted:
                    self._leave(self._current)
                    self._say("")
                    self._first_answer.set()
                    await changed.wait()
                    continue
                stream = await self._open(tasks, wanted)
                if stream.error is not None and stream.granted is None:
                    if isinstance(stream.error, RPCError) and stream.error.code == METHOD_NOT_FOUND:
                        self._session.note(f"{LISTEN} is not known to the server: changes are not told.")
                        self._say("")
                        await changed.wait()
                        continue
                else:
                    began = anyio.current_time()
                    await self._until_over(stream, changed)
                    if anyio.current_time() - began > STEADY:
                        attempt = 0
                if not changed.is_set():
                    delay = CLOSED_DELAY if stream.error is None else LOST_DELAYS[min(attempt, len(LOST_DELAYS) - 1)]
                    attempt += 1
                    with anyio.move_on_after(delay * random.uniform(0.85, 1.15)):
                        await changed.wait()

    async def first_answer(self) -> None:
        """Wait until the first listen request was acknowledged or refused, or there is none."""
        await self._first_answer.wait()

    async def _restore(self) -> None:
        self._tell()
        for uri in [*self._uris]:
            try:
                await self._session.request("resources/subscribe", {"uri": uri})
            except McpDeckError as error:
                if not isinstance(error, RPCError):
                    return  # the session is ending or the server is stuck: what was wanted is still wanted
                self._session.note(f"The subscription to {uri} could not be restored: {error.title}")
                if uri in self._uris:
                    self._uris.remove(uri)
                    self._tell()

    def _filter(self) -> JsonObject:
        """What to ask for: only what the server announces, and what a person subscribed to."""
        capabilities = self._session.capabilities
        wanted: JsonObject = {}
        if self._listens:
            for capability, flag, _ in _FLAGS:
                if as_object(capabilities.get(capability)).get("listChanged") is True:
                    wanted[flag] = True
        if self._uris:
            uris: list[Json] = [*self._uris]
            wanted["resourceSubscriptions"] = uris
        return wanted

    async def _open(self, tasks: TaskGroup, wanted: JsonObject) -> _Stream:
        """Send one listen request and wait for its acknowledgement; then the one before is left."""
        before = self._current
        stream = _Stream(self._session.dispatcher.new_id(), wanted)
        self._streams[type(stream.id), stream.id] = stream
        self._current = stream
        self._say("connecting")
        tasks.start_soon(self._run, stream)
        with anyio.move_on_after(ACK_TIMEOUT) as waiting:
            await stream.acknowledged.wait()
        if waiting.cancelled_caught:
            stream.error = RequestTimeout(f"{LISTEN} was not acknowledged within {ACK_TIMEOUT:g} s (section 16)")
            self._session.broke(stream.error.title)
            stream.scope.cancel()
        if stream.granted is None and before is not None and not before.ended.is_set():
            self._current = before  # the new one was refused: what the old one tells is better than nothing
        else:
            self._leave(before)
        if stream.granted is not None:
            missing = _difference(wanted, stream.granted)
            if missing:
                self._session.note(f"The server does not tell of everything that was asked for: {', '.join(missing)}.")
            self._say("partly" if missing else "listening")
            # Nothing is replayed: what changed before the acknowledgement would be missed (section 16).
            if before is not None or self._first_answer.is_set():
                self._session.lists.read_again()
        else:
            self._say("lost")
        self._first_answer.set()
        self._move()
        return stream

    async def _run(self, stream: _Stream) -> None:
        """The listen request from its sending to its end."""
        session = self._session
        try:
            with stream.scope:
                try:
                    await session.send_request(stream.id, LISTEN, {"notifications": stream.wanted}, timeout=None)
                except McpDeckError as error:
                    stream.error = error
                else:
                    if stream.granted is None:
                        session.broke(f"{LISTEN} was answered without an acknowledgement (section 16)")
        finally:
            del self._streams[type(stream.id), stream.id]
            if stream.error is None and stream.granted is None:
                stream.error = ConnectionLost("the subscription ended before it was acknowledged", retryable=True)
            stream.acknowledged.set()
            stream.ended.set()
            self._move()

    async def _until_over(self, stream: _Stream, changed: anyio.Event) -> None:
        """Return when the stream ended or the filter changed."""
        async with anyio.create_task_group() as race:

            async def watch() -> None:
                await changed.wait()
                race.cancel_scope.cancel()

            race.start_soon(watch)
            await stream.ended.wait()
            race.cancel_scope.cancel()
        if stream.ended.is_set():
            self._say("closed" if stream.error is None else "lost")

    def _leave(self, stream: _Stream | None) -> None:
        if stream is not None:
            stream.scope.cancel()
            if self._current is stream:
                self._current = None

    # What arrives

    def received(self, method: str, params: JsonObject) -> bool:
        """Take a notification that belongs to subscriptions; False when it is about something else."""
        stream = self._stream_of(params)
        if method == ACKNOWLEDGED:
            if stream is None:
                self._session.broke("an acknowledgement of no listen request of ours (section 16)")
            else:
                stream.granted = as_object(params.get("notifications"))
                stream.acknowledged.set()
            return True
        if stream is not None:
            if not stream.acknowledged.is_set():
                self._session.broke(f"{method} came before the acknowledgement of the subscription (section 16)")
            if not stream.allows(method):
                self._session.broke(f"{method} came on a subscription that did not ask for it (section 16)")
        if method == "notifications/resources/updated":
            self._updated(params)
            return True
        return False

    def cancelled(self, request_id: RequestId) -> bool:
        """The server ends one of our listen requests (section 45); False when it is none."""
        stream = self._streams.get((type(request_id), request_id))
        if stream is None:
            return False
        stream.scope.cancel()
        return True

    def _stream_of(self, params: JsonObject) -> _Stream | None:
        given = as_object(params.get("_meta")).get(SUBSCRIPTION_ID)
        if isinstance(given, bool) or not isinstance(given, (int, str)):
            return None
        stream = self._streams.get((type(given), given))
        if stream is None:
            self._session.broke(f"a notification names subscription {given!r}, which is not open (section 16)")
        return stream

    def _updated(self, params: JsonObject) -> None:
        uri = as_text(params.get("uri"))
        if uri is None:
            self._session.broke("notifications/resources/updated without a uri (section 17)")
            return
        self._session.note(f"Resource {shortened(uri, 200)} changed", level="info")
        self._session.emit(ev.ResourceUpdated(self._session.server, self._session.generation, uri, time.time()))

    def _change(self) -> None:
        """The filter is another one now."""
        self._tell()
        changed, self._filter_changed = self._filter_changed, anyio.Event()
        changed.set()

    def _move(self) -> None:
        """The stream is in another state than before."""
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    def _say(self, listening: str) -> None:
        if listening != self._listening:
            self._listening = listening
            self._tell()

    def _tell(self) -> None:
        session = self._session
        session.emit(ev.SubscriptionsChanged(session.server, session.generation, tuple(self._uris), self._listening))


def _difference(wanted: JsonObject, granted: JsonObject) -> list[str]:
    """Members of the filter, or URIs of it, that were not granted."""
    missing = [name for name, value in wanted.items() if value is True and granted.get(name) is not True]
    for name, value in wanted.items():
        if isinstance(value, list):
            missing += [str(item) for item in value if item not in as_list(granted.get(name))]
    return missing
