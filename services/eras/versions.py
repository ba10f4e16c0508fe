"""Protocol revisions as data (protocol sections 1, 3 and 11).

Owns what differs between revisions. Never acts: everything that depends on a revision asks here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..models import EraName

VERSION = "0.1.0"
"""mcpdeck's own version, as it introduces itself."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One released revision of the specification and what it brought."""

    date: str
    era: EraName
    version_header: bool = True
    """``MCP-Protocol-Version`` goes on every HTTP request once negotiated."""
    batches: bool = False
    """A peer may send arrays of messages."""
    elicitation: frozenset[str] = frozenset()
    """Elicitation modes of the revision."""
    sampling_tools: bool = False
    """Sampling requests may carry tools."""
    completion_context: bool = True
    """Completion requests may carry the arguments chosen already."""
    tasks: bool = False
    """``tasks/*`` belong to the core protocol."""


REVISIONS: tuple[Revision, ...] = (
    Revision("2024-11-05", EraName.LEGACY, version_header=False, batches=True, completion_context=False),
    Revision("2025-03-26", EraName.LEGACY, version_header=False, batches=True, completion_context=False),
    Revision("2025-06-18", EraName.LEGACY, elicitation=frozenset({"form"})),
    Revision("2025-11-25", EraName.LEGACY, elicitation=frozenset({"form", "url"}), sampling_tools=True, tasks=True),
    Revision("2026-07-28", EraName.MODERN, elicitation=frozenset({"form", "url"}), sampling_tools=True),
)
"""Oldest first."""

BY_DATE = {revision.date: revision for revision in REVISIONS}
HANDSHAKE = tuple(revision.date for revision in REVISIONS if revision.era is EraName.LEGACY)
MODERN = tuple(revision.date for revision in REVISIONS if revision.era is EraName.MODERN)

HEADER_MISMATCH = -32020
MISSING_CLIENT_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
MODERN_ERRORS = frozenset({HEADER_MISMATCH, MISSING_CLIENT_CAPABILITY, UNSUPPORTED_VERSION})
"""Codes that only a server of the 2026-07-28 era sends."""

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
URL_ELICITATION_REQUIRED = -32042
USER_REJECTED = -1
"""What the specification gives as the code for a sampling request that a person refused."""

TASKS_EXTENSION = "io.modelcontextprotocol/tasks"
LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""RFC 5424 words in rising order (section 24)."""

ROUND_METHODS = frozenset({"tools/call", "prompts/get", "resources/read"})
"""Methods whose result may be ``input_required`` (section 15)."""

NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""Which member of ``params`` the ``Mcp-Name`` header mirrors (section 11)."""


def newest_mutual(offered: list[str], ours: tuple[str, ...]) -> str | None:
    """The newest of ``ours`` that is offered."""
    return max((version for version in ours if version in offered), default=None)
