"""Shared value types: what an entry is, what a server offers, what an error says.

Owns plain frozen values and their reading from wire JSON. Never performs I/O and knows no session.
Field names follow the specification.
"""

from .entries import EraMode, EraName, ErrorInfo, OAuthSettings, ServerEntry, Status
from .json_values import NO_OBJECT, Json, JsonObject, as_list, as_object, as_text
from .offers import Freshness, Implementation, Listed, TaskInfo, Timer, Tool
from .sources import (
    NEEDS_APPROVAL,
    NO_ORIGIN,
    NOWHERE_ELSE,
    OFFERED,
    Origin,
    Provenance,
    Source,
    SourceInfo,
    SourceStatus,
    Suppression,
)
from .targets import (
    ConnectorTarget,
    Helper,
    HttpTarget,
    InProcessTarget,
    Sandbox,
    SseTarget,
    StdioTarget,
    Target,
    Tls,
    TransportKind,
    WebSocketTarget,
)

__all__ = [
    "NEEDS_APPROVAL",
    "NOWHERE_ELSE",
    "NO_OBJECT",
    "NO_ORIGIN",
    "OFFERED",
    "ConnectorTarget",
    "EraMode",
    "EraName",
    "ErrorInfo",
    "Freshness",
    "Helper",
    "HttpTarget",
    "Implementation",
    "InProcessTarget",
    "Json",
    "JsonObject",
    "Listed",
    "OAuthSettings",
    "Origin",
    "Provenance",
    "Sandbox",
    "ServerEntry",
    "Source",
    "SourceInfo",
    "SourceStatus",
    "SseTarget",
    "Status",
    "StdioTarget",
    "Suppression",
    "Target",
    "TaskInfo",
    "Timer",
    "Tls",
    "Tool",
    "TransportKind",
    "WebSocketTarget",
    "as_list",
    "as_object",
    "as_text",
]
