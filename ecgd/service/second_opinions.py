"""The networks' turn: after the rules, on a thread of their own, and never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from ecgd.inference.scorer import Models
from ecgd.model.status import NetworkState, PartHealth
from ecgd.pipeline.analysis import Analysis, Assessed, Scored
from ecgd.service.compute_thread import ComputeThread

TEND_S = 10.0
"""Networks are looked after this often, with or without windows."""

HANGING_S = 10.0
"""A thread that has not answered for so long is stuck in the runtime: it cannot be broken off."""

Told = Callable[[str, Assessed, Scored], None]

_log = logging.getLogger(__name__)


class SecondOpinions:
    """Asks the networks about windows that the rules have answered.

    The event loop owns everything but the thread, which asks and tends the networks. Each patient
    has one place, and the newest window wins; patients take turns. ``told`` is called in the loop.
    Whatever goes wrong here is told as a trouble and ends nothing.
    """

    def __init__(
        self, analysis: Analysis, models: Models, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.told: Told = lambda patient_id, assessed, scored: None
        self.missed_count = 0
        """Windows that got no second opinion, for the next one had come before it."""
        self._analysis = analysis
        self._models = models
        self._clock = clock
        self._thread = ComputeThread("networks")
        self._waiting: dict[str, Assessed] = {}
        self._wake = asyncio.Event()
        self._asked_s: float | None = None
        self._faults: dict[str, str] = {}

    def submit(self, patient_id: str, assessed: Assessed) -> None:
        """Offer a window; one that still waits is replaced and counted."""
        if self._waiting.pop(patient_id, None) is not None:
            self.missed_count += 1
        self._waiting[patient_id] = assessed
        self._wake.set()

    def forget(self, patient_id: str) -> None:
        """Drop what waits for a patient."""
        self._waiting.pop(patient_id, None)

    @property
    def states(self) -> tuple[NetworkState, ...]:
        """How each network stands."""
        return self._models.states

    @property
    def scoring(self) -> str:
        """In words, for status and alerts: who is asked, or why nobody."""
        own = self._own_troubles()
        return "; ".join((*own, self._models.scoring))

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the networks; empty: nothing."""
        return (*self._own_troubles(), *self._models.troubles)

    def health(self) -> PartHealth:
        """Return how the networks are; to be without any is healthy."""
        return PartHealth("models", not self.troubles, self.scoring)

    async def run(self) -> None:
        """Ask for ever."""
        if not self._models.names:
            return
        try:
            await self._do("tended", self._models.tend)
            while True:
                await self._wait()
                while self._waiting:
                    patient_id = next(iter(self._waiting))
                    await self._ask(patient_id, self._waiting.pop(patient_id))
                await self._do("tended", self._models.tend)
        finally:
            self._thread.close()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(TEND_S):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _ask(self, patient_id: str, assessed: Assessed) -> None:
        scored: list[Scored] = []
        await self._do("asked", lambda: scored.append(self._analysis.score(assessed)))
        if scored:
            self.told(patient_id, assessed, scored[0])

    async def _do(self, what: str, work: Callable[[], None]) -> None:
        """Do something in the thread; what fails is a trouble until it has worked again."""
        self._asked_s = self._clock()
        try:
            await self._thread.compute(work)
        except Exception as error:  # noqa: BLE001 - a trouble that is told; the rules go on
            if what not in self._faults:
                _log.exception("the networks cannot be %s", what)
            self._faults[what] = f"cannot be {what} ({type(error).__name__}: {error})"
        else:
            self._faults.pop(what, None)
        finally:
            self._asked_s = None

    def _own_troubles(self) -> tuple[str, ...]:
        found = list(self._faults.values())
        if self._asked_s is not None:
            hanging_s = self._clock() - self._asked_s
            found += [f"no answer for {hanging_s:.0f} s"] if hanging_s > HANGING_S else []
        return tuple(found)
