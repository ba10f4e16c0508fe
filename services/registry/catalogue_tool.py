"""One tool of the catalogue: what a model would know of it, what it can do, where it stands in its life.

Owns the reading of hints with the defaults of the specification (section 26). A hint is what the server claims;
whether it counts is the policy's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..models import Tool, as_object, as_text
from ..models.costs import capped


class ToolStage(StrEnum):
    """Where a tool stands in its life.

    ``REGISTERED``: it is known, from an earlier run only, or it is one that a client must refuse (``excluded``).
    ``VALIDATED``: it was looked at, and its server cannot be asked now. ``AVAILABLE``: it can be called.
    ``CHANGED``: it can, and is described otherwise than when it was first seen in this session, or than when
    somebody took note of it last. ``RETIRED``: its server does not offer it any more.
    """

    REGISTERED = "registered"
    VALIDATED = "validated"
    AVAILABLE = "available"
    CHANGED = "changed"
    RETIRED = "retired"


class Capability(StrEnum):
    READ_ONLY = "read-only"
    DESTRUCTIVE = "destructive"
    IDEMPOTENT = "idempotent"
    OPEN_WORLD = "open-world"
    TASKS = "task support"
    UI = "UI"


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a tool has a capability, and whether its server said anything of it; else it is the specification's
    default, or what follows from a tool that only reads.
    """

    holds: bool
    given: bool


@dataclass(frozen=True, slots=True, eq=False)
class CatalogueTool:
    """A tool of a server. ``qualified`` is its name for a model; ``problems`` holds its own and those of that name."""

    server: str
    tool: Tool
    qualified: str
    stage: ToolStage
    problems: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """Its description as a model would get it."""
        return capped(self.tool.description)

    def claim(self, capability: Capability) -> Claim:
        return claim(self.tool, capability)

    @property
    def capabilities(self) -> dict[Capability, Claim]:
        return {capability: claim(self.tool, capability) for capability in Capability}


def claim(tool: Tool, capability: Capability) -> Claim:
    """What ``tool`` claims; where it says nothing, the pessimistic default (section 26)."""
    match capability:
        case Capability.READ_ONLY:
            return _hint(tool, "readOnlyHint", default=False)
        case Capability.DESTRUCTIVE:
            hint = _hint(tool, "destructiveHint", default=True)
            # Meaningful only for a tool that changes something.
            return Claim(holds=False, given=hint.given) if _is_read_only(tool) else hint
        case Capability.IDEMPOTENT:
            hint = _hint(tool, "idempotentHint", default=False)
            return Claim(holds=True, given=hint.given) if _is_read_only(tool) else hint
        case Capability.OPEN_WORLD:
            return _hint(tool, "openWorldHint", default=True)
        case Capability.TASKS:
            support = as_text(as_object(tool.raw.get("execution")).get("taskSupport"))
            return Claim(support in ("optional", "required"), support is not None)
        case Capability.UI:
            meta = as_object(tool.raw.get("_meta"))
            screen = as_object(meta.get("ui")).get("resourceUri", meta.get("ui/resourceUri"))
            return Claim(isinstance(screen, str), isinstance(screen, str))


def _is_read_only(tool: Tool) -> bool:
    return tool.annotations.get("readOnlyHint") is True


def _hint(tool: Tool, name: str, *, default: bool) -> Claim:
    given = tool.annotations.get(name)
    return Claim(given, True) if isinstance(given, bool) else Claim(default, False)
