"""The log on the main screen, by keys."""

from __future__ import annotations

from mcpdeck.services import events as ev
from tests.ui import states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE


def log(stage: Stage, server: str, *texts: str, level: str = "info", kind: str = "log", at: float = 1_000.0) -> None:
    generation = stage.store.state.mcp.servers[server].generation
    for number, text in enumerate(texts):
        stage.store.dispatch(ev.LogReceived(server, generation, at + number, kind, level, "lib", text))
    stage.store.flush()


def lines(stage: Stage) -> list[str]:
    """What stands in the log, without the list on the left and the borders."""
    view = stage.deck._logs.view
    return [
        strip.text.rstrip() for strip in (view.render_line(y) for y in range(view.size.height)) if strip.text.strip()
    ]


ZOO = states.app_state(*states.zoo())


async def test_what_is_typed_narrows_the_lines_and_escape_shows_all_again() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "connect", "time out", "retry", "time out again")
        await stage.press("l", "slash", *"time")
        assert len(lines(stage)) == 2
        assert "2 of 4 lines" in stage.text
        await stage.press("enter")
        assert stage.app.focused is stage.deck._logs.view
        log(stage, "everything", "third time", "other")
        await stage.rest()
        assert len(lines(stage)) == 3
        await stage.press("escape")
        assert len(lines(stage)) == 6


async def test_n_goes_from_match_to_match_with_the_lines_around_them() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "a", "hit 1", "b", "hit 2", "c")
        await stage.press("l", "slash", *"hit", "enter", "N")
        assert len(lines(stage)) == 5
        assert "match 1 of 2" in stage.text
        assert "hit 1" in next(line for line in lines(stage) if line.startswith("▌"))
        await stage.press("n")
        assert "match 2 of 2" in stage.text
        await stage.press("slash")
        assert len(lines(stage)) == 2


async def test_space_pauses_and_counts_what_comes_meanwhile() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", *(f"line {number}" for number in range(100)))
        await stage.press("l", "space")
        log(stage, "everything", *(f"new {number}" for number in range(1_240)))
        await stage.rest()
        assert "1,240 new" in stage.text
        assert "line 99" in lines(stage)[-1]
        await stage.press("space")
        assert "new 1239" in lines(stage)[-1]
        assert "paused" not in stage.text


async def test_the_logs_of_all_servers_stand_together_by_time_with_their_names() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "one", at=1.0)
        log(stage, "files", "two", at=2.0)
        log(stage, "everything", "three", at=3.0)
        await stage.press("l", "a")
        assert "all servers · 3 lines" in stage.text
        assert [line.split()[-1] for line in lines(stage)] == ["one", "two", "three"]
        assert "files" in lines(stage)[1]
        log(stage, "files", "four", at=4.0)
        await stage.rest()
        assert lines(stage)[-1].endswith("four")
        await stage.press("a")
        assert len(lines(stage)) == 2


async def test_the_least_level_hides_what_is_less_grave() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "fine")
        log(stage, "everything", "odd", level="warning")
        log(stage, "everything", "Traceback (most recent call last):", kind="stderr")
        await stage.press("l", "m", "down", "down", "down", "enter")
        assert [line.split()[-1] for line in lines(stage)] == ["odd", "last):"]
        assert "from warning" in stage.text


async def test_a_line_and_all_that_are_shown_are_copied_whole() -> None:
    async with decked(ZOO) as stage:
        long = "x" * 2_000
        log(stage, "everything", "hit " + long, "other")
        await stage.press("l", "slash", *"hit", "enter", "y")
        assert long in stage.app.clipboard
        await stage.press("escape", "Y")
        assert stage.app.clipboard.count("\n") == 2


async def test_the_lines_that_are_shown_are_saved() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "hit", "other")
        await stage.press("l", "slash", *"hit", "enter", "s")
        what, name, saved = stage.asked[-1]
        assert (what, name) == ("save log", "everything")
        assert [line.split()[-1] for line in saved] == ["hit"]  # type: ignore[union-attr]


async def test_hostile_lines_are_shown_marked_and_copied_as_text() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", *HOSTILE)
        await stage.press("l", "Y")
        assert not FORBIDDEN & set(stage.text)
        assert not FORBIDDEN & set(stage.app.clipboard)
        for typed in ("[bold", "eval", "{{x}}"):
            await stage.press("slash", *typed, "enter")
            assert not FORBIDDEN & set(stage.text)
            await stage.press("escape")


async def test_dropped_lines_are_counted() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", *(str(number) for number in range(5_100)))
        await stage.press("l")
        assert "5,000 lines · 100 dropped" in stage.text


async def test_another_server_begins_at_the_end_of_its_own_log_with_the_same_filter() -> None:
    async with decked(ZOO) as stage:
        log(stage, "everything", "hit 1")
        log(stage, "files", "miss", "hit 2")
        await stage.press("l", "slash", *"hit", "enter")
        stage.deck.go_to_server("files")
        await stage.rest()
        await stage.press("l")
        assert [line.split()[-1] for line in lines(stage)] == ["2"]
