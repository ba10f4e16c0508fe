"""What calls meet on their way: rules, the audit log, spans, files for large results, kept answers.

Owns the wiring of these from settings, environment and folders, for commands and the dashboard alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..services.config.files import Folders
from ..services.connections.settings import Settings
from ..services.engine.spill import Keeper
from .observing import observation
from .worker import Engine

if TYPE_CHECKING:
    from ..services.engine.collaborators import AskPermission
    from ..services.engine.response_cache import ResponseCache
    from ..services.policy.configured import Configured

CACHE_VARIABLE = "MCPDECK_CACHE"
"""``1``: answers are kept for as long as their servers say (protocol section 18)."""


def engine_of(
    configured: Configured | None,
    folders: Folders,
    environ: Mapping[str, str],
    settings: Settings,
    told: Callable[[str], object],
    ask: AskPermission | None = None,
) -> Engine:
    """The engine for calls. ``configured`` None: there are no rules. ``told`` hears remarks for the person."""
    seen = observation(folders, environ, told=told)
    for remark in seen.remarks:
        told(remark)
    return Engine(
        permissions=configured.permissions() if configured is not None else None,
        ask=ask,
        vouches=configured.vouches_for if configured is not None else None,
        audit=seen.audit,
        spans=seen.spans,
        keeper=Keeper(folders.spilled, limit_tokens=settings.output_tokens),
        cache=_cache(environ),
    )


def _cache(environ: Mapping[str, str]) -> ResponseCache | None:
    if environ.get(CACHE_VARIABLE) != "1":
        return None
    from ..services.engine.response_cache import ResponseCache

    return ResponseCache()
