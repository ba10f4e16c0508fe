"""How a server object is found and loaded, and what is said when it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from mcpdeck.services.errors import ConnectError
from mcpdeck.services.models import InProcessTarget
from mcpdeck.services.transports import memory
from mcpdeck.services.transports.memory import InProcessTransport
from tests.transports.in_process import BOUND, INITIALIZE, connected


async def refused(spec: str) -> ConnectError:
    with anyio.fail_after(BOUND), pytest.raises(ConnectError) as caught:
        async with InProcessTransport(InProcessTarget(spec)):
            pass
    return caught.value


SERVER = "from mcp.server.mcpserver import MCPServer\n{}server = MCPServer('from a file')\n"


async def test_a_file_is_loaded_without_taking_anybodys_module_name(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SERVER.format("import sibling_of_app\n"))
    (tmp_path / "sibling_of_app.py").write_text("")
    before = sys.modules.get("app")
    async with connected(InProcessTarget(str(tmp_path / "app.py"))) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"]["name"] == "from a file"
    assert sys.modules.get("app") is before


async def test_a_file_next_to_the_server_does_not_hide_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER.format("import colorsys\ncolorsys.rgb_to_hls\n"))
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('the wrong one')")
    sys.modules.pop("colorsys", None)
    async with connected(InProcessTarget(f"{tmp_path / 'server.py'}:server")) as line:
        assert "result" in await line.ask(1, "initialize", INITIALIZE)


async def test_an_edited_file_is_read_again_at_the_next_connection(tmp_path: Path) -> None:
    file = tmp_path / "changing.py"
    for name in ("first", "a second one"):
        file.write_text(f"from mcp.server.mcpserver import MCPServer\nmcp = MCPServer({name!r})\n")
        async with connected(InProcessTarget(str(file))) as line:
            welcome = await line.ask(1, "initialize", INITIALIZE)
            assert welcome["result"]["serverInfo"]["name"] == name


async def test_a_module_and_a_factory_in_it_are_found_by_name() -> None:
    async with connected(InProcessTarget("mcpdeck.app.demo.in_process:server")) as line:
        welcome = await line.ask(1, "initialize", INITIALIZE)
        assert welcome["result"]["serverInfo"]["name"] == "demo-in-process"


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = await refused(f"{tmp_path}/nothing.py:server")
    assert error.title == f"no such file: {tmp_path}/nothing.py"


async def test_a_missing_module_is_named_with_the_python_that_lacks_it() -> None:
    error = await refused("no_such_package.server:mcp")
    assert error.title == "no module named 'no_such_package'"
    assert sys.executable in error.hint


async def test_a_word_that_names_no_object_says_how_to_write_one() -> None:
    error = await refused("something")
    assert error.title == "'something' names no server object"
    assert "package.module:object" in error.hint


async def test_a_missing_object_tells_which_servers_there_are(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text("from mcp.server.mcpserver import MCPServer\nred = MCPServer('red')\nblue = MCPServer('blue')\n")
    error = await refused(f"{file}:green")
    assert error.title == f"{file} has no 'green'"
    assert error.hint == "there is: red, blue"
    error = await refused(str(file))
    assert error.title == f"{file} has several server objects"


async def test_an_object_that_is_no_server_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text("from mcp.server.mcpserver import MCPServer\nnumber = 3\n")
    assert (await refused(f"{file}:number")).title == f"{file}:number is not an MCP server but an int"
    assert (await refused(f"{file}:MCPServer")).title == f"{file}:MCPServer is a class, not a server object"
    assert (await refused(str(file))).title == f"{file} has no server object"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("x = 1\nraise ValueError('no kettle')\n", "ValueError: no kettle"),
        ("x = 1\nraise SystemExit('done')\n", "SystemExit: done"),
        ("x = 1\nserver = = 2\n", "SyntaxError: invalid syntax"),
    ],
)
async def test_code_that_fails_while_it_is_imported_is_quoted_with_its_place(
    tmp_path: Path, text: str, title: str
) -> None:
    file = tmp_path / "failing.py"
    file.write_text(text)
    error = await refused(str(file))
    assert error.title == f"loading {file} failed: {title}"
    assert error.hint == f"see {file}, line 2"
    shown = str(error.details["stderr"])
    assert str(file) in shown
    assert str(Path(memory.__file__).parent) not in shown
    assert "importlib" not in shown


async def test_a_module_that_a_file_lacks_is_named_with_the_environment_it_is_looked_for_in(tmp_path: Path) -> None:
    file = tmp_path / "failing.py"
    file.write_text("x = 1\nimport kettle_maker\n")
    error = await refused(f"{file}:server")
    assert error.title == f"loading {file}:server failed: ModuleNotFoundError: No module named 'kettle_maker'"
    assert f"see {file}, line 2" in error.hint
    assert "mcpdeck's own environment" in error.hint
    assert f"-- python {file}" in error.hint


async def test_what_the_sdk_says_of_a_module_it_no_longer_has_is_not_taken_for_a_missing_sdk(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("from mcp.server.fastmcp import FastMCP\nserver = FastMCP('old')\n")
    error = await refused(str(tmp_path / "old.py"))
    assert "mcp.server.fastmcp" in error.title
    assert "not installed" not in error.title
