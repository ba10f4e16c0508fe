"""One login, from what asked for it to a token that is kept (protocol section 37).

Owns the order of the steps, what is put down before a browser is opened, and what is kept when: a registration as
soon as there is one, a login only when everything passed. Never refreshes, and never decides whether to log in.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import anyio

from ..config.secret_variables import CLIENT_SECRET
from ..errors import AuthError, AuthorizationDenied, DiscoveryError, McpDeckError, StorageError, TokenError
from ..models import LoginPhase
from ..state.text import one_line
from .addresses import browsable, check_url, shown_url
from .arrival import Arrival
from .callback import PATH, Callback, configured_port, free_port_of
from .discovery import Discovered, discover
from .dpop import proof_for
from .grants import redeem, unattended
from .guarded import Guarded
from .hands_http import REQUESTED, follow
from .identity import DOUBTFUL, identify
from .issuer_lock import issuer_lock
from .kinds import Client, Hands, Invitation, Login, Place, ServerMetadata, Tokens, Why
from .looked_up import refusal_of
from .mechanics import authorization_url, challenge_of, new_state, new_verifier
from .patience import Patience, PatientHands
from .rules import verdict
from .scopes import OFFLINE, added, wanted
from .steps import Recorder, Sent
from .store import CredentialStore, wanted_of

_OURS = ("registered", "asked")
"""Where a client comes from that we keep."""
_FORGOTTEN_AFTER = ("invalid_client", "unauthorized_client")
"""OAuth errors after which a registration of ours is no good any more."""
_LOCK_SECONDS = 10.0
"""How long a login that was just made waits for a refresh of the one before it."""


async def log_in(
    place: Place,
    why: Why,
    *,
    hands: Hands,
    store: CredentialStore,
    recorder: Recorder,
    environ: Mapping[str, str],
    now: Callable[[], float] = time.time,
    waiting: Callable[[bool], None],
) -> Login:
    """A new login for ``place``, kept in ``store``; every step and why it failed is in ``recorder``.

    ``waiting`` is told when it is a person's turn (True) and when no more (False). Takes at most a minute, and ten
    for each thing a person is asked. Raises ``AuthError`` (discovery, registration, denied, token, storage),
    ``TransportError`` for servers that cannot be reached, ``ConfigError`` for settings that cannot be used. A login
    that fails or is cancelled leaves nothing behind but a registration.
    """
    recorder.begin()
    if not why.status:  # a refusal is put down by who reads its challenge
        recorder.event(LoginPhase.CHALLENGE, _asked_by(why))
    patience = Patience(waiting)
    try:
        with patience.limited():
            async with Guarded(place, recorder) as fetch:
                why = why if why.status else await _asked_for(fetch, place, why)
                flow = _Flow(place, why, PatientHands(hands, patience), patience, store, recorder, environ, now, fetch)
                return await flow.run()
    except McpDeckError as error:
        recorder.event(_phase(recorder), "The login failed", error=error.title)
        raise
    except anyio.get_cancelled_exc_class():
        recorder.event(_phase(recorder), "The login was given up", error="it was cancelled")
        raise
    raise AssertionError("a login that ran out of time says so")


@dataclass(frozen=True, slots=True)
class _Request:
    """What is put down of one authorization request before anybody follows it (protocol section 37.5)."""

    client: Client
    verifier: str
    state: str
    redirect_uri: str
    scopes: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class _Flow:
    place: Place
    why: Why
    hands: PatientHands
    patience: Patience
    store: CredentialStore
    recorder: Recorder
    environ: Mapping[str, str]
    now: Callable[[], float]
    fetch: Guarded

    async def run(self) -> Login:
        settings = self.place.settings
        port = configured_port(settings, self.environ)
        digest = wanted_of(settings, self.place.tls)
        before = await self.store.login_for(self.place.url, digest)
        known = before.issuer if before is not None else None
        found = await discover(self.fetch, self.place, self.why, self.hands, known=known)
        scopes = wanted(self.why, found.resource, found.server, settings)
        if settings.grant == "authorization_code":
            client, tokens = await self._with_a_person(found, scopes, port)
        else:
            client = await self._identity(found.server, "", None)
            tokens = await unattended(
                self.fetch, self.place, found.server, found.resource_id, client, scopes, now=self.now
            )
        login = Login(
            issuer=found.server.issuer,
            client=client,
            resource=found.resource_id,
            server_url=self.place.url,
            wanted=digest,
            grant=settings.grant,
            tokens=tokens,
            metadata=found.server,
        )
        # From here on there is a login: whoever cancels now comes too late to leave half of one.
        with anyio.CancelScope(shield=True):
            await self._keep(login)
        self.recorder.event(LoginPhase.TOKEN, f"Logged in; kept in the {self.store.where}")
        return login

    async def _identity(self, server: ServerMetadata, redirect_uri: str, kept: Client | None) -> Client:
        secret = self.environ.get(CLIENT_SECRET)
        return await identify(self.fetch, self.place, server, redirect_uri, self.hands, kept, secret, now=self.now)

    async def _keep(self, login: Login) -> None:
        """In the place of whatever was kept, and not in the middle of a refresh of that."""
        async with AsyncExitStack() as stack:
            # Whoever holds the lock for so long does not cost a person the login: a refresh replaces nothing but what
            # it began with.
            with suppress(StorageError):
                lock = issuer_lock(self.store.locks, login.issuer, seconds=_LOCK_SECONDS)
                await stack.enter_async_context(lock)
            await self.store.save(login)

    # with a person

    async def _with_a_person(
        self, found: Discovered, scopes: tuple[str, ...], port: int | None
    ) -> tuple[Client, Tokens]:
        server = found.server
        kept = await self.store.client_of(server.identity, self.place.url)
        async with self._redirect(port, free_port_of(kept)) as (redirect_uri, callback):
            client = await self._identity(server, redirect_uri, kept)
            if client is not kept and client.origin in _OURS:
                await self.store.keep_client(server.identity, client)
            request = self._request(found, client, redirect_uri, scopes)
            invitation = self._invitation(found, request, manual=callback is None)
            if self.why.steps_up and invitation.added and not await self.hands.consent(invitation):
                raise AuthorizationDenied(
                    f"nobody agreed to ask for more: {one_line(' '.join(invitation.added), 300)}",
                    hint="The call that wanted it was not made again. Log in again to allow it.",
                )
            code = await self._code(invitation, request, server, callback, known=client is kept)
            client = replace(client, doubts=0)
        try:
            tokens = await redeem(
                self.fetch,
                self.place,
                server,
                client,
                code=code,
                verifier=request.verifier,
                redirect_uri=redirect_uri,
                resource=found.resource_id,
                scopes=scopes,
                dpop=proof_for(self.place, server, now=self.now),
                now=self.now,
            )
        except TokenError as error:
            if error.details.get("error") in _FORGOTTEN_AFTER:
                await self._unknown(client, server)
            raise
        return client, tokens

    @asynccontextmanager
    async def _redirect(self, port: int | None, preferred: int | None) -> AsyncGenerator[tuple[str, Callback | None]]:
        """The redirect address and who listens there. Without a browser on this machine nobody needs to."""
        callback = Callback(port, preferred=preferred)
        try:
            await callback.__aenter__()
        except AuthError:
            if port is None or self.hands.opening == "browser":
                raise
            self.recorder.event(LoginPhase.AUTHORIZATION, f"Port {port} is taken: the address must be brought by hand")
            yield f"http://localhost:{port}{PATH}", None
            return
        try:
            yield callback.redirect_uri, callback
        finally:
            await callback.__aexit__(None, None, None)

    def _request(self, found: Discovered, client: Client, redirect_uri: str, scopes: tuple[str, ...]) -> _Request:
        """Raises ``DiscoveryError`` for an address that must not be opened."""
        endpoint = found.server.authorization_endpoint or ""
        verifier, state = new_verifier(), new_state()
        params = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "resource": found.resource_id,
        }
        if scopes:
            params["scope"] = " ".join(scopes)
        if OFFLINE in scopes:
            params["prompt"] = "consent"  # OpenID Connect Core, section 11: without it the scope is ignored
        url = authorization_url(endpoint, params)
        why_not = browsable(url)
        # What the entry allows is still no reason to open anything but a web page.
        if why_not is not None and not self.place.settings.allow_insecure:
            self.recorder.event(
                LoginPhase.AUTHORIZATION,
                "The authorization URL must not be opened",
                verdict("authz.url", passed=False, wrong=f"it {why_not}"),
            )
            raise DiscoveryError(
                f"the authorization URL of {one_line(found.server.issuer, 200)} must not be opened: it {why_not} "
                f"({shown_url(endpoint)})",
                hint="Its author must publish an https authorization_endpoint.",
            )
        check_url(url, self.place, "the authorization URL")
        return _Request(client, verifier, state, redirect_uri, scopes, url)

    def _invitation(self, found: Discovered, request: _Request, *, manual: bool) -> Invitation:
        return Invitation(
            server=self.place.server,
            issuer=found.server.issuer,
            resource=found.resource_id,
            client_id=request.client.client_id,
            scopes=request.scopes,
            added=added(self.why, request.scopes) if self.why.steps_up else (),
            url=request.url,
            redirect_uri=request.redirect_uri,
            why=f"{_leads_to(found.server)}{_asked_by(self.why)}",
            manual=manual,
            follow=lambda: follow(self.fetch, request.url, request.redirect_uri),
        )

    async def _code(
        self,
        invitation: Invitation,
        request: _Request,
        server: ServerMetadata,
        callback: Callback | None,
        *,
        known: bool,
    ) -> str:
        """The code that comes back, by the browser or by hand. ``known``: the client is one of an earlier login."""
        client, refused = request.client, False
        self.place.check()  # a browser contacts the authorization server, too
        arrival = Arrival(invitation, request.state, server, self.recorder)
        if self.hands.opening != "http":
            self.recorder.exchange(
                LoginPhase.AUTHORIZATION,
                "Authorization request, for the browser",
                Sent("GET", request.url),
                None,
                None,
                "",
                *(verdict(rule, passed=True) for rule in REQUESTED),
            )
        try:
            if self.hands.opening == "http":
                return await self._answered(invitation, arrival, None)
            with self.patience.of_a_person():
                return await self._answered(invitation, arrival, callback)
        except AuthorizationDenied as error:
            status = error.details.get("status")  # of an address that was followed, and led nowhere
            refused = isinstance(status, int) and 400 <= status < 500
            raise
        finally:
            # It may be that the authorization server does not know the client any more, and showed the person a page
            # instead of sending the browser back. Or the person thought better of it.
            if arrival.answered and client.doubts:
                await self._doubt(client, server, 0)
            elif known and not arrival.answered:
                await self._doubt(client, server, DOUBTFUL if refused else client.doubts + 1)

    async def _answered(self, invitation: Invitation, arrival: Arrival, callback: Callback | None) -> str:
        failures: list[McpDeckError] = []

        async def show() -> None:
            try:
                await self.hands.authorize(invitation, arrival.take)
            except McpDeckError as error:
                failures.append(error)
                arrival.stop()
                return
            if callback is None:
                arrival.stop()

        async def listen(callback: Callback) -> None:
            callback.expect(arrival.page)
            arrival.take(await callback.arrived())

        async with anyio.create_task_group() as tasks:
            if callback is not None:
                tasks.start_soon(listen, callback)
            tasks.start_soon(show)
            await arrival.wait()
            tasks.cancel_scope.cancel()
        if failures and not arrival.answered:
            raise failures[0]
        return arrival.code()

    async def _unknown(self, client: Client, server: ServerMetadata) -> None:
        """The token endpoint does not know the client. What a person typed is theirs to give anew, or to leave."""
        if client.origin == "registered":
            with anyio.CancelScope(shield=True):
                await self.store.forget_client(server.identity, client.client_id)
        await self._doubt(client, server, DOUBTFUL)

    async def _doubt(self, client: Client, server: ServerMetadata, doubts: int) -> None:
        """Put down how much a kept client is to be relied upon; another one that is kept by now is left alone."""
        if client.origin not in _OURS:
            return
        with anyio.CancelScope(shield=True):
            kept = await self.store.client_of(server.identity, self.place.url)
            if kept is not None and kept.client_id == client.client_id:
                await self.store.keep_client(server.identity, replace(kept, doubts=doubts))


async def _asked_for(fetch: Guarded, place: Place, why: Why) -> Why:
    """``why`` with what the server says to who has no token: only that may tell where its login is."""
    try:
        said = await refusal_of(fetch, place)
    except McpDeckError:
        return why  # discovery says what is the matter
    return replace(why, challenges=said.challenges)


def _phase(recorder: Recorder) -> LoginPhase:
    """What the login was at. A refresh or a revocation, never part of one, may have been put down meanwhile."""
    beside = (LoginPhase.REFRESH, LoginPhase.REVOCATION)
    return next((step.phase for step in reversed(recorder.steps) if step.phase not in beside), LoginPhase.CHALLENGE)


def _leads_to(server: ServerMetadata) -> str:
    """Where the code goes, if that is another host than the issuer's: the page that is opened does not show it."""
    host, own = (urlsplit(url).netloc.lower() for url in (server.token_endpoint, server.issuer))
    return f"The code goes to {one_line(host, 100)}. " if host != own else ""


def _asked_by(why: Why) -> str:
    """What asked for the login, in words."""
    challenge = why.bearer
    said = one_line(challenge.params.get("error_description", ""), 200) if challenge is not None else ""
    about = f" ({said})" if said else ""
    operation = one_line(why.operation, 100)
    if why.steps_up:
        return f"{operation or 'A request'} wants more than the login allows so far{about}"
    if why.status == 0:
        return f"You asked for a login{about}"
    return f"The server answered {operation or 'a request'} with {why.status}{about}"
