"""The built-in tool that pages through results in files: those too large for a model, and those saved by hand.

Owns which files it gives and how much of one at a time. Never leaves the two folders of results, never follows a link
and never writes.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ..config.files import Folders
from .typed import Annotations, Failure, Success, ToolContext, TypedTool

LARGEST_PAGE = 200_000
PAGE = 50_000
"""Bytes of a page, at the most and where nothing is said."""
NAMED = 10
"""Files that are named where there is none of a name."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}(\.\d{1,4})?\.[A-Za-z0-9]{1,10}")
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Not to wait for a pipe that somebody put there.
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Page(BaseModel):
    """Which part of which file."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(description="The name of the file, or its whole path, as it was told with the result.")]
    offset: Annotated[int, Field(description="Where to begin, in bytes: `next` of the page before.", ge=0)] = 0
    bytes: Annotated[int, Field(description="How many bytes at the most.", ge=4, le=LARGEST_PAGE)] = PAGE


class Paged(BaseModel):
    """A part of a saved result."""

    text: str
    size: Annotated[int, Field(description="Bytes of the whole file.")]
    next: Annotated[int | None, Field(description="The offset of the page that follows; null: this was the last.")]


class ReadSavedResult(TypedTool[Page, Paged]):
    """Reads a result that mcpdeck saved to a file, page by page: one that was too long to be given whole."""

    name = "read_saved_result"
    title = "Read a saved result"
    annotations = Annotations(read_only=True, open_world=False)

    def run(self, request: Page, context: ToolContext) -> Success[Paged] | Failure:
        # In a thread: it reads a disk.
        folders = Folders.of(os.environ)
        places = (folders.spilled, folders.results)
        for folder in places:
            name = request.name.removeprefix(f"{folder}{os.sep}")
            if _NAME.fullmatch(name) is None:
                continue
            try:
                descriptor = _opened(folder, name)
            except OSError:
                continue
            with os.fdopen(descriptor, "rb") as file:
                size = os.fstat(descriptor).st_size
                file.seek(request.offset)
                data = file.read(request.bytes)
            return _page(name, data, request.offset, size)
        newest = [name for _, name in sorted(_files(places), reverse=True)[:NAMED]]
        hint = f"The newest are {', '.join(newest)}." if newest else "None is kept."
        return Failure("There is no saved result of that name.", hint)


def _opened(folder: Path, name: str) -> int:
    """Raises ``OSError``, for a link and whatever else is no plain file as well, and for a folder that is a link."""
    place = os.open(folder, _FOLDER)
    try:
        descriptor = os.open(name, _FILE, dir_fd=place)
    finally:
        os.close(place)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(2, "it is no plain file", name)


def _page(name: str, data: bytes, offset: int, size: int) -> Success[Paged] | Failure:
    if b"\0" in data:
        return Failure(f"{name} is no text", "A program that knows its format shows it.")
    # A page that begins within a character, which `next` never does, leaves the rest of it out.
    begin = next((at for at, byte in enumerate(data[:3]) if byte & 0xC0 != 0x80), 0) if offset else 0
    ends = offset + len(data) >= size
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data[begin:], final=ends)
    following = offset + len(data) - len(decoder.getstate()[0])
    return Success(Paged(text=text, size=size, next=None if ends else following))


def _files(folders: tuple[Path, ...]) -> Iterator[tuple[float, str]]:
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_mtime, entry.name
