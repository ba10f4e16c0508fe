"""``mcpdeck resources``, ``templates`` and ``prompts``: what else a server offers.

Owns the tables, the JSON shapes ``{"server", NAME: […as received…]}`` and how a page says where the next
begins. Never reads a resource and never gets a prompt.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...services.models import Json, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.session.lists import PROMPTS, RESOURCES, TEMPLATES
from ...services.state.text import visible
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, Cell, note, size_words, table, write, write_json
from ..resolve import Guard, usable

if TYPE_CHECKING:
    from ...services.session import Session

_KINDS = {"resources": RESOURCES, "templates": TEMPLATES, "prompts": PROMPTS}


def run(options: Options) -> int:
    entry, guard = usable(options, options.words[0] if options.words else None)
    name = options.command or ""
    items, following = headless.run_for(lambda: _listed(entry, guard, options))
    if options.json:
        write_json({"server": entry.name, name: items, **next_page_field(following, options)})
        return Exit.DONE
    if not items:
        note(f"{entry.name} has no {name}{' on this page' if options.page else ''}")
    else:
        header, rows = _PRINTED[name](items)
        for line in table(header, rows):
            write(line)
    note_next_page(following)
    return Exit.DONE


async def _listed(entry: ServerEntry, guard: Guard, options: Options) -> tuple[list[Json], str | None]:
    """The items of all pages, or of the one that is wanted and the cursor of the next."""
    kind = _KINDS[options.command or ""]

    async def operation(session: Session) -> tuple[list[Json], str | None]:
        if not options.page:
            return await session.lists.pages(kind), None
        page = await session.lists.page(kind, options.cursor)
        return page.items, page.next_cursor

    async with headless.services((entry,), options, guard=guard) as services:
        found = await headless.asked(services, entry.name, operation, options.timeout)
        headless.note_log(services, entry.name, options)
        return found


def next_page_field(following: str | None, options: Options) -> JsonObject:
    """``nextCursor`` (null: this was the last page), where one page was asked for."""
    return {"nextCursor": following} if options.page else {}


def note_next_page(following: str | None) -> None:
    """``next: CURSOR`` on stderr, as a word that a shell hands back unchanged (protocol section 19)."""
    if following is not None:
        note(f"next: {_shell_word(following)}")


def _shell_word(text: str) -> str:
    """Quoted; what a terminal would not show stands there as an escape that shells understand."""
    if text.isprintable() and visible(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def _escaped(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if char.isprintable() and visible(char) == char:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"  # eight digits: what follows may be one too


def _resources(items: Sequence[Json]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    rows = [
        (
            Cell(as_text(item.get("uri")) or "", BOLD),
            Cell(as_text(item.get("mimeType")) or "", DIM),
            Cell(_size(item), DIM),
            Cell(as_text(item.get("title")) or as_text(item.get("name")) or ""),
            Cell(_first_line(item)),
        )
        for item in map(as_object, items)
    ]
    return ("URI", "TYPE", "SIZE", "NAME", "DESCRIPTION"), rows


def _templates(items: Sequence[Json]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    rows = [
        (
            Cell(as_text(item.get("uriTemplate")) or "", BOLD),
            Cell(as_text(item.get("mimeType")) or "", DIM),
            Cell(as_text(item.get("title")) or as_text(item.get("name")) or ""),
            Cell(_first_line(item)),
        )
        for item in map(as_object, items)
    ]
    return ("TEMPLATE", "TYPE", "NAME", "DESCRIPTION"), rows


def _prompts(items: Sequence[Json]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    rows = [
        (Cell(as_text(item.get("name")) or "", BOLD), Cell(argument_words(item), DIM), Cell(_first_line(item)))
        for item in map(as_object, items)
    ]
    return ("PROMPT", "ARGUMENTS", "DESCRIPTION"), rows


_PRINTED = {"resources": _resources, "templates": _templates, "prompts": _prompts}


def argument_words(prompt: JsonObject) -> str:
    """``topic* style``: required arguments with a star."""
    return " ".join(
        (as_text(argument.get("name")) or "") + ("*" if argument.get("required") is True else "")
        for argument in map(as_object, as_list(prompt.get("arguments")))
    )


def _size(item: JsonObject) -> str:
    size = item.get("size")
    return size_words(int(size)) if isinstance(size, (int, float)) and not isinstance(size, bool) and size >= 0 else ""


def _first_line(item: JsonObject) -> str:
    return next(iter((as_text(item.get("description")) or "").strip().splitlines()), "")
