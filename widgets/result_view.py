"""The outcome of one call: blocks of text, Markdown, JSON, tables and pictures.

Owns turning blocks into widgets, either all of it or a screenful, and what is drawn as what. Never lays out more than
it shows: long text is cut before it is looked at, and the whole of a long one is prepared in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from anyio import to_thread
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ..services.models import Json, JsonObject
from ..services.state.model import CallState, CallStatus
from .app_of import app_of
from .call_notes import notes
from .image_preview import ImagePreview
from .ink import Line
from .inked_lines import InkedLines
from .json_text import pretty
from .json_view import TextLines
from .markdown_lines import LARGEST, looks_like_markdown
from .result_blocks import Block, ImageBlock, JsonBlock, Outcome, Remark, TextBlock, outcome_of, remark
from .table_columns import Table, table_of
from .table_lines import TableLines
from .text_rows import first_lines, lines_of

if TYPE_CHECKING:
    from .markdown_lines import Markdown

AT_ONCE = 100_000
"""Up to this size (characters, about) a whole result is laid out on the loop's thread."""
CLIP = 4_000
"""Strings inside JSON are cut to this in a preview, in characters."""
_WIDE = 200
SHORT = 64
"""Characters of arguments that stand on one line."""
PREVIEWED = 6_000
"""Characters of a text that are drawn as Markdown in a preview."""


class ResultView(Widget):
    """What ``call`` came to; ``max_rows`` None shows all of it. ``more`` says how to see the rest.

    ``given``: a result that is shown in place of the call's own (what a model gets of it). ``plain``: nothing is drawn
    as Markdown or as a table.
    """

    DEFAULT_CSS = """
    ResultView {
        height: auto; width: 1fr; layout: vertical;
        & > .remark { height: auto; width: 1fr; color: $text-muted; }
    }
    """

    def __init__(
        self,
        call: CallState,
        *,
        max_rows: int | None = None,
        picture_rows: Callable[[], int] | None = None,
        more: str = "",
        arguments: bool = False,
        given: JsonObject | None = None,
        plain: bool = False,
    ) -> None:
        super().__init__()
        self._plain = plain
        self.drawn = False
        """Something is drawn as Markdown or as a table."""
        self._picture_rows = picture_rows or self._screen_rows
        self.call = call
        self.outcome: Outcome = outcome_of(call if given is None else replace(call, result=given))
        self._max_rows = max_rows
        self._more = more
        self._arguments = arguments

    def compose(self) -> ComposeResult:
        for note in notes(self.call, decided=self._max_rows is None):
            yield _remark(Remark(note))
        if self._arguments:
            yield from _arguments(self.call.arguments)
        if self.call.status is CallStatus.RUNNING:
            yield _remark(remark("it runs: its result will stand here"))
            return
        if self.call.status is CallStatus.CANCELLED and self.call.result is None:
            return
        blocks: tuple[Block, ...] = self.outcome.blocks
        if self.call.status is CallStatus.TOOL_ERROR:
            blocks = (remark(("the tool reports an error (isError)", "bold $text-warning")), *blocks)
        if self._max_rows is None:
            for block in blocks:
                yield self._whole(block)
        else:
            yield from self._screenful(blocks, self._max_rows)

    def _screen_rows(self) -> int:
        return max(12, app_of(self).size.height - 8)

    # What is drawn as what.

    def _is_markdown(self, block: TextBlock) -> bool:
        if self._plain or block.tone != "plain" or len(block.text) > LARGEST:
            return False
        drawn = looks_like_markdown(block.text, block.mime)
        self.drawn |= drawn
        return drawn

    def _table(self, value: Json) -> Table | None:
        table = None if self._plain else table_of(value)
        self.drawn |= table is not None
        return table

    # A screenful.

    def _screenful(self, blocks: tuple[Block, ...], rows: int) -> Iterator[Widget]:
        for index, block in enumerate(blocks):
            if rows < 2 and index:
                left = len(blocks) - index
                yield _remark(remark(f"… {left} more {'part' if left == 1 else 'parts'}", f" · {self._more}"))
                return
            match block:
                case Remark():
                    yield _remark(block)
                    rows -= 1
                case ImageBlock(data, mime):
                    yield ImagePreview(data, mime, max_rows=self._picture_rows)
                    rows -= self._picture_rows()
                case TextBlock(text) if self._is_markdown(block):
                    yield InkedLines(_Drawn(text[:PREVIEWED]), max_rows=rows, more=self._more)
                    rows -= text.count("\n", 0, PREVIEWED) + 1
                case JsonBlock(value) if (table := self._table(value)) is not None:
                    yield TableLines(table, max_rows=rows, more=self._more)
                    rows -= len(table.rows) + 1
                case TextBlock(text, tone):
                    lines = first_lines(text, rows + 1, _WIDE)
                    total = text.count("\n") + 1
                    yield TextLines(lines, max_rows=rows, total_lines=total, more=self._more, classes=f"-{tone}")
                    rows -= len(lines)
                case JsonBlock(value):
                    lines = list(islice(pretty(value, align=True, clip=CLIP), rows + 1))
                    yield TextLines(lines, json=True, max_rows=rows, more=self._more)
                    rows -= len(lines)

    # All of it.

    def _whole(self, block: Block) -> Widget:
        match block:
            case Remark():
                return _remark(block)
            case ImageBlock(data, mime):
                return ImagePreview(data, mime, max_rows=self._picture_rows)
            case TextBlock(text) if self._is_markdown(block):
                return InkedLines(_Drawn(text))
            case JsonBlock(value) if (table := self._table(value)) is not None:
                return TableLines(table)
            case TextBlock(text, tone):
                if len(text) <= AT_ONCE:
                    return TextLines(lines_of(text), classes=f"-{tone}")
                return self._later(block, classes=f"-{tone}")
            case JsonBlock(value):
                if self.outcome.exact and self.outcome.size <= AT_ONCE:
                    return TextLines(list(pretty(value, align=True)), json=True)
                return self._later(block)

    def _later(self, block: TextBlock | JsonBlock, *, classes: str | None = None) -> TextLines:
        lines = TextLines(["laying out …"], json=isinstance(block, JsonBlock), classes=classes)

        async def prepare() -> None:
            if isinstance(block, TextBlock):
                ready = await to_thread.run_sync(lines_of, block.text)
            else:
                ready = await to_thread.run_sync(_json_lines, block.value)
            lines.show(ready)

        self.run_worker(prepare(), exit_on_error=False)
        return lines


def _arguments(arguments: JsonObject) -> Iterator[Widget]:
    """On one line where they are short."""
    lines = list(islice(pretty([arguments], align=True, clip=CLIP), 3))
    if len(lines) == 3 and not lines[1].endswith(("{", "[")) and len(lines[1]) < SHORT:
        yield _remark(remark("arguments  ", (lines[1].strip(), "$foreground")))
    else:
        yield _remark(remark("arguments"))
        yield TextLines(list(pretty(arguments, align=True, clip=CLIP)), json=True, max_rows=12)
    yield _remark(remark(""))


class _Drawn:
    """Markdown, read when it is drawn first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: Markdown | None = None

    def __call__(self, width: int) -> Sequence[Line]:
        if self._read is None:
            from .markdown_lines import Markdown

            self._read = Markdown(self._text)
        return self._read.lines(width)


def _json_lines(value: Json) -> list[str]:
    return list(pretty(value, align=True))


def _remark(block: Remark) -> Static:
    return Static(Content.assemble(*block.parts), classes="remark")
