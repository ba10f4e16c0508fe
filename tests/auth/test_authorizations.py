"""Which servers take a login, what one is for, and what is loaded for those that want none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.auth.authorizations import Authorizations, by_command
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.connections.logins import by_enter
from mcpdeck.services.models import (
    ConnectorTarget,
    HttpTarget,
    InProcessTarget,
    OAuthSettings,
    Origin,
    ServerEntry,
    SseTarget,
    StdioTarget,
    Target,
    Tls,
    TransportKind,
    WebSocketTarget,
)
from tests import entries

URL = "https://mcp.example/mcp"


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Authorizations]:
    def make(**options: Any) -> Authorizations:
        store = CredentialStore(tmp_path, cache=tmp_path, environ={}, keychain=False)
        return Authorizations(store, store.needed, environ={}, emit=lambda _: None, **options)

    return make


def entry(target: Target, **changes: Any) -> ServerEntry:
    return replace(entries.http("peer", URL), target=target, **changes)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (HttpTarget(URL), URL),
        (HttpTarget(URL, {"X-Api-Key": "k"}), URL),
        (SseTarget(URL), URL),
        (WebSocketTarget("wss://mcp.example/ws"), "https://mcp.example/ws"),
        (WebSocketTarget("ws://mcp.example/ws"), "http://mcp.example/ws"),
        (HttpTarget(URL, {"AuThorization": "Bearer mine"}), None),
        (SseTarget(URL, {"authorization": "Bearer mine"}), None),
        (SseTarget(URL, kind=TransportKind.SSE_IDE), None),
        (WebSocketTarget("ws://127.0.0.1:1", kind=TransportKind.WS_IDE), None),
        (ConnectorTarget(URL, lambda _: "token"), None),
        (StdioTarget("server"), None),
        (InProcessTarget("module:server"), None),
    ],
)
def test_a_login_is_for_remote_servers_without_a_token_of_their_own(
    made: Callable[..., Authorizations], target: Target, url: str | None
) -> None:
    found = made().of(entry(target))
    assert (found.place.url if found is not None else None) == url


def test_an_entry_keeps_its_authorization_as_long_as_what_it_stands_on_is_the_same(
    made: Callable[..., Authorizations],
) -> None:
    all_of_them = made()
    one = entry(HttpTarget(URL))
    first = all_of_them.of(one)
    assert all_of_them.of(replace(one, lints=("odd",))) is first
    assert all_of_them.of(replace(one, target=HttpTarget(f"{URL}/other"))) is not first
    second = all_of_them.of(one)
    assert all_of_them.of(replace(one, oauth=OAuthSettings(scopes="a"))) is not second
    third = all_of_them.of(one)
    assert all_of_them.of(replace(one, target=HttpTarget(URL, tls=Tls(ca="/ca.pem")))) is not third


def test_only_what_stands_in_a_file_is_remembered_as_one_that_wants_a_login(
    made: Callable[..., Authorizations],
) -> None:
    one = entry(HttpTarget(URL))
    found, written = made().of(one), made().of(replace(one, origin=Origin("/mcp.json")))
    assert found is not None
    assert written is not None
    assert (found.place.digest, found.place.called) == ("", one.endpoint)
    assert (bool(written.place.digest), written.place.called) == (True, one.name)


def test_what_an_entry_expands_to_is_part_of_what_it_is_remembered_by(made: Callable[..., Authorizations]) -> None:
    written = replace(entry(HttpTarget(URL)), origin=Origin("/mcp.json"))
    others = (
        replace(written, digest="another text"),
        replace(written, target=HttpTarget(f"{URL}/expanded")),
        replace(written, oauth=OAuthSettings(scopes="expanded")),
    )
    found = [made().of(one) for one in (written, *others)]
    assert len({one.place.digest for one in found if one is not None}) == 4


def test_a_person_is_told_how_to_log_in_and_hostile_names_are_one_line() -> None:
    assert by_command("peer", "") == "Log in: mcpdeck login peer"
    assert by_command("peer", "https://as.example") == "Log in at https://as.example: mcpdeck login peer"
    assert (
        by_enter("peer", "https://as.example")
        == "Enter shows what is asked; o there opens your browser at https://as.example."
    )
    for text in (by_command("a\x1b[2Jb\n", "x\x1b\n"), by_enter("peer", "x\x1b\n")):
        assert "\n" not in text
        assert "\x1b" not in text


SCRIPT = """
import sys
import anyio
from mcpdeck.app.worker import running
from mcpdeck.services.config.files import Folders
from mcpdeck.services.manager import Logins
from tests import entries
from tests.servers.scripted_http import scripted_http

def loaded():
    ours = "mcpdeck.services.auth."
    heavy = ("authlib", "joserfc", "cryptography", "keyring", "segno")
    found = {name.removeprefix(ours) for name in sys.modules if name.startswith(ours)}
    return sorted(found | {name for name in heavy if name in sys.modules})

async def main():
    async def handler(exchange):
        if exchange.method == "POST" and "id" in exchange.message:
            version = exchange.message["params"].get("protocolVersion")
            info = {"name": "s", "version": "1"}
            await exchange.result({"protocolVersion": version, "capabilities": {}, "serverInfo": info})
        else:
            await exchange.answer("405 No" if exchange.method == "GET" else "202 Accepted")

    environ = {"MCPDECK_HOME": sys.argv[1]}
    async with scripted_http(handler) as server:
        tiny = entries.stdio("tiny", sys.executable, str(entries.SERVERS / "tiny_stdio.py"))
        for entry in (tiny, entries.http("peer", server.url)):
            async with running([entry], logins=Logins(Folders.of(environ), environ)) as services:
                await services.manager.connected(entry.name)
                print(entry.name, *loaded())

anyio.run(main)
"""


def test_what_a_login_needs_is_not_loaded_for_servers_that_want_none(tmp_path: Path) -> None:
    words = (sys.executable, "-c", SCRIPT, str(tmp_path))
    root = Path(__file__).parents[2]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True, cwd=root)
    child, remote = (line.split() for line in done.stdout.splitlines())
    assert child == ["tiny", "seam"]
    needless = {"discovery", "login", "grants", "guarded", "identity", "steps", "rules", "dpop", "mechanics", "claims"}
    assert not needless & set(remote)
    assert not {"authlib", "joserfc", "cryptography", "keyring", "segno"} & set(remote)
    assert "entry_authorization" in remote
