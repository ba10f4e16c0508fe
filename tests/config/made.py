"""Entries made from JSON values alone, without a file on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcpdeck.services.config.entries import Surroundings, server_entry
from mcpdeck.services.config.models import RawEntry, SourceFile
from mcpdeck.services.models import Origin, ServerEntry, Source

ENVIRON = {"PROGRAM": "npx", "SECRET": "hunter2", "HOST": "h"}
FOLDER = Path("/somewhere")


def made(source: Source, name: str, value: object, line: int = 1, folder: Path = FOLDER) -> ServerEntry:
    """The entry ``value`` of a file of ``source`` in ``folder``, which is the project as well."""
    file = SourceFile(source, folder, folder / f"{source}.json")
    raw = RawEntry(name, file, value, Origin(str(file.path), line, 1))  # type: ignore[arg-type]
    return server_entry(raw, Surroundings(ENVIRON, folder))


def http(url: str, **fields: Any) -> Mapping[str, Any]:
    return {"type": "http", "url": url, **fields}


def run(*words: str, **fields: Any) -> Mapping[str, Any]:
    return {"command": words[0], "args": [*words[1:]], **fields}
