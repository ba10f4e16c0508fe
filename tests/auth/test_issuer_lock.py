"""One login or refresh at a time for an authorization server, in this process and across processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.auth import issuer_lock as module
from mcpdeck.services.auth.issuer_lock import held, issuer_lock
from mcpdeck.services.errors import StorageError
from tests.waiting import eventually

pytestmark = pytest.mark.anyio
ISSUER = "https://as.example"

_HOLDER = """
import sys, fcntl, os
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def _path(folder: Path) -> Path:
    """The file that the lock of ``ISSUER`` stands in."""
    return next(folder.glob("*.lock"))


@contextmanager
def _another_process(path: Path) -> Generator[subprocess.Popen[str]]:
    words = [sys.executable, "-I", "-S", "-c", _HOLDER, str(path)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


async def test_those_who_want_it_get_it_one_after_the_other_in_their_order(tmp_path: Path) -> None:
    inside, order = 0, list[int]()

    async def one(number: int) -> None:
        nonlocal inside
        async with issuer_lock(tmp_path, ISSUER):
            inside += 1
            assert inside == 1
            order.append(number)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, number)
    assert order == list(range(8))


async def test_another_issuer_does_not_wait(tmp_path: Path) -> None:
    with anyio.fail_after(5):
        async with issuer_lock(tmp_path, ISSUER), issuer_lock(tmp_path, ISSUER + "/"):
            pass


async def test_what_another_process_holds_is_not_to_be_had_until_that_dies(tmp_path: Path) -> None:
    async with issuer_lock(tmp_path, ISSUER):
        path = _path(tmp_path)
    got = anyio.Event()

    async def want() -> None:
        async with issuer_lock(tmp_path, ISSUER, seconds=20):
            got.set()

    with _another_process(path) as process:
        with pytest.raises(StorageError, match=r"another mcpdeck's login or refresh at https://as\.example") as caught:
            async with issuer_lock(tmp_path, ISSUER, seconds=0.05):
                pytest.fail("it was held")
        assert caught.value.retryable
        assert "try again" in caught.value.hint
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(want)
            await anyio.lowlevel.checkpoint()
            assert not got.is_set()
            process.kill()  # no farewell: the lock goes with the process
            await eventually(got.is_set, "lock of a dead process")


async def test_one_who_waits_too_long_in_this_process_is_told_and_the_lock_goes_on(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        inside, done = anyio.Event(), anyio.Event()

        async def hold() -> None:
            async with issuer_lock(tmp_path, ISSUER):
                inside.set()
                await done.wait()

        tasks.start_soon(hold)
        await inside.wait()
        with pytest.raises(StorageError, match=r"waited 0\.02 s for another login or refresh at https://as\.example"):
            async with issuer_lock(tmp_path, ISSUER, seconds=0.02):
                pytest.fail("it was held")
        done.set()
    with anyio.fail_after(5):
        async with issuer_lock(tmp_path, ISSUER):
            pass


async def test_who_is_cancelled_while_waiting_or_inside_leaves_it_free(tmp_path: Path) -> None:
    async def want(inside: anyio.Event | None = None) -> None:
        async with issuer_lock(tmp_path, ISSUER):
            if inside is not None:
                inside.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        inside = anyio.Event()
        tasks.start_soon(want, inside)
        tasks.start_soon(want)
        await inside.wait()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(5):
        async with issuer_lock(tmp_path, ISSUER):
            pass


async def test_who_fails_inside_leaves_it_free(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with issuer_lock(tmp_path, ISSUER):
            raise ZeroDivisionError
    with anyio.fail_after(5):
        async with issuer_lock(tmp_path, ISSUER):
            pass


async def test_a_lock_whose_file_was_removed_is_not_taken_for_the_one_that_others_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with issuer_lock(tmp_path, ISSUER):
        path = _path(tmp_path)
    really, opened = os.open, list[int]()

    def removed_meanwhile(*args: Any) -> int:
        handle = really(*args)
        opened.append(handle)
        if len(opened) == 1:
            path.unlink()
            path.write_text("")
        return handle

    monkeypatch.setattr(module.os, "open", removed_meanwhile)
    with anyio.fail_after(10):
        async with issuer_lock(tmp_path, ISSUER):
            assert os.path.samestat(os.fstat(opened[-1]), path.stat())
    assert len(opened) == 2


async def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot make the lock") as caught:
        async with issuer_lock(tmp_path / "file" / "locks", ISSUER):
            pytest.fail("there is no lock")
    assert "MCPDECK_HOME" in caught.value.hint


async def test_a_symbolic_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    async with issuer_lock(tmp_path, ISSUER):
        path = _path(tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        async with issuer_lock(tmp_path, ISSUER):
            pytest.fail("the link was followed")
    assert not (tmp_path / "elsewhere").exists()


def test_each_event_loop_has_its_own_order(tmp_path: Path) -> None:
    async def once() -> None:
        async with issuer_lock(tmp_path, ISSUER):
            pass

    for _ in range(2):
        anyio.run(once)


def test_a_thread_waits_as_long_as_it_may_and_hears_when_it_is_called_off(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with held(path, seconds=1):
        with (
            pytest.raises(StorageError, match="another mcpdeck that is writing the stored logins"),
            held(path, seconds=0),
        ):
            pytest.fail("it was held")

        def pulse() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), held(path, seconds=60, pulse=pulse):
            pytest.fail("it was held")
    with held(path, seconds=0):
        pass
