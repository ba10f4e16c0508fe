"""How fast the dashboard is in a real terminal, beside the official Inspector's where that can be driven.

Owns the measuring and the keys of both programs; prints figures and ratios of one run and never judges them. Both look
at the same server (``ui_server``) in turn, on the same machine. Run by ``make bench-ui``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.many_servers import _http
from tests.bench.screen import Screen
from tests.entries import PYTHON, SERVERS
from tests.interop.install import ENV, missing
from tests.interop.install import node as node_program

HERE = Path(__file__).parent
SERVER = (PYTHON, str(HERE / "ui_server.py"))
WORD = "tool_0499"
ENTER, ESCAPE, TAB, DOWN, PAGE_DOWN, CALL = b"\r", b"\x1b", b"\t", b"\x1b[B", b"\x1b[6~", b"\x12"
PAGES = 30
SIZE = (120, 40)


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in ``unit``; None: it cannot be had, and ``why``."""

    value: float | None
    unit: str = "ms"
    why: str = ""


def config_of(folder: Path, servers: dict[str, dict[str, object]]) -> tuple[str, ...]:
    path = folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return ("--strict-mcp-config", "--mcp-config", str(path))


def stdio(*command: str) -> dict[str, object]:
    return {"command": command[0], "args": list(command[1:])}


class Ours:
    """mcpdeck: keys and what they bring to the screen."""

    name = "mcpdeck"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def opened(self, mode: str, watch: Path | None = None) -> Iterator[Screen]:
        program = (str(HERE / "watched_dashboard.py"), str(watch)) if watch else ("-m", "mcpdeck.app")
        options = config_of(self._folder, {"bench": stdio(*SERVER, mode)})
        environ = {"MCPDECK_HOME": str(self._folder / "home"), "PYTHONPATH": str(HERE.parents[1])}
        with Screen((sys.executable, *program, *options), env=environ, size=SIZE) as screen:
            yield screen
            screen.type(b"\x03")
            screen.ended(seconds=20)

    def first_frame(self, screen: Screen) -> float:
        return screen.seen(b"bench") - screen.started

    def connected(self, screen: Screen) -> None:
        screen.seen(b"1/1 connected")
        screen.rest()

    def to_tools(self, screen: Screen) -> None:
        screen.press(ENTER, b"Permission")
        screen.rest()

    def filtered(self, screen: Screen) -> list[float]:
        """Seconds of each letter that is typed into the filter."""
        screen.press(b"/", b"filter")
        screen.rest()
        took: list[float] = []
        left = [f"tool_{n:05}" for n in range(5_000)]
        for index, letter in enumerate(WORD):
            typed = WORD[: index + 1]
            hits = sum(typed in name for name in left)
            counts = f"{hits:,}/5,001".encode() if hits < len(left) else letter.encode()
            took.append(screen.press(letter.encode(), counts))
            screen.rest(0.25)
        return took

    def big_result(self, screen: Screen) -> tuple[float, list[float]]:
        """Seconds until the result stands on the screen, and those of each page further down."""
        screen.type(ESCAPE)
        screen.rest()
        screen.press(b"g" + ENTER, b"Ctrl+R Call")
        screen.rest()
        shown = screen.press(CALL, b"line 0 xxx")
        screen.rest()
        screen.press(b"o", b"line 28 xxx")
        screen.rest()
        return shown, pages(screen)

    def log(self, screen: Screen) -> None:
        screen.press(b"l", b"record")

    def flood(self, seconds: float) -> dict[str, Figure]:
        """With 10,000 log records a second before one's eyes."""
        watch = self._folder / "late.json"
        with self.opened("10000", watch) as screen:
            self.connected_under_flood(screen)
            self.log(screen)
            began, cpu = time.monotonic(), screen.used()
            time.sleep(seconds / 3)
            memory = screen.memory()
            time.sleep(seconds * 2 / 3)
            ended, cpu, grown = time.monotonic(), screen.used() - cpu, screen.memory() - memory
        kept = json.loads(watch.read_text())
        late = sorted(took for at, took in zip(kept["at"], kept["late"], strict=True) if began <= at <= ended)
        return {
            "delay of the event loop, p99": Figure(late[int(len(late) * 0.99)] * 1000),
            "CPU, share of one core": Figure(100 * cpu / (ended - began), "%"),
            "memory grown in the last two thirds": Figure(grown, "MB"),
        }

    def connected_under_flood(self, screen: Screen) -> None:
        screen.seen(b"1/1 connected")
        time.sleep(2)

    def crowd(self, servers: int, seconds: float) -> dict[str, Figure]:
        """Hundreds of servers live: two thirds HTTP, one third stdio, each pinged as configured."""
        tiny = (PYTHON, "-S", "-E", str(SERVERS / "tiny_stdio.py"))
        local = servers // 3
        watch = self._folder / "crowd.json"
        with _http(servers - local) as remote:
            entries: dict[str, dict[str, object]] = {
                f"stdio-{n}": {**stdio(*tiny), "era": "legacy"} for n in range(local)
            }
            for entry in remote:
                url = getattr(entry.target, "url", "")
                entries[entry.name] = {"type": "http", "url": url, "era": "legacy"}
            options = config_of(self._folder, entries)
            environ = {"MCPDECK_HOME": str(self._folder / "home"), "PYTHONPATH": str(HERE.parents[1])}
            command = (sys.executable, str(HERE / "watched_dashboard.py"), str(watch), *options)
            with Screen(command, env=environ, size=SIZE) as screen:
                screen.seen(f"{servers}/{servers} connected".encode(), seconds=180)
                time.sleep(5)
                began, cpu = time.monotonic(), screen.used()
                time.sleep(seconds)
                ended, cpu = time.monotonic(), screen.used() - cpu
                screen.type(b"\x03")
                screen.ended(seconds=60)
        kept = json.loads(watch.read_text())
        late = sorted(took for at, took in zip(kept["at"], kept["late"], strict=True) if began <= at <= ended)
        return {
            "delay of the event loop, p99": Figure(late[int(len(late) * 0.99)] * 1000),
            "CPU, share of one core": Figure(100 * cpu / (ended - began), "%"),
        }


class Inspector:
    """The official Inspector's terminal dashboard, driven by its own keys."""

    name = "Inspector TUI"

    def __init__(self, folder: Path) -> None:
        self._program = ENV / "inspectors" / "node_modules" / ".bin" / "mcp-inspector"
        self._home = folder / "inspector"
        self._home.mkdir()

    @contextmanager
    def opened(self, mode: str) -> Iterator[Screen]:
        command = (node_program(), str(self._program), "--tui", *SERVER, mode)
        with Screen(command, env={"HOME": str(self._home)}, size=SIZE) as screen:
            yield screen

    def first_frame(self, screen: Screen) -> float:
        return screen.seen(b"MCP Servers") - screen.started

    def connected(self, screen: Screen) -> None:
        self.first_frame(screen)
        screen.rest()
        screen.press(b"c", b"Tools (5001)")
        screen.rest()

    def to_tools(self, screen: Screen) -> None:
        screen.press(b"t", b"tool_00000")
        screen.rest()
        screen.type(TAB)
        screen.rest()

    def filtered(self, screen: Screen) -> list[float]:
        screen.press(b"/", b"Enter keep")
        screen.rest()
        took: list[float] = []
        for index, letter in enumerate(WORD):
            took.append(screen.press(letter.encode(), f"/{WORD[: index + 1]} ".encode()))
            screen.rest(0.25)
        return took

    def big_result(self, screen: Screen) -> tuple[float, list[float]]:
        screen.type(ESCAPE)
        screen.rest()
        screen.type(b"\x1b[H")
        screen.rest()
        screen.press(ENTER, b"Submit form")
        screen.rest()
        screen.type(DOWN)
        screen.rest()
        shown = screen.press(ENTER, b"line 0 xxx", seconds=120)
        screen.rest()
        return shown, pages(screen)


def pages(screen: Screen) -> list[float]:
    """Seconds from each Page Down to the lines it brings."""
    took: list[float] = []
    for _ in range(PAGES):
        took.append(screen.press(PAGE_DOWN, b"xxxx", seconds=20))
        screen.rest(0.1)
    return took


def looked_at(program: Ours | Inspector, rounds: int) -> dict[str, Figure]:
    """Start, filter and a result of 10 MB."""
    starts: list[float] = []
    for _ in range(rounds):
        with program.opened("quiet") as screen:
            starts.append(program.first_frame(screen))
            screen.rest()
    figures = {"process start to first frame": Figure(statistics.median(starts) * 1000)}
    with program.opened("quiet") as screen:
        program.connected(screen)
        program.to_tools(screen)
        letters = program.filtered(screen)
        figures["5,000 tools: key in the filter to frame, median"] = Figure(statistics.median(letters) * 1000)
        figures["5,000 tools: the slowest key"] = Figure(max(letters) * 1000)
        try:
            shown, scrolled = program.big_result(screen)
        except AssertionError as error:
            missed = Figure(None, why=str(error).partition(";")[0])
            return {**figures, "10 MB result: call to shown": missed, "10 MB result: a page on": missed}
    figures["10 MB result: call to shown"] = Figure(shown * 1000)
    figures["10 MB result: a page on, median"] = Figure(statistics.median(scrolled) * 1000)
    figures["10 MB result: the slowest page"] = Figure(max(scrolled) * 1000)
    return figures


def say(title: str, ours: dict[str, Figure], theirs: dict[str, Figure], name: str) -> None:
    print(f"{title:<50}{'mcpdeck':>13}{name:>16}{'ratio':>8}")
    for what, mine in ours.items():
        yours = theirs.get(what, Figure(None, why=""))
        ratio = f"{mine.value / yours.value:7.2f}" if mine.value is not None and yours.value else ""
        print(f"{what:<50}{_shown(mine):>13}{_shown(yours):>16}{ratio:>8}")
    for what, figure in (*ours.items(), *theirs.items()):
        if figure.why:
            print(f"  {what}: {figure.why}")
    print(flush=True)


def _shown(figure: Figure) -> str:
    return f"{figure.value:,.1f} {figure.unit}" if figure.value is not None else "-"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make bench-ui ARGS=…", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="process starts of each program")
    parser.add_argument("--seconds", type=float, default=30, help="how long the flood lasts")
    parser.add_argument("--servers", type=int, default=300, help="how many are live at once, 0: none")
    parser.add_argument("--alone", action="store_true", help="without other programs")
    options = parser.parse_args(arguments)
    os.environ.pop("COLUMNS", None)
    os.environ.pop("LINES", None)
    parts: dict[str, Callable[[Ours], dict[str, Figure]]] = {
        f"10,000 log records a second for {options.seconds:g} s": lambda ours: ours.flood(options.seconds),
    }
    if options.servers:
        parts[f"{options.servers} servers live for 20 s"] = lambda ours: ours.crowd(options.servers, 20)
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Path(folder))
        why = "it was not asked for" if options.alone else missing("inspectors")
        theirs = {} if why else looked_at(Inspector(Path(folder)), options.rounds)
        say("one server, 120×40", looked_at(ours, options.rounds), theirs, Inspector.name)
        if why:
            print(f"  {Inspector.name} is left out: {why}\n")
        for title, part in parts.items():
            say(title, part(ours), {}, "")


if __name__ == "__main__":
    main()
