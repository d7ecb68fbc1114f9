"""One thread that computes for the event loop, and may hang without holding anybody up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

_T = TypeVar("_T")
_Job = Callable[[], None]


class ComputeThread:
    """Runs one job after the other; made with the first one.

    A daemon thread: what is computed cannot be broken off, and must not keep a process that has
    been told to stop.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def compute(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` returns in the thread, or raise what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_T] = loop.create_future()

        def job() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                _tell(loop, _fail, answer, error)
            else:
                _tell(loop, _answer, answer, result)

        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)
        return await answer

    def close(self) -> None:
        """Let the thread end after the jobs that it has."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _tell(loop: asyncio.AbstractEventLoop, told: Callable[..., None], *given: object) -> None:
    try:
        loop.call_soon_threadsafe(told, *given)
    except RuntimeError:
        # The loop has ended meanwhile: nobody waits for this any more.
        return


def _answer(answer: asyncio.Future[_T], result: _T) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[_T], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
