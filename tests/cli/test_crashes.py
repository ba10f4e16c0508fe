"""What is printed when mcpdeck itself fails has no secret in it, and no local variables."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.widgets import Static

from mcpdeck.app.crashes import crash_text
from mcpdeck.app.deck import Deck
from mcpdeck.services.state.store import Store
from tests.ui.deck_stage import Kept

SECRET = "s3cret-9f3a7c"


def fails(local: str) -> None:
    held = f"{local} is held here"
    raise RuntimeError(f"token={SECRET} \x1b[31m", len(held))


def test_a_crash_tells_where_it_was_and_no_secret() -> None:
    try:
        fails(SECRET)
    except RuntimeError as error:
        told = crash_text(error)
    assert "in fails" in told
    assert "RuntimeError" in told
    assert "please report it" in told
    assert SECRET not in told
    assert "\x1b" not in told


def test_the_command_line_prints_its_crashes_so() -> None:
    script = f"""
import sys
from mcpdeck.app import __main__, cli
def run(words):
    raise RuntimeError("password={SECRET}")
cli.run = run
__main__.main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "RuntimeError: password=•••" in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.anyio
async def test_the_dashboard_shows_no_local_variables_when_it_crashes(capsys: pytest.CaptureFixture[str]) -> None:
    deck = Deck(Store(), Kept)

    class Fails(Static):
        def on_mount(self) -> None:
            fails(SECRET)

    with pytest.raises(RuntimeError):
        async with deck.run_test():
            await deck.screen.mount(Fails())
    told = capsys.readouterr().err
    assert "in fails" in told
    assert SECRET not in told
