"""The room of sessions: typed MCP calls over one connection.

Owns what methods, notifications and questions mean. Dressing a request is the era's business, pairing
it the dispatcher's.
"""

from .questions import Answer, Ask, Question
from .session import Emit, Session

__all__ = ["Answer", "Ask", "Emit", "Question", "Session"]
