"""The server list on the screen: order, groups, filter, marks, the whole width; what the keys do to several servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.services import events as ev
from mcpdeck.services.models import ErrorInfo, Source, Status, TransportKind
from mcpdeck.services.models.calls import CallStats
from mcpdeck.services.state.model import ServerState
from mcpdeck.widgets import server_table
from mcpdeck.widgets.server_list import ServerList
from tests.ui import states
from tests.ui.deck_stage import Stage, decked, paste
from tests.ui.form_stage import HOSTILE
from tests.waiting import eventually


def fleet(count: int = 6) -> list[ServerState]:
    """``s0`` … with latencies that fall, every other one over HTTP from a project."""
    rows: list[ServerState] = []
    for number in range(count):
        odd = number % 2 == 1
        rows.append(
            states.connected(
                f"s{number}",
                latencies=(100.0 - number,) * 4,
                source=Source.PROJECT if odd else Source.USER,
                transport=TransportKind.HTTP if odd else TransportKind.STDIO,
                tools=(states.tool(f"tool-of-s{number}"),),
            )
        )
    return rows


FLEET = states.app_state(*fleet())


def listed(stage: Stage) -> list[str]:
    """Names from top to bottom; a group's head as ``[title]``."""
    servers = stage.deck.query_one(ServerList)
    rows = [servers.item_at(index) for index in range(servers.length())]
    return [row.id if isinstance(row, ServerState) else f"[{row.title}]" for row in rows]


def under_cursor(stage: Stage) -> str:
    row = stage.deck.query_one(ServerList).server
    return row.id if row is not None else ""


async def choose(stage: Stage, key: str, choice: str, *, of: tuple[str, ...]) -> None:
    await stage.press(key, "home", *["down"] * of.index(choice), "enter")


SORTS = ("configured", "name", "status", "latency", "errors", "tokens", "source")
GROUPS = ("none", "source", "status", "transport")


async def test_o_sorts_the_servers_and_once_more_turns_them_round() -> None:
    async with decked(FLEET) as stage:
        await choose(stage, "o", "latency", of=SORTS)
        assert listed(stage) == ["s0", "s1", "s2", "s3", "s4", "s5"]
        await choose(stage, "o", "latency", of=SORTS)
        assert listed(stage) == ["s5", "s4", "s3", "s2", "s1", "s0"]
        assert under_cursor(stage) == "s0"
        assert "by latency ↑" in stage.text


async def test_the_cursor_stays_on_its_server_and_the_right_side_with_it_when_the_order_changes() -> None:
    async with decked(FLEET) as stage:
        await stage.press("down", "down")
        await choose(stage, "o", "name", of=SORTS)
        await choose(stage, "o", "name", of=SORTS)
        assert under_cursor(stage) == "s2"
        assert "tool-of-s2" in stage.text


async def test_groups_have_heads_that_fold_by_enter_and_arrows() -> None:
    async with decked(FLEET) as stage:
        await choose(stage, "O", "transport", of=GROUPS)
        assert listed(stage) == ["[stdio]", "s0", "s2", "s4", "[http]", "s1", "s3", "s5"]
        assert "▾ stdio  3  ● 3" in stage.text
        await stage.press("left")
        assert listed(stage) == ["[stdio]", "[http]", "s1", "s3", "s5"]
        assert "▸ stdio  3  ● 3" in stage.text
        await stage.press("enter")
        assert "s2" in listed(stage)
        await stage.press("left", "right")
        assert "s2" in listed(stage)


async def test_keys_on_the_head_of_a_group_act_on_all_of_its_servers() -> None:
    async with decked(FLEET) as stage:
        await choose(stage, "O", "transport", of=GROUPS)
        await stage.press("home")
        assert "Reconnect 3" in stage.text
        await stage.press("r")
        assert stage.asked == [("reconnect", f"s{number}") for number in (0, 2, 4)]


async def test_slash_filters_the_servers_letters_are_text_and_enter_keeps_what_was_found() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash")
        assert stage.deck._zone() is Zone.FIND
        await stage.press(*"http")
        assert listed(stage) == ["s1", "s3", "s5"]
        assert "/ http" in stage.text
        assert "Servers 3/6" in stage.text
        await stage.press("down")
        assert under_cursor(stage) == "s3"
        await stage.press("enter")
        assert stage.deck._zone() is Zone.SERVERS
        await stage.press("e")
        assert stage.asked == [("set_enabled", "s3", False)]
        await stage.press("escape")
        assert len(listed(stage)) == 6
        assert under_cursor(stage) == "s3"


async def test_letters_of_the_filter_are_never_keys_and_escape_takes_it_away() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash", *"qreUx?*", "space", "o")
        assert stage.asked == []
        assert stage.app.is_running
        assert "/ qreUx?* o" in stage.text
        assert "no server has these words" in stage.text
        await stage.press("escape")
        assert len(listed(stage)) == 6
        assert stage.deck._zone() is Zone.SERVERS


async def test_the_filter_is_corrected_by_the_usual_keys_and_takes_a_paste() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash", *"s3x", "backspace")
        assert listed(stage) == ["s3"]
        await stage.press("ctrl+u")
        assert len(listed(stage)) == 6
        await paste(stage, "s4\n")
        assert listed(stage) == ["s4"]
        await stage.press("ctrl+w")
        assert len(listed(stage)) == 6


async def test_going_to_another_pane_ends_typing_and_keeps_the_filter() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash", *"s3", "tab", "tab", "shift+tab")
        assert stage.deck._zone() is not Zone.FIND
        assert listed(stage) == ["s3"]


async def test_a_server_that_is_gone_to_by_name_is_shown_whatever_hides_it() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash", *"s3", "enter")
        stage.deck.go_to_server("s4")
        await stage.rest()
        assert under_cursor(stage) == "s4"
        await choose(stage, "O", "transport", of=GROUPS)
        await stage.press("left")
        stage.deck.go_to_server("s2")
        await stage.rest()
        assert under_cursor(stage) == "s2"


async def test_space_marks_and_the_keys_act_on_all_that_are_marked() -> None:
    async with decked(FLEET) as stage:
        await stage.press("space", "down", "space")
        assert "2 marked" in stage.text
        assert "●✓s0" in stage.text
        assert "Disable 2" in stage.text
        await stage.press("r", "u", "e")
        assert stage.asked == [
            ("reconnect", "s0"),
            ("reconnect", "s2"),
            ("relist", "s0"),
            ("relist", "s2"),
            ("set_enabled_all", ("s0", "s2"), False),
        ]
        await stage.press("escape")
        assert "marked" not in stage.text


async def test_of_those_marked_that_are_off_and_on_the_ones_that_are_on_are_disabled_first() -> None:
    rows = [*fleet(2), states.server("off", status=Status.DISABLED)]
    async with decked(states.app_state(*rows)) as stage:
        await stage.press("asterisk", "e")
        assert stage.asked == [("set_enabled_all", ("s0", "s1"), False)]
        await stage.become(states.app_state(*(replace(row, status=Status.DISABLED) for row in rows)))
        assert "Enable 3" in stage.text
        await stage.press("e")
        assert stage.asked[-1] == ("set_enabled_all", ("s0", "s1", "off"), True)


async def test_the_star_marks_what_the_filter_found_and_once_more_nothing() -> None:
    async with decked(FLEET) as stage:
        await stage.press("slash", *"http", "enter", "asterisk")
        assert "3 marked" in stage.text
        await stage.press("asterisk")
        assert "marked" not in stage.text


async def test_several_are_removed_after_one_question_that_names_them() -> None:
    async with decked(FLEET) as stage:
        await stage.press("space", "space", "delete")
        assert "Remove 2 servers" in stage.text
        assert "U puts them back" in stage.text
        await stage.press("y")
        assert stage.asked == [("remove_all", ("s0", "s1"))]


async def test_a_marked_server_that_is_gone_is_marked_no_more() -> None:
    async with decked(FLEET) as stage:
        await stage.press("space", "space")
        await stage.become(states.app_state(*fleet()[1:]))
        assert "1 marked" in stage.text


async def test_figures_that_move_put_rows_in_order_later_and_never_while_keys_are_pressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_table, "SETTLES", 3600.0)
    async with decked(FLEET) as stage:
        servers = stage.deck.query_one(ServerList)
        await choose(stage, "o", "latency", of=SORTS)
        slowest = replace(fleet()[5], latencies=(5_000.0,))
        await stage.become(states.app_state(*fleet()[:5], slowest))
        assert listed(stage) == ["s0", "s1", "s2", "s3", "s4", "s5"]
        assert "5.0 s" in stage.line("● s5")
        timer = servers._settling
        assert timer is not None
        await stage.become(states.app_state(*fleet()[:5], replace(slowest, latencies=(6_000.0,))))
        assert servers._settling is timer  # at most one at a time, however much moves
        servers._settle()
        await stage.rest()
        assert listed(stage)[0] == "s5"


async def test_rows_settle_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_table, "SETTLES", 0.01)
    async with decked(FLEET) as stage:
        await choose(stage, "o", "errors", of=SORTS)
        await stage.become(states.app_state(*fleet()[:5], replace(fleet()[5], stats=CallStats(calls=9, errors=4))))
        await eventually(lambda: listed(stage)[0] == "s5", "the row with errors on top")


async def test_of_300_servers_one_that_changes_is_painted_alone_and_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[str] = []
    paint = ServerList.paint

    def noted(self: ServerList, item: server_table.Row, width: int, *, current: bool) -> object:
        painted.append(item.id if isinstance(item, ServerState) else item.title)
        return paint(self, item, width, current=current)

    async with decked(states.app_state(*fleet(300))) as stage:
        await choose(stage, "o", "latency", of=SORTS)
        monkeypatch.setattr(ServerList, "paint", noted)
        stage.store.dispatch(ev.LatencyMeasured("s3", 1, 96.5))
        stage.store.flush()
        await stage.pilot.pause()
        assert painted == ["s3"]


async def test_z_gives_the_list_the_whole_screen_and_again_when_one_comes_back() -> None:
    async with decked(FLEET) as stage:
        assert "Overview" in stage.text
        await stage.press("z")
        assert "Overview" not in stage.text
        assert "source" in stage.text
        assert "uptime" not in stage.text
        await stage.press("enter")
        assert "Overview" in stage.text or "Tool" in stage.text
        await stage.press("escape")
        assert "source" in stage.line("name")
        await stage.press("escape")
        assert "Overview" in stage.text


async def test_order_and_groups_are_kept_and_nonsense_in_their_place_is_left_out() -> None:
    async with decked(FLEET) as stage:
        await choose(stage, "O", "source", of=GROUPS)
        await choose(stage, "o", "name", of=SORTS)
        kept = stage.app.preferences.value("servers")
        assert kept == {"sort": "name", "reverse": False, "group": "source"}
        servers = stage.deck.query_one(ServerList)
        stage.app.preferences.keep("servers", {"sort": "colour", "reverse": 3, "group": ["x"]})
        stage.deck.list_as_kept()
        assert servers.wanted.sort.value == "configured"
        stage.app.preferences.keep("servers", {"sort": "errors", "reverse": True, "group": "status"})
        stage.deck.list_as_kept()
        assert (servers.wanted.sort.value, servers.wanted.reverse, servers.wanted.group.value) == (
            "errors",
            True,
            "status",
        )


async def test_enter_on_a_server_that_lacks_a_variable_asks_for_it_and_hides_what_is_typed() -> None:
    row = states.server("hub", status=Status.FAILED, missing=("HUB_TOKEN", "HUB_ORG"), error=ErrorInfo("spawn", "exit"))
    async with decked(states.app_state(row), size=(80, 24)) as stage:
        assert "failed · set HUB_TOKEN and 1 more" in stage.text
        await stage.press("enter")
        assert "hub needs 2 variables" in stage.text
        assert "export HUB_TOKEN=" in stage.text
        await stage.press(*"s3cret", "enter")
        assert "s3cret" not in stage.text
        assert stage.asked == []
        await stage.press(*"org", "enter")
        assert stage.asked == [("set_variables", {"HUB_TOKEN": "s3cret", "HUB_ORG": "org"})]


async def test_a_server_that_works_without_its_variable_opens_its_tools() -> None:
    row = replace(fleet()[0], missing=("OPTIONAL",))
    async with decked(states.app_state(row)) as stage:
        await stage.press("enter")
        assert stage.deck._zone() is Zone.TOOLS


async def test_u_undoes() -> None:
    async with decked(FLEET) as stage:
        await stage.press("U")
        assert stage.asked == [("undo",)]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_variables_and_words_are_text(text: str) -> None:
    row = states.server(text, status=Status.FAILED, missing=(text,), error=ErrorInfo("spawn", text))
    async with decked(states.app_state(row)) as stage:
        await stage.press("space", "enter", "escape", "O", "enter", "slash")
        await paste(stage, text)
        assert all(char == "\n" or char.isprintable() for char in stage.text)


async def test_with_one_marked_the_keys_mean_that_one_wherever_the_cursor_stands() -> None:
    async with decked(FLEET) as stage:
        await stage.press("space", "down", "down")
        assert "Disable 1" in stage.text
        await stage.press("e", "r")
        assert stage.asked == [("set_enabled", "s0", False), ("reconnect", "s0")]


async def test_keys_on_the_head_of_a_group_of_one_mean_that_server() -> None:
    async with decked(states.app_state(*fleet(2))) as stage:
        await choose(stage, "O", "transport", of=GROUPS)
        await stage.press("end", "up", "e")
        assert stage.asked == [("set_enabled", "s1", False)]
