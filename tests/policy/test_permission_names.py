"""The names that rules are written with, and the tools and prompts that they mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.services.models import Act, Effect, Offered
from mcpdeck.services.models.qualified import suffixed_names
from mcpdeck.services.policy.permission_rules import Rule, parse_rule, rule_text
from mcpdeck.services.registry.names import named
from tests.policy.permitting import effect, permitting, prompt, tool

LONG = "x" * 70
# the tools of a server: each is denied and allowed by the name that a model knows it by, and no other one is
SHOWN = ["read_file", "read.file", "read file", LONG, LONG + "y", "odd(name)*"]


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("server", ["files", "plugin:p:s", "s" * 70], ids=["plain", "plugin", "long"])
@pytest.mark.parametrize("digits", [6, 12, 24, 40])
def test_the_name_that_tells_a_tool_from_others_is_good_for_a_rule(server: str, name: str, digits: int) -> None:
    text = suffixed_names(server, name)[digits]
    for does, meant, others in (("deny", "deny", "allow"), ("ask", "ask", "allow"), ("allow", "allow", "ask")):
        permissions = permitting(configured=(server,), **{does: [text]})
        annotations = {} if does == "allow" else {"readOnlyHint": True}
        met = {one: effect(permissions, tool(one, server, annotations=annotations)) for one in SHOWN}
        assert met == {one: meant if one == name else others for one in SHOWN}


def test_the_names_that_are_shown_for_a_set_of_tools_are_good_for_rules() -> None:
    tools = [("files", name) for name in SHOWN]
    names = named(tools)
    for server, name in tools:
        assert effect(permitting(deny=[names.of(server, name)]), tool(name)) == "deny"


def test_where_two_servers_share_the_plain_form_the_name_of_one_tool_still_allows_that_tool() -> None:
    text = suffixed_names("a.b", "read")[6]
    permissions = permitting(configured=("a.b", "a:b"), allow=[text])
    assert [effect(permissions, tool("read", server)) for server in ("a.b", "a:b")] == ["allow", "ask"]
    [lint] = permissions.lints
    assert "only the tool that is told from others" in lint


@pytest.mark.parametrize("name", [*SHOWN, "b__c", " x", "a\nb", "\udc80", "\u202e", "a(b)", "*", "", "_x", "\u00e9"])
@pytest.mark.parametrize("offered", [tool, prompt], ids=["tool", "prompt"])
def test_the_rule_about_one_thing_allows_that_and_no_other(name: str, offered: Callable[..., Act]) -> None:
    text = rule_text(Offered.TOOL if offered is tool else Offered.PROMPT, "files", name)
    rule = parse_rule(text, Effect.ALLOW, "here")
    assert isinstance(rule, Rule)
    assert rule.names(offered(name))
    assert text.isprintable()
    for other in ("a_b", "a.b", "x", "read_file ", "b_c", "e"):
        assert not rule.names(offered(other))


def test_of_an_allow_by_a_model_s_name_it_is_told_which_tool_it_is_about() -> None:
    permissions = permitting(allow=["mcp__files__w_x"])
    assert [effect(permissions, tool(name)) for name in ("w_x", "w.x")] == ["allow", "ask"]
    [*_, last] = permissions.explain(tool("w.x"))
    assert last.startswith("not mcp__files__w_x (mine)")
    assert last.endswith("mcp__files__w.x")
    assert not any(line.startswith("not ") for line in permissions.explain(tool("w_x")))


def test_a_rule_about_resources_that_is_written_like_one_about_a_tool_is_told() -> None:
    rules = ["resource:mcp__files__secret", "resource:mcp__a__b", "resource:mcp__files__*", "resource:mcp__other"]
    for does in ("deny", "ask", "allow"):
        [lint] = permitting(configured=("files", "a__b"), **{does: rules}).lints
        assert '"resource:mcp__files__secret" in mine' in lint
        assert lint.endswith("write resource:mcp__files(uri:\u2026)")


def test_rules_of_a_profile_that_count_for_nothing_are_told_too() -> None:
    permissions = permitting(configured=("a.b", "a:b"), profiles={"x": {"allow": ["mcp__a_b__read"]}})
    [lint] = permissions.lints
    assert "profile x" in lint
