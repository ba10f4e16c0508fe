"""``mcpdeck resources``, ``templates`` and ``prompts``: what else a server offers.

Owns the tables and the JSON shapes ``{"server", NAME: […as received…]}``. Never reads a resource and never
gets a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...services.models import Json, JsonObject, ServerEntry, as_list, as_object, as_text
from ...services.session.lists import PROMPTS, RESOURCES, TEMPLATES
from .. import headless
from ..exits import Exit
from ..options import Options
from ..printing import BOLD, DIM, Cell, note, size_words, table, write, write_json
from ..resolve import usable_entry

_KINDS = {"resources": RESOURCES, "templates": TEMPLATES, "prompts": PROMPTS}


def run(options: Options) -> int:
    entry = usable_entry(options, options.words[0] if options.words else None)
    name = options.command or ""
    items = headless.run_for(lambda: _listed(entry, options))
    if options.json:
        write_json({"server": entry.name, name: items})
    elif not items:
        note(f"{entry.name} has no {name}")
    else:
        header, rows = _PRINTED[name](items)
        for line in table(header, rows):
            write(line)
    return Exit.DONE


async def _listed(entry: ServerEntry, options: Options) -> list[Json]:
    kind = _KINDS[options.command or ""]
    async with headless.services((entry,), options) as services:
        items = await headless.asked(services, entry.name, lambda session: session.lists.pages(kind), options.timeout)
        headless.note_log(services, entry.name, options)
        return items


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
