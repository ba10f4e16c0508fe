"""What people paste from READMEs: text -> servers in our shape.

Owns telling the forms apart: JSON of any client, TOML of Codex, YAML of Goose, command lines, URLs and install
links, in a fence, with prose around, or bare. Never runs, opens or stores what it reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...errors import ConfigSyntaxError
from ...models import Json
from ..positions import Document, TextProblem
from .add_commands import adding
from .command_lines import is_adding, is_installing, is_starting, logical_lines, starting, url_snippet
from .lenient_json import lenient_json, starts_json
from .links import LINK, link_snippets
from .pasted import Piece, Snippet
from .shapes import snippet, snippets_of

__all__ = ["LONGEST", "Snippet", "read_snippet"]

LONGEST = 2_000_000
"""Characters that are looked at; no list of servers is that long."""
_LONGEST_YAML = 200_000

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$", re.MULTILINE)
_TOML = re.compile(r"^[ \t]*\[[ \t]*mcp_servers[ \t]*[.\]]", re.MULTILINE)
_TOML_ENTRY = re.compile(r"\A\s*(?:command|url)[ \t]*=[ \t]*[\"'“]")
_YAML = re.compile(r"^[ \t]*extensions:[ \t]*$", re.MULTILINE)
_YAML_ENTRY = re.compile(r"^[ \t]*(?:cmd|uri):[ \t]*\S", re.MULTILINE)
_PROSE = re.compile(r"^[A-Z][\w’']*[ ,]+[^=:\[\]{}\n]*$", re.MULTILINE)
"""A line of words at the margin."""
_URL = re.compile(r"(?:https?|wss?)://[^\s<>\"'`)\]]+", re.IGNORECASE)
_SMART = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})


def read_snippet(text: str) -> tuple[Snippet, ...]:
    """The servers in ``text``, at least one. Raises ``ConfigSyntaxError`` saying what is wrong, and where.

    ``details`` of the error have ``line`` and ``column`` (both from 1), null where it is the text as a whole.
    """
    whole = Piece(text, 0, text)
    if not text.strip("\ufeff \t\r\n"):
        raise whole.problem(
            "nothing was pasted", 'paste an entry, a URL or a command: {"command": "npx", "args": […]}', None
        )
    if len(text) > LONGEST:
        raise whole.problem(
            f"it is longer than {LONGEST // 1_000_000} MB", "paste only the part with the servers", None
        )
    pieces = list(_fenced(whole))
    if not pieces:
        return _read(whole)
    problem: ConfigSyntaxError | None = None
    for index, piece in enumerate(pieces):
        try:
            found = _read(piece)
        except ConfigSyntaxError as error:
            # the first one that is about something is the one a person wants to hear of
            problem = problem or error
            continue
        return _with_note(found, len(pieces) - index - 1)
    assert problem is not None  # there was a piece, and it could not be read
    raise problem


def _with_note(found: tuple[Snippet, ...], further: int) -> tuple[Snippet, ...]:
    if not further:
        return found
    text = "only the first block that holds a server was read: there are further ones"
    return tuple(Snippet(item.name, item.value, item.client, (*item.lints, text)) for item in found)


def _fenced(whole: Piece) -> Iterator[Piece]:
    """What stands between fences; the end of the text closes one that is open."""
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(whole.text):
        if opened is None:
            opened = match
        elif match[1].startswith(opened[1]) and not match[2]:
            yield from _filled(whole.part(opened.end(), match.start()))
            opened = None
    if opened is not None:
        yield from _filled(whole.part(opened.end()))


def _filled(piece: Piece) -> Iterator[Piece]:
    if piece.text.strip():
        yield piece


def _read(piece: Piece) -> tuple[Snippet, ...]:
    text = piece.text
    link = LINK.search(text)
    if link and ("mcp" in link.group().lower() or link.group().lower().startswith("goose:")):
        return link_snippets(piece.part(link.start(), link.end()))
    if _TOML.search(text) or _TOML_ENTRY.match(text):
        return _toml(piece)
    lines = list(logical_lines(piece)) if len(text) < 200_000 else []
    added = [found for line in lines if is_adding(line.text) for found in adding(line)]
    if added:
        return tuple(added)
    if _YAML.search(text) or (_YAML_ENTRY.search(text) and "{" not in text):
        return _yaml(piece)
    if starts_json(text) and not _is_command(lines):
        return _json(piece)
    return (_one_line(piece, lines),)


def _is_command(lines: list[Piece]) -> bool:
    """One line that starts a program, with a brace somewhere in an argument."""
    return len(lines) == 1 and is_starting(lines[0].text) and not lines[0].text.startswith("{")


def _json(piece: Piece) -> tuple[Snippet, ...]:
    value = lenient_json(piece)
    return snippets_of(value, piece.part(max(0, piece.text.find("{"))))


def _one_line(piece: Piece, lines: list[Piece]) -> Snippet:
    commands = [line for line in lines if is_starting(line.text) and not is_installing(line.text)]
    if commands:
        return starting(commands[0])
    urls = _URL.findall(piece.text) if len(piece.text) < 200_000 else []
    if len(dict.fromkeys(urls)) == 1:
        return url_snippet(piece, urls[0].rstrip(".,;"))
    installing = next((line for line in lines if is_installing(line.text)), None)
    if installing is not None:
        raise installing.problem(
            "this command prepares something, it starts no server", "paste the command that starts the server"
        )
    if urls:
        raise piece.problem("there are several URLs in it", "paste the one of the server", None)
    raise piece.problem(
        "no server was found in it",
        'paste JSON with "mcpServers", a URL, a command such as npx -y PACKAGE, or a client\'s "mcp add" line',
        None,
    )


def _toml(piece: Piece) -> tuple[Snippet, ...]:
    from ..toml_text import read_toml  # not needed by most runs

    header = _TOML.search(piece.text)
    part = piece.part(header.start() if header else 0)
    value = _document(part, part.text.translate(_SMART), "TOML", read_toml)
    return (snippet(None, value, "codex"),) if header is None else snippets_of(value, part)


def _yaml(piece: Piece) -> tuple[Snippet, ...]:
    from ..yaml_text import read_yaml  # as above

    if len(piece.text) > _LONGEST_YAML:
        raise piece.problem("the YAML is too long", "paste only the servers", None)
    header = _YAML.search(piece.text)
    part = piece.part(header.start() if header else 0)
    return snippets_of(_document(part, part.text.replace("\u00a0", " "), "YAML", read_yaml), part)


def _document(part: Piece, text: str, kind: str, read: Callable[[str], Document]) -> Json:
    """The value of ``text``, without the prose that may follow it."""
    prose = _PROSE.search(text)
    try:
        return read(text[: prose.start()] if prose else text).value
    except TextProblem as error:
        at = None
        if error.place is not None:
            lines = text.split("\n")[: error.place.line - 1]
            at = sum(len(line) + 1 for line in lines) + error.place.column - 1
        raise part.problem(f"not {kind}: {error.reason}", error.remedy, at) from None
