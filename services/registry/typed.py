"""The typed base of tools written in Python: what a tool is, what it gets, and what it gives back.

Owns the contract between mcpdeck and a tool's author: ``TypedTool``, ``ToolContext``, ``Success``, ``Failure``. Never
speaks MCP (``typed_server``), never looks for tools (``plugins``), never validates a schema. Importing it costs
pydantic, so that nothing on the start path does.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeAlias, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel

from ..models import Act, Decision, Effect, Json, JsonObject

RequestT = TypeVar("RequestT", bound=BaseModel)
ResponseT = TypeVar("ResponseT", bound=BaseModel)

Level: TypeAlias = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]


@dataclass(frozen=True, slots=True)
class Annotations:
    """Hints to who calls the tool (protocol section 26). None: not said, and the worst is assumed.

    ``read_only``: it changes nothing. ``destructive``: what it changes may be lost. ``idempotent``: twice is as
    once. ``open_world``: it reaches beyond this machine.
    """

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None

    def as_json(self) -> JsonObject:
        """The hints that are given, as they stand in ``tools/list``."""
        hints: dict[str, bool | None] = {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }
        return {name: value for name, value in hints.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Success(Generic[ResponseT]):
    """The tool did it. ``text`` is what is read instead of ``value``; None: ``value`` as JSON.

    ``content``: blocks beside the text (an image, a resource link), as they stand in a result of MCP.
    """

    value: ResponseT
    text: str | None = None
    content: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """The tool could not do it, and says so: a result with ``isError``. ``hint`` says what to do next."""

    message: str
    hint: str = ""
    details: Mapping[str, Json] = field(default_factory=dict[str, Json])


Outcome: TypeAlias = Success[ResponseT] | Failure


class Permits(Protocol):
    """Who may do what: the rules that the person who runs mcpdeck has written. From any thread."""

    def decide(self, act: Act, /) -> Decision: ...


class Unruled:
    """No rules are known to who runs the tool: everything may be done."""

    def decide(self, act: Act, /) -> Decision:
        return Decision(Effect.ALLOW, "no rules", "default", "nobody gave any rules to this tool")


def _nothing(*_: object) -> None:
    pass


class ToolContext:
    """What a tool knows of the call beside its request. Made without arguments it does for a test of the tool.

    ``session_id`` names the connection, ``request_id`` the call in it. ``project``: the folder mcpdeck works in.
    ``metadata``: ``_meta`` of the call as it was received. ``progress`` and ``log`` may be called from any thread,
    cost next to nothing, and nothing comes of them where the caller did not ask for them.
    """

    __slots__ = ("_log", "_progress", "_stop", "metadata", "permissions", "project", "request_id", "session_id")

    def __init__(
        self,
        session_id: str = "",
        request_id: str = "",
        *,
        permissions: Permits | None = None,
        project: Path | None = None,
        metadata: Mapping[str, Json] | None = None,
        progress: Callable[[float, float | None, str | None], None] = _nothing,
        log: Callable[[str, Json], None] = _nothing,
        stop: threading.Event | None = None,
    ) -> None:
        self.session_id = session_id
        self.request_id = request_id
        self.permissions: Permits = permissions or Unruled()
        self.project = project or Path.cwd()
        self.metadata: Mapping[str, Json] = metadata or {}
        self._progress = progress
        self._log = log
        self._stop = stop or threading.Event()

    def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Say how far it is; only what is more than before is told (protocol section 20)."""
        self._progress(progress, total, message)

    def log(self, level: Level, data: Json) -> None:
        """A record for the log of the caller: a text, or any JSON value (protocol section 24)."""
        self._log(level, data)

    @property
    def cancelled(self) -> bool:
        """Nobody waits for the answer any more. A tool that is no coroutine has to look at it now and then."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep in a tool that is no coroutine; True as soon as it is cancelled."""
        return self._stop.wait(seconds)


class TypedTool(ABC, Generic[RequestT, ResponseT]):
    """A tool: a name, two pydantic models, and ``run``.

    ``class WordCount(TypedTool[Text, Count])`` says what it takes and gives; class attributes ``Request`` and
    ``Response`` may say it instead. Both have to be objects in JSON. ``description`` is the class's docstring where it
    is not given. One instance, made without arguments when the server starts, serves every call, also at the same time.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    description: ClassVar[str] = ""
    annotations: ClassVar[Annotations] = Annotations()
    Request: ClassVar[type[BaseModel]]
    Response: ClassVar[type[BaseModel]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cast("tuple[object, ...]", getattr(cls, "__orig_bases__", ())):
            origin: object = get_origin(base)
            if not (isinstance(origin, type) and issubclass(origin, TypedTool)):
                continue
            for attribute, model in zip(("Request", "Response"), get_args(base), strict=False):
                if attribute not in vars(cls) and isinstance(model, type) and issubclass(model, BaseModel):
                    setattr(cls, attribute, model)

    @abstractmethod
    def run(
        self, request: RequestT, context: ToolContext
    ) -> Success[ResponseT] | Failure | Awaitable[Success[ResponseT] | Failure]:
        """Do it. ``async def`` runs in the server's loop, ``def`` in a thread of its own.

        What it raises is a result with ``isError`` that has the last line of the traceback.
        """

    @staticmethod
    def __mcpdeck_server__(found: object, name: str) -> object:
        """A server of the typed tools in ``found``: how ``mcpdeck tools FILE.py`` comes by one."""
        from .typed_server import TypedServer
        from .typed_tools import tools_in

        return TypedServer(tools_in(found), name=name)
