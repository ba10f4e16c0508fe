"""What a large result costs in memory, measured in a process that does nothing else.

Prints one JSON object: resident kilobytes before the call, at the most during it, and after it; the file with the
result; and what the state holds of it.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from mcpdeck.app.worker import Engine, running
from mcpdeck.services.connections.settings import Settings
from mcpdeck.services.engine.spill import Keeper
from mcpdeck.services.models import ServerEntry
from tests.entries import http, stdio

SERVER = (sys.executable, str(Path(__file__).with_name("large_results.py")))


def resident(which: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{which}:"))


def count_the_peak_from_here() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@contextmanager
def entry_of(transport: str) -> Iterator[ServerEntry]:
    if transport == "stdio":
        yield stdio("large", *SERVER)
        return
    with subprocess.Popen([*SERVER, transport], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield http("large", f"http://127.0.0.1:{int(server.stdout.readline())}/mcp")
        finally:
            server.kill()


async def main(entry: ServerEntry, folder: str, tool: str, size: int) -> None:
    settings = Settings(max_message=size * 2, connect_retries=0, pings=False, listens=False)
    engine = Engine(keeper=Keeper(Path(folder), limit_tokens=25_000))
    async with running([entry], settings=settings, engine=engine) as house:
        await house.executor.call("large", tool, {"size": 1_000})
        gc.collect()
        before = resident("VmRSS")
        count_the_peak_from_here()
        call = await house.executor.call("large", tool, {"size": size})
        peak = resident("VmHWM")
        assert call.measured is not None, call.error
        saved = call.measured.saved_to
        del call
        gc.collect()
        after, held = resident("VmRSS"), house.store.state.calls[0].held
    print(json.dumps({"before": before, "peak": peak, "after": after, "saved": saved, "held": held}))


with entry_of(sys.argv[2]) as where:
    anyio.run(main, where, sys.argv[1], sys.argv[3], int(sys.argv[4]))
