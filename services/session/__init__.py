"""The room of sessions: typed MCP calls over one connection.

Owns what methods, notifications and questions mean. Dressing a request is the era's business, pairing
it the dispatcher's.
"""

from ..eras.base import Offer
from ..telemetry.trace_context import TraceContext
from .memory import Memory, ServerMemory
from .questions import Answer, Ask, Question
from .record import Emit
from .session import Session
from .standing import Standing

__all__ = [
    "Answer",
    "Ask",
    "Emit",
    "Memory",
    "Offer",
    "Question",
    "ServerMemory",
    "Session",
    "Standing",
    "TraceContext",
]
