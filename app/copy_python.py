"""A call as a program on the official Python SDK (``pip install mcp``).

Owns writing values as Python. ``${NAME}`` of a secret becomes ``os.environ["NAME"]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from ..services.models import HttpTarget, Json, Offered, SseTarget, StdioTarget
from .copy_as import REFERENCE, Copied, Hidden, Wanted

TITLE = "Python"


def python_program(wanted: Wanted) -> Copied:
    """It prints the result as JSON. The SDK finds out by itself which era the server speaks."""
    hidden = Hidden(wanted.entry.target, wanted.secrets)
    found = _client(wanted, hidden)
    if found is None:
        return Copied("python", TITLE, problem="the official SDK cannot reach a server in this way.")
    imports, client = found
    names = tuple(hidden.names)
    call = {
        Offered.TOOL: lambda: f"client.call_tool({wanted.name!r}, {literal(wanted.arguments, names, 2)})",
        Offered.RESOURCE: lambda: f"client.read_resource({wanted.name!r})",
        Offered.PROMPT: lambda: f"client.get_prompt({wanted.name!r}, {literal(wanted.arguments, names, 2)})",
    }[wanted.kind]()
    lines = [
        "import asyncio",
        *(["import os"] if names else []),
        "",
        *imports,
        "",
        "",
        "async def main() -> None:",
        *(f"    {line}" for line in client),
        f"        result = await {call}",
        "        print(result.model_dump_json(by_alias=True, exclude_none=True, indent=2))",
        "",
        "",
        "asyncio.run(main())",
    ]
    return Copied("python", TITLE, "\n".join(lines) + "\n", names)


def _client(wanted: Wanted, hidden: Hidden) -> tuple[list[str], list[str]] | None:
    """Imports, and the lines that enter ``client``."""
    match wanted.entry.target:
        case StdioTarget(command, args, env, cwd):
            given = {name: hidden.text(value, name) for name, value in env.items()}
            words = [hidden.text(one, "argument") for one in args]
            names = tuple(hidden.names)
            lines = ["server = StdioServerParameters(", f"    command={command!r},"]
            lines.append(f"    args={_list(words, names)},")
            lines += [f"    env={_dict(given, names)},"] if given else []
            lines += [f"    cwd={cwd!r},"] if cwd is not None else []
            return ["from mcp import Client, StdioServerParameters"], [
                *lines,
                ")",
                "async with Client(server) as client:",
            ]
        case HttpTarget(url, headers):
            given, where = _reached(wanted, hidden, url, headers)
            if not given:
                return ["from mcp import Client"], [f"async with Client({where}) as client:"]
            imports = ["from mcp import Client"]
            imports += ["from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client"]
            return imports, [
                f"headers = {_dict(given, hidden.names)}",
                "http = create_mcp_http_client(headers=headers)",
                f"async with Client(streamable_http_client({where}, http_client=http)) as client:",
            ]
        case SseTarget(url, headers):
            given, where = _reached(wanted, hidden, url, headers)
            imports = ["from mcp import Client", "from mcp.client.sse import sse_client"]
            more = f", headers={_dict(given, hidden.names)}" if given else ""
            return imports, [f"async with Client(sse_client({where}{more})) as client:"]
        case _:
            return None


def _reached(wanted: Wanted, hidden: Hidden, url: str, headers: Mapping[str, str]) -> tuple[dict[str, str], str]:
    given = {name: hidden.text(value, name) for name, value in headers.items()}
    if wanted.logged_in and not any(name.lower() == "authorization" for name in given):
        given["Authorization"] = f"Bearer {hidden.name('authorization')}"
    where = hidden.url(url)
    return given, _text(where, tuple(hidden.names))


def literal(value: Json, names: Iterable[str], depth: int = 0) -> str:
    """``value`` in Python; more than a line where it is long."""
    names = tuple(names)
    flat = _flat(value, names)
    if len(flat) <= 70:
        return flat
    inner, outer = "    " * (depth + 1), "    " * depth
    match value:
        case dict() if value:
            rows = [f"{inner}{key!r}: {literal(item, names, depth + 1)},\n" for key, item in value.items()]
            return "{\n" + "".join(rows) + outer + "}"
        case list() if value:
            return "[\n" + "".join(f"{inner}{literal(item, names, depth + 1)},\n" for item in value) + outer + "]"
        case _:
            return flat


def _flat(value: Json, names: tuple[str, ...]) -> str:
    match value:
        case str():
            return _text(value, names)
        case dict():
            return "{" + ", ".join(f"{key!r}: {_flat(item, names)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(_flat(item, names) for item in value) + "]"
        case float() if not isfinite(value):
            return f"float({str(value)!r})"
        case _:
            return repr(value)


def _text(text: str, names: tuple[str, ...]) -> str:
    parts: list[str] = []
    end = 0
    for match in REFERENCE.finditer(text):
        if match[1] in names:
            parts += [repr(text[end : match.start()])] if text[end : match.start()] else []
            parts.append(f"os.environ[{match[1]!r}]")
            end = match.end()
    if text[end:] or not parts:
        parts.append(repr(text[end:]))
    return " + ".join(parts)


def _list(words: list[str], names: tuple[str, ...]) -> str:
    return "[" + ", ".join(_text(word, names) for word in words) + "]"


def _dict(given: Mapping[str, str], names: Iterable[str]) -> str:
    known = tuple(names)
    return "{" + ", ".join(f"{name!r}: {_text(value, known)}" for name, value in given.items()) + "}"
