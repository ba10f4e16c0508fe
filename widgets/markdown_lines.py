"""Markdown as lines of inked text.

Owns what of Markdown is drawn (headings, lists, quotations, code, tables, emphasis) and how it is told from other text.
markdown-it reads it (CommonMark and tables; HTML stays text, nothing is fetched); what it gives is made visible before
it is drawn, and a link shows where it leads. Imported when the first such text is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ..services.state.text import visible
from .ink import Line, Span, line_width
from .table_columns import shared_widths

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LOOKED_AT = 20_000
"""Characters by which it is judged."""
LARGEST = 60_000
"""Characters of the longest text that is drawn as Markdown: reading one takes about a millisecond for a thousand."""
NESTED = 100
"""Levels of lists and quotations that are read; the reader leaves out what is deeper, so such a text stays text."""
DEEP = 8
"""Levels of lists and quotations that are indented."""

_SIGNS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"^#{1,6} \S", re.MULTILINE), 2),
    (re.compile(r"^(```|~~~)", re.MULTILINE), 2),
    (re.compile(r"^\|?[ :]*-{3,}[ :]*(\|[ :]*-{3,}[ :]*)+\|?[ \t]*$", re.MULTILINE), 3),
    (re.compile(r"\*\*[^*\s][^*\n]*\*\*"), 1),
    (re.compile(r"(?<![\w`])`[^`\n]+`(?![\w`])"), 1),
    (re.compile(r"\[[^\]\n]+\]\((https?://|/|#|mailto:)[^)\s]*\)"), 2),
    (re.compile(r"^ {0,3}([-*+]|\d{1,3}\.) \S", re.MULTILINE), 1),
    (re.compile(r"^> \S", re.MULTILINE), 1),
)
_CERTAIN = 2
_NESTED = re.compile(rf"^[ \t]*([>*+-][ \t]*){{{NESTED}}}", re.MULTILINE)


def looks_like_markdown(text: str, mime: str = "") -> bool:
    """Whether a text is drawn as Markdown: it says so, or has signs enough of it and none of something else.

    A heading, a fence, a table or a link is enough; of bold, code, lists and quotations there must be two kinds, or
    three lines of a list.
    """
    kind = mime.split(";", 1)[0].strip().lower()
    if len(text) > LARGEST or _NESTED.search(text):
        return False
    if kind in ("text/markdown", "text/x-markdown"):
        return True
    if kind and kind != "text/plain":
        return False
    head = text[:LOOKED_AT]
    if (head.lstrip()[:1] in ("{", "[", "<") and not head.lstrip().startswith("[")) or "\x1b" in head:
        return False
    if head.startswith(("#!", "diff --git", "--- ")):
        return False
    # Lines of comments are no headings: of those a text of words has few.
    headings = len(_SIGNS[0][0].findall(head))
    if headings > 3 and headings * 2 > head.count("\n") + 1:
        return False
    points = sum(weight for sign, weight in _SIGNS if sign.search(head))
    return points >= _CERTAIN or len(_SIGNS[6][0].findall(head)) >= 3


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * NESTED}).enable(["table", "strikethrough"])


class Markdown:
    """One text, read once and laid out for any width."""

    def __init__(self, text: str) -> None:
        self._tokens: list[Token] = _reader().parse(text[:LARGEST])

    def lines(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for line in _Laid(self._tokens, max(12, width)).lines():
            if line or (lines and lines[-1]):  # one empty line between two blocks, none at the start
                lines.append(line)
        while lines and not lines[-1]:
            lines.pop()
        return lines


class _Laid:
    """Tokens becoming lines: where in lists and quotations one is, and what stands before the next line."""

    def __init__(self, tokens: Sequence[Token], width: int) -> None:
        self._tokens = tokens
        self._width = width
        self._lead: list[tuple[str, str]] = []  # what stands before each line, from the outside in
        self._first: str | None = None  # what stands there once: the mark of a list's item
        self._numbers: list[int | None] = []

    def lines(self) -> Iterator[Line]:  # noqa: C901, PLR0912 - one case a kind of block
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            at += 1
            match token.type:
                case "heading_open":
                    yield ()
                    ink = "title" if token.tag in ("h1", "h2") else "strong"
                    sign = "▍" if token.tag == "h1" else ""
                    yield from self._words(self._tokens[at], ink, sign)
                    yield ()
                    at += 2
                case "inline":
                    yield from self._words(token, "")
                case "paragraph_close":
                    if not token.hidden:
                        yield ()
                case "bullet_list_open":
                    self._numbers.append(None)
                case "ordered_list_open":
                    start = token.attrGet("start")
                    self._numbers.append(start if isinstance(start, int) else 1)
                case "bullet_list_close" | "ordered_list_close":
                    self._numbers.pop()
                    if not self._numbers:
                        yield ()
                case "list_item_open":
                    self._open_item()
                case "list_item_close":
                    self._lead.pop()
                    self._first = None
                case "blockquote_open":
                    self._lead.append(("│ ", "muted"))
                case "blockquote_close":
                    self._lead.pop()
                    yield ()
                case "fence" | "code_block":
                    yield from self._code(token)
                case "hr":
                    yield ((("─" * min(self._width, 40)), "muted"),)
                case "html_block":
                    for text in _visible_lines(token.content):
                        yield from self._wrapped([(text, "")])
                case "table_open":
                    end = next(i for i in range(at, len(self._tokens)) if self._tokens[i].type == "table_close")
                    yield ()
                    yield from self._table(self._tokens[at:end])
                    yield ()
                    at = end + 1
                case _:
                    pass

    def _open_item(self) -> None:
        number = self._numbers[-1] if self._numbers else None
        mark = "• " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._lead.append((" " * len(mark), ""))
        self._first = mark

    def _words(self, token: Token, ink: str, sign: str = "") -> Iterator[Line]:
        lines: list[list[Span]] = [[(sign, "edge")] if sign else []]
        for span in _inline(token.children or (), ink):
            if span[0] == "\n":
                lines.append([])
            else:
                lines[-1].append(span)
        for line in lines:
            yield from self._wrapped(line)

    def _wrapped(self, spans: Sequence[Span]) -> Iterator[Line]:
        lead = self._lead[-DEEP:]
        room = max(8, self._width - sum(cell_len(text) for text, _ in lead))
        for line in wrapped_spans(spans, room):
            yield (*self._before(), *line)

    def _before(self) -> list[Span]:
        lead = list(self._lead[-DEEP:])
        if self._first is not None and lead:
            lead[-1] = (self._first, "accent")
            self._first = None
        return lead

    def _code(self, token: Token) -> Iterator[Line]:
        info = visible(token.info).strip()[:40]
        if info:
            yield (*self._before(), ("┌ ", "muted"), (info, "muted"))
        lead = cell_len("".join(text for text, _ in self._lead[-DEEP:])) + 2
        for text in _visible_lines(token.content.rstrip("\n")):
            for line in wrapped_spans([(text, "code")], max(8, self._width - lead), words=False):
                yield (*self._before(), ("│ ", "muted"), *line)
        yield ()

    def _table(self, tokens: Sequence[Token]) -> Iterator[Line]:
        rows: list[list[list[Span]]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                head = len(rows) == 1
                spans = [span for span in _inline(token.children or (), "strong" if head else "") if span[0] != "\n"]
                rows[-1].append(spans)
        if not rows:
            return
        columns = max(map(len, rows))
        asked = [max((line_width(row[at]) for row in rows if at < len(row)), default=0) for at in range(columns)]
        widths = shared_widths(asked, self._width - 3 * (columns - 1))
        for number, row in enumerate(rows):
            yield from _table_row(row, widths)
            if number == 0:
                yield (("─┼─".join("─" * width for width in widths), "muted"),)


def _table_row(row: Sequence[Sequence[Span]], widths: Sequence[int]) -> Iterator[Line]:
    cells = [wrapped_spans(row[at] if at < len(row) else (), width) for at, width in enumerate(widths)]
    for number in range(max(map(len, cells), default=0)):
        line: list[Span] = []
        for cell, width in zip(cells, widths, strict=True):
            part = list(cell[number]) if number < len(cell) else []
            line += [(" │ ", "muted")] if line else []
            line += [*part, (" " * max(0, width - line_width(part)), "")]
        yield line


def _inline(tokens: Sequence[Token], ink: str) -> Iterator[Span]:
    """The spans of a paragraph; a line end of its own is a span that is one."""
    inks = [ink]
    target = ""
    said: list[str] = []
    for token in tokens:
        match token.type:
            case "text":
                said.append(token.content)
                yield visible(token.content).replace("\n", " "), inks[-1]
            case "code_inline":
                yield visible(token.content).replace("\n", " "), "code"
            case "softbreak":
                yield " ", inks[-1]
            case "hardbreak":
                yield "\n", ""
            case "strong_open":
                inks.append(ink or "strong")
            case "em_open":
                inks.append(ink or "soft")
            case "strong_close" | "em_close":
                inks.pop()
            case "link_open":
                target, said = str(token.attrGet("href") or ""), []
                inks.append("accent")
            case "link_close":
                inks.pop()
                if target and target != "".join(said):
                    yield f" <{visible(target)}>", "muted"
            case "image":
                yield f"[picture {visible(token.content)}]", "accent"
                yield f" <{visible(str(token.attrGet('src') or ''))}>", "muted"
            case "html_inline":
                yield visible(token.content), inks[-1]
            case _:
                pass


def _visible_lines(text: str) -> list[str]:
    return visible(text).expandtabs(4).split("\n")


_WORD = re.compile(r"\s+|\S+")


def wrapped_spans(spans: Sequence[Span], width: int, *, words: bool = True) -> list[list[Span]]:
    """Spans in lines of at most ``width`` cells, cut between words; a word that is too long is cut anywhere."""
    lines: list[list[Span]] = [[]]
    used = 0
    for text, ink in spans:
        for piece in _WORD.findall(text) if words else [text]:
            length = cell_len(piece)
            if used + length <= width:
                lines[-1].append((piece, ink))
                used += length
                continue
            if words and piece.isspace():
                continue  # at the end of a line
            if words and length <= width:
                lines.append([(piece, ink)])
                used = length
                continue
            for part, room in _cut(piece, width - used, width):
                if room:
                    lines.append([])
                    used = 0
                lines[-1].append((part, ink))
                used += cell_len(part)
    return [_joined(line) for line in lines]


def _cut(piece: str, first: int, width: int) -> Iterator[tuple[str, bool]]:
    """Parts of a long word, and whether each begins a line."""
    room, begins = first, False
    while piece:
        part = piece[:room] if piece.isascii() else _fitting(piece, room)
        if part:
            yield part, begins
            piece = piece[len(part) :]
        elif begins:  # a wide character where there is one cell
            return
        room, begins = width, True


def _fitting(piece: str, width: int) -> str:
    used = 0
    for at, character in enumerate(piece):
        used += cell_len(character)
        if used > width:
            return piece[:at]
    return piece


def _joined(line: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for text, ink in line:
        if joined and joined[-1][1] == ink:
            joined[-1] = (joined[-1][0] + text, ink)
        else:
            joined.append((text, ink))
    return joined
