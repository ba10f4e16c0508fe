"""Questions from servers: who asks, what for, and three answers at any time."""

from __future__ import annotations

from typing import cast

import pytest
from textual.pilot import Pilot

from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import CallState, PromptState
from mcpdeck.widgets.prompts.elicitation import ElicitationPanel
from mcpdeck.widgets.prompts.urls import read_address
from tests.ui.form_stage import FORBIDDEN, HOSTILE, Stage, burst, settle, staged, text_of

BOOKING: JsonObject = {
    "message": "Two details are missing.",
    "requestedSchema": {
        "type": "object",
        "required": ["people", "name"],
        "properties": {
            "people": {"type": "integer", "minimum": 1, "default": 2},
            "name": {"type": "string"},
            "where": {
                "oneOf": [{"const": "in", "title": "Inside"}, {"const": "out", "title": "Garden"}],
                "default": "out",
            },
            "old": {"type": "string", "enum": ["a", "b"], "enumNames": ["Alpha", "Beta"]},
            "extras": {
                "type": "array",
                "items": {"anyOf": [{"const": "hc", "title": "High chair"}, {"const": "dog", "title": "Dog bowl"}]},
                "default": ["dog"],
            },
            "window": {"type": "boolean", "default": True},
            "remark": {"type": "string"},
        },
    },
}
CALL = CallState("c1", "demo", "book_table", {}, 0.0)


def question(request: JsonObject, prompt_id: str = "p1", server: str = "demo") -> PromptState:
    return PromptState(prompt_id, server, "c1", "elicitation/create", request, 0.0)


async def asked(panel: ElicitationPanel, pilot: Pilot[None], prompt: PromptState) -> None:
    panel.calls = (CALL,)
    panel.prompt = prompt
    await settle(pilot.app, pilot)
    panel.focus_first()
    await settle(pilot.app, pilot)


def answers(app: Stage) -> list[tuple[str, str, JsonObject | None]]:
    return [(message.prompt_id, message.action, message.content) for message in app.asked(ElicitationPanel.Answered)]


async def test_the_panel_says_who_asks_what_for_and_how_to_answer() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        screen = text_of(app)
        for words in ("demo asks", "during book_table", "Two details are missing.", "Accept", "Decline", "Cancel Esc"):
            assert words in screen


async def test_defaults_are_filled_in_values_are_sent_and_empty_fields_left_out() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("tab", *"Ann", "ctrl+r")
        await pilot.pause()
        expected: JsonObject = {"people": 2, "name": "Ann", "where": "out", "extras": ["dog"], "window": True}
        assert answers(app) == [("p1", "accept", expected)]


async def test_an_answer_sees_what_was_typed_right_before_it() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("tab")
        await burst(app, pilot, *"Ann", "ctrl+r")
        ((_, _, content),) = answers(app)
        assert content is not None
        assert content["name"] == "Ann"


async def test_enter_goes_from_field_to_field_and_accepts_only_in_the_last() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("enter", *"Ann", "enter", "i", "enter", "b", "enter")
        await pilot.pause()
        assert answers(app) == []
        await pilot.press("tab", "f", "enter", *"thanks", "enter")
        await pilot.pause()
        ((_, action, content),) = answers(app)
        assert action == "accept"
        assert content is not None
        assert {name: content[name] for name in ("name", "where", "old", "window", "remark")} == {
            "name": "Ann",
            "where": "in",
            "old": "b",
            "window": False,
            "remark": "thanks",
        }


async def test_titles_are_shown_and_their_values_sent() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        assert "Garden" in text_of(app)
        assert "Beta" in text_of(app)
        await pilot.press("tab", "A", "tab", "i", "tab", "b", "tab", "space", "ctrl+r")
        await pilot.pause()
        ((_, action, content),) = answers(app)
        assert action == "accept"
        assert content is not None
        assert (content["where"], content["old"], content["extras"]) == ("in", "b", ["hc", "dog"])


async def test_an_incomplete_form_is_not_sent() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("ctrl+r", "ctrl+r", "enter")
        await pilot.pause()
        assert answers(app) == []
        assert "✖ required" in text_of(app)


@pytest.mark.parametrize(("key", "action"), [("escape", "cancel"), ("ctrl+n", "decline")])
async def test_escape_cancels_and_never_declines(key: str, action: str) -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press(key)
        await pilot.pause()
        assert answers(app) == [("p1", action, None)]


async def test_a_question_is_answered_once() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("escape", "escape", "ctrl+n")
        await pilot.pause()
        assert len(answers(app)) == 1


async def test_the_next_question_takes_the_place_of_the_last() -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(BOOKING))
        await pilot.press("tab", *"Ann", "escape")
        await asked(panel, pilot, question({"message": "Sure?", "requestedSchema": {"type": "object"}}, "p2", "other"))
        assert "other asks" in text_of(app)
        assert "Sure?" in text_of(app)
        assert "Ann" not in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert answers(app)[-1] == ("p2", "accept", {})


async def test_a_form_that_asks_for_a_secret_is_warned_about() -> None:
    panel = ElicitationPanel()
    schema: JsonObject = {"type": "object", "properties": {"apiKey": {"type": "string"}}}
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question({"message": "Hello", "requestedSchema": schema}))
        assert "must not ask for passwords" in text_of(app)
        assert "looks like a secret" in text_of(app)


async def test_a_nested_schema_is_filled_in_as_json_with_a_remark() -> None:
    panel = ElicitationPanel()
    schema: JsonObject = {"type": "object", "required": ["deep"], "properties": {"deep": {"type": "object"}}}
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question({"message": "Hello", "requestedSchema": schema}))
        assert "Not a plain form" in text_of(app)
        await pilot.press(*'{"a":1}', "ctrl+r")
        await pilot.pause()
        assert answers(app) == [("p1", "accept", {"deep": {"a": 1}})]


@pytest.mark.parametrize("request_", [{}, {"message": 5}, {"requestedSchema": []}, {"requestedSchema": {"oneOf": [{}]}},
                                      {"mode": "url"}, {"mode": "url", "url": 7}])  # fmt: skip
async def test_a_question_that_breaks_the_rules_can_still_be_declined(request_: JsonObject) -> None:
    panel = ElicitationPanel()
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(request_))
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert answers(app) == [("p1", "decline", None)]


async def test_an_address_is_shown_whole_with_its_host_and_can_be_copied() -> None:
    url = "https://accounts.example.com/connect?" + "&".join(f"part{number}=value" for number in range(20))
    panel = ElicitationPanel()
    async with staged(panel, size=(60, 24)) as (app, pilot):
        await asked(panel, pilot, question({"mode": "url", "message": "Please connect.", "url": url}))
        screen = text_of(app)
        assert "Host     accounts.example.com" in screen
        assert url in "".join(line.strip("│ ") for line in screen.split("\n"))
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == url
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert answers(app) == [("p1", "accept", None)]


async def test_consent_is_not_offered_for_an_address_that_hides_something() -> None:
    panel = ElicitationPanel()
    request: JsonObject = {"mode": "url", "message": "Go", "url": "https://bank.example@evil.example/"}
    async with staged(panel) as (app, pilot):
        await asked(panel, pilot, question(request))
        assert "disguises the host: no accept" in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert answers(app) == []
        await pilot.press("escape")
        await pilot.pause()
        assert answers(app) == [("p1", "cancel", None)]


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_in_questions_show_as_text(words: str) -> None:
    panel = ElicitationPanel()
    properties = cast("Json", {words: {"type": "string", "description": words, "default": words}})
    form: JsonObject = {"message": words, "requestedSchema": {"type": "object", "properties": properties}}
    url: JsonObject = {"mode": "url", "message": words, "url": f"https://example.com/{words}"}
    for request in (form, url):
        panel = ElicitationPanel()
        async with staged(panel, size=(100, 30)) as (app, pilot):
            panel.calls = (CallState("c1", words, words, {}, 0.0),)
            panel.prompt = question(request, server=words)
            await settle(app, pilot)
            assert not FORBIDDEN & set(text_of(app))
            if words.startswith("[bold"):
                assert "[bold red]markup[/] asks" in text_of(app)


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://example.com/x", None),
        ("http://localhost:8080/", None),
        ("http://127.0.0.1/", None),
        ("http://[::1]:9/", None),
        ("http://example.com/", "encrypted"),
        ("javascript:alert(1)", "https"),
        ("file:///etc/passwd", "https"),
        ("https://user@example.com/", "user name"),
        ("https://exa mple.com/", "blanks"),
        ("https://example.com/\u202e", "invisible"),
        ("https:///nowhere", "no host"),
        ("https://[broken", "not an address"),
        ("", "https"),
    ],
)
def test_addresses_are_judged_by_their_text(url: str, refused: str | None) -> None:
    got = read_address(url).refused
    assert got is None if refused is None else got is not None and refused in got


@pytest.mark.parametrize("url", ["https://xn--bnk-hoa.example/", "https://bänk.example/", "https://93.184.216.34/"])
def test_hosts_that_may_deceive_are_pointed_out(url: str) -> None:
    assert read_address(url).warnings


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://login.accounts.example.com/", "example.com"),
        ("https://example.com.evil.test/", "evil.test"),
        ("https://a.b.example.co.uk/", "example.co.uk"),
        ("https://example.com/", "example.com"),
        ("https://127.0.0.1/", "127.0.0.1"),
        ("http://localhost:1/", "localhost"),
    ],
)
def test_of_a_host_the_part_that_somebody_registered_stands_out(url: str, domain: str) -> None:
    assert read_address(url).domain == domain


def test_punycode_is_read_out() -> None:
    (warning,) = read_address("https://xn--exmple-cua.com/").warnings
    assert "reads exämple.com" in warning
    (warning,) = read_address("https://xn--99999999999.com/").warnings
    assert "punycode" in warning


async def test_where_there_is_nothing_to_read_on_page_down_scrolls_the_form() -> None:
    many: JsonObject = {f"field{number}": {"type": "string"} for number in range(30)}
    panel = ElicitationPanel()
    async with staged(panel, size=(60, 16)) as (app, pilot):
        await asked(panel, pilot, question({"message": "Hello", "requestedSchema": {"properties": many}}))
        assert "field29" not in text_of(app)
        await pilot.press(*["pagedown"] * 6)
        await settle(app, pilot)
        assert "field29" in text_of(app)
        assert "Hello" in text_of(app)
