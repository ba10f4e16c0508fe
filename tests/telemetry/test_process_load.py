"""CPU and memory of a server's processes: the whole tree, nothing but the tree, and never another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import anyio
import psutil
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.models import ProcessLoad
from mcpdeck.services.state.model import McpState
from mcpdeck.services.telemetry import process_load
from mcpdeck.services.telemetry.process_load import ProcessLoads, Sampler, Watched
from tests.waiting import eventually, gone, until

FAMILY = """
import subprocess, sys
held = "import sys; block = bytearray(30_000_000); print('up', flush=True); sys.stdin.read()"
child = subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print("up", flush=True)
sys.stdin.readline()
spent = sum(number * number for number in range(3_000_000))
print("worked", flush=True)
sys.stdin.readline()
child.kill()
print("alone", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child that holds 30 MB; told to it works, then kills the child and leaves a zombie."""
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        everybody = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        try:
            yield process
        finally:
            process.kill()
    gone(everybody)


def told(process: subprocess.Popen[bytes], wanted: bytes) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert process.stdout.readline() == wanted


def test_a_tree_of_processes_is_counted_as_one_and_its_work_is_seen(family: subprocess.Popen[bytes]) -> None:
    sampler, watched = Sampler(), Watched("files", 1, family.pid)
    first = sampler.sample([watched])[watched]
    assert first is not None
    assert first.processes == 2
    assert first.memory > 30_000_000
    told(family, b"worked\n")
    busy = sampler.sample([watched])[watched]
    assert busy is not None
    assert busy.cpu > 1
    told(family, b"alone\n")
    alone = until(
        lambda: (load := sampler.sample([watched])[watched]) and load.processes == 1 and load, "the child's end"
    )
    assert alone.memory < first.memory - 20_000_000, "a zombie takes nothing"


def test_a_process_that_is_gone_has_no_load(family: subprocess.Popen[bytes]) -> None:
    sampler, watched = Sampler(), Watched("files", 1, family.pid)
    assert sampler.sample([watched])[watched] is not None
    family.kill()
    until(lambda: psutil.Process(family.pid).status() == psutil.STATUS_ZOMBIE, "zombie")
    assert sampler.sample([watched])[watched] is None
    family.wait()
    assert sampler.sample([watched])[watched] is None


def test_a_process_that_is_none_of_our_children_is_never_counted() -> None:
    """The number of a child that ended belongs to somebody else by now."""
    stranger = Watched("files", 1, os.getpid())
    assert Sampler().sample([stranger])[stranger] is None


def test_a_number_that_was_used_again_by_another_child_is_not_taken_for_the_first(
    family: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, watched = Sampler(), Watched("files", 1, family.pid)
    assert sampler.sample([watched])[watched] is not None
    monkeypatch.setattr(process_load, "_born", lambda process: 1.0)
    assert sampler.sample([watched])[watched] is None


def test_a_process_that_may_not_be_asked_is_counted_without_figures(
    family: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(process: psutil.Process) -> object:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil._psplatform.Process, "memory_info", refused)
    load = Sampler().sample([watched := Watched("files", 1, family.pid)])[watched]
    assert load is not None
    assert (load.processes, load.memory, load.cpu) == (2, 0, 0.0)


class FakeSampler(Sampler):
    def __init__(self) -> None:
        super().__init__()
        self.samples: list[list[Watched]] = []
        self.load: ProcessLoad | None = ProcessLoad(1, 2.0, 3, 4.0)

    def sample(self, watched: object) -> dict[Watched, ProcessLoad | None]:
        wanted: list[Watched] = list(watched)  # type: ignore[call-overload]
        self.samples.append(wanted)
        return dict.fromkeys(wanted, self.load)


def servers(**pids: int | None) -> McpState:
    rows = {name: SimpleNamespace(id=name, generation=3, pid=pid) for name, pid in pids.items()}
    return SimpleNamespace(servers=rows)  # type: ignore[return-value]


@pytest.mark.anyio
async def test_processes_are_looked_at_only_while_somebody_looks() -> None:
    sampler, heard = FakeSampler(), list[ev.LoadMeasured]()
    loads = ProcessLoads(heard.append, lambda: servers(files=42, web=None), sampler=sampler, every=0.01)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loads.run)
        await anyio.wait_all_tasks_blocked()
        assert sampler.samples == []
        with loads.looking(), loads.looking():
            await eventually(lambda: len(heard) >= 2, "two samples")
        assert heard[0] == ev.LoadMeasured("files", 3, sampler.load)
        assert all(each == [Watched("files", 3, 42)] for each in sampler.samples)
        # what is under way comes to its end; then nothing more does
        await eventually(lambda: not loads._looked.is_set(), "rest")
        seen = len(sampler.samples)
        await anyio.wait_all_tasks_blocked()
        assert len(sampler.samples) == seen
        sampler.load = None
        with loads.looking():
            await eventually(lambda: len(sampler.samples) > seen + 3, "more samples")
        tasks.cancel_scope.cancel()
    assert [each.load for each in heard].count(None) == 1, "that there is nothing to tell is told once"
