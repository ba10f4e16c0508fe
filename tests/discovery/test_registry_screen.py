"""The registry in the dashboard: searching, looking and installing, on answers that the test gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcpdeck.app.registry_intents import Details
from mcpdeck.app.screens.confirm_screen import ConfirmScreen
from mcpdeck.app.screens.install_screen import InstallScreen
from mcpdeck.app.screens.registry_screen import RegistryScreen
from mcpdeck.services.discovery.registry import Page
from mcpdeck.services.models import ErrorInfo
from tests.discovery.registry_stage import MANY, OLD, PAGE, WEATHER, Played, server, staged
from tests.servers.registry_http import npm
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


def asked(stage: Played) -> list[tuple[object, ...]]:
    return [each.what for each in stage.app.answers.asked]


async def looking_at(stage: Played, *servers: object) -> None:
    await stage.answer(Page(servers))  # type: ignore[arg-type]
    await stage.press("down")


async def test_the_first_page_is_asked_for_when_it_opens() -> None:
    async with staged() as stage:
        assert asked(stage) == [("search", "", None)]
        assert "Asking the registry" in stage.text
        await stage.answer(PAGE)

        assert "22 servers, more below" in stage.text
        assert "io.github.acme/weather" in stage.text
        assert "1 left out: item 7" in stage.text


async def test_enter_searches_for_what_was_typed() -> None:
    async with staged() as stage:
        await stage.answer(PAGE)
        await stage.press(*"old", "enter")
        assert asked(stage)[-1] == ("search", "old", None)
        await stage.answer(Page((OLD,)))

        assert "1 server" in stage.text
        assert "io.github.acme/weather" not in stage.text
        assert stage.app.screen.focused is not None and stage.app.screen.focused.id == "registry-list"


async def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    async with staged() as stage:
        await stage.press(*"old", "enter")
        await stage.answer(Page((OLD,)))
        await stage.answer(Page((WEATHER,)), which=0)

        assert "com.example/old-weather" in stage.text
        assert "io.github.acme/weather" not in stage.text


async def test_an_answer_after_it_was_closed_changes_nothing() -> None:
    async with staged() as stage:
        await stage.press("escape")
        assert not isinstance(stage.app.screen, RegistryScreen)
        await stage.answer(PAGE, which=0)


async def test_the_next_page_is_asked_for_at_the_end_of_the_list() -> None:
    async with staged() as stage:
        await stage.answer(Page(MANY[:30], "after-30"))
        await stage.press("down", "end")
        searches = [each for each in asked(stage) if each[0] == "search"]
        assert searches == [("search", "", None), ("search", "", "after-30")]
        await stage.answer(Page(MANY[30:], None), which=[each[:1] for each in asked(stage)].index(("search",), 1))

        assert "60 servers" in stage.text and "more below" not in stage.text
        await stage.press("end")
        assert "io.example/server-59" in stage.text


async def test_a_failure_is_said_with_what_to_do() -> None:
    async with staged() as stage:
        await stage.answer(ErrorInfo("connect", "registry.example refused\x1b the connection", "Is it \u202erunning?"))

        assert "✖ registry.example refused␛ the connection" in stage.text
        assert "Is it \\u202erunning?" in stage.text


async def test_a_long_failure_is_told_whole_and_its_hint_on_a_line_of_its_own() -> None:
    async with staged(size=(80, 24)) as stage:
        await stage.answer(
            ErrorInfo("connect", "the answer is no JSON: " + "x" * 120, "look at the address in settings")
        )

        assert "x" * 40 in stage.text
        (line,) = [line for line in stage.text.split("\n") if "look at the address" in line]
        assert line.startswith("│   look at the address in settings ")


async def test_everything_that_was_left_out_is_listed_where_no_server_could_be_shown() -> None:
    problems = tuple(f"item {number} of the registry's answer is left out: it has no name" for number in range(12))
    async with staged() as stage:
        await stage.answer(Page((), None, problems))

        assert "No server in the answer can be shown · ▲ 12 left out: item 0" in stage.text
        for number in range(12):
            assert f"▲ item {number} of the registry's answer" in stage.text
        await stage.press(*"old", "enter")
        await stage.answer(Page(()))
        assert "left out" not in stage.text


async def test_versions_that_cannot_be_asked_for_are_told_and_asked_for_again() -> None:
    def questions(stage: Played) -> int:
        return asked(stage).count(("details", "io.github.acme/weather"))

    async with staged() as stage:
        await looking_at(stage, WEATHER, OLD)
        await eventually(lambda: questions(stage) == 1, "question for the versions")
        await stage.answer(ErrorInfo("connect", "registry.example is too slow\x1b", "Look again later."))
        assert "✖ registry.example is too slow␛" in stage.text
        assert "Look again later." in stage.text
        await stage.press("down")
        assert "too slow" not in stage.text
        await stage.press("up")
        await eventually(lambda: questions(stage) == 2, "the same question again")
        await stage.answer(Details(WEATHER, ("2.1.0", "2.0.0")), which=len(asked(stage)) - 1)
        assert "too slow" not in stage.text
        assert "Versions  2.1.0, 2.0.0" in stage.text


async def test_what_a_server_says_of_itself_has_room_beside_the_detail() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER, OLD)
        (line,) = [
            line for line in stage.text.split("\n") if "▌io.github" in line or "│ io.github.acme/weather  " in line
        ][:1]
        assert "Forecasts, warnings" in line.partition(" │ ")[0]


async def test_leaving_the_form_asks_before_something_typed_is_lost() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter", "escape")
        assert isinstance(stage.app.screen, RegistryScreen)
        await stage.press("enter", "tab", *"Bern", "escape")
        assert isinstance(stage.app.screen, ConfirmScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, InstallScreen)
        assert "Bern" in stage.text
        await stage.press("escape")
        assert isinstance(stage.app.screen, ConfirmScreen)
        stage.app.screen._quiet_since = 0.0  # it stands there for long
        await stage.press("y")
        assert isinstance(stage.app.screen, RegistryScreen)
        assert stage.app.entries.added == []


async def test_choosing_another_way_is_nothing_that_could_be_lost() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter", "shift+tab", "shift+tab", "shift+tab", "right", "escape")
        assert isinstance(stage.app.screen, RegistryScreen)


async def test_what_may_be_given_several_times_has_room_for_one_more() -> None:
    argument = {"type": "positional", "valueHint": "folder", "isRepeated": True, "isRequired": True}
    async with staged() as stage:
        await looking_at(stage, server("a/b", packages=[npm(packageArguments=[argument])]))
        await stage.press("enter")
        assert "may be given several times" in stage.text
        await stage.press(*"/one", "tab", *"/two")
        assert stage.text.count("  and ") == 2
        assert "/one /two" in stage.text
        await stage.press("ctrl+s")
        assert stage.app.entries.added[0][1]["args"][-2:] == ["/one", "/two"]  # type: ignore[index]


async def test_what_cannot_be_installed_has_its_button_right_below_the_reason() -> None:
    async with staged() as stage:
        await looking_at(stage, server("a/b", packages=[{"registryType": "mcpb", "identifier": "https://x/y"}]))
        await stage.press("enter")
        lines = stage.text.split("\n")
        back = next(number for number, line in enumerate(lines) if "Back (Esc)" in line)
        assert "from its address" in lines[back - 2]


async def test_the_versions_are_asked_for_once_the_cursor_rests() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER, OLD)
        await eventually(lambda: ("details", "io.github.acme/weather") in asked(stage), "question for the versions")
        await stage.answer(Details(WEATHER, ("2.1.0", "2.0.0", "1.0.0")))

        assert "Versions  2.1.0, 2.0.0, 1.0.0" in stage.text


@SIZES
async def test_the_list_and_what_a_server_would_run(
    size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with staged(size=size) as stage:
        await stage.answer(PAGE)
        await stage.press("down")

        assert "npx -y @example/weather@2.1.0 --units metric" in stage.text
        matches_snapshot(f"registry-{size[0]}x{size[1]}", stage.text)


async def test_hostile_texts_are_shown_as_they_are() -> None:
    async with staged() as stage:
        await looking_at(stage, OLD)

        assert "␛[31mLegacy␛[0m \\u202eweather" in stage.text
        assert "▲ deprecated" in stage.text
        assert "[bold]" not in stage.text
        assert "it gives docker options of its own" in stage.text


async def test_markup_in_a_description_stays_text() -> None:
    async with staged() as stage:
        await looking_at(stage, server("a/b", description="[red]x[/red] [@click=app.quit]y[/]"))

        assert "[red]x[/red] [@click=app.quit]y[/]" in stage.text


@SIZES
async def test_installing_asks_for_what_the_server_needs(
    size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with staged(size=size) as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter")

        assert isinstance(stage.app.screen, InstallScreen)
        matches_snapshot(f"registry-install-{size[0]}x{size[1]}", stage.text)
        await stage.press("ctrl+s")
        assert "✖ it needs CITY" in stage.text
        assert stage.app.entries.added == []


async def test_a_filled_form_becomes_an_entry() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter")
        await stage.press("tab", *"Bern", "ctrl+s")

        assert stage.app.entries.added == [
            (
                "weather",
                {
                    "type": "stdio",
                    "command": "npx",
                    "args": ["-y", "@example/weather@2.1.0", "--units", "metric"],
                    "env": {"WEATHER_KEY": "${WEATHER_KEY}", "CITY": "Bern", "LOG_LEVEL": "info"},
                },
                "local",
            )
        ]
        assert isinstance(stage.app.screen, RegistryScreen)
        assert "✔ Installed as weather; set WEATHER_KEY before you use it" in stage.text


async def test_a_secret_is_hidden_while_it_is_typed() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter", *"hunter2")

        assert "hunter2" not in stage.text
        await stage.press("tab", *"Bern", "ctrl+s")
        assert stage.app.entries.added[0][1]["env"]["WEATHER_KEY"] == "hunter2"  # type: ignore[index, call-overload]


async def test_another_way_asks_for_other_things() -> None:
    async with staged() as stage:
        await looking_at(stage, WEATHER)
        await stage.press("enter", "shift+tab", "shift+tab", "shift+tab", "right")

        assert "Reaches https://<tenant>.weather.example/mcp" in stage.text
        assert "CITY" not in stage.text
        await stage.press("tab", "tab", "tab", *"acme")
        assert "https://acme.weather.example/mcp" in stage.text
        await stage.press("ctrl+s")
        assert stage.app.entries.added[0][1]["url"] == "https://acme.weather.example/mcp"


async def test_name_and_scope_can_be_chosen() -> None:
    async with staged() as stage:
        await looking_at(stage, server("a/b", packages=[npm()]))
        await stage.press("enter", "2", "tab", "right")
        assert "everybody who works on this project  /srv/project/.mcp.json" in stage.text
        await stage.press("ctrl+s")

        assert [(name, scope) for name, _, scope in stage.app.entries.added] == [("b2", "project")]


async def test_what_cannot_be_written_is_said_and_nothing_is_lost() -> None:
    async with staged() as stage:
        await looking_at(stage, server("a/b", packages=[npm()]))
        await stage.press("enter")
        stage.app.entries.refusal = ErrorInfo("usage", 'there is a server "b" already', "take another name")
        await stage.press("ctrl+s")

        assert '✖ there is a server "b" already' in stage.text
        assert isinstance(stage.app.screen, InstallScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, RegistryScreen)


async def test_a_server_that_cannot_be_installed_says_why() -> None:
    async with staged() as stage:
        await looking_at(stage, server("a/b", packages=[{"registryType": "mcpb", "identifier": "https://x/y"}]))
        await stage.press("enter")

        assert "has to be downloaded, checked and unpacked first" in stage.text
        await stage.press("ctrl+s")
        assert stage.app.entries.added == []
        await stage.press("enter")
        assert isinstance(stage.app.screen, RegistryScreen)


async def test_many_things_to_ask_for_fit_on_a_small_screen() -> None:
    variables = [{"name": f"VARIABLE_{number}", "isRequired": True} for number in range(40)]
    async with staged(size=(80, 24)) as stage:
        await looking_at(stage, server("a/b", packages=[npm(environmentVariables=variables)]))
        await stage.press("enter")

        assert "Install (Ctrl+S)" in stage.text
        assert "Runs npx" in stage.text
