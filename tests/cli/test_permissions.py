"""``mcpdeck permissions``, and the commands that meet them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import MCPDECK, CommandLine, tiny
from tests.terminal import Terminal

ECHO = "mcp__tiny__echo"


@pytest.fixture
def deck(mcpdeck: CommandLine) -> CommandLine:
    mcpdeck.user({"tiny": tiny()})
    return mcpdeck


def _settings(deck: CommandLine) -> Path:
    return deck.home / "config" / "settings.json"


def _write(deck: CommandLine, **permissions: Any) -> None:
    _settings(deck).parent.mkdir(parents=True, exist_ok=True)
    _settings(deck).write_text(json.dumps({"permissions": permissions}))


def _read(deck: CommandLine) -> dict[str, Any]:
    return json.loads(_settings(deck).read_text())["permissions"]


# -- looking


def test_without_a_target_it_shows_rules_and_their_files_and_contacts_nothing(deck: CommandLine) -> None:
    deck.user({"tiny": {"command": "/nowhere"}})
    _write(
        deck,
        deny=[ECHO],
        profile="admin",
        servers={"x": {"profile": "viewer"}},
        budget={"mcp__tiny": 9},
        allow=["Bash(ls)"],
    )
    document = deck("permissions", "--json").json
    assert document["rules"] == [{"effect": "deny", "rule": ECHO, "source": str(_settings(deck))}]
    assert (document["profile"], document["profiles"]) == ("admin", ["viewer", "tester", "admin"])
    assert document["budgets"] == [{"rule": "mcp__tiny", "callsPerMinute": 9, "source": str(_settings(deck))}]
    assert (document["remembered"], document["servers"]) == ([], {"x": "viewer"})
    assert any("Bash(ls)" in lint for lint in document["lints"])
    done = deck("permissions")
    assert done.code == 0
    for words in (ECHO, str(_settings(deck)), "admin", "9 a minute", "profile for x: viewer"):
        assert words in done.out
    assert "Bash(ls)" in done.err


def test_with_a_target_it_says_what_each_tool_would_meet_and_by_which_rule(deck: CommandLine) -> None:
    _write(deck, deny=[ECHO])
    document = deck("permissions", "tiny", "--json").json
    tools = {tool["name"]: tool for tool in document["tools"]}
    assert document["server"] == "tiny"
    assert tools["echo"]["decision"]["effect"] == tools["echo"]["command"]["effect"] == "deny"
    assert tools["weather"]["decision"]["rule"] == "read-only tools run"
    assert (tools["slow"]["decision"]["effect"], tools["slow"]["command"]["effect"]) == ("ask", "allow")
    lines = {line.split()[0]: line.split() for line in deck("permissions", "tiny").out.splitlines() if line}
    assert lines["echo"][1:4] == ["deny", "deny", ECHO]
    assert lines["slow"][1:3] == ["ask", "allow"]


def test_annotations_of_a_server_that_is_approved_for_this_run_only_count_for_nothing(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"tiny": tiny()})

    def weather(*words: str) -> str:
        tools = mcpdeck("permissions", "tiny", "--json", *words).json["tools"]
        return next(tool["decision"]["effect"] for tool in tools if tool["name"] == "weather")

    assert weather("--yes") == "ask"
    assert mcpdeck("approve", "tiny", "--yes").code == 0
    assert weather() == "allow"


def test_explain_names_every_rule_that_matched_for_these_arguments(deck: CommandLine) -> None:
    _write(deck, allow=[f"{ECHO}(text:/srv/**)"], ask=["mcp__tiny(text:/srv/secret/**)"])

    def explained(text: str) -> dict[str, Any]:
        return deck("permissions", "explain", "tiny", "echo", f"text={text}", "--json").json

    inside = explained("/srv/secret/x")
    assert inside["decision"]["effect"] == "ask"
    assert inside["explained"][0].startswith("ask by mcp__tiny(text:/srv/secret/**) ")
    assert f"also allow by {ECHO}(text:/srv/**)" in inside["explained"][1]
    assert explained("/srv/x")["decision"]["effect"] == "allow"
    assert explained("/srv/../etc")["decision"]["source"] == "default"
    done = deck("permissions", "explain", "tiny", "echo", "text=/srv/../etc")
    assert done.out.splitlines()[0].startswith("ask by tools ask the first time (default): ")
    assert "from the command line: allow by what a command names runs" in done.out


def test_a_profile_can_be_chosen_for_one_run(deck: CommandLine) -> None:
    assert deck("call", "tiny", "echo", "text=a", "--profile", "viewer").code == 5
    assert deck("call", "tiny", "weather", "city=Oslo", "--profile", "viewer").code == 0
    assert deck("permissions", "--profile", "viewer", "--json").json["profile"] == "viewer"
    done = deck("call", "tiny", "echo", "text=a", "--profile", "wizard", "--json")
    assert (done.code, done.error["kind"]) == (2, "usage")
    assert "viewer, tester, admin" in done.error["hint"]


# -- writing


def test_a_rule_is_put_into_our_own_settings_and_everything_else_in_them_stays(deck: CommandLine) -> None:
    before = '{\n  "discovery": {"x": 1},\n  "permissions": {"deny": ["mcp__a"], "profile": "tester"}\n}\n'
    _settings(deck).write_text(before)
    assert deck("permissions", "deny", ECHO).code == 0
    assert _settings(deck).read_text() == before.replace('["mcp__a"]', f'["mcp__a", "{ECHO}"]')
    assert deck("call", "tiny", "echo", "text=a").code == 5
    assert deck("permissions", "allow", ECHO).code == 0  # it moves
    assert _read(deck) == {"deny": ["mcp__a"], "profile": "tester", "allow": [ECHO]}
    assert deck("permissions", "forget", ECHO).code == 0
    assert _settings(deck).read_text() == before


def test_a_new_settings_file_is_its_owner_s_alone(deck: CommandLine) -> None:
    document = deck("permissions", "ask", ECHO, "--json").json
    assert document == {
        "rule": ECHO,
        "effect": "ask",
        "file": str(_settings(deck)),
        "project": None,
        "changed": True,
        "dryRun": False,
    }
    assert stat.S_IMODE(_settings(deck).stat().st_mode) == 0o600


def test_a_rule_for_a_project_counts_in_that_project_alone(deck: CommandLine, tmp_path: Path) -> None:
    assert deck("permissions", "deny", ECHO, "--scope", "project").code == 0
    assert deck("call", "tiny", "echo", "text=a").code == 5
    elsewhere = CommandLine(tmp_path / "other")
    elsewhere.environ["MCPDECK_HOME"] = str(deck.home)
    assert elsewhere("call", "tiny", "echo", "text=a").code == 0
    assert deck("permissions", "forget", ECHO, "--scope", "user").code == 2
    assert deck("permissions", "forget", ECHO).code == 0
    assert deck("call", "tiny", "echo", "text=a").code == 0


def test_a_dry_run_shows_the_change_and_writes_nothing(deck: CommandLine) -> None:
    done = deck("permissions", "deny", ECHO, "--dry-run")
    assert done.code == 0
    assert any(line.startswith("+") and ECHO in line for line in done.out.splitlines())
    assert not _settings(deck).exists()


@pytest.mark.parametrize(
    "words",
    [
        ("allow", "mcp__*"),
        ("allow", "Bash(ls)"),
        ("deny", "mcp__tiny__echo("),
        ("deny",),
        ("deny", ECHO, "more"),
        ("forget", ECHO),
        ("explain",),
        ("explain", "tiny"),
        ("explain", "tiny", "ecco"),
        ("tiny", "more"),
        ("deny", ECHO, "--scope", "local"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_a_usage_error_and_changes_nothing(deck: CommandLine, words: tuple[str, ...]) -> None:
    done = deck("permissions", *words)
    assert (done.code, done.out) == (2, "")
    assert not _settings(deck).exists()


def test_a_settings_file_that_is_no_json_is_not_touched(deck: CommandLine) -> None:
    _settings(deck).write_text("{ // mine\n}")
    done = deck("permissions", "deny", ECHO, "--json")
    assert done.code == 2
    assert str(_settings(deck)) in done.error["title"]
    assert _settings(deck).read_text() == "{ // mine\n}"


def test_a_rule_about_a_server_that_is_not_configured_is_written_with_a_warning(deck: CommandLine) -> None:
    done = deck("permissions", "deny", "mcp__tony__echo")
    assert done.code == 0
    assert "no server that is configured here" in done.err
    assert _read(deck) == {"deny": ["mcp__tony__echo"]}


def test_a_rule_about_resources_that_is_written_like_one_about_a_tool_is_told(deck: CommandLine) -> None:
    done = deck("permissions", "deny", "resource:mcp__tiny__secret")
    assert done.code == 0
    assert "resource:mcp__tiny(uri:" in done.err
    assert "resource:mcp__tiny(uri:" in deck("permissions").err


def test_a_rule_by_the_name_that_a_model_knows_a_tool_by_is_one_about_that_tool(mcpdeck: CommandLine) -> None:
    server = "s" * 70  # too long for a model: not even all of the server is in the name
    mcpdeck.user({server: tiny()})
    shown = {tool["name"]: tool["qualifiedName"] for tool in mcpdeck("tools", server, "--json").json["tools"]}
    done = mcpdeck("permissions", "deny", shown["echo"])
    assert (done.code, done.err) == (0, "")
    assert mcpdeck("call", server, "echo", "text=a").code == 5
    assert mcpdeck("call", server, "weather", "city=Oslo").code == 0


# -- commands that meet a rule


def test_a_refusal_says_once_which_rule_it_was_and_how_to_take_it_out(deck: CommandLine) -> None:
    _write(deck, deny=["mcp__tiny__ech*"])
    done = deck("call", "tiny", "echo", "text=a", "--json")
    assert done.code == 5
    assert "mcp__tiny__ech*" in done.error["title"]
    assert done.error["hint"] == "Take the rule out with: mcpdeck permissions forget 'mcp__tiny__ech*'"
    assert deck("permissions", "forget", "mcp__tiny__ech*").code == 0
    assert deck("call", "tiny", "echo", "text=a").code == 0


def test_a_call_that_has_to_be_asked_for_is_5_where_nobody_can_be_asked(deck: CommandLine, tmp_path: Path) -> None:
    _write(deck, ask=[ECHO])
    done = deck("call", "tiny", "echo", "text=a", "--json")
    assert (done.code, done.error["kind"]) == (5, "permission")
    assert (done.error["details"]["rule"], done.error["details"]["by"]) == (ECHO, "nobody")
    assert deck("call", "tiny", "echo", "text=a", "--yes").out == "a\n"
    for said, code in (("allow", 0), ("deny", 5)):
        answers = tmp_path / "answers.json"
        answers.write_text(json.dumps({"permission": said}))
        # the answers file stands above --yes
        assert deck("call", "tiny", "echo", "text=a", "--yes", "--answers", str(answers)).code == code


def test_nothing_lets_a_denied_call_through(deck: CommandLine, tmp_path: Path) -> None:
    _write(deck, deny=[ECHO], allow=[ECHO])
    answers = tmp_path / "answers.json"
    answers.write_text('{"permission": "allow"}')
    words = ("call", "tiny", "echo", "text=a", "--yes", "--profile", "admin", "--answers", str(answers))
    done = deck(*words, "--json")
    assert (done.code, done.error["details"]["by"], done.error["details"]["rule"]) == (5, "rule", ECHO)


@pytest.fixture
def here(deck: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.chdir(deck.root)
    return deck


@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"\n", 5)])
def test_at_a_terminal_the_person_is_asked_and_only_yes_is_yes(here: CommandLine, typed: bytes, code: int) -> None:
    _write(here, ask=[ECHO])
    words = (*MCPDECK, "call", "tiny", "echo", "text=\x1b[31mred")
    with Terminal(words, env={"MCPDECK_HOME": str(here.home)}, size=(200, 40)) as terminal:
        terminal.wait_for(b"[y]es once, [s]ession, [N]o")
        shown = terminal.output
        terminal.type(typed)
        assert terminal.ended(seconds=20) == code
    for words_shown in (b'"echo" of tiny', ECHO.encode(), b'"text"', str(_settings(here)).encode()):
        assert words_shown in shown
    assert b"\x1b[31mred" not in shown


def test_a_call_from_a_terminal_whose_stdin_holds_the_arguments_asks_nobody(deck: CommandLine) -> None:
    _write(deck, ask=[ECHO])
    assert deck("call", "tiny", "echo", "--args", "-", stdin='{"text": "y"}').code == 5
