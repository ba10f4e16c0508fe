"""Checks of the conversation: the transport opens, the server speaks MCP, lists what it has, answers and leaves.

Owns one short-lived session beside the one that stands, and its end. Answers no question and logs nobody in.
"""

from __future__ import annotations

import time
from dataclasses import replace

import anyio

from ..connections.approach import CLIENT_INFO, may_be_sse
from ..connections.reasons import refused, silent
from ..connections.targets import loaded, open_transport
from ..eras.base import ClientSide, Greeting
from ..eras.negotiate import Wish
from ..errors import AuthError, ConnectionLost, HttpStatusError, McpDeckError, RPCError, SpawnError
from ..models import (
    CheckState,
    EraMode,
    HttpTarget,
    SseTarget,
    StdioTarget,
    Target,
    TransportKind,
    as_object,
)
from ..session import Offer, Session
from ..session.lists import LISTS, TOOLS, ListKind
from ..transports.base import Transport
from .checking import Checks, Finding, Stopped
from .heard import Heard, Quiet, Reading
from .patient import Patient

LINES = 3
"""Lines of what a server wrote that are shown."""
PING_TIME = 10.0
BODY = 400
"""Characters of the body of a refusal that are shown."""
SLOW_END = 1000.0
"""Milliseconds from which on a child that is to leave takes long."""
SPEC = "MCP specification"
OPENS: dict[TransportKind, str] = {
    TransportKind.STDIO: "The process starts",
    TransportKind.HTTP: "A client can be made",
    TransportKind.CONNECTOR: "A client can be made",
    TransportKind.SSE: "The event stream opens",
    TransportKind.SSE_IDE: "The event stream opens",
    TransportKind.WS: "The socket opens",
    TransportKind.WS_IDE: "The socket opens",
    TransportKind.IN_PROCESS: "The server loads",
}
_WEB = frozenset({TransportKind.HTTP, TransportKind.SSE, TransportKind.SSE_IDE, TransportKind.CONNECTOR})


class EndedOnProbe(Exception):
    """The child ended on the very question which era it speaks: some do on any message before initialize."""


async def conversed(checks: Checks, patient: Patient, target: Target) -> AuthError | None:
    """Speak with the server; the refusal where it wants a login. Raises ``Stopped``."""
    try:
        return await _once(checks, patient, target)
    except EndedOnProbe:
        legacy = replace(patient.entry, era=EraMode.LEGACY)
        return await _once(checks, replace(patient, entry=legacy), target, again=True)


async def _once(checks: Checks, patient: Patient, target: Target, *, again: bool = False) -> AuthError | None:
    heard = Heard(checks)
    auth = Quiet(patient.authorization) if patient.authorization is not None else None
    transport: Transport | None = None
    try:
        name, title = ("open-again", "It starts once more") if again else ("open", OPENS[target.kind])
        with checks.check(name, title) as found:
            await loaded(target)
            begun = open_transport(target, heard.hooks(), patient.max_frame, auth)
            try:
                await begun.__aenter__()  # bounded by itself: what it begins outlives any scope around it
            except AuthError as error:
                found.skip(error.title)
                return error
            else:
                transport = begun
                found.well(f"process {heard.pid}" if heard.pid is not None else "")
        return await _spoken(checks, patient, target, transport, heard)
    finally:
        if transport is not None:
            began = time.perf_counter()
            await transport.__aexit__(None, None, None)  # shielded by itself
            if isinstance(target, StdioTarget) and not heard.ended:
                _left(checks, (time.perf_counter() - began) * 1000)


def _left(checks: Checks, ms: float) -> None:
    """How the child took the end of its input; told also where the conversation failed."""
    finding = Finding()
    if ms > SLOW_END:
        finding.warn(
            f"it took {ms:,.0f} ms, and a signal",
            "A stdio server ends by itself when its input is closed; this one holds up every reconnect and quit.",
        )
    else:
        finding.well(f"gone {ms:,.0f} ms after its input was closed")
    shown = checks.begin("end", "It leaves when its input is closed", f"{SPEC}, lifecycle: shutdown (stdio)")
    checks.tell(shown, finding, ms)


async def _spoken(
    checks: Checks, patient: Patient, target: Target, transport: Transport, heard: Heard
) -> AuthError | None:
    session = Session(
        patient.entry.name,
        0,
        transport,
        emit=heard.event,
        client=ClientSide(CLIENT_INFO, Offer()),
        request_timeout=patient.request,
    )
    reading, refusal = Reading(), None
    stopped: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reading.run, session)
        try:
            refusal = await _talked(checks, patient, target, session, heard, reading)
        except (Stopped, EndedOnProbe) as stop:
            stopped = stop  # raised outside: the group would wrap it
        tasks.cancel_scope.cancel()
    if stopped is not None:
        raise stopped
    return refusal


async def _talked(
    checks: Checks, patient: Patient, target: Target, session: Session, heard: Heard, reading: Reading
) -> AuthError | None:
    shown = checks.begin("http", "It answers over HTTP", "RFC 9110") if target.kind in _WEB else None
    began = time.perf_counter()
    greeting, failure = await _greeted(session, patient, heard, reading)
    passed = (time.perf_counter() - began) * 1000
    if shown is not None:
        verdict = _http(checks, failure, heard, target)
        first = heard.exchanges[0].get("ms") if heard.exchanges else None
        checks.tell(shown, verdict, float(first) if isinstance(first, (int, float)) else None)
        if verdict.state is CheckState.FAIL:
            if isinstance(failure, HttpStatusError):
                await _older(checks, patient, target, failure)
            raise Stopped
    if isinstance(failure, AuthError):
        return failure
    ended = isinstance(failure, SpawnError | ConnectionLost) and isinstance(target, StdioTarget)
    heard.ended = ended
    if ended and session.probing:
        shown = checks.begin("probe", "It says which era it speaks", f"{SPEC}, server/discover")
        told = _greeting(checks, session, greeting, failure, heard)
        told.warn(
            told.detail, "It may end on any message before initialize: it is started once more with the handshake."
        )
        checks.tell(shown, told, passed)
        raise EndedOnProbe
    shown = checks.begin("speaks", "It speaks MCP", f"{SPEC}, lifecycle: initialization")
    checks.tell(shown, _greeting(checks, session, greeting, failure, heard), passed)
    if isinstance(target, StdioTarget):
        _stdout(checks, heard, anything=greeting is not None)
    if greeting is None:
        raise Stopped
    for kind in LISTS:
        if kind.capability in session.capabilities:
            await _listed(checks, session, kind)
    with checks.check("ping", "It answers a ping", f"{SPEC}, ping", vital=False) as found:
        try:
            with anyio.fail_after(PING_TIME):
                found.well(f"{await session.ping():.1f} ms")
        except TimeoutError:
            found.fail(f"no answer within {PING_TIME:g} s", "It hangs once it is greeted: see its log.")
    _rules(checks, session, heard)
    return None


async def _greeted(
    session: Session, patient: Patient, heard: Heard, reading: Reading
) -> tuple[Greeting | None, McpDeckError | None]:
    """The greeting, or why there is none."""
    entry = patient.entry
    try:
        wish = Wish(entry.era, entry.protocol_version, min(patient.probe, patient.connect / 2))
        with anyio.fail_after(patient.connect):
            return await session.open(wish), None
    except TimeoutError:
        return None, silent(patient.connect, wrote=bool(heard.strays))
    except RPCError as error:
        return None, refused(error)
    except McpDeckError as error:
        if isinstance(error, ConnectionLost):
            with anyio.move_on_after(2.0):  # the end of reading tells more than the request that it broke
                await reading.over.wait()
        return None, reading.error or error


def _http(checks: Checks, failure: McpDeckError | None, heard: Heard, target: Target) -> Finding:
    found = Finding()
    exchange = heard.exchanges[-1] if heard.exchanges else {}
    status, reason = exchange.get("status"), exchange.get("reason")
    line = f"{as_object(exchange.get('request')).get('method')}: {status} {checks.line(str(reason or ''), 60)}".rstrip()
    match failure:
        case AuthError():
            found.warn(line, "It wants to know who you are: the next checks look at that.")
        case HttpStatusError():
            said = checks.line(failure.body.decode("utf-8", "replace"), BODY)
            found.fail("\n".join(part for part in (line if exchange else failure.title, said) if part), failure.hint)
        case McpDeckError() if status is None:
            found.fail(failure.title, failure.hint)
        case _:
            version = f", {len(heard.exchanges)} exchange{'' if len(heard.exchanges) == 1 else 's'}"
            found.well(f"{line}{version}" if exchange else target.kind.value)
    return found


async def _older(checks: Checks, patient: Patient, target: Target, error: HttpStatusError) -> None:
    """An address that takes no POST may be one of the older transport: whether it is shows in one GET."""
    if not isinstance(target, HttpTarget) or error.status not in (400, 404, 405):
        return
    with checks.check("sse", "It may be one of HTTP+SSE", f"{SPEC}, backwards compatibility", vital=False) as found:
        other = SseTarget(target.url, target.headers, target.tls, helper=target.helper, put_in=target.put_in)
        auth = Quiet(patient.authorization) if patient.authorization is not None else None
        await loaded(other)
        try:
            with anyio.fail_after(PING_TIME):
                async with open_transport(other, Heard(checks).hooks(), patient.max_frame, auth):
                    pass
        except TimeoutError:
            found.skip("no event stream begins there")
        except McpDeckError as missing:
            found.skip(f"no: {missing.title}")
        else:
            told = "and mcpdeck uses that by itself" if may_be_sse(target, error) else ""
            found.warn(f"an event stream begins there {told}".rstrip(), 'Write "type": "sse" in the entry.')


def _greeting(
    checks: Checks, session: Session, greeting: Greeting | None, failure: McpDeckError | None, heard: Heard
) -> Finding:
    found = Finding()
    if greeting is None:
        assert failure is not None
        evidence = heard.stderr[-LINES:] or heard.strays[:LINES]
        found.fail("\n".join((failure.title, *evidence)), failure.hint)
        return found
    info = greeting.info
    named = "no name given"
    if info is not None:
        named = f"{checks.line(info.name, 80)} {checks.line(info.version, 40)}".strip()
    found.well(f"{session.version}, {session.era.value} era: {greeting.decided}\n{named}")
    return found


def _stdout(checks: Checks, heard: Heard, *, anything: bool) -> None:
    finding = Finding()
    if heard.strays:
        count = len(heard.strays)
        finding.warn(
            "\n".join((f"{count:,} line{'' if count == 1 else 's'} that are no message:", *heard.strays[:LINES])),
            "Only messages may stand on stdout: let it log to stderr (and let its start script print nothing).",
        )
    elif anything:
        finding.well("nothing but messages")
    else:
        finding.skip("nothing came on it")
    shown = checks.begin("stdout", "Its output is clean", f"{SPEC}, transports: stdio")
    checks.tell(shown, finding, None)


async def _listed(checks: Checks, session: Session, kind: ListKind) -> None:
    with checks.check(
        kind.method.replace("/", "-"), f"{kind.method} answers", f"{SPEC}, server/{kind.capability}", vital=False
    ) as found:
        if kind is TOOLS:
            tools = await session.lists.read_tools()
            bad = [f"{checks.line(tool.name, 60)}: {tool.excluded}" for tool in tools if tool.excluded]
            flawed = [tool for tool in tools if tool.problems]
            bad += [f"{checks.line(tool.name, 60)}: {checks.line(tool.problems[0], 160)}" for tool in flawed]
            said = f"{len(tools):,} tool{'' if len(tools) == 1 else 's'}"
            if bad:
                more = (f"and {len(bad) - LINES} more",) if len(bad) > LINES else ()
                found.warn("\n".join((said, *bad[:LINES], *more)), "The tool's page says all that is wrong with it.")
            else:
                found.well(said)
        else:
            try:
                found.well(f"{len(await session.lists.pages(kind)):,} in all")
            except RPCError as error:
                if kind.method != "resources/templates/list" or error.code != -32601:
                    raise
                found.skip("not offered")


def _rules(checks: Checks, session: Session, heard: Heard) -> None:
    finding = Finding()
    if heard.flaws:
        kinds = list(dict.fromkeys(heard.flaws))
        more = (f"and {len(kinds) - LINES} more",) if len(kinds) > LINES else ()
        finding.warn("\n".join((*kinds[:LINES], *more)), "It works; its author should know.")
    else:
        finding.well("none was seen to be broken")
    shown = checks.begin("rules", f"It keeps the rules of {session.version}", f"{SPEC} {session.version}")
    checks.tell(shown, finding, None)
