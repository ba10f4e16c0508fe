"""Files and modules that hold typed tools, named as a TARGET."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from mcpdeck.services.errors import ConfigValidationError, ConnectError
from mcpdeck.services.models import InProcessTarget
from mcpdeck.services.transports.memory import InProcessTransport
from tests.registry.typed_samples import call
from tests.transports.in_process import BOUND, connected

SAMPLE = """
from pydantic import BaseModel
from mcpdeck.services.registry.typed import Success, TypedTool

class Name(BaseModel):
    name: str

class Greeting(BaseModel):
    greeting: str

class Greet(TypedTool[Name, Greeting]):
    name = "greet"
    async def run(self, request, context):
        return Success(Greeting(greeting=f"Hello {request.name}"))
"""


@pytest.mark.parametrize(
    ("more", "spec"),
    [
        pytest.param("", "FILE", id="a file with a class"),
        pytest.param("greet = Greet()\n", "FILE", id="a file with an object"),
        pytest.param("", "FILE:Greet", id="a class in a file"),
        pytest.param("TOOLS = [Greet]\n", "FILE:TOOLS", id="a list in a file"),
        pytest.param("def make():\n    return (Greet(),)\n", "FILE:make", id="a function that gives some"),
        pytest.param("TOOLS = []\n\nclass _Hidden:\n    tools = Greet\n", "FILE:_Hidden.tools", id="a nested name"),
        pytest.param("", "typed_sample_module:Greet", id="a class in a module"),
    ],
)
async def test_a_target_that_holds_typed_tools_is_a_server(
    more: str, spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "typed_sample_module.py"
    file.write_text(SAMPLE + more)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "typed_sample_module", raising=False)
    async with connected(InProcessTarget(spec.replace("FILE", str(file)))) as line:
        answer = await call(line, "greet", {"name": "Ada"})
        assert answer["result"]["structuredContent"] == {"greeting": "Hello Ada"}
    sys.modules.pop("typed_sample_module", None)


@pytest.mark.parametrize(
    ("code", "spec", "title"),
    [
        pytest.param("TOOLS = []\n", ":TOOLS", "TOOLS is not an MCP server but a list", id="an empty list"),
        pytest.param("class Bare(TypedTool): pass\n", ":Bare", "Bare has no run method", id="no run method"),
        pytest.param("from mcpdeck.services.registry import typed\n", "", "has no typed tool", id="only the base"),
        pytest.param("class Twice(Greet): pass\n", "", "two tools are called 'greet'", id="two of one name"),
        pytest.param("class Odd(Greet): name = 'a b'\n", ":Odd", "'a b' is no name of a tool", id="an odd name"),
        pytest.param("Greet.__init__ = lambda self: 1 / 0\n", "", "ZeroDivisionError: division by zero", id="raising"),
    ],
)
async def test_a_file_whose_tools_cannot_be_served_says_why(code: str, spec: str, title: str, tmp_path: Path) -> None:
    file = tmp_path / "odd_tools.py"
    base = SAMPLE if "Greet" in code else "from mcpdeck.services.registry.typed import TypedTool\n"
    file.write_text(base + code)
    with anyio.fail_after(BOUND), pytest.raises((ConnectError, ConfigValidationError)) as caught:
        async with InProcessTransport(InProcessTarget(f"{file}{spec}")):
            pass
    assert title in caught.value.title
