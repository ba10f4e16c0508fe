"""Which era does this server speak? (protocol section 6)

Owns the decision: a labelled ``server/discover`` probe, then the handshake where the answer is no
evidence of the stateless era. An outage or a login is never taken for evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import (
    HttpStatusError,
    RemoteProtocolError,
    RequestTimeout,
    RPCError,
    UnsupportedVersion,
)
from ..models import During, EraMode, EraName, JsonObject, as_list, as_object, as_text, untold
from ..protocol.dispatcher import Dispatcher
from .base import ClientSide, Era, Greeting
from .handshake import initialize
from .stateless import StatelessEra, read_discover, supported_versions
from .versions import BY_DATE, HANDSHAKE, MODERN, MODERN_ERRORS, UNSUPPORTED_VERSION, newest_mutual


@dataclass(frozen=True, slots=True)
class Wish:
    """What the entry asks for. ``probe_timeout`` (s) bounds the probe where silence means legacy."""

    mode: EraMode = EraMode.AUTO
    version: str | None = None
    probe_timeout: float = 8.0

    def __post_init__(self) -> None:
        if self.version is not None and self.version not in BY_DATE:
            raise UnsupportedVersion(
                f"protocol version {self.version!r} is not known",
                hint=f"Known: {', '.join(BY_DATE)}.",
                details={"client": list(BY_DATE)},
            )

    @property
    def era(self) -> EraName | None:
        """The era that is insisted on."""
        if self.version is not None:
            return BY_DATE[self.version].era
        return None if self.mode is EraMode.AUTO else EraName(self.mode.value)


async def negotiate(
    dispatcher: Dispatcher,
    client: ClientSide,
    wish: Wish,
    *,
    silence_is_legacy: bool,
    handshake_only: bool = False,
    phase: During = untold,
) -> tuple[Era, Greeting]:
    """The era and the server's greeting.

    ``silence_is_legacy``: true for one shared channel (stdio, in-process), false for HTTP, where no
    answer is an outage. ``handshake_only``: the transport belongs to the older revisions. ``phase`` is told of each
    request. Raises ``UnsupportedVersion``, ``AuthError`` and transport errors.
    """
    if wish.era is EraName.LEGACY:
        version = wish.version or HANDSHAKE[-1]
        with phase("initialize"):
            era, greeting = await initialize(dispatcher, client, version=version, decided="pinned to the handshake era")
        if wish.version is not None and era.version != wish.version:
            raise UnsupportedVersion(
                f"the server answered with {era.version}, and {wish.version} is insisted on",
                hint="Remove the pin on the protocol version, or pin one that the server speaks.",
                details={"server": era.version, "client": [wish.version]},
            )
        return era, greeting
    if handshake_only:
        if wish.era is EraName.MODERN:
            raise UnsupportedVersion(
                f"{wish.version or MODERN[-1]} cannot be spoken over HTTP+SSE",
                hint="Use the server's Streamable HTTP endpoint, or remove the pin on the era.",
            )
        with phase("initialize"):
            return await initialize(dispatcher, client, decided="the transport knows only the handshake")
    probe = _Probe(dispatcher, client, wish, silence_is_legacy)
    with phase("server/discover"):
        version, why_not = await probe.ask(wish.version or MODERN[-1])
    if version is not None:
        return probe.era(version)
    if wish.era is EraName.MODERN:
        raise UnsupportedVersion(
            f"the server does not speak {wish.version or MODERN[-1]}: {why_not}",
            hint="Remove the pin (--era auto) to let mcpdeck use the older handshake.",
        )
    try:
        with phase("initialize"):
            decided = f"handshake: {why_not}"
            return await initialize(dispatcher, client, version=probe.handshake_version, decided=decided)
    except RPCError as error:
        # A slow start: the probe went unanswered, and initialize shows that it is modern after all.
        mutual = newest_mutual(_supported(error), MODERN) if error.code == UNSUPPORTED_VERSION else None
        if mutual is None:
            raise
        with phase("server/discover"):
            version, why_not = await probe.ask(mutual)
        if version is None:
            raise UnsupportedVersion(f"no protocol version in common: {why_not}") from error
        return probe.era(version)


class _Probe:
    """``server/discover``, asked once and once more with a version that the server named."""

    def __init__(self, dispatcher: Dispatcher, client: ClientSide, wish: Wish, silence_is_legacy: bool) -> None:
        self._dispatcher = dispatcher
        self._client = client
        self._timeout = wish.probe_timeout if silence_is_legacy else None
        self._result: JsonObject = {}
        self._decided = ""
        self._ours = (wish.version,) if wish.version is not None else MODERN
        self.handshake_version = HANDSHAKE[-1]

    async def ask(self, version: str, *, again: bool = False) -> tuple[str | None, str]:
        """The mutual modern version, or None and why the handshake comes next."""
        dressed = StatelessEra(version, self._client).dress("server/discover", {})
        try:
            result = await self._dispatcher.request(
                "server/discover", dressed.params, headers=dressed.headers, timeout=self._timeout, label="probe"
            )
        except RPCError as error:
            return await self._refused(error, version, again)
        except RequestTimeout:
            return None, f"server/discover got no answer within {self._timeout:g} s"
        except HttpStatusError as error:
            if error.status == 429 or error.status >= 500:
                raise
            return None, f"server/discover was answered with status {error.status}"
        except RemoteProtocolError as error:
            return None, f"server/discover: {error.title}"
        offered = supported_versions(result)
        if offered is None:
            return None, "server/discover was not answered with a discover result"
        self._result = as_object(result)
        return self._choose(offered, "server/discover was answered")

    def era(self, version: str) -> tuple[Era, Greeting]:
        return StatelessEra(version, self._client), read_discover(self._result, version, self._decided)

    async def _refused(self, error: RPCError, version: str, again: bool) -> tuple[str | None, str]:
        status = error.details.get("status")
        if isinstance(status, int) and (status == 429 or status >= 500):
            raise error
        if error.code not in MODERN_ERRORS:
            return None, f"server/discover was answered with error {error.code}"
        if error.code != UNSUPPORTED_VERSION:
            raise error
        offered = _supported(error)
        mutual = newest_mutual(offered, self._ours)
        if mutual is not None and not again:
            # Also when it names the very version that was asked: once more, never the handshake.
            return await self.ask(mutual, again=True)
        return self._choose([item for item in offered if item not in MODERN], f"the server refused {version}")

    def _choose(self, offered: list[str], why: str) -> tuple[str | None, str]:
        mutual = newest_mutual(offered, self._ours)
        if mutual is not None:
            self._decided = why
            return mutual, why
        handshake = newest_mutual(offered, HANDSHAKE)
        if handshake is None:
            raise UnsupportedVersion(
                f"no protocol version in common: the server speaks {', '.join(offered) or 'none it named'}",
                hint=f"mcpdeck speaks {', '.join(BY_DATE)}.",
                details={"server": list(offered), "client": list(BY_DATE)},
            )
        self.handshake_version = handshake
        return None, f"{why} and offers {handshake}"


def _supported(error: RPCError) -> list[str]:
    return [text for item in as_list(as_object(error.data).get("supported")) if (text := as_text(item)) is not None]
