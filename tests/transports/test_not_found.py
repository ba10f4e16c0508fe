"""A command that is not there: the hint says what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.errors import SpawnError
from mcpdeck.services.models import StdioTarget
from mcpdeck.services.transports.process import spawn

pytestmark = pytest.mark.anyio


async def refused(command: str, folder: Path) -> SpawnError:
    with pytest.raises(SpawnError) as caught:
        await spawn(StdioTarget(command, (), {}, str(folder)))
    return caught.value


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program -y thing", 'arguments belong in "args"'),
        (" no-such-program", "white space around it"),
        ("no-such-program\n", "white space around it"),
        ("~/bin/no-such-program", '"~" is not expanded'),
        ("no-such-program", "Install"),
    ],
)
async def test_the_hint_names_what_is_wrong_with_the_command(tmp_path: Path, command: str, said: str) -> None:
    error = await refused(command, tmp_path)
    assert error.title.startswith("command not found: ")
    assert said in error.hint


async def test_a_relative_command_is_told_with_the_folder_in_which_it_was_looked_for(tmp_path: Path) -> None:
    error = await refused("./run.sh", tmp_path)
    assert str(tmp_path) in error.hint
    assert "Install" not in error.hint


async def test_a_script_beside_the_server_is_told_apart_from_the_interpreter_that_it_lacks(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    assert "interpreter" in (await refused("./run.sh", tmp_path)).title
