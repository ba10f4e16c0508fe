"""Every worked case of the config contract, section 3, and what people try against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.models import ConnectorTarget, SseTarget, Target, TransportKind, WebSocketTarget
from mcpdeck.services.policy.rules import Policy, Subject
from tests.policy.judging import UNSET, command, in_process, lists, policy, url

NPX = ["npx", "-y", "approved"]
SITE = "https://mcp.example.com/mcp"
URL_RULE = {"serverUrl": "https://mcp.example.com/*"}
COMMAND_RULE = {"serverCommand": NPX}
NAME_RULE = {"serverName": "github"}


@dataclass(frozen=True)
class Case:
    says: str
    server: Subject
    passes: bool
    allowed: Any = UNSET
    denied: Any = UNSET


REMOTE, STDIO = url(SITE, "github"), command(*NPX, name="github")
CASES = [
    Case("nothing is set: everything may be used", REMOTE, True),
    Case("nothing is set: also a command", STDIO, True),
    Case("an empty deny list denies nothing", STDIO, True, denied=[]),
    Case("an empty allow list allows nothing", REMOTE, False, []),
    Case("an empty allow list allows no command", STDIO, False, []),
    Case("an empty allow list allows no server of this process", in_process(), False, []),
    # names
    Case("a name allows a remote server where no URL is listed", REMOTE, True, [NAME_RULE]),
    Case("a name allows a command where no command is listed", STDIO, True, [NAME_RULE]),
    Case("another name allows nothing", url(SITE, "gitlab"), False, [NAME_RULE]),
    Case("names are exact: case", url(SITE, "GitHub"), False, [NAME_RULE]),
    Case("names are exact: no star", url(SITE, "github"), False, [{"serverName": "git*"}]),
    Case("names are exact: no white space", url(SITE, "github "), False, [NAME_RULE]),
    # a name counts only where nothing says more
    Case(
        "with a URL in the list a name allows no remote server",
        url("https://evil.com/", "github"),
        False,
        [NAME_RULE, URL_RULE],
    ),
    Case("with a URL in the list a name still allows a command", STDIO, True, [NAME_RULE, URL_RULE]),
    Case(
        "with a command in the list a name allows no other command",
        command("sh", name="github"),
        False,
        [NAME_RULE, COMMAND_RULE],
    ),
    Case(
        "with a command in the list a name still allows a remote server",
        url("https://x.com/", "github"),
        True,
        [NAME_RULE, COMMAND_RULE],
    ),
    Case(
        "with both in the list a name allows nothing remote",
        url("https://x.com/", "github"),
        False,
        [NAME_RULE, COMMAND_RULE, URL_RULE],
    ),
    Case(
        "with both in the list a name allows no command",
        command("sh", name="github"),
        False,
        [NAME_RULE, COMMAND_RULE, URL_RULE],
    ),
    Case("only URLs in the list: no command passes", STDIO, False, [URL_RULE]),
    Case("only commands in the list: nothing remote passes", REMOTE, False, [COMMAND_RULE]),
    # commands
    Case("a command passes when all of it is the same", command(*NPX), True, [COMMAND_RULE]),
    Case("one argument less is another command", command("npx", "-y"), False, [COMMAND_RULE]),
    Case("one argument more is another command", command(*NPX, "--flag"), False, [COMMAND_RULE]),
    Case("another order is another command", command("npx", "approved", "-y"), False, [COMMAND_RULE]),
    Case(
        "another path to the program is another command",
        command("/usr/bin/npx", "-y", "approved"),
        False,
        [COMMAND_RULE],
    ),
    Case("arguments in one word are another command", command("npx -y approved"), False, [COMMAND_RULE]),
    Case("a star in a command is a star", command("npx", "x"), False, [{"serverCommand": ["npx", "*"]}]),
    # URLs
    Case("a URL passes that fits", url(SITE), True, [URL_RULE]),
    Case("a URL of another host does not pass", url("https://mcp.example.com.evil.com/mcp"), False, [URL_RULE]),
    Case("a pattern without path fits every path", url(SITE), True, [{"serverUrl": "https://MCP.example.com"}]),
    # in this process
    Case("a server of this process passes by its name", in_process("github"), True, [NAME_RULE]),
    Case("also where URLs and commands are listed", in_process("github"), True, [NAME_RULE, URL_RULE, COMMAND_RULE]),
    Case("an allow list without names has nothing for it", in_process("github"), False, [URL_RULE, COMMAND_RULE]),
    # denies
    Case("a denied name is blocked", STDIO, False, denied=[NAME_RULE]),
    Case("a denied URL is blocked", REMOTE, False, denied=[URL_RULE]),
    Case("a denied command is blocked", STDIO, False, denied=[COMMAND_RULE]),
    Case("a denied server of this process is blocked", in_process("github"), False, denied=[NAME_RULE]),
    Case("a deny wins over an allow by the same rule", REMOTE, False, [URL_RULE], [URL_RULE]),
    Case("a deny by name wins over an allow by URL", REMOTE, False, [URL_RULE], [NAME_RULE]),
    Case("a deny by URL wins over an allow by name", REMOTE, False, [NAME_RULE], [URL_RULE]),
    Case(
        "a deny by name counts also where URLs are denied",
        REMOTE,
        False,
        denied=[{"serverUrl": "https://x.com"}, NAME_RULE],
    ),
    Case("what no deny names passes", url("https://fine.example/"), True, denied=[NAME_RULE, URL_RULE, COMMAND_RULE]),
    Case("a URL rule is nothing to a command", command("npx", SITE), True, denied=[{"serverUrl": "*"}]),
    # expanded and as written
    Case(
        "a deny sees what is contacted",
        url("https://evil.com/", written="https://${HOST}/"),
        False,
        denied=[{"serverUrl": "https://evil.com"}],
    ),
    Case(
        "a deny sees what is written",
        url("https://fine.example/", written="https://${HOST:-evil.com}/"),
        False,
        denied=[{"serverUrl": "https://${HOST:-evil.com}/"}],
    ),
    Case(
        "a deny sees the command as it is written",
        command("a", written=("${RUN}",)),
        False,
        denied=[{"serverCommand": ["${RUN}"]}],
    ),
    Case("an allow sees what is contacted", url(SITE, written="https://${HOST}/mcp"), True, [URL_RULE]),
    Case("an allow does not see what is written", url("https://evil.com/", written=SITE), False, [URL_RULE]),
    Case(
        "an allow does not see the command as it is written", command("evil", written=tuple(NPX)), False, [COMMAND_RULE]
    ),
    Case(
        "a URL that nobody can read gets past no list of denied ones",
        url("https://a.com\\.b.com/"),
        False,
        denied=[{"serverUrl": "https://other.example/*"}],
    ),
    Case(
        "where no URL is denied such a one is not judged by it",
        url("https://a.com\\.b.com/"),
        True,
        denied=[NAME_RULE | {"serverName": "x"}],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_worked_case(case: Case) -> None:
    denial = policy(case.allowed, case.denied).judge(case.server)
    assert (denial is None) is case.passes, denial


def _connector(address: str) -> Target:
    return ConnectorTarget(address, lambda _: "token")


@pytest.mark.parametrize(
    "target",
    [
        SseTarget(SITE),
        SseTarget(SITE, kind=TransportKind.SSE_IDE),
        WebSocketTarget("wss://mcp.example.com/mcp"),
        WebSocketTarget("wss://mcp.example.com/mcp", kind=TransportKind.WS_IDE),
        _connector(SITE),
    ],
)
def test_whatever_is_reached_by_a_url_is_judged_by_it(target: Target) -> None:
    server = Subject("github", target)
    any_scheme = {"serverUrl": "*://mcp.example.com/*"}
    assert policy([any_scheme]).judge(server) is None
    assert policy([{"serverUrl": "https://other.example/*"}, NAME_RULE]).judge(server) is not None
    assert policy(denied=[any_scheme]).judge(server) is not None


def test_the_lists_of_all_files_are_united() -> None:
    together = Policy.of([lists([NAME_RULE]), lists([COMMAND_RULE], [URL_RULE]), lists(denied=[{"serverName": "x"}])])
    assert together.judge(command(*NPX)) is None
    assert together.judge(command("sh", name="github")) is not None  # a command is listed now
    assert together.judge(url(SITE)) is not None
    assert together.judge(command(*NPX, name="x")) is not None


def test_an_empty_allow_list_beside_a_full_one_adds_nothing_and_takes_nothing() -> None:
    assert Policy.of([lists([]), lists([NAME_RULE])]).judge(STDIO) is None
    assert Policy.of([lists([]), lists([NAME_RULE])]).judge(url(SITE, "other")) is not None


def test_the_administrator_may_let_only_the_managed_allow_list_count_and_denies_of_all_still_do() -> None:
    managed = lists([{"serverName": "ours"}], managed=True, only=True)
    mine = lists([NAME_RULE], [{"serverName": "ours"}])
    assert Policy.of([managed, lists([NAME_RULE])]).judge(STDIO) is not None
    assert Policy.of([managed]).judge(command("sh", name="ours")) is None
    assert Policy.of([managed, mine]).judge(command("sh", name="ours")) is not None


def test_without_that_flag_a_person_s_own_list_widens_the_managed_one() -> None:
    assert Policy.of([lists([], managed=True), lists([NAME_RULE])]).judge(STDIO) is None


def test_that_flag_counts_in_managed_settings_only() -> None:
    mine = lists([NAME_RULE], only=True)
    assert not mine.managed_only
    assert "managed settings only" in mine.lints[0]
    assert Policy.of([mine, lists([COMMAND_RULE])]).judge(command(*NPX)) is None


@pytest.mark.parametrize("value", ["true", 1, None, {}, "false"])
def test_a_flag_that_is_no_boolean_is_taken_as_set(value: object) -> None:
    managed = lists([], managed=True, only=value)
    assert Policy.of([managed, lists([NAME_RULE])]).judge(STDIO) is not None
    assert managed.lints


def test_a_folder_that_a_variable_names_widens_nothing_that_a_higher_one_closed() -> None:
    higher = lists([COMMAND_RULE], managed=True, only=True, rank=0)
    lower = lists([NAME_RULE, {"serverCommand": ["sh"]}], managed=True, rank=1)
    together = Policy.of([higher, lower])
    assert together.judge(command(*NPX)) is None
    assert together.judge(command("sh", name="github")) is not None


@pytest.mark.parametrize("value", [{}, "github", None, 3, True, {"serverName": "github"}])
def test_an_allow_list_that_is_none_allows_nothing_where_it_is_managed_and_is_ignored_elsewhere(value: object) -> None:
    managed, mine = lists(value, managed=True), lists(value)
    assert Policy.of([managed]).judge(STDIO) is not None
    assert "it counts as []" in managed.lints[0]
    assert Policy.of([mine]).judge(STDIO) is None
    assert "it is ignored" in mine.lints[0]


@pytest.mark.parametrize("value", [{}, "github", None, 3])
def test_a_managed_deny_list_that_is_none_shuts_everything_until_it_is_repaired(value: object) -> None:
    denial = Policy.of([lists(denied=value, managed=True)]).judge(STDIO)
    assert denial is not None
    assert "deniedMcpServers" in denial.hint
    assert Policy.of([lists(denied=value)]).judge(STDIO) is None


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "github",
        None,
        7,
        [],
        {"serverName": "github", "serverUrl": "*"},
        {"serverName": "github", "serverCommand": NPX},
        {"serverName": 3},
        {"serverName": ""},
        {"serverName": "  "},
        {"serverUrl": ["*"]},
        {"serverUrl": ""},
        {"serverCommand": "npx -y approved"},
        {"serverCommand": []},
        {"serverCommand": ["npx", 3]},
        {"servername": "github"},
    ],
)
@pytest.mark.parametrize("managed", [True, False])
def test_an_entry_that_is_no_rule_is_left_out_with_a_warning_that_names_its_place(entry: object, managed: bool) -> None:
    found = lists([NAME_RULE, entry], [entry, {"serverName": "x"}], managed=managed)
    assert [rule.words for rule in found.allowed or ()] == [("github",)]
    assert [rule.words for rule in found.denied] == [("x",)]
    assert found.lints[0].startswith("allowedMcpServers[1] ")
    assert found.lints[1].startswith("deniedMcpServers[0] ")
    only_bad = lists([entry])
    assert Policy.of([only_bad]).judge(STDIO) is not None  # it is still a list, and nothing in it fits


def test_more_than_the_rule_in_an_entry_is_tolerated() -> None:
    assert policy([{**NAME_RULE, "comment": "why"}]).judge(STDIO) is None


def test_a_rule_may_name_variables_as_an_entry_does() -> None:
    environ = {"HOME": "/home/me", "TEAM": "a", "ANY": "*"}
    rule = {"serverCommand": ["${HOME}/bin/server", "${X:-y}"]}
    assert policy([rule], environ=environ).judge(command("/home/me/bin/server", "y")) is None
    assert policy(denied=[rule], environ=environ).judge(command("/home/me/bin/server", "y")) is not None
    as_written = policy(denied=[{"serverCommand": ["${HOME}/x"]}], environ=environ)
    assert as_written.judge(command("/elsewhere/x", written=("${HOME}/x",))) is not None
    in_path = {"serverUrl": "https://mcp.example.com/${TEAM}/*"}
    assert policy([in_path], environ=environ).judge(url("https://mcp.example.com/a/mcp")) is None


@pytest.mark.parametrize(
    "pattern",
    ["https://${HOST}/*", "${HOST}", "${S}://mcp.example.com/*", "https://a.com/${ANY}", "https://a.com${ANY}"],
)
def test_a_variable_does_not_widen_what_a_url_pattern_allows(pattern: str) -> None:
    environ = {"HOST": "evil.com", "ANY": "*", "S": "https"}
    found = lists([{"serverUrl": pattern}], environ=environ)
    assert found.allowed == ()
    assert "variable" in found.lints[0]
    assert lists(denied=[{"serverUrl": pattern}], environ=environ).denied


def test_a_block_names_rule_list_and_file_and_shows_no_secret() -> None:
    denial = policy(denied=[{"serverUrl": "https://me:hunter2@mcp.example.com/*?token=hunter2"}, URL_RULE]).judge(
        REMOTE
    )
    assert denial is not None
    assert denial.details["rule"] == "serverUrl https://mcp.example.com/*"
    assert denial.details["list"] == "deniedMcpServers"
    assert denial.details["file"] == "/home/me/.claude/settings.json"
    assert denial.details["place"] == "/home/me/.claude/settings.json, deniedMcpServers[1]"
    secret = policy(
        denied=[{"serverUrl": "*mcp.example.com*token=hunter2*"}, {"serverCommand": ["x", "--token=hunter2"]}]
    )
    for server in (url(SITE + "?token=hunter2"), command("x", "--token=hunter2")):
        found = secret.judge(server)
        assert found is not None
        assert "hunter2" not in f"{found.title} {found.hint} {found.details}"


def test_a_server_that_nothing_allows_is_told_which_file_would_have_to() -> None:
    denial = policy([NAME_RULE]).judge(url(SITE, "other"))
    assert denial is not None
    assert (denial.details["rule"], denial.details["list"]) == (None, "allowedMcpServers")
    assert "/home/me/.claude/settings.json" in denial.hint
    assert denial.kind == "policy"


RULES = st.one_of(
    st.sampled_from(["github", "a", "b"]).map(lambda name: {"serverName": name}),
    st.lists(st.sampled_from(["npx", "-y", "approved", "a"]), min_size=1, max_size=3).map(
        lambda c: {"serverCommand": c}
    ),
    st.sampled_from(["*", "https://*", "https://mcp.example.com/*", "*://*/mcp", "https://a.com"]).map(
        lambda pattern: {"serverUrl": pattern}
    ),
)
SERVERS = st.one_of(
    st.sampled_from([REMOTE, STDIO, in_process("github"), url("https://a.com/mcp", "a"), command("a", name="b")]),
)


@given(st.lists(RULES, max_size=4), st.lists(RULES, max_size=4), SERVERS)
def test_a_deny_always_wins(allowed: list[object], denied: list[object], server: Subject) -> None:
    if policy(denied=denied).judge(server) is not None:
        assert policy(allowed, denied).judge(server) is not None
        assert Policy.of([lists(allowed, managed=True, only=True), lists(denied=denied)]).judge(server) is not None


@given(st.lists(RULES, max_size=4), SERVERS)
def test_an_empty_managed_list_that_stands_alone_allows_nothing(others: list[object], server: Subject) -> None:
    assert Policy.of([lists([], managed=True, only=True), lists(others)]).judge(server) is not None


@given(st.lists(RULES, max_size=4), RULES, SERVERS)
def test_one_more_deny_never_opens_anything(denied: list[object], more: object, server: Subject) -> None:
    if policy(denied=denied).judge(server) is not None:
        assert policy(denied=[*denied, more]).judge(server) is not None
