"""The manifest: what the specification asks of a client, and the tests that hold mcpdeck to it.

Owns the list of requirements, in the order of the sections of the protocol checklist.
``tests/test_requirements.py`` compares it with the tests in both directions.
"""

from __future__ import annotations

from .asking import ASKING
from .authorization import AUTHORIZATION
from .changes import CHANGES
from .eras import ERAS
from .errors import ERRORS
from .exchanges import EXCHANGES
from .extensions import EXTENSIONS
from .features import FEATURES
from .http import HTTP
from .lifecycle import LIFECYCLE
from .messages import MESSAGES
from .model import Requirement
from .pitfalls import PITFALLS
from .rounds import ROUNDS
from .security import SECURITY
from .sessions import SESSIONS
from .stdio import STDIO
from .tools import TOOLS
from .upkeep import UPKEEP

REQUIREMENTS: tuple[Requirement, ...] = (
    *MESSAGES,
    *ERRORS,
    *ERAS,
    *LIFECYCLE,
    *STDIO,
    *HTTP,
    *SESSIONS,
    *ROUNDS,
    *CHANGES,
    *EXCHANGES,
    *UPKEEP,
    *TOOLS,
    *FEATURES,
    *ASKING,
    *EXTENSIONS,
    *AUTHORIZATION,
    *SECURITY,
    *PITFALLS,
)
