"""``mcpdeck logout``: what is revoked, what is forgotten, and that nothing else is."""

from __future__ import annotations

from tests.cli.command import CommandLine
from tests.cli.protected import Start, answers, keeps_its_secrets, portal, start

__all__ = ["portal", "start"]


def test_a_logout_revokes_both_tokens_and_forgets_them(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    done = mcpdeck("logout", peer.mcp_url)
    assert done.code == 0, done.err
    assert done.out.startswith(f"logged out of {peer.mcp_url}")
    assert done.err.count("was revoked") == 2
    assert [one.form["token_type_hint"] for one in peer.asked("/revoke")] == ["refresh_token", "access_token"]
    assert mcpdeck("tools", peer.mcp_url).code == 4
    assert mcpdeck("auth", "--json").json["logins"] == []
    keeps_its_secrets(peer, done)


def test_the_mcp_server_is_not_contacted_for_a_logout(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    mcpdeck("login", peer.mcp_url, *answers(mcpdeck))
    before = len([one for one in peer.requests if one.server == "mcp"])
    assert mcpdeck("logout", peer.mcp_url).code == 0
    assert len([one for one in peer.requests if one.server == "mcp"]) == before


def test_a_login_is_forgotten_although_its_server_cannot_revoke(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(revocation=False)
    mcpdeck("login", peer.mcp_url, *answers(mcpdeck))
    said = mcpdeck("logout", peer.mcp_url, "--json").json
    (gone,) = said["loggedOut"]
    assert gone["issuer"] == peer.issuer
    assert "no revocation endpoint" in gone["said"][0]
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_who_was_not_logged_in_is_told(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    done = mcpdeck("logout", peer.mcp_url)
    assert (done.code, done.out) == (0, "")
    assert "nobody was logged in" in done.err


def test_one_server_s_login_goes_and_another_s_stays_until_all_go(mcpdeck: CommandLine, start: Start) -> None:
    first, second = start(), start()
    for peer in (first, second):
        assert mcpdeck("login", peer.mcp_url, *answers(mcpdeck)).code == 0
    assert mcpdeck("logout", first.mcp_url).code == 0
    (left,) = mcpdeck("auth", "--json").json["logins"]
    assert left["url"] == second.mcp_url
    done = mcpdeck("logout", "--all", "--json")
    assert [gone["issuer"] for gone in done.json["loggedOut"]] == [second.issuer]
    assert len(second.asked("/revoke")) == 2
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_a_login_made_with_other_settings_goes_too(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(scopes=("read", "write"))
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url, "oauth": {"scopes": "read"}}})
    assert mcpdeck("login", "it", *answers(mcpdeck)).code == 0
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url}})
    assert len(mcpdeck("logout", "it", "--json").json["loggedOut"]) == 1
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_for_a_blocked_server_nothing_is_contacted_and_its_login_is_forgotten(
    mcpdeck: CommandLine, start: Start
) -> None:
    peer = start()
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url}})
    assert mcpdeck("login", "it", *answers(mcpdeck)).code == 0
    assert mcpdeck("disable", "it").code == 0
    (gone,) = mcpdeck("logout", "it", "--json").json["loggedOut"]
    assert "not revoked" in gone["said"][0]
    assert peer.asked("/revoke") == []
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_whoever_logs_out_of_everything_contacts_nothing_for_a_server_that_is_switched_off(
    mcpdeck: CommandLine, start: Start
) -> None:
    off, on = start(), start()
    mcpdeck.user({name: {"type": "http", "url": peer.mcp_url} for name, peer in (("off", off), ("on", on))})
    for name in ("off", "on"):
        assert mcpdeck("login", name, *answers(mcpdeck)).code == 0
    assert mcpdeck("disable", "off").code == 0
    off.requests.clear()
    gone = mcpdeck("logout", "--all", "--json").json["loggedOut"]
    assert len(gone) == 2
    assert off.requests == [] and len(on.asked("/revoke")) == 2
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_whoever_logs_out_of_everything_does_it_as_the_entries_say(mcpdeck: CommandLine, start: Start) -> None:
    peer = start(clients={"robot": "s3cret-robot"}, registration=None)
    oauth = {"clientId": "robot", "clientSecret": "s3cret-robot", "grant": "client_credentials"}
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url, "oauth": oauth}})
    assert mcpdeck("login", "it").code == 0
    (gone,) = mcpdeck("logout", "--all", "--json").json["loggedOut"]
    assert "was revoked" in gone["said"][0]
    assert mcpdeck("auth", "--json").json["logins"] == []


def test_an_unapproved_entry_is_no_way_to_have_anything_contacted(mcpdeck: CommandLine, start: Start) -> None:
    peer = start()
    mcpdeck.user({"it": {"type": "http", "url": peer.mcp_url}})
    assert mcpdeck("login", "it", *answers(mcpdeck)).code == 0
    mcpdeck.user({})
    mcpdeck.project({"it": {"type": "http", "url": peer.mcp_url}})
    peer.requests.clear()
    for words in (("login", "it"), ("login", "it", "--again"), ("auth", "it")):
        assert mcpdeck(*words, *answers(mcpdeck)).code == 5
    (gone,) = mcpdeck("logout", "it", "--json").json["loggedOut"]
    assert "not revoked" in gone["said"][0]
    assert peer.requests == []
