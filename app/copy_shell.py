"""A call as a command line: of mcpdeck, and of curl.

Owns quoting for a POSIX shell. ``${NAME}`` of a secret becomes ``"$NAME"``, everything else is taken literally.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence

from ..services.models import (
    HttpTarget,
    InProcessTarget,
    Json,
    JsonObject,
    Offered,
    Source,
    SseTarget,
    StdioTarget,
    WebSocketTarget,
    as_list,
    as_object,
)
from .copy_as import CLIENT, NEWEST_LEGACY, REFERENCE, Copied, Hidden, Wanted, headers, request

_BY_NAME = frozenset(
    (Source.MANAGED, Source.LOCAL, Source.PROJECT, Source.USER, Source.PLUGIN, Source.CONNECTOR, Source.IDE)
)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TYPES = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
_COMMANDS = {Offered.TOOL: "call", Offered.RESOURCE: "read", Offered.PROMPT: "prompt"}


def quoted(text: str, names: Iterable[str]) -> str:
    """``text`` as one word of a shell; ``${NAME}`` is left to the shell where ``names`` has it."""
    known, parts, end = frozenset(names), list[str](), 0
    for match in REFERENCE.finditer(text):
        if match[1] in known:
            parts += [_literal(text[end : match.start()]), f'"${match[1]}"']
            end = match.end()
    parts.append(_literal(text[end:]))
    return "".join(parts) or "''"


def _literal(text: str) -> str:
    return shlex.quote(text) if text else ""


def _together(words: Sequence[str], *, width: int = 100) -> str:
    """The words on one line, or where that is long, an option a line."""
    line = " ".join(words)
    if len(line) <= width:
        return line
    lines: list[str] = []
    for word in words:
        starts = not lines or word.startswith("-") or len(lines[-1]) + len(word) > width
        if starts and lines:
            lines.append(word)
        elif lines:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return " \\\n  ".join(lines)


# Ours.


def own_command(wanted: Wanted) -> Copied:
    """``mcpdeck call …``; of a server that stands in no file, with all that it is reached by."""
    hidden = Hidden(wanted.entry.target, wanted.secrets)
    target, options, program = _reached(wanted, hidden)
    words = ["mcpdeck", _COMMANDS[wanted.kind], *([quoted(target, hidden.names)] if target else [])]
    words.append(quoted(wanted.name, ()))
    words += _arguments(wanted, hidden) if wanted.kind is not Offered.RESOURCE else []
    words += [quoted(word, hidden.names) for word in options]
    if program:
        words += ["--", *(quoted(word, hidden.names) for word in program)]
    return Copied("mcpdeck", "mcpdeck", _together(words), tuple(hidden.names))


def _reached(wanted: Wanted, hidden: Hidden) -> tuple[str, list[str], list[str]]:
    entry = wanted.entry
    if entry.source in _BY_NAME:
        return entry.configured_as, [], []
    if entry.source is Source.CLI and entry.origin.file is not None:
        return entry.configured_as, ["--mcp-config", entry.origin.file], []
    match entry.target:
        case StdioTarget(command, args, env, cwd):
            options = [word for name, value in env.items() for word in ("--env", f"{name}={hidden.text(value, name)}")]
            options += ["--cwd", cwd] if cwd is not None else []
            return "", options, [command, *(hidden.text(one, "argument") for one in args)]
        case InProcessTarget(spec):
            return spec, [], []
        case HttpTarget(url, given) | SseTarget(url, given) | WebSocketTarget(url, given):
            named = [(name, hidden.text(value, name)) for name, value in given.items()]
            options = [word for name, value in named for word in ("--header", f"{name}: {value}")]
            return hidden.url(url), options, []
        case _:
            return entry.configured_as, [], []


def _arguments(wanted: Wanted, hidden: Hidden) -> list[str]:
    properties = as_object(wanted.schema.get("properties"))
    if not all(_PLAIN_NAME.fullmatch(name) for name in wanted.arguments):
        return ["--args", quoted(_json(wanted.arguments), hidden.names)]
    words: list[str] = []
    for name, value in wanted.arguments.items():
        if isinstance(value, str) and (wanted.kind is Offered.PROMPT or _takes_text(as_object(properties.get(name)))):
            words.append(quoted(f"{name}={value}", hidden.names))
        else:
            words.append(quoted(f"{name}:={_json(value)}", hidden.names))
    return words


def _takes_text(schema: JsonObject) -> bool:
    """A text after ``name=`` arrives as that text, whatever it looks like."""
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else as_list(kind)
    other = any(word in schema for word in ("$ref", "anyOf", "oneOf", "allOf", "enum", "const"))
    return not other and (not kinds or "string" in kinds)


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


# curl.


def curl_command(wanted: Wanted) -> Copied:
    """One command in the stateless era; before it a script that begins a session, uses it and ends it."""
    target = wanted.entry.target
    if not isinstance(target, HttpTarget):
        what = "a program" if isinstance(target, StdioTarget) else "reached in another way"
        return Copied("curl", "curl", problem=f"curl speaks Streamable HTTP; this server is {what}.")
    hidden = Hidden(target, wanted.secrets)
    url = hidden.url(target.url)
    given = [(name, hidden.text(value, name)) for name, value in target.headers.items()]
    if wanted.logged_in and not any(name.lower() == "authorization" for name, _ in given):
        given.append(("Authorization", f"Bearer {hidden.name('authorization')}"))
    body = _json(request(wanted, 1 if wanted.modern else 2))
    if wanted.modern:
        words = ["curl", "-sS", quoted(url, hidden.names)]
        for name, value in (*_TYPES, *given, *headers(wanted).items()):
            words.append(f"-H {quoted(f'{name}: {value}', hidden.names)}")
        words.append(f"--data-raw {quoted(body, hidden.names)}")
        return Copied("curl", "curl", " \\\n  ".join(_first_two(words)), tuple(hidden.names))
    return Copied("curl", "curl", _script(wanted, url, given, body, hidden), tuple(hidden.names))


def _first_two(words: list[str]) -> list[str]:
    return [" ".join(words[:3]), *words[3:]]


def _script(wanted: Wanted, url: str, given: list[tuple[str, str]], body: str, hidden: Hidden) -> str:
    version = wanted.version or NEWEST_LEGACY
    hello: JsonObject = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT},
    }
    standing = [f"-H {quoted(f'{name}: {value}', hidden.names)}" for name, value in (*_TYPES, *given)]
    ready = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
    return "\n".join(
        (
            f"# a session of revision {version}: begun, used, ended",
            f"set -- -sS {quoted(url, hidden.names)} \\\n  " + " \\\n  ".join(standing),
            f'session=$(curl "$@" -D - -o /dev/null --data-raw {quoted(_json(hello), ())} |',
            "  tr -d '\\r' | sed -n 's/^[Mm][Cc][Pp]-[Ss]ession-[Ii][Dd]: *//p')",
            (
                f'set -- "$@" -H {quoted(f"MCP-Protocol-Version: {version}", ())}'
                ' ${session:+-H "Mcp-Session-Id: $session"}'
            ),
            f'curl "$@" --data-raw {quoted(ready, ())}',
            f'curl "$@" --data-raw {quoted(body, hidden.names)}',
            'if [ -n "$session" ]; then curl "$@" -X DELETE; fi',
        )
    )
