"""The analysis worker: one slot a patient, the newest window wins, one thread computes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from ecgd.model.assessment import Assessment
from ecgd.model.baseline import Baseline
from ecgd.model.signal import Window
from ecgd.pipeline.analysis import Analysis, Assessed, Scored
from ecgd.pipeline.history import NO_ORIGIN, History
from ecgd.service.second_opinions import SecondOpinions

BESIDE_S: Final = 0.01
"""What is nobody's looks so often whether it may go on."""

_T = TypeVar("_T")
Deliver = Callable[[str, Assessment], None]
Revision = Callable[[History], History]
Judged = Callable[[str, History, Assessment, History], None]


@dataclass(slots=True)
class _Slot:
    """One patient's place in the round: the loop's own, never seen by the thread."""

    history: History
    window: Window | None = None
    replaced_count: int = 0
    analysed_count: int = 0
    adopted: Baseline | None = None
    revisions: list[Revision] = field(default_factory=list)
    is_busy: bool = False
    newest: Assessed | None = None


class AnalysisWorker:
    """Runs the analysis of all patients on one thread, round robin.

    The event loop owns every slot; the thread takes a window and a history and returns an
    assessment and the next history. ``deliver`` is called in the loop: first with the rules'
    answer, then, where there are networks, with the same window's scored one, unless the rules
    have answered to the next window by then.
    """

    def __init__(
        self, analysis: Analysis, deliver: Deliver, opinions: SecondOpinions | None = None
    ) -> None:
        self._analysis = analysis
        self._deliver = deliver
        self._opinions = opinions
        if opinions is not None:
            opinions.told = self._take_opinion
        self.judged: Judged = lambda patient_id, before, assessment, after: None
        """Told of each window that was judged, before its answer is delivered."""
        self._slots: dict[str, _Slot] = {}
        self._round: list[str] = []
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")

    def add_patient(self, patient_id: str, history: History) -> None:
        """Give a patient a slot."""
        self._slots[patient_id] = _Slot(history)
        self._round.append(patient_id)

    def remove_patient(self, patient_id: str) -> None:
        """Take a patient's slot away; what is under way for it is told to nobody."""
        del self._slots[patient_id]
        self._round.remove(patient_id)
        if self._opinions is not None:
            self._opinions.forget(patient_id)

    def restart_patient(self, patient_id: str) -> None:
        """Begin a patient's history anew, for samples are counted anew; the counts go on."""
        old = self._slots[patient_id]
        counts = (old.replaced_count, old.analysed_count)
        # What is usual for the patient, and how ST has gone, do not change with the counting of
        # samples: the first window says where the course goes on.
        known = self.history(patient_id)
        course = known.evolution.moved(-known.evolution.until_s)
        scores = known.score_watch.anew()
        usual = History(NO_ORIGIN, baseline=known.baseline, evolution=course, score_watch=scores)
        self._slots[patient_id] = _Slot(usual, None, *counts, old.adopted)

    def adopt_baseline(self, patient_id: str, baseline: Baseline) -> None:
        """Take up what is usual for a patient, unless enough was learned anew since."""
        self._slots[patient_id].adopted = baseline

    def baseline(self, patient_id: str) -> Baseline | None:
        """Return what is usual for a patient, as it was taken up or learned last."""
        slot = self._slots[patient_id]
        return slot.adopted or self.history(patient_id).baseline

    def revise(self, patient_id: str, revision: Revision) -> None:
        """Change what is known of a patient: at once, or after the window that is under way."""
        slot = self._slots[patient_id]
        slot.revisions.append(revision)
        if not slot.is_busy:
            _revise(slot)

    def submit(self, patient_id: str, window: Window) -> None:
        """Offer a window; one that still waits is replaced and counted."""
        slot = self._slots[patient_id]
        if slot.window is not None:
            slot.replaced_count += 1
        slot.window = window
        self._wake.set()

    def history(self, patient_id: str) -> History:
        """Return what is known of a patient from earlier windows."""
        slot = self._slots[patient_id]
        history = slot.history
        for revision in slot.revisions:
            history = revision(history)
        return history

    def settled_history(self, patient_id: str) -> History | None:
        """Return what the next window of a patient will meet; None: something is under way."""
        slot = self._slots.get(patient_id)
        if slot is None or slot.is_busy or slot.window is not None or slot.revisions:
            return None
        return slot.history

    async def assess_beside(self, window: Window, history: History) -> Assessed:
        """Judge a window that is nobody's, once no patient's waits.

        One that comes meanwhile waits for this one window, as it would for another patient's.
        """
        while self.waiting_count():
            await asyncio.sleep(BESIDE_S)
        return await self._compute(lambda: self._analysis.assess(window, history))

    def counts(self, patient_id: str) -> tuple[int, int]:
        """Return how many windows were analysed and how many replaced."""
        slot = self._slots[patient_id]
        return slot.analysed_count, slot.replaced_count

    def waiting_count(self) -> int:
        """Return how many windows wait."""
        return sum(slot.window is not None for slot in self._slots.values())

    async def ping(self) -> None:
        """Return when the thread has answered."""
        await self._compute(lambda: None)

    async def run(self) -> None:
        """Analyse for ever; a failure of the analysis ends this with its exception."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while patient_id := self._next_patient():
                    await self._analyse(patient_id)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _next_patient(self) -> str | None:
        for position, patient_id in enumerate(self._round):
            if self._slots[patient_id].window is not None:
                self._round.append(self._round.pop(position))
                return patient_id
        return None

    async def _analyse(self, patient_id: str) -> None:
        slot = self._slots[patient_id]
        window, slot.window = slot.window, None
        assert window is not None
        history = _with_adopted(slot)
        slot.is_busy = True
        assessed = await self._compute(lambda: self._analysis.assess(window, history))
        slot.is_busy = False
        slot.history = assessed.history
        _revise(slot)
        slot.analysed_count += 1
        if self._slots.get(patient_id) is not slot:
            return
        slot.newest = assessed
        self.judged(patient_id, history, assessed.assessment, assessed.history)
        self._deliver(patient_id, assessed.assessment)
        if self._opinions is not None and self._analysis.has_networks:
            self._opinions.submit(patient_id, assessed)

    def _take_opinion(self, patient_id: str, assessed: Assessed, scored: Scored) -> None:
        """Take the networks' answer to a window; it has come too late for any but the newest."""
        slot = self._slots.get(patient_id)
        if slot is None or self._opinions is None:
            return
        if slot.newest is not assessed:
            self._opinions.missed_count += 1
            return
        self.revise(patient_id, scored.teach)
        self._deliver(patient_id, scored.assessment)

    async def _compute(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _revise(slot: _Slot) -> None:
    """Carry out what was asked of a slot's history meanwhile."""
    if slot.revisions:
        slot.history = _with_adopted(slot)
    while slot.revisions:
        slot.history = slot.revisions.pop(0)(slot.history)


def _with_adopted(slot: _Slot) -> History:
    """Return a slot's history with the baseline that it was given, which is given but once."""
    adopted, slot.adopted = slot.adopted, None
    usual = slot.history.baseline
    if adopted is None or (usual is not None and usual.is_complete):
        return slot.history
    return replace(slot.history, baseline=adopted)
