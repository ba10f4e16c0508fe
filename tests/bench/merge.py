"""How long 500 entries from 10 files take to be read, checked and merged, beside the bare reading of their JSON.

Owns the files it measures on. Never judges what it measured.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from pathlib import Path

from mcpdeck.services.config.load import LoadOptions, load

FILES, ENTRIES = 10, 50


def write_files(folder: Path) -> tuple[Path, ...]:
    """Ten files of fifty entries, of every usual kind; every tenth name stands in all of them."""
    files: list[Path] = []
    for number in range(FILES):
        servers: dict[str, object] = {}
        for index in range(ENTRIES):
            name = f"shared-{index}" if index % 10 == 0 else f"server-{number}-{index}"
            servers[name] = (
                {"type": "http", "url": f"https://host{number}.example/{index}", "headers": {"X-Key": "${KEY:-none}"}}
                if index % 3 == 0
                else {"command": "npx", "args": ["-y", f"@scope/server-{index}"], "env": {"API_KEY": "${HOME}/x"}}
            )
        path = folder / f"servers-{number}.json"
        path.write_text(json.dumps({"mcpServers": servers}, indent=2), encoding="utf-8")
        files.append(path)
    return tuple(files)


def merge_times(folder: Path, rounds: int = 15) -> tuple[list[float], list[float], int]:
    """Seconds of each load and of each bare ``json.loads`` of the same files, and how many rows came of it."""
    files = write_files(folder)
    options = LoadOptions(
        folder,
        {"MCPDECK_HOME": str(folder / "deck"), "HOME": str(folder)},
        mcp_config=tuple(str(path) for path in files),
    )
    ours: list[float] = []
    bare: list[float] = []
    rows = 0
    for _ in range(rounds):
        gc.collect()
        started = time.perf_counter()
        rows = len(load(options).entries)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        for path in files:
            json.loads(path.read_text(encoding="utf-8"))
        bare.append(time.perf_counter() - started)
    return ours, bare, rows


def say(folder: Path) -> None:
    ours, bare, rows = merge_times(folder)
    mine, least = statistics.median(ours), statistics.median(bare)
    title = f"{FILES * ENTRIES} entries of {FILES} files, {rows} rows"
    print(
        f"{title:<44}{mine * 1000:10.2f} ms {least * 1000:10.2f} ms {mine / least:7.2f}   bare json.loads of the files"
    )
