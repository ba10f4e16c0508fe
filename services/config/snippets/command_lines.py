"""Command lines in a pasted text, and those that start a server.

Owns finding them, what kind each is, and taking it apart as a shell does. Never runs anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from ...errors import UsageError
from ...models import JsonObject
from ..targets import command_entry, word_entry
from .pasted import Piece, Snippet
from .shapes import GENERIC, snippet

LONGEST = 20_000
_PROMPT = re.compile(r"(?:\$|%|❯|>|PS [^>\n]*>)[ \t]+")
_ADDERS = re.compile(r"(?:claude|gemini|qwen|codex|mcpdeck|droid|amp|auggie)(?:\.exe|\.cmd)?[ \t]")
_EDITORS = re.compile(r"(?:code(?:-insiders)?|codium|cursor|windsurf)(?:\.exe|\.cmd)?[ \t]")
_LAUNCHERS = frozenset(
    (
        *("npx", "pnpx", "bunx", "uvx", "pipx", "uv", "bun", "pnpm", "yarn"),
        *("node", "deno", "python", "python3", "py", "java", "dotnet", "go", "php", "ruby"),
        *("docker", "podman", "cmd", "env"),
    )
)
_INSTALLERS = re.compile(
    r"(?:sudo\s+)?(?:npm\s+(?:i|install|ci|run)|pip3?\s+install"
    r"|uv\s+(?:tool\s+install|sync|pip|venv)|pipx\s+install|brew|apt(?:-get)?"
    r"|git|cd|mkdir|export|set|curl|wget|cargo|go\s+(?:install|build)|docker\s+(?:pull|build)|yarn\s+(?:add|install)"
    r"|pnpm\s+(?:add|install|i)|make|echo|source|cp|mv|chmod|npx\s+(?:-y\s+)?@smithery/cli\S*\s+install"
    r"|npx\s+(?:-y\s+)?(?:add-mcp|install-mcp|mcp-add)\S*)(?:\s|$)"
)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def logical_lines(piece: Piece) -> Iterator[Piece]:
    r"""The lines of a text with their continuations (``\``, a backtick, ``^``), without prompts and comments."""
    start = 0
    lines = piece.text.split("\n")
    position = 0
    gathered: list[str] = []
    for line in lines:
        if not gathered:
            start = position
        position += len(line) + 1
        stripped = line.rstrip()
        if stripped.endswith(("\\", "`", "^")) and not stripped.endswith("```"):
            gathered.append(stripped[:-1] + " ")
            continue
        whole = "".join([*gathered, line])
        if gathered or not _is_closed(whole):
            gathered = gathered if _is_closed(whole) else [whole + "\n"]
            if not _is_closed(whole):
                continue
        gathered = []
        yield from _line(piece, start, whole)
    if gathered:
        yield from _line(piece, start, "".join(gathered))


def _is_closed(text: str) -> bool:
    """No single quote is open: JSON on a command line runs over several lines inside them."""
    if not (_ADDERS.match(text.lstrip("$%> ")) or _EDITORS.match(text.lstrip("$%> "))):
        return True
    return text.count("'") % 2 == 0 or len(text) > LONGEST


def _line(piece: Piece, start: int, text: str) -> Iterator[Piece]:
    blank = len(text) - len(text.lstrip())
    prompt = _PROMPT.match(text, blank)
    begin = prompt.end() if prompt else blank
    body = text[begin:].rstrip()
    if body and not body.startswith("#"):
        yield Piece(piece.whole, piece.start + start + begin, body)


def is_adding(line: str) -> bool:
    """Whether ``line`` is a command that adds a server to a client."""
    text = line.translate(_QUOTES)
    return bool(
        (_ADDERS.match(text) and re.match(r"\S+\s+(?:mcp\s+)?add(?:-json)?\b", text))
        or (_EDITORS.match(text) and "--add-mcp" in text)
    )


def is_starting(line: str) -> bool:
    """Whether ``line`` looks like a command that starts a server."""
    word = re.sub(r"^(?:[A-Za-z_]\w*=\S*\s+)+", "", line).split(maxsplit=1)[:1]
    if not word:
        return False
    program = word[0].strip("\"'")
    if re.match(r"[a-z][a-z0-9+.-]*://", program, re.IGNORECASE) or program.endswith((":", ",", ".")):
        return False
    return (
        program.removesuffix(".exe") in _LAUNCHERS
        or program.startswith(("/", "./", "../", "~/", "C:\\"))
        or re.fullmatch(r"python[\d.]+", program) is not None
        or (
            re.fullmatch(r"[a-z0-9][\w.-]*", program) is not None
            and ("mcp" in program or program.endswith(("-server", ".py", ".js", ".exe")))
        )
    )


def is_installing(line: str) -> bool:
    """Whether ``line`` only prepares something."""
    return _INSTALLERS.match(line) is not None


def starting(piece: Piece) -> Snippet:
    """The server that a command starts. Raises ``ConfigSyntaxError``."""
    words = words_of(piece)
    env: JsonObject = {}
    while words and (words[0] == "env" or ASSIGNMENT.match(words[0])):
        name, equals, value = words.pop(0).partition("=")
        if equals:
            env[name] = value
    if not words:
        raise piece.problem("it sets variables and starts nothing", "paste the whole command")
    for sign in ("|", "&&", ";", ">", "2>&1", "&"):
        if sign in words:
            raise piece.problem(f"{sign} is for a shell", f"write it as: sh -c '… {sign} …'")
    entry: JsonObject = {"command": words[0]}
    if words[1:]:
        entry["args"] = [*words[1:]]
    if env:
        entry["env"] = env
    return snippet(_image(words) or command_entry(words, Path()).name, entry, GENERIC)


_IMAGE_OPTIONS = frozenset(
    ("-e", "--env", "--env-file", "-v", "--volume", "--mount", "-p", "--publish", "--name", "-w")
)


def _image(words: list[str]) -> str | None:
    """The image that a container is made of, as a name: ``docker run -i acme/pg:1 …`` is ``pg``."""
    if words[:2] not in (["docker", "run"], ["podman", "run"]):
        return None
    rest = iter(words[2:])
    for word in rest:
        if word in _IMAGE_OPTIONS or word in ("--network", "--platform", "-u", "--user"):
            next(rest, None)
        elif not word.startswith("-"):
            return re.sub(r"[^A-Za-z0-9_-]+", "-", word.rpartition("/")[2].partition(":")[0]).strip("-") or None
    return None


def url_snippet(piece: Piece, url: str) -> Snippet:
    """A remote server of which only the URL is known. Raises ``ConfigSyntaxError``."""
    try:
        made = word_entry(url, Path())
    except UsageError as error:
        raise piece.problem(error.title, error.hint) from None
    return snippet(made.name if made is not None else None, {"url": url}, GENERIC)


def words_of(piece: Piece) -> list[str]:
    """The words of a command line as a shell would take them. Raises ``ConfigSyntaxError``."""
    text = piece.text
    if len(text) > LONGEST:
        raise piece.problem("the command line is too long", "paste the entry itself")
    if not re.search(r"[\"']", text):
        text = text.translate(_QUOTES)
    text = re.sub(r"(?<=\s)[–—](?=\w)", "--", text)
    try:
        return shlex.split(text)
    except ValueError:
        if re.match(r"^\S*:?\\|.*\s[A-Za-z]:\\", text):  # a Windows path: there a backslash is a letter
            try:
                return [word.strip("\"'") for word in shlex.split(text, posix=False)]
            except ValueError:
                pass
        at = max(text.rfind('"'), text.rfind("'"), 0)
        raise piece.problem("a quote is not closed", "copy the whole command", at) from None
