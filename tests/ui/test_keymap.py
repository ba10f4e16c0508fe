"""Keys that a person changed: read from their file, told where they are wrong, and followed everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.app.actions import BY_ID, Zone
from mcpdeck.app.deck import Deck
from mcpdeck.app.keymap import KeyMap, shown_key
from mcpdeck.app.preferences import Preferences
from mcpdeck.services.state.store import Store
from tests.ui import states
from tests.ui.deck_stage import Kept, Stage, Ticks
from tests.ui.form_stage import settle


def read(tmp_path: Path, content: object) -> KeyMap:
    path = tmp_path / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return KeyMap.read(path)


def test_without_a_file_the_usual_keys_hold(tmp_path: Path) -> None:
    keys = KeyMap.read(tmp_path / "keys.json")
    assert keys == KeyMap()
    assert keys.shown(BY_ID["log"]) == "l"


def test_an_action_has_exactly_the_keys_that_it_is_given(tmp_path: Path) -> None:
    keys = read(tmp_path, {"log": "Ctrl+X, f7", "reconnect": ""})
    assert keys.remarks == ()
    assert keys.shown(BY_ID["log"]) == "Ctrl+X"
    assert keys.action_for("f7", Zone.SERVERS) == "log"
    assert keys.is_free("l", Zone.SERVERS)
    assert keys.is_free("r", Zone.SERVERS)
    assert not keys.is_free("e", Zone.SERVERS)
    assert keys.shown(BY_ID["reconnect"]) == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no object"),
        ({"logs": "x"}, 'no action "logs", did you mean "log'),
        ({"log": 7}, "needs text"),
        ({"log": "ctrl+"}, "is no key"),
        ({"focus_next": "x"}, "cannot be changed"),
        ({"preset": "emacs"}, "no preset"),
        ({"log": "r"}, "r is both log and reconnect; log has it"),
    ],
)
def test_what_is_wrong_with_the_file_is_told(tmp_path: Path, content: object, told: str) -> None:
    keys = read(tmp_path, content)
    assert told in " ".join(keys.remarks)


def test_one_wrong_line_leaves_the_others(tmp_path: Path) -> None:
    keys = read(tmp_path, {"nonsense": "x", "log": "f7"})
    assert len(keys.remarks) == 1
    assert keys.action_for("f7", Zone.SERVERS) == "log"


def test_keys_are_read_as_people_write_them(tmp_path: Path) -> None:
    keys = read(tmp_path, {"log": "/", "reconnect": "Esc", "overview": "ALT+F3"})
    assert keys.keys(BY_ID["log"]) == ("slash",)
    assert keys.keys(BY_ID["reconnect"]) == ("escape",)
    assert keys.keys(BY_ID["overview"]) == ("alt+f3",)


@pytest.mark.parametrize(
    ("key", "shown"),
    [("ctrl+t", "Ctrl+T"), ("f7", "F7"), ("slash", "/"), ("E", "E"), ("ctrl+right", "Ctrl+→"), ("pageup", "PgUp")],
)
def test_keys_are_shown_as_people_read_them(key: str, shown: str) -> None:
    assert shown_key(key) == shown


def test_two_actions_may_have_one_key_in_different_places(tmp_path: Path) -> None:
    assert read(tmp_path, {"log_filter": "f8", "find_server": "f8"}).remarks == ()


async def _with(keys: KeyMap, *pressed: str) -> Stage:
    store, ticks = Store(states.app_state(*states.zoo())), Ticks()
    app = Deck(store, Kept, version="0.1.0", clock=states.clock, ticks=ticks, keys=keys, preferences=Preferences(None))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        stage = Stage(app, pilot, store, ticks)
        await stage.press(*pressed)
        stage.seen = stage.text  # type: ignore[attr-defined]
        stage.tab = stage.deck.tab  # type: ignore[attr-defined]
    return stage


async def test_a_changed_key_works_the_old_one_does_not_and_the_footer_shows_it() -> None:
    keys = KeyMap.of({"log": "f7"}, "keys.json")
    stage = await _with(keys, "f7")
    assert stage.tab == "log"  # type: ignore[attr-defined]
    stage = await _with(keys, "l")
    assert stage.tab == "overview"  # type: ignore[attr-defined]
    assert "F7 Log" in stage.seen  # type: ignore[attr-defined]


async def test_the_help_shows_own_keys_and_what_is_wrong_with_the_file() -> None:
    stage = await _with(KeyMap.of({"log": "f7", "lgo": "x"}, "keys.json"), "question_mark", "slash", *"stderr")
    assert "F7" in stage.seen  # type: ignore[attr-defined]
    assert "(yours)" in stage.seen  # type: ignore[attr-defined]
    assert 'no action "lgo"' in stage.seen  # type: ignore[attr-defined]


async def test_a_letter_that_was_given_to_an_action_is_typed_where_one_types() -> None:
    stage = await _with(KeyMap.of({"log": "x"}, "keys.json"), "slash", "x")
    assert stage.tab != "log"  # type: ignore[attr-defined]


async def test_with_the_arrows_only_letters_do_not_move() -> None:
    stage = await _with(KeyMap(preset="arrows"), "j", "j")
    assert "▌● everything" in stage.seen  # type: ignore[attr-defined]
    stage = await _with(KeyMap(), "j")
    assert "▌● files" in stage.seen  # type: ignore[attr-defined]


async def test_in_vi_the_log_is_elsewhere_and_l_goes_right() -> None:
    keys = KeyMap().with_preset("vi")
    stage = await _with(keys, "l")
    assert stage.tab == "overview"  # type: ignore[attr-defined]
    stage = await _with(keys, "ctrl+l")
    assert stage.tab == "log"  # type: ignore[attr-defined]
