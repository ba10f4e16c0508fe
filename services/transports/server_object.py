"""From ``module:object`` or ``FILE.py[:object]`` to a server object: one of the official SDK, or our typed tools.

Owns the importing and what is said when it fails. Runs in the server's thread, because the module may
import for seconds. A file gets a module name of its own, so that whatever it is called (``app``,
``server``) it neither replaces nor becomes anybody else's module.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager, contextmanager
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeAlias, TypeGuard, cast

from ..errors import ConfigError, ConnectError
from ..models import InProcessTarget, Json, JsonObject

USUAL_NAMES = ("mcp", "server", "app")
"""Where a server is looked for when a file is given without ``:object``; the SDK's own order."""

MAKES_SERVER = "__mcpdeck_server__"
"""What typed tools have: ``found, name -> server object``, where ``found`` is one tool, several, or their module."""

_HERE = Path(__file__).parent
_OURS = ("<frozen", *(str(_HERE.parent / place) for place in ("transports", "registry/typed", "registry/plugins")))
_numbers = itertools.count(1)


class ServerObject(Protocol):
    """What the low-level servers of SDK 1.x and 2.x have in common."""

    def create_initialization_options(self) -> object: ...

    async def run(self, read_stream: object, write_stream: object, initialization_options: object, /) -> None: ...


MakesServer: TypeAlias = Callable[[object, str], object]
Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]


class WithLifespan:
    """A FastMCP server: what its low-level one needs at run time (tasks, providers) is made by the object around it."""

    def __init__(self, lifespan: Lifespan, inner: ServerObject) -> None:
        self._lifespan = lifespan
        self._inner = inner

    def create_initialization_options(self) -> object:
        return self._inner.create_initialization_options()

    async def run(self, read_stream: object, write_stream: object, initialization_options: object, /) -> None:
        async with self._lifespan():
            await self._inner.run(read_stream, write_stream, initialization_options)


def load(target: InProcessTarget) -> ServerObject:
    """The low-level server behind ``target``. Raises ``ConnectError`` that says what is wrong with it.

    Blocks while modules are imported. A callable without arguments (a factory) is called.
    """
    if target.factory is not None:
        with blamed(target.spec):
            return _server(target.factory(), target.spec)
    place, _, path = target.spec.rpartition(":")
    if target.spec.endswith(".py"):
        place, path = target.spec, ""
    if not place:
        raise ConnectError(
            f"{target.spec!r} names no server object",
            hint="write package.module:object, or FILE.py and optionally :object",
        )
    with blamed(target.spec, place if place.endswith(".py") else None):
        if place.endswith(".py"):
            module = from_file(place)
        else:
            _findable(Path.cwd())
            module = from_name(place)
        return _server(attribute(module, path) if path else _usual(module, place), target.spec)


def from_file(place: str) -> ModuleType:
    """Run a Python file as a module of its own, anew each time. Raises ``ConnectError`` where there is none, and
    whatever it raises itself.
    """
    file = Path(place).expanduser().resolve()
    if not file.is_file():
        raise ConnectError(f"no such file: {place}", hint="check the path; it is relative to the working directory")
    name = f"_mcpdeck_server_{next(_numbers)}_{file.stem}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConnectError(f"{place} cannot be loaded as Python")
    module = module_from_spec(spec)
    _findable(file.parent)
    sys.modules[name] = module  # pydantic and dataclasses look annotations up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def from_name(name: str) -> ModuleType:
    """Import a module. Raises ``ConnectError`` where there is none, and whatever it raises itself."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConnectError(
                f"no module named {error.name!r}",
                hint=f"it has to be importable by {sys.executable}; or give the file: FILE.py:object",
            ) from error
        raise


def _findable(folder: Path) -> None:
    # Last, not first: a types.py beside somebody's server must not take the standard library's place.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def attribute(module: ModuleType, path: str) -> object:
    value: object = module
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            raise ConnectError(
                f"{module.__file__ or module.__name__} has no {path!r}", hint=_offer(module) or "check its name"
            ) from None
    return value


def _usual(module: ModuleType, place: str) -> object:
    for name in USUAL_NAMES:
        if _unwrapped(found := getattr(module, name, None)) is not None:
            return found
    servers = _servers(module)
    if len(servers) == 1:
        return getattr(module, servers[0])
    if not servers and _maker(module) is not None:
        return module
    raise ConnectError(
        f"{place} has {'several server objects' if servers else 'no server object'}",
        hint=_offer(module) or f"make one (mcp = MCPServer(…)), write typed tools, or name it: {place}:object",
    )


def _servers(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if _unwrapped(value) is not None]


def _offer(module: ModuleType) -> str:
    servers = _servers(module)
    return f"there is: {', '.join(servers)}" if servers else ""


def _server(value: object, spec: str) -> ServerObject:
    found = _made(value, spec)
    if found is None and callable(value):
        if isinstance(value, type):
            raise ConnectError(f"{spec} is a class, not a server object", hint="name an instance of it")
        value = value()
        found = _made(value, spec)
    if found is None:
        raise ConnectError(
            f"{spec} is not an MCP server but {_article(type(value).__name__)}",
            hint="it has to be a server object of the official SDK (MCPServer, FastMCP, Server), typed tools, or to "
            "make one of these",
        )
    return found


def is_server_object(value: object) -> bool:
    """``value`` is a server of the official SDK, holds one, or is a typed tool or several; nothing of it is run."""
    return _unwrapped(value) is not None or _maker(value) is not None


def _made(value: object, spec: str) -> ServerObject | None:
    """The server that ``value`` is, holds, or (typed tools) becomes. Raises ``ConfigError`` for tools with a flaw."""
    found, maker = _unwrapped(value), _maker(value)
    if found is not None or maker is None:
        return found
    place = spec.partition(":")[0] if isinstance(value, ModuleType) else spec
    name = Path(place).stem if place.endswith(".py") else place.rpartition(".")[2].rpartition(":")[2]
    return _unwrapped(maker(value, name))


def _maker(value: object) -> MakesServer | None:
    """How typed tools become a server: a tool, its class, a list of them, or a module in which there is one."""
    members: Iterable[object] = (value,)
    if isinstance(value, ModuleType):
        members = [*vars(value).values()]
    elif isinstance(value, list | tuple):
        members = cast("Iterable[object]", value)
    for member in members:
        # Of the class, not of the object: some objects say yes to every name.
        kind = member if isinstance(member, type) else type(member)
        maker: object = getattr(kind, MAKES_SERVER, None)
        if callable(maker):
            return cast("MakesServer", maker)
    return None


def _unwrapped(value: object) -> ServerObject | None:
    """The low-level server inside ``value``: SDK 2.x and 1.x keep it under different names."""
    for name in ("_lowlevel_server", "_mcp_server"):
        inner: object = getattr(value, name, None)
        if _is_server(inner):
            # What FastMCP's own transports enter around the low-level server.
            lifespan: Lifespan | None = getattr(value, "_lifespan_manager", None)
            return inner if lifespan is None else WithLifespan(lifespan, inner)
    return value if _is_server(value) else None


def _is_server(value: object) -> TypeGuard[ServerObject]:
    if isinstance(value, type | ModuleType):
        return False
    return callable(getattr(value, "run", None)) and callable(getattr(value, "create_initialization_options", None))


def _article(word: str) -> str:
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


@contextmanager
def blamed(spec: str, file: str | None = None) -> Generator[None]:
    """Whatever the code of ``spec`` raises becomes a ``ConnectError`` with the place it came from.

    ``file``: what is being loaded is this file, which could as well be started as a program.
    """
    try:
        yield
    except (ConnectError, ConfigError):
        raise
    except (Exception, SystemExit) as error:
        # A module of the SDK that is missing while the SDK is there is another story: its own words tell it.
        missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else None
        if missing in ("mcp", "mcp_types", "fastmcp") and find_spec("mcp") is None:
            raise ConnectError(
                f"{spec} needs the official MCP SDK, which is not installed",
                hint="install the extra: pip install 'mcpdeck[server]'",
            ) from error
        hint = _where(error)
        if file is not None and isinstance(error, ModuleNotFoundError):
            elsewhere = f"`-- python {file}` runs it in another one"
            hint = f"{hint}; the file is imported in mcpdeck's own environment; {elsewhere}"
        place, line = _place(error) or (None, None)
        details: JsonObject = {"stderr": _lines(error), "file": place, "line": line}
        raise ConnectError(f"loading {spec} failed: {described(error)}", hint=hint, details=details) from error


def described(error: BaseException) -> str:
    """The last line of a traceback: type and message; of a group, that of its only member."""
    members = _members(error)
    while len(members) == 1:
        error, members = members[0], _members(members[0])
    return "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]


def _members(error: BaseException) -> tuple[BaseException, ...]:
    return cast("tuple[BaseException, ...]", getattr(error, "exceptions", ()))


def _where(error: BaseException) -> str:
    place = _place(error)
    return f"see {place[0]}, line {place[1]}" if place else ""


def _place(error: BaseException) -> tuple[str, int | None] | None:
    """File and line at which it was raised."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return error.filename, error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    # The first frames are ours; the last one is where it was raised.
    return (frames[-1].filename, frames[-1].lineno) if frames else None


def _lines(error: BaseException) -> list[Json]:
    return [*"".join(traceback_of(error)).splitlines()[-20:]]


def traceback_of(error: BaseException) -> list[str]:
    """The traceback as Python prints it, without the frames of ours and of the import machinery."""
    whole = traceback.TracebackException.from_exception(error)
    parts: list[traceback.TracebackException | None] = [whole]
    while parts:
        part = parts.pop()
        if part is not None:
            part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _ours(frame)])
            parts += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]
    return [*whole.format()]


def _ours(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(_OURS)
