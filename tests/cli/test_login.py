"""``mcpdeck login``: where it logs in, what it says of it, and how the other commands use it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any, cast

import pytest
from anyio.from_thread import BlockingPortal

from tests.cli.command import ON_TINY, SECONDS, CommandLine
from tests.cli.protected import Start, answers, keeps_its_secrets, portal, start

__all__ = ["portal", "start"]


def test_a_login_is_made_kept_and_used_by_the_next_command(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read", "write"))
    done = mcpdeck("login", peer.mcp_url, "--trace", str(mcpdeck.root / "trace.jsonl"), *answers(mcpdeck))
    assert done.code == 0, done.err
    assert f"{peer.issuer}/token" in (mcpdeck.root / "trace.jsonl").read_text()
    assert done.out.startswith("logged in to 127-0-0-1")
    assert f"issuer    {peer.issuer}" in done.out
    assert "scopes    read write" in done.out
    assert re.search(r"expires   in (59|60) min|expires   in 1 h", done.out)
    assert "refresh   yes" in done.out
    assert "weaker than a keychain" in done.out
    tools = mcpdeck("tools", peer.mcp_url)
    assert tools.code == 0 and "whoami" in tools.out
    assert len(peer.asked("/register")) == len(peer.asked("/authorize")) == 1
    keeps_its_secrets(peer, done, tools, folders=(mcpdeck.home, mcpdeck.root))


def test_who_is_logged_in_is_not_asked_again_unless_he_wants_it(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    done = mcpdeck("login", peer.mcp_url, *answers(mcpdeck))
    assert done.code == 0 and "--again" in done.err
    assert len(peer.asked("/authorize")) == 1
    done = mcpdeck("login", peer.mcp_url, "--again", *answers(mcpdeck))
    assert done.code == 0 and "--again" not in done.err
    assert len(peer.asked("/authorize")) == 2


def test_json_is_one_document_with_every_step_masked(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read",))
    done = mcpdeck("login", peer.mcp_url, "--json", *answers(mcpdeck))
    said = done.json
    assert said["server"].startswith("127-0-0-1")
    assert (said["issuer"], said["resource"], said["scopes"]) == (peer.issuer, peer.resource, ["read"])
    assert (said["clientFrom"], said["tokenType"].lower(), said["hasRefresh"]) == ("registered", "bearer", True)
    assert said["new"] is True and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", said["expiresAt"])
    assert "encrypted file" in said["storage"]
    phases = [step["phase"] for step in said["steps"]]
    wanted = ["resource metadata", "server metadata", "registration", "authorization", "token"]
    assert [phase for phase in dict.fromkeys(phases) if phase in wanted] == wanted
    exchange = next(step for step in said["steps"] if step["phase"] == "token" and step["request"])
    verifier = next(each for each in exchange["request"]["body"] if each["name"] == "code_verifier")
    assert verifier["masked"] is True
    assert all(verdict["passed"] for verdict in exchange["verdicts"])
    keeps_its_secrets(peer, done)


def test_each_step_is_told_where_that_is_asked_for(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    quiet = mcpdeck("login", peer.mcp_url, *answers(mcpdeck))
    told = mcpdeck("login", peer.mcp_url, "--again", "-vv", *answers(mcpdeck))
    assert "token: " not in quiet.err
    assert "token: " in told.err and "code_verifier" in told.err and "RFC" in told.err
    keeps_its_secrets(peer, quiet, told)


def test_a_login_that_must_be_refused_says_why_and_leaves_nothing_behind(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(iss="https://evil.example")
    done = mcpdeck("login", peer.mcp_url, "--json", *answers(mcpdeck))
    assert done.code == 4
    assert done.error["kind"] == "auth" and "iss" in done.error["title"]
    assert "-v" in done.error["hint"]
    assert peer.grants() == []
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_a_server_that_lets_everybody_in_wants_no_login(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(open_to_all=True, resource_metadata=None)
    done = mcpdeck("login", peer.mcp_url, *answers(mcpdeck))
    assert done.code == 0
    assert done.out.strip().endswith("wants no login")
    assert peer.asked("/register") == []
    said = mcpdeck("login", peer.mcp_url, "--json", *answers(mcpdeck)).json
    assert (said["issuer"], said["storage"], said["new"]) == (None, None, False)


def test_a_login_that_is_offered_and_not_wanted_is_made_all_the_same(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(open_to_all=True)
    done = mcpdeck("login", peer.mcp_url, "--json", *answers(mcpdeck))
    assert done.code == 0, done.err
    assert (done.json["issuer"], done.json["new"]) == (peer.issuer, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("login", *ON_TINY), "runs on this machine"),
        (("login", "https://h.example/mcp", "--header", "Authorization: Bearer x"), "Authorization header"),
        (("login",), "a TARGET is missing"),
        (("logout",), "a TARGET or --all"),
        (("logout", "--all", "it"), "a TARGET or --all"),
        (("auth", "--rotate-key", "it"), "no TARGET"),
        (("auth", *ON_TINY), "runs on this machine"),
        (("add", "x", "https://h.example/", "--client-secret=hush"), "takes no value"),
    ],
)
def test_what_cannot_be_logged_in_to_is_a_usage_error(mcpdeck: CommandLine, words: tuple[str, ...], said: str) -> None:
    done = mcpdeck(*words)
    assert done.code == 2
    assert said in done.err
    assert "hush" not in done.err


def test_the_address_that_a_browser_ends_at_can_be_pasted(
    mcpdeck: CommandLine, start: Start, portal: BlockingPortal
) -> None:
    peer = start()
    with mcpdeck.popen("login", peer.mcp_url, "--no-browser", stdin=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None and process.stdin is not None
            lines: list[str] = []
            for line in process.stderr:
                lines.append(line)
                if line.strip().startswith(f"{peer.issuer}/authorize"):
                    break
            url = lines[-1].strip()
            process.stdin.write("https://not.it/?code=x&state=y\n")
            process.stdin.write(portal.call(peer.redirect_of, url) + "\n")
            process.stdin.flush()
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, "".join(lines) + err
    assert "logged in to" in out and "Not taken" in err


def test_nobody_is_waited_for_longer_than_the_time_limit(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    done = mcpdeck("login", peer.mcp_url, "--no-browser", "--timeout", "1.5", "--json")
    assert done.code == 7
    assert done.error["kind"] == "timeout"
    assert peer.grants() == []


# The other commands


def test_without_a_login_a_command_says_how_to_log_in(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url}})
    done = mcpdeck("tools", "it", "--json")
    assert done.code == 4
    assert done.error["kind"] == "auth" and "mcpdeck login it" in done.error["hint"]
    assert peer.asked("/authorize") == []


def test_of_a_server_that_is_only_a_url_the_url_is_what_to_log_in_to(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read",), challenge_scope="read", tool_scopes={"paint": "paint"})
    done = mcpdeck("tools", peer.mcp_url, "--json")
    assert (done.code, done.error["hint"]) == (4, f"Log in: mcpdeck login {peer.mcp_url}")
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    done = mcpdeck("call", peer.mcp_url, "paint", "--json")
    asks = f"mcpdeck login {peer.mcp_url} --scopes paint"
    assert (done.code, done.error["hint"]) == (4, f"Ask for more: {asks}.")
    assert mcpdeck(*asks.split()[1:], *answers(mcpdeck)).code == 0
    assert mcpdeck("call", peer.mcp_url, "paint").code == 0


@pytest.mark.parametrize("text", ["", "  ", 'a "b', "ä"])
def test_scopes_that_are_none_are_refused(mcpdeck: CommandLine, text: str) -> None:
    done = mcpdeck("login", "http://127.0.0.1:1/mcp", "--scopes", text)
    assert done.code == 2 and "scopes" in done.err


def test_where_a_login_is_done_is_heard_from_the_server_also_when_a_person_asks_again(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start()
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    peer.requests.clear()
    assert mcpdeck("login", peer.mcp_url, "--again", *answers(mcpdeck)).code == 0
    unasked = [one for one in peer.asked("/mcp", "POST") if one.token is None]
    assert len(unasked) == 1


def test_a_command_with_answers_logs_in_by_itself_and_keeps_it(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    done = mcpdeck("call", peer.mcp_url, "whoami", *answers(mcpdeck))
    assert done.code == 0, done.err
    assert mcpdeck("tools", peer.mcp_url).code == 0
    assert len(peer.asked("/authorize")) == 1
    keeps_its_secrets(peer, done)


def test_a_call_that_needs_more_asks_for_more_and_is_made_again(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read", "paint"), challenge_scope="read", tool_scopes={"paint": "paint"})
    done = mcpdeck("call", peer.mcp_url, "paint", "--json", *answers(mcpdeck))
    assert done.code == 0, done.err
    assert json.loads(done.json["content"][0]["text"])["scopes"] == ["read", "paint"]
    assert [one.query["scope"] for one in peer.asked("/authorize")] == ["read", "read paint"]


def test_an_entry_with_a_client_of_its_own_needs_no_person(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(clients={"robot": "s3cret-robot"}, registration=None)
    oauth = {"clientId": "robot", "clientSecret": "${ROBOT}", "grant": "client_credentials", "issuer": peer.issuer}
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url, "oauth": oauth}})
    done = mcpdeck("tools", "it", "--json", env={"ROBOT": "s3cret-robot"})
    assert done.code == 0, done.err
    assert peer.grants() == ["client_credentials"]
    login = mcpdeck("login", "it", "-v", "--json", env={"ROBOT": "s3cret-robot"})
    assert (login.json["grant"], login.json["hasRefresh"]) == ("client_credentials", False)
    keeps_its_secrets(peer, done, login, mcpdeck("get", "it", env={"ROBOT": "s3cret-robot"}))


def test_a_client_of_one_authorization_server_is_never_shown_to_another(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(clients={"robot": "s3cret-robot"})
    oauth = {"clientId": "robot", "clientSecret": "s3cret-robot", "issuer": "https://other.example"}
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url, "oauth": oauth}})
    done = mcpdeck("login", "it", "--json", *answers(mcpdeck))
    assert done.code == 4 and "https://other.example" in f"{done.error}"
    assert all("robot" not in str(one.query) + str(one.form) for one in peer.requests)


def test_credentials_of_an_answers_file_are_not_spread_over_several_servers(mcpdeck: CommandLine, start: Start) -> None:
    first, second = start(clients={"robot": "s3cret-robot"}), start()
    mcpdeck.user({name: {"type": "http", "url": peer.mcp_url} for name, peer in (("a", first), ("b", second))})
    words = answers(mcpdeck, clientId="robot", clientSecret="s3cret-robot")
    done = mcpdeck("list", "--json", *words)
    assert 'no "issuer"' in done.err
    assert {row["status"] for row in done.json["servers"]} == {"connected"}
    assert all("robot" not in str(one.query) + str(one.form) for one in (*first.requests, *second.requests))
    named = answers(mcpdeck, clientId="robot", clientSecret="s3cret-robot", issuer=first.issuer)
    done = mcpdeck("list", "--json", *named)
    statuses = {row["name"]: row["status"] for row in done.json["servers"]}
    assert statuses["a"] == "connected"
    assert any("robot" in str(one.query) for one in first.requests)
    assert all("robot" not in str(one.query) + str(one.form) for one in second.requests)


def test_a_login_that_is_wanted_is_remembered_and_answers_log_in_all_the_same(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start()
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url}})

    def status(*words: str) -> str:
        (row,) = mcpdeck("list", "--json", *words).json["servers"]
        return row["status"]

    assert status() == "needs-auth"
    asked = len(peer.requests)
    assert status() == "needs-auth" and len(peer.requests) == asked
    assert mcpdeck("tools", "it").code == 4 and len(peer.requests) > asked
    assert status(*answers(mcpdeck)) == "connected"
    assert status() == "connected"


def test_a_login_anywhere_has_every_server_asked_again_that_wanted_one(mcpdeck: CommandLine, start: Start) -> None:
    first, second = start(), start()
    mcpdeck.user({name: {"type": "http", "url": peer.mcp_url} for name, peer in (("a", first), ("b", second))})
    assert mcpdeck("login", "a", *answers(mcpdeck)).code == 0
    assert mcpdeck("list").code == 0
    second.requests.clear()
    assert mcpdeck("list").code == 0 and second.requests == []
    assert mcpdeck("login", "a", "--again", *answers(mcpdeck)).code == 0
    assert mcpdeck("list").code == 0 and second.asked("/mcp")


def test_a_login_that_was_wanted_is_not_remembered_of_what_the_entry_expands_to_now(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start()
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url, "oauth": {"scopes": "${SCOPES}"}}})
    for scopes, contacted in (("read", True), ("read", False), ("write", True)):
        peer.requests.clear()
        assert mcpdeck("list", env={"SCOPES": scopes}).code == 0
        assert bool(peer.requests) is contacted


def test_a_batch_in_which_only_authorization_failed_ends_with_its_code(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read",), challenge_scope="read", tool_scopes={"paint": "paint"}, granted=lambda _: ("read",))
    words = (peer.mcp_url, *answers(mcpdeck))
    call = {"op": "call_tool", "name": "paint", "arguments": {}}
    done = mcpdeck.batch({"op": "list_tools"}, call, words=words)
    assert [line["ok"] for line in done.lines] == [True, True, False]
    assert done.lines[-1]["error"]["kind"] == "auth" and "paint" in done.lines[-1]["error"]["message"]
    assert done.code == 4
    other = {"op": "request", "method": "no/such", "params": {}}
    assert mcpdeck.batch(call, other, words=words).code == 1


def test_a_batch_without_a_login_says_so_on_its_first_line(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    done = mcpdeck.batch({"op": "list_tools"}, words=(peer.mcp_url,))
    (line,) = done.lines
    assert (line["op"], line["ok"], line["error"]["kind"], done.code) == ("connect", False, "auth", 4)


def test_an_authorization_header_that_is_refused_is_no_matter_of_logging_in(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    done = mcpdeck("tools", peer.mcp_url, "--header", "Authorization: Bearer old", "--json")
    assert done.code == 4
    assert "mcpdeck login" not in done.error["hint"]
    assert peer.asked("/.well-known/oauth-protected-resource/mcp") == []


def test_the_secret_of_a_new_entry_s_client_stands_in_a_private_file_and_in_no_output(mcpdeck: CommandLine) -> None:
    words = ("add", "r", "https://h.example/mcp", "--client-id", "me", "--client-secret")
    done = mcpdeck(*words, "--scope", "user", "--json", env={"MCP_CLIENT_SECRET": "hush-hush"})
    assert done.code == 0 and "hush" not in done.out + done.err
    file = mcpdeck.home / "config" / "mcp.json"
    entry = cast("dict[str, Any]", json.loads(file.read_text())["mcpServers"]["r"])
    assert entry["oauth"] == {"clientId": "me", "clientSecret": "hush-hush"}
    assert file.stat().st_mode & 0o77 == 0
    assert "hush" not in mcpdeck("get", "r").out
    for scope, said in ((("--scope", "project"), "a file that others get"), ((), "there is no client secret")):
        refused = mcpdeck(*words, *scope)
        assert refused.code == 2 and said in refused.err
