"""How a client shows who it is at a token, revocation or exchange endpoint.

Owns the choice of the method and what each one adds to a request (RFC 6749, section 2.3; RFC 7523, section 2.2;
protocol section 37.4). Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import ConfigError, RegistrationError
from ..models import Secret
from ..state.text import one_line
from .kinds import Client, ServerMetadata
from .mechanics import ASSERTION_TYPE, UnusableKeyError, algorithms_of, basic, signed_assertion

NONE: Final = "none"
BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"
SIGNED: Final = "private_key_jwt"
WITH_SECRET: Final = (BASIC, POST)
"""In the order of preference."""
METHODS: Final = (NONE, *WITH_SECRET, SIGNED)


def auth_method(server: ServerMetadata, secret: str | None, registered: str | None, private_key: Secret | None) -> str:
    """How to authenticate at ``server``'s token endpoint: what its metadata and the registration agree on.

    ``registered``: ``token_endpoint_auth_method`` of a registration, None where there was none. A secret that came
    with a registration does not decide by itself: metadata of ``["none"]`` wins over it (protocol section 46).
    Raises ``RegistrationError`` where there is a secret and no method for it.
    """
    known = server.auth_methods
    able = _able(secret, private_key)
    if known is None:
        return registered if registered in able else able[0]
    if registered in able and registered in known:
        return registered
    fitting = [method for method in able if method in known]
    if fitting:
        return fitting[0]
    if secret is None and private_key is None:
        return NONE  # nothing else can be tried, and some lists leave public clients out
    raise RegistrationError(
        f"the authorization server {_shown(server.issuer)} takes no way of authenticating that this client has",
        hint=f"It takes {_listed(known)}; mcpdeck can use {', '.join(able)} with what is configured.",
        details={"issuer": server.issuer},
    )


def _able(secret: str | None, private_key: Secret | None) -> tuple[str, ...]:
    """The methods that can be used, the best first; ``none`` always can."""
    signed = (SIGNED,) if private_key is not None else ()
    with_secret = WITH_SECRET if secret is not None else ()
    return (*signed, *with_secret, NONE)


def assertion_algorithm(client: Client, server: ServerMetadata) -> str:
    """What to sign a client assertion with: as configured, else what the key and ``server`` have in common.

    Raises ``ConfigError`` for a key that signs nothing, or nothing that ``server`` takes.
    """
    if client.signing_algorithm is not None:
        return client.signing_algorithm
    try:
        able = algorithms_of(client.private_key or "")
    except UnusableKeyError as error:
        raise _unusable(str(error)) from None
    known = server.auth_algorithms
    fitting = [each for each in able if known is None or each in known]
    if not fitting:
        raise _unusable(
            f"it signs with {', '.join(able) or 'nothing that is known'}, and the authorization server takes "
            f"{_listed(known or ())}"
        )
    return fitting[0]


def authenticated(
    client: Client, server: ServerMetadata, audience: str, params: Mapping[str, str], *, now: float | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and form of a request with ``params`` in which ``client`` shows who it is; anew for each request.

    ``audience``: of a client assertion (protocol section 45: the issuer, unless configured). Raises ``ConfigError``
    for a key that cannot be used.
    """
    form = dict(params)
    match client.auth_method:
        case "client_secret_basic":
            # Servers built on the official SDK want the id in the form as well; RFC 6749 leaves that open.
            form["client_id"] = client.client_id
            return {"Authorization": basic(client.client_id, client.secret or "")}, form
        case "client_secret_post":
            form |= {"client_id": client.client_id, "client_secret": client.secret or ""}
        case "private_key_jwt":
            algorithm = assertion_algorithm(client, server)
            try:
                signed = signed_assertion(client.client_id, client.private_key or "", algorithm, audience, now=now)
            except UnusableKeyError as error:
                raise _unusable(str(error)) from None
            form |= {"client_id": client.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
        case _:
            if client.client_id:  # an assertion may speak for itself, without a client (RFC 7523, section 2.1)
                form["client_id"] = client.client_id
    return {}, form


def _unusable(why: str) -> ConfigError:
    return ConfigError(
        f"the private key for logging in cannot be used: {why}",
        hint='It is "privateKey" of the "oauth" settings: PEM without a pass phrase, or @FILE; '
        '"signingAlgorithm" where the usual one of the key does not fit.',
    )


def _listed(names: tuple[str, ...]) -> str:
    return one_line(", ".join(names), 200) or "none at all"


def _shown(text: str) -> str:
    return one_line(text, 200)
