"""Which tool of a server is meant, from the list read last.

Owns the look-up by name, the digests of definitions, and the words for a name that there is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UnknownTool
from ..models import JsonObject, Tool, as_object
from ..session import Session

DIGESTS_KEPT = 1_000


class _Listed:
    """The tools of one list by name; of those that have the same one, the first."""

    __slots__ = ("by_name", "tools")

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.tools = tools
        self.by_name: dict[str, Tool] = {tool.name: tool for tool in reversed(tools)}


class Resolver:
    """Knows the lists of the servers that were called, as long as they stand."""

    def __init__(self) -> None:
        self._lists: dict[str, _Listed] = {}
        self._digests: dict[int, tuple[Tool, str]] = {}

    def find(self, session: Session, name: str) -> Tool | None:
        """The tool in the list read last; None where there is no such tool, or no list yet."""
        listed = self._listed(session)
        return listed.by_name.get(name) if listed is not None else None

    def digest(self, tool: Tool) -> str:
        """That of the tool's definition, made once for each definition that is called."""
        known = self._digests.get(id(tool))
        if known is not None and known[0] is tool:
            return known[1]
        if len(self._digests) >= DIGESTS_KEPT:
            self._digests.clear()
        digest = tool.digest
        self._digests[id(tool)] = (tool, digest)
        return digest

    async def resolved(self, session: Session, name: str) -> Tool:
        """The tool, once the tools were listed. Raises ``UnknownTool``, and what the listing failed with."""
        if session.lists.tools is None:
            await session.lists.known_tools()
        return self.listed(session, name)

    def listed(self, session: Session, name: str) -> Tool:
        """The tool in the list read last, which there is. Raises ``UnknownTool``."""
        tool = self.find(session, name)
        if tool is None:
            title = f"{session.server} has no tool called {name!r}"
            raise UnknownTool(title, hint=_suggestion(name, session.lists.tools or ()), server=session.server)
        if tool.excluded is not None:
            raise UnknownTool(
                f"tool {name!r} must not be called: {tool.excluded}",
                hint="Its definition breaks a rule that protects clients (x-mcp-header).",
                server=session.server,
            )
        return tool

    def _listed(self, session: Session) -> _Listed | None:
        tools = session.lists.tools
        if tools is None:
            return None
        known = self._lists.get(session.server)
        if known is None or known.tools is not tools:
            known = self._lists[session.server] = _Listed(tools)
        return known


def misspelt(arguments: JsonObject, schema: JsonObject) -> str:
    """A name that was probably meant; empty when every name is known."""
    import difflib

    names = list(as_object(schema.get("properties")))
    for given in arguments:
        close = difflib.get_close_matches(given, names, 1, 0.6) if given not in names else []
        if close:
            return f"Did you mean {close[0]} instead of {given}?"
    return ""


def _suggestion(tool: str, tools: Sequence[Tool]) -> str:
    import difflib

    names = [known.name for known in tools]
    close = difflib.get_close_matches(tool, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"It has: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}."
