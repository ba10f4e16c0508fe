"""Commands that add a server to another client: ``claude mcp add``, ``code --add-mcp`` and their like.

Owns the options of each. Never runs anything.
Sources: https://code.claude.com/docs/en/mcp, https://code.visualstudio.com/docs/copilot/chat/mcp-servers,
https://geminicli.com/docs/tools/mcp-server/ and https://developers.openai.com/codex/mcp.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ...models import Json, JsonObject
from .command_lines import ASSIGNMENT, words_of
from .pasted import Piece, Snippet
from .shapes import GENERIC, snippet, snippets_of


def adding(piece: Piece) -> tuple[Snippet, ...]:
    """The servers that a command would add to its client. Raises ``ConfigSyntaxError``."""
    words = words_of(piece)
    if "--add-mcp" in words or any(word.startswith("--add-mcp=") for word in words):
        return _add_mcp(words, piece)
    program = re.sub(r"\.(?:exe|cmd)$", "", words.pop(0))
    if words[:1] == ["mcp"]:
        words.pop(0)
    if words.pop(0) == "add-json":
        given = _Options(words, piece)
        name, text = given.word("a name"), given.word("the JSON of an entry")
        return (snippet(name, _json(text, piece), GENERIC),)
    return (_add(program, _Options(words, piece)),)


def _json(text: str, piece: Piece) -> Json:
    for candidate in (text, text.replace('\\"', '"')):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise piece.problem("the JSON on the command line cannot be read", "copy the whole command")


def _add_mcp(words: list[str], piece: Piece) -> tuple[Snippet, ...]:
    for index, word in enumerate(words):
        if word == "--add-mcp" and index + 1 < len(words):
            text = words[index + 1]
        elif word.startswith("--add-mcp="):
            text = word.partition("=")[2]
        else:
            continue
        value = _json(text, piece)
        if isinstance(value, dict) and ("command" in value or "url" in value):
            name = value.get("name")
            raw = {key: item for key, item in value.items() if key != "name"}
            return (snippet(name if isinstance(name, str) else None, raw, "vscode"),)
        return snippets_of(value, piece)
    raise piece.problem("nothing follows --add-mcp", "copy the whole command")


_ENV = ("-e", "--env")
_HEADER = ("-H", "--header")
_TRANSPORT = ("-t", "--transport", "--type")
_FLAGS = frozenset(("--trust", "--json", "-y", "--yes", "--force", "-f"))
_RENAMED: Mapping[str, str] = {
    "--url": "url",
    "--bearer-token-env-var": "bearer",
    "--timeout": "timeout",
    "--cwd": "cwd",
}


class _Options:
    """The words after ``add``: options wherever they stand before the command, then what is left."""

    def __init__(self, words: list[str], piece: Piece) -> None:
        self.piece = piece
        self.env: JsonObject = {}
        self.headers: JsonObject = {}
        self.transport: str | None = None
        self.given: dict[str, str] = {}
        self.left: list[str] = []
        self.program: list[str] | None = None
        self._read(words)

    def word(self, what: str) -> str:
        if not self.left:
            raise self.piece.problem(f"{what} is missing", "copy the whole command")
        return self.left.pop(0)

    def _read(self, words: list[str]) -> None:
        while words:
            word = words.pop(0)
            if word == "--":
                self.program = words
                return
            if not word.startswith("-") or len(word) == 1:
                self.left.append(word)
                if len(self.left) > 1 and "://" not in word:  # the command: what follows is its own
                    self._rest(words)
                    return
                continue
            self._option(word, words)

    def _rest(self, words: list[str]) -> None:
        if "--" in words and self.left[1:2] != ["--"]:
            at = words.index("--")
            head, tail = words[:at], words[at + 1 :]
            self.left += [*head, *tail]
        else:
            self.left += words

    def _option(self, word: str, words: list[str]) -> None:
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            return
        if not equals:
            if not words:
                raise self.piece.problem(f"nothing follows {word}", "copy the whole command")
            value = words.pop(0)
        if name in _ENV:
            self._pair(value, "=", self.env)
            while words and ASSIGNMENT.match(words[0]) and not equals:
                self._pair(words.pop(0), "=", self.env)
        elif name in _HEADER:
            self._pair(value, ":", self.headers)
            while words and re.match(r"[A-Za-z0-9-]+:(?!//)\s*\S", words[0]) and not equals:
                self._pair(words.pop(0), ":", self.headers)
        elif name in _TRANSPORT:
            self.transport = value
        else:
            self.given[_RENAMED.get(name, name)] = value

    def _pair(self, text: str, sign: str, into: JsonObject) -> None:
        name, found, value = text.partition(sign)
        if not found:
            raise self.piece.problem(f"{text!r} is no NAME{sign}VALUE", "copy the whole command")
        into[name.strip()] = value.strip() if sign == ":" else value


def _add(program: str, given: _Options) -> Snippet:
    name = given.word("a name")
    program_words = given.program if given.program is not None else given.left
    url = given.given.get("url")
    first = program_words[0] if program_words else None
    if url is None and first is not None and re.match(r"(?:https?|wss?)://", first, re.IGNORECASE):
        url = first
    lints: list[str] = []
    if url is not None:
        entry: JsonObject = {"url": url}
        if given.transport:
            entry["type"] = given.transport
        if given.headers:
            entry["headers"] = given.headers
        bearer = given.given.get("bearer")
        if bearer:
            entry["headers"] = {**given.headers, "Authorization": f"Bearer ${{{bearer}}}"}
        oauth = {"clientId": given.given.get("--client-id")}
        if oauth["clientId"]:
            entry["oauth"] = {"clientId": oauth["clientId"]}
    elif first is not None:
        entry = {"command": first}
        if program_words[1:]:
            entry["args"] = [*program_words[1:]]
        if given.env:
            entry["env"] = given.env
        if given.given.get("cwd"):
            entry["cwd"] = given.given["cwd"]
    else:
        raise given.piece.problem("neither a command nor a URL follows the name", "copy the whole command")
    timeout = given.given.get("timeout", "")
    if timeout.isdecimal() and len(timeout) < 12:
        entry["timeout"] = int(timeout)
    client = "gemini" if program in ("gemini", "qwen") else "codex" if program == "codex" else GENERIC
    done = snippet(name, entry, GENERIC, *lints)
    return Snippet(done.name, done.value, client, done.lints)
