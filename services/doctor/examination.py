"""The examination: which checks there are for which server, and in which order.

Owns the order. Each check has a room with its kind.
"""

from __future__ import annotations

from ..config.redaction import Redaction
from ..errors import AuthError
from ..models import CheckState, ConnectorTarget, HttpTarget, InProcessTarget, SseTarget, StdioTarget, WebSocketTarget
from .checking import Checks, Stopped, Told
from .configuration import configured, live
from .conversation import conversed
from .login import authorized
from .network import reachable
from .patient import Patient
from .programs import startable


async def examine(patient: Patient, told: Told) -> CheckState:
    """Examine one server; ``told`` hears of each check as it begins and as it ends. The worst that was found.

    What follows a failure that makes it meaningless is not done. Contacts nothing where the entry, policy or a person
    forbids it. Every wait is bounded; cancelling it ends what it opened.
    """
    redaction = Redaction(patient.entry.target.put_in if patient.entry.target is not None else {})
    checks = Checks(told, redaction)
    try:
        configured(checks, patient)
        await live(checks, patient)
        refusal = await _spoken_to(checks, patient, redaction)
        if refusal is not None:
            await authorized(checks, patient, refusal)
    except Stopped:
        pass
    return checks.worst


async def _spoken_to(checks: Checks, patient: Patient, redaction: Redaction) -> AuthError | None:
    target = patient.entry.target
    match target:
        case StdioTarget():
            await startable(checks, target, redaction)
        case HttpTarget() | SseTarget() | WebSocketTarget() | ConnectorTarget():
            await reachable(checks, target.url, target.kind, target.tls)
        case InProcessTarget() | None:
            pass
    assert target is not None
    return await conversed(checks, patient, target)
