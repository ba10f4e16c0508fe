"""Checks of a server that wants a login: how one is done there, and whether somebody is logged in.

Owns these checks. Never logs in, and sends no credential anywhere but where the token of a login belongs.
"""

from __future__ import annotations

from ..errors import AuthError, AuthorizationRefused, McpDeckError
from .checking import Checks
from .patient import Patient

METADATA = "RFC 9728, RFC 8414"


async def authorized(checks: Checks, patient: Patient, refusal: AuthError) -> None:
    """What the refusal of a request means. Raises ``Stopped``: nothing is to be had before a login."""
    if isinstance(refusal, AuthorizationRefused) or patient.authorization is None:
        with checks.check("credentials", "It takes who we say we are", "RFC 6750, section 3.1") as found:
            found.fail(refusal.title, refusal.hint)
        return
    auth = patient.authorization
    with checks.check("discovery", "How a login is done there is known", METADATA, vital=False) as found:
        from ..auth.hands_http import HttpHands
        from ..auth.looked_up import look_up
        from ..auth.steps import Recorder

        recorder = Recorder()
        try:
            discovered = await look_up(auth.place, recorder, HttpHands())
        except McpDeckError as error:
            verdicts = [verdict for step in recorder.steps for verdict in step.verdicts if verdict.passed is False]
            wrong = [verdict.wrong for verdict in verdicts]
            found.fail("\n".join((error.title, *(checks.line(why, 200) for why in wrong[:3]))), error.hint)
        else:
            found.well(f"at {checks.line(discovered.server.issuer, 200)}, in {len(recorder.steps)} steps")
    with checks.check("login", "Somebody is logged in", "RFC 6750") as found:
        token = auth.view.token
        if token is None:
            found.fail("nobody", "Enter logs in, and shows what is asked first (mcpdeck login NAME does the same).")
        else:
            found.fail(
                f"the token of {checks.line(token.issuer, 100)} is refused: {refusal.title}",
                "L logs in once more.",
            )
