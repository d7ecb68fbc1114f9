"""Listens to what decides about one patient's alarms, and keeps the last minutes of it.

It runs in the loop and only appends: references to values that never change, and twice a minute a
copy of what reads the line. Whatever goes wrong here is logged, and changes no decision.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import AlarmBook, Changes
from ecgd.decision.hold_off import LASTING_SHARE, hold_off_s, lasting_s
from ecgd.model.alarm import AlarmState, ChangeKind, Observation
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Domain, Severity
from ecgd.model.link import Received
from ecgd.pipeline.history import History
from ecgd.protocol.seal_guard import Verdict
from ecgd.service.capsule_journal import (
    CHECKPOINT_S,
    BookGiven,
    Came,
    Checkpoint,
    Entry,
    Journal,
    Judged,
    LineAnew,
    SealJudged,
    Step,
    changed_fields,
)
from ecgd.service.session import PatientSession
from ecgd.service.subject import Alarms

_log = logging.getLogger(__name__)

OCCURRENCES: Final = (ChangeKind.RAISED, ChangeKind.ESCALATED)
GRAVE: Final = Severity.HIGH
"""Occurrences of this severity and above get a capsule."""

CAPTURE_S: Final = 600.0
"""A capsule grows no longer than this, however many alerts fall into it."""


@dataclass(slots=True, eq=False)
class RecordedAlarms(Alarms):
    """Alarms whose every step is told to ``heard``, and every other change of the book too."""

    heard: Callable[[Entry], None] = lambda entry: None
    basis: Assessment | None = None
    """The assessment that the next observation of the heart rests on."""
    _known: AlarmBook | None = None

    @classmethod
    def over(cls, alarms: Alarms, heard: Callable[[Entry], None]) -> RecordedAlarms:
        """Return the same alarms, recorded from now on."""
        made = cls(alarms.settings, alarms.new_alert_id, alarms.book, heard=heard)
        made._known = alarms.book
        return made

    def observe(self, observation: Observation) -> Changes:
        self.note_book()
        changes = Alarms.observe(self, observation)
        basis = self.basis if observation.domain is Domain.HEART else None
        self._tell("observe", (observation,), changes, basis)
        return changes

    def tick(self, now_s: float) -> Changes:
        self.note_book()
        changes = Alarms.tick(self, now_s)
        self._tell("tick", (now_s,), changes)
        return changes

    def acknowledge(self, alert_id: str | None, by: str, now_s: float) -> Changes:
        self.note_book()
        changes = Alarms.acknowledge(self, alert_id, by, now_s)
        self._tell("acknowledge", (alert_id, by, now_s), changes)
        return changes

    def pause_audio(self, now_s: float) -> None:
        self.note_book()
        Alarms.pause_audio(self, now_s)
        self._tell("pause_audio", (now_s,), ())

    def note_book(self) -> None:
        """Tell of a book that something else has put in the place of the known one."""
        if self.book is not self._known:
            self._known = self.book
            self.heard(BookGiven(self.book))

    def _tell(
        self,
        what: str,
        arguments: tuple[object, ...],
        changes: Changes,
        basis: Assessment | None = None,
    ) -> None:
        self._known = self.book
        progress = hold_offs(self.book, self.settings) if basis is not None else ()
        self.heard(Step(what, arguments, changes, basis, progress))


def hold_offs(book: AlarmBook, settings: AlarmSettings) -> tuple[tuple[str, float, float], ...]:
    """Return each pending alarm with how long its evidence has lasted, and has to, in s."""
    found = []
    for track in book.tracks:
        kind = track.alarm.event_type
        if track.alarm.state is AlarmState.PENDING:
            lasted_s = lasting_s(track.judgements, lambda each: each.severity > 0, LASTING_SHARE)
            found.append((kind.value, lasted_s or 0.0, hold_off_s(kind, settings.hold_off)))
    return tuple(found)


@dataclass(slots=True, eq=False)
class Capture:
    """A capsule in the making: what was before it, and what has come since it was told last."""

    capsule_id: str
    patient_id: str
    checkpoint: Checkpoint
    entries: list[Entry]
    raised_s: float
    until_s: float
    alert_ids: list[str] = field(default_factory=list)
    told: int = 0
    """Pieces that the writer has been given."""


Tell = Callable[[Capture, list[Entry], str], None]
"""Takes new entries of a capture, and how it ended: empty while it goes on."""


class Recorder:
    """One patient's journal, and the capture that goes on."""

    def __init__(
        self,
        session: PatientSession,
        history: Callable[[], History | None],
        tell: Tell,
        clock: Callable[[], float],
        *,
        before_s: float,
        after_s: float,
    ) -> None:
        self._session = session
        self._history = history
        self._tell = tell
        self._clock = clock
        self._after_s = after_s
        self._journal = Journal(before_s)
        self._capture: Capture | None = None
        self._intake = session.intake
        self._intake.hear_seal(self._seal_judged)
        self._left: History | None = None
        self._broken = False
        self.alarms = RecordedAlarms.over(session.alarms, self._add)
        session.alarms = self.alarms

    def came(self, received: Received) -> None:
        """Note what the session is about to be given."""
        if self._session.intake is not self._intake:
            self._intake = self._session.intake
            self._intake.hear_seal(self._seal_judged)
            settings, is_sealed = self._intake.device_settings, self._intake.is_sealed
            self._add(LineAnew(settings, self._session.phase_s, is_sealed))
        self._add(Came(received))

    def _seal_judged(self, verdict: Verdict) -> None:
        self._add(SealJudged(verdict))

    def judged(self, before: History, assessment: Assessment, after: History) -> None:
        """Note a window that the rules have judged: what they knew and what they left."""
        given = {} if self._left is None else changed_fields(self._left, before)
        self._left = after
        self._add(Judged(given, assessment))

    def look(self) -> None:
        """Take a checkpoint if it is time and nothing is under way; end what is long enough."""
        now_s = self._clock()
        last_s = self._journal.checkpoint_s
        history = self._history()
        due = not self._broken and (last_s is None or now_s - last_s >= CHECKPOINT_S)
        if due and history is not None and self._session.intake is self._intake:
            with self._hindering_nothing():
                self._take_checkpoint(now_s, history)
        capture = self._capture
        if capture is not None and not capture.told:
            # What led to the alert is on the disk first.
            self.flush()
        if capture is not None and now_s >= min(capture.until_s, capture.raised_s + CAPTURE_S):
            self.finish("")

    def flush(self) -> None:
        """Tell the writer what has come."""
        capture = self._capture
        if capture is not None:
            entries, capture.entries = capture.entries, []
            self._tell(capture, entries, "")

    def finish(self, cut: str) -> None:
        """End the capture that goes on; ``cut`` says why it ends before its time."""
        capture, self._capture = self._capture, None
        if capture is not None:
            self._tell(capture, capture.entries, cut or "its time was over")

    def _take_checkpoint(self, now_s: float, history: History) -> None:
        self.alarms.note_book()
        self._left = history
        intake, device = copy.deepcopy(self._intake), self._intake.device_settings
        book, phase_s = self.alarms.book, self._session.phase_s
        self._journal.begin(Checkpoint(now_s, device, phase_s, intake, history, book))

    def _add(self, entry: Entry) -> None:
        if self._broken:
            return
        with self._hindering_nothing():
            self._journal.add(entry)
            if self._capture is not None:
                self._capture.entries.append(entry)
            if isinstance(entry, Step):
                self._note_alerts(entry)

    @contextmanager
    def _hindering_nothing(self) -> Iterator[None]:
        """Give up on capsules after a fault: one must never be what hinders an alarm."""
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever it is
            self._broken = True
            _log.exception("no capsules of %s until the next start", self._session.name)

    def _note_alerts(self, step: Step) -> None:
        grave = [
            change.alarm.alert_id
            for change in step.changes
            if change.kind in OCCURRENCES and change.alarm.severity >= GRAVE
        ]
        for alert_id in grave:
            if alert_id is not None:
                self._capture_for(alert_id)

    def _capture_for(self, alert_id: str) -> None:
        now_s = self._clock()
        if self._capture is None:
            known = self._journal.read()
            if known is None:
                _log.warning("no capsule of alert %s: nothing is known of before it", alert_id)
                return
            patient_id = self._session.patient.id
            self._capture = Capture(alert_id, patient_id, *known, now_s, now_s)
        self._capture.alert_ids.append(alert_id)
        self._capture.until_s = now_s + self._after_s
