"""A project's headers helper runs when somebody approved it, and not before."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.cli.command import CommandLine
from tests.waiting import gone, until


def entry(helper: str) -> dict[str, object]:
    return {"type": "http", "url": "http://127.0.0.1:1/mcp", "headersHelper": helper}


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--json"], ["tools", "it"], ["get", "it"], ["sources"], ["approve", "it", "--dry-run"]]
)
def test_a_project_s_helper_is_not_run_before_it_is_approved(
    mcpdeck: CommandLine, tmp_path: Path, words: list[str]
) -> None:
    witness = tmp_path / "ran"
    mcpdeck.project({"it": entry(f"touch '{witness}'")})
    done = mcpdeck(*words)
    assert done.code == (5 if words[0] == "tools" else done.code)
    assert not witness.exists()


def test_it_is_shown_before_it_is_approved_runs_after_and_asks_again_once_edited(
    mcpdeck: CommandLine, tmp_path: Path
) -> None:
    witness = tmp_path / "ran"
    mcpdeck.project({"it": entry(f"touch '{witness}' && exit 3")})
    approved = mcpdeck("approve", "it", "--yes")
    assert f"touch '{witness}' && exit 3" in approved.err + approved.out
    assert not witness.exists()
    failed = mcpdeck("tools", "it", "--json")
    assert "the headers helper ended with code 3" in failed.error["title"]
    assert failed.code != 0
    assert witness.exists()
    witness.unlink()
    mcpdeck.project({"it": entry(f"touch '{witness}' # edited")})
    assert mcpdeck("tools", "it").code == 5
    assert not witness.exists()


def test_a_helper_of_one_s_own_needs_no_approval_and_its_failure_is_the_server_s(
    mcpdeck: CommandLine, tmp_path: Path
) -> None:
    witness = tmp_path / "ran"
    mcpdeck.user({"it": entry(f"touch '{witness}'; echo s3cret")})
    done = mcpdeck("list", "--json")
    (row,) = done.json["servers"]
    assert (done.code, row["status"]) == (0, "failed")
    assert "not JSON" in row["error"]["title"]
    assert "s3cret" not in done.out + done.err
    assert witness.exists()


def test_a_command_that_is_interrupted_ends_the_helper_and_does_not_wait_for_it(
    mcpdeck: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    mcpdeck.user({"it": entry(f"echo $$ > '{file}.new'; mv '{file}.new' '{file}'; sleep 60; true")})
    command = mcpdeck.popen("tools", "it")
    try:
        until(file.exists, "helper", seconds=30)
        helper = psutil.Process(int(file.read_text()))
        family = [helper, *helper.children(recursive=True)]
        command.terminate()
        # Far below the time limit of a helper, which is what a thread that waits for it would take.
        assert command.wait(8) == 143
        gone(family)
    finally:
        command.kill()
        command.communicate()
