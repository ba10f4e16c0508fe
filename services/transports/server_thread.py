"""A thread with an event loop of its own, and the way of messages between its loop and ours.

Owns what crosses the border of threads. Knows nothing of MCP. The thread is a daemon and so are the
worker threads of its loop: what blocks in there for ever holds up neither us nor the end of Python.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

import anyio

T = TypeVar("T")
P = ParamSpec("P")

MARK_COUNT = 64
MARK_BYTES = 1024 * 1024
"""Messages on their way, and their size, beyond which the one who sends waits for the one who reads."""
WORKERS = 32


class Crossing(Generic[T]):
    """A bounded queue whose two ends are in different event loops. One reader, any number of writers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._closed = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, anyio.Event]] = []

    async def put(self, item: T, size: int) -> None:
        """Waits beyond the marks (one item always fits). Raises ``BrokenResourceError`` when it is closed."""
        while True:
            with self._lock:
                if self._closed:
                    raise anyio.BrokenResourceError
                if not self._items or (len(self._items) < MARK_COUNT and self._bytes + size <= MARK_BYTES):
                    self._items.append((item, size))
                    self._bytes += size
                    self._wake()
                    return
                changed = self._waiter()
            await changed.wait()

    async def get(self) -> T:
        """The next item. Raises ``EndOfStream`` when it is closed and empty."""
        while True:
            with self._lock:
                if self._items:
                    item, size = self._items.popleft()
                    self._bytes -= size
                    self._wake()
                    return item
                if self._closed:
                    raise anyio.EndOfStream
                changed = self._waiter()
            await changed.wait()

    def close(self) -> None:
        """From any thread. What is inside can still be read."""
        with self._lock:
            self._closed = True
            self._wake()

    def _waiter(self) -> anyio.Event:
        event = anyio.Event()
        self._waiting.append((asyncio.get_running_loop(), event))
        return event

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            in_loop(loop, event.set)


def in_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Call ``function`` in ``loop`` from any thread; not at all when the loop has ended."""
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        pass


async def in_worker(function: Callable[[], T]) -> T:
    """``function`` in a worker of the running loop's default executor, in this task's context.

    A task that is cancelled waits no longer; the thread cannot be stopped and ends when ``function`` does.
    """
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, context.run, function)


class DaemonWorkers(ThreadPoolExecutor):
    """The default executor of the thread's loop (``asyncio.to_thread``, ``run_in_executor``, name look-ups).

    The standard one is joined when Python exits. ``begin`` is called in each new worker thread.
    """

    def __init__(self, begin: Callable[[], object]) -> None:
        super().__init__(1)  # its own threads are never started
        self._begin = begin
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle_workers = threading.Semaphore(0)
        self._count = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # it belongs to the one who asked, whatever it is
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.put(job)
        if not self._idle_workers.acquire(blocking=False) and self._count < WORKERS:
            self._count += 1
            threading.Thread(target=self._work, name=f"in-process worker {self._count}", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        self._begin()
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                self._idle_workers.release()
                job = self._jobs.get()
            if job is None:
                return
            job()
            del job
