"""``mcpdeck auth``: what is stored, how a server wants its login done, and a new key for what is stored."""

from __future__ import annotations

import base64

import pytest
from anyio import to_thread

from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.config.files import Folders
from tests.auth.logins import login
from tests.cli.command import CommandLine
from tests.cli.protected import Start, answers, keeps_its_secrets, portal, start

__all__ = ["portal", "start"]


def test_without_a_target_every_stored_login_is_listed_by_the_name_of_its_server(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start(scopes=("read",))
    mcpdeck.user({"notes": {"type": "http", "url": peer.mcp_url}})
    assert mcpdeck("login", "notes", *answers(mcpdeck)).code == 0
    done = mcpdeck("auth")
    assert done.code == 0
    assert "notes" in done.out and peer.issuer in done.out and "read" in done.out
    assert "encrypted file" in done.err
    said = mcpdeck("auth", "--json").json
    (login,) = said["logins"]
    assert (login["servers"], login["url"], login["issuer"]) == (["notes"], peer.mcp_url, peer.issuer)
    assert said["weaker"] is True
    keeps_its_secrets(peer, done)


@pytest.mark.anyio
async def test_a_login_of_a_websocket_server_is_listed_by_its_name_too(mcpdeck: CommandLine) -> None:
    environ = {"MCPDECK_HOME": str(mcpdeck.home)}
    await CredentialStore.of(Folders.of(environ), environ).save(login(url="https://ws.example/mcp"))
    mcpdeck.user({"talk": {"type": "ws", "url": "wss://ws.example/mcp"}})
    (stored,) = (await to_thread.run_sync(mcpdeck, "auth", "--json")).json["logins"]
    assert stored["servers"] == ["talk"]


def test_where_nothing_is_stored_that_is_said(mcpdeck: CommandLine) -> None:
    done = mcpdeck("auth")
    assert (done.code, done.out) == (0, "") and "no login is stored" in done.err


def test_the_way_to_a_server_s_login_is_shown_step_by_step_without_logging_in(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start()
    done = mcpdeck("auth", peer.mcp_url)
    assert done.code == 0, done.err
    assert "nobody is logged in" in done.out
    assert f"a login is done at {peer.issuer}, for {peer.resource}" in done.out
    for phase in ("challenge:", "resource metadata:", "server metadata:"):
        assert phase in done.out
    assert peer.asked("/register") == peer.asked("/authorize") == []
    said = mcpdeck("auth", peer.mcp_url, "--json").json
    assert (said["login"], said["discovery"]["issuer"], said["discovery"]["error"]) == (None, peer.issuer, None)
    verdicts = [verdict for step in said["discovery"]["steps"] for verdict in step["verdicts"]]
    assert {verdict["rule"] for verdict in verdicts} >= {"asm.issuer-identical", "asm.pkce-s256"}
    assert all(verdict["section"] and verdict["passed"] is not False for verdict in verdicts)


def test_what_is_wrong_with_it_is_said_with_what_its_author_does_about_it(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(server_metadata={"issuer": "https://evil.example"})
    done = mcpdeck("auth", peer.mcp_url)
    assert done.code == 4
    assert "✗" in done.out and "https://evil.example" in done.out
    said = mcpdeck("auth", peer.mcp_url, "--json")
    assert said.code == 4
    assert said.json["discovery"]["error"]["kind"] == "auth"
    wrong = [
        verdict
        for step in said.json["discovery"]["steps"]
        for verdict in step["verdicts"]
        if verdict["passed"] is False
    ]
    assert wrong and all(verdict["fix"] for verdict in wrong)


@pytest.mark.parametrize("verbose", [False, True])
def test_what_a_token_says_of_itself_is_shown_on_demand_only(mcpdeck: CommandLine, start: Start, verbose: bool) -> None:
    payload = base64.urlsafe_b64encode(b'{"sub":"guest"}').decode().rstrip("=")
    token = f"eyJhbGciOiJub25lIn0.{payload}.c2lnbmF0dXJl"
    peer = start(open_to_all=True, token_answer={"access_token": token})
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    done = mcpdeck("auth", peer.mcp_url, *(["-v"] if verbose else []))
    assert done.code == 0, done.err
    assert ('"sub": "guest"' in done.out) is verbose
    assert token not in done.out + done.err
    keeps_its_secrets(peer, done)


def test_a_new_key_encrypts_everything_anew(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    files = {path: path.read_bytes() for path in mcpdeck.home.rglob("*.sealed")}
    assert files
    done = mcpdeck("auth", "--rotate-key", "--json")
    assert done.code == 0 and "1 login" in done.json["done"]
    assert all(path.read_bytes() != before for path, before in files.items())
    assert mcpdeck("tools", peer.mcp_url).code == 0


def test_what_was_damaged_is_told_and_everything_else_goes_on(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    for path in mcpdeck.home.rglob("*.sealed"):
        path.write_bytes(b"rubbish")
    done = mcpdeck("auth", "--json")
    assert done.code == 0 and done.json["logins"] == [] and done.json["problems"]
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
