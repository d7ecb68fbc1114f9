"""The parts of a running daemon, and what happens between them; all in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ecgd.alerts.annunciator import Annunciator
from ecgd.alerts.delivery import DeliveryWorker
from ecgd.config.settings import Settings
from ecgd.inference.scorer import Models
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem, Priority
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EnsembleScore
from ecgd.model.status import PartHealth
from ecgd.service.coverage import CoverageBooks
from ecgd.service.fan_out import OCCURRENCES, FanOut
from ecgd.service.latency import LatencyBook
from ecgd.service.link_marks import LinkMarks
from ecgd.service.live import LiveHub
from ecgd.service.logs import Logs, log_event
from ecgd.service.loop_watch import LoopWatch
from ecgd.service.machine import MachineWatch
from ecgd.service.notify import Notifier
from ecgd.service.occurrence import Circumstances
from ecgd.service.paths import Places
from ecgd.service.patient_link import PatientLink
from ecgd.service.second_opinions import SecondOpinions
from ecgd.service.session import PatientSession
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.sound import Sound, combine
from ecgd.service.st_episodes import keep_episodes
from ecgd.service.subject import Alarms, Subject
from ecgd.service.worker import AnalysisWorker
from ecgd.sources.radio import Radio
from ecgd.store.writer import StoreWriter
from ecgd.web.bluetooth_gateway import BluetoothDesk
from ecgd.web.patient_gateway import PatientDesk

_log = logging.getLogger(__name__)

BUTTON = "button"
"""Who acknowledged, when it was the button."""

EDGE_WITHIN_S = 1.0
"""A pin's edge that comes later is not of the alarm before it: something sounded already."""


@dataclass(slots=True)
class Parts:
    """Everything that one run of the daemon consists of."""

    settings: Settings
    places: Places
    logs: Logs
    notifier: Notifier
    store: StoreWriter
    models: Models
    opinions: SecondOpinions
    circumstances: Circumstances
    gateway_alarms: Alarms
    loop_watch: LoopWatch
    started_s: float
    loop: asyncio.AbstractEventLoop
    worker: AnalysisWorker = field(init=False)
    annunciator: Annunciator = field(init=False)
    fan_out: FanOut = field(init=False)
    patient_desk: PatientDesk = field(init=False)
    coverage: CoverageBooks = field(init=False)
    radio: Radio = field(init=False)
    bluetooth_desk: BluetoothDesk = field(init=False)
    marks: LinkMarks = field(init=False)
    met: Callable[[PatientSession], None] = lambda session: None
    """Called when a device has said on a patient's line who it is."""
    roster_health: Callable[[], PartHealth] = lambda: PartHealth("patients", True, "")
    sessions: dict[str, PatientSession] = field(default_factory=dict)
    links: dict[str, PatientLink] = field(default_factory=dict)
    targets: dict[str, DeliveryWorker] = field(default_factory=dict)
    latency: LatencyBook = field(default_factory=LatencyBook)
    live: LiveHub = field(default_factory=LiveHub)
    sounding: Sound = field(default_factory=lambda: Sound(None, False, None))
    overflowed: int = 0
    crowded: set[str] = field(default_factory=set)
    """Targets for which more may wait in the outbox than in their queues."""
    machine: MachineWatch = field(init=False)
    _edge_due: tuple[str, float, float, float] | None = None
    """Whose alarm is on its way to the pins; arrival, judgement, first evidence."""

    def __post_init__(self) -> None:
        self.machine = MachineWatch(self.places.state_dir)
        self.coverage = CoverageBooks(self.store, self.loop)
        self.marks = LinkMarks(self.places.state_dir)

    def subjects(self) -> Iterator[Subject]:
        """Whose alarms there are: every patient's, and the gateway's own."""
        for session in self.sessions.values():
            yield session.subject
        yield self.gateway

    @property
    def gateway(self) -> Subject:
        simulated = self.circumstances.simulated
        return Subject(GATEWAY_ID, "Gateway", self.gateway_alarms, simulated)

    def conclude(self, patient_id: str, assessment: Assessment) -> None:
        """Take the analysis' answer: alarms first, then everything that can wait."""
        session = self.sessions[patient_id]
        now_s = time.monotonic()
        if assessment.origin != session.intake.origin:
            return
        changes = session.conclude(assessment, now_s)
        begun_s = [each.alarm.since_s for each in changes if each.kind in OCCURRENCES]
        occurred = bool(begun_s)
        if occurred:
            self._edge_due = (patient_id, assessment.arrived_s, now_s, min(begun_s))
        self.sound()
        self.fan_out.spread(session.subject, session.assessment, changes)
        self.latency.record_all(assessment.latency, patient_id)
        if occurred:
            self.latency.record("alert", time.monotonic() - now_s, patient_id)
        self.store.store_assessment(patient_id, assessment)
        unix_s = time.time() + assessment.arrived_s - time.monotonic()
        keep_episodes(self.store, patient_id, session.name, assessment, unix_s)
        self.live.note_assessment(patient_id, session.assessment or assessment)
        if assessment.scores is None:
            self._store_heartbeat(patient_id, assessment)
        else:
            self._note_score(session, assessment.scores, now_s)

    def sound(self) -> None:
        """Bring buzzer and lights up to date; never waits."""
        now_s = time.monotonic()
        sound = combine(each.alarms.annunciate(now_s) for each in self.subjects())
        watched = self.sessions.values()
        well = sound.priority is None and all(s.is_well(now_s) for s in watched) and bool(watched)
        self.annunciator.show(sound.priority, sounding=sound.sounding, all_well=well)
        self.sounding = sound

    def acknowledge(self, alert_id: str | None, patient_id: str | None, by: str) -> tuple[str, ...]:
        """Acknowledge one alert, or all of one subject; return the ids that this answered."""
        now_s = time.monotonic()
        answered: list[str] = []
        for subject in self.subjects():
            if patient_id not in (None, subject.patient_id):
                continue
            changes = subject.alarms.acknowledge(alert_id, by, now_s)
            ids = (change.alarm.alert_id for change in changes)
            answered += dict.fromkeys(each for each in ids if each is not None)
            self.fan_out.spread(subject, None, changes)
        self.sound()
        return tuple(answered)

    def pause_audio(self, by: str) -> float:
        """Silence the buzzer; return after how long it comes back."""
        now_s = time.monotonic()
        for subject in self.subjects():
            subject.alarms.pause_audio(now_s)
            self.fan_out.keep_book(subject)
        self.sound()
        pause_s = self.settings.alarms.audio_pause_s
        self.live.note_audio_pause(pause_s, by)
        log_event(_log, "audio_paused", f"sound paused for {pause_s:g} s by {by}", by=by)
        return pause_s

    def press_button(self) -> None:
        """Acknowledge when one subject alone alarms; with more, only the sound is paused."""
        waiting = [each for each in self.subjects() if each.alarms.waits_for_answer()]
        if len(waiting) == 1:
            self.acknowledge(None, waiting[0].patient_id, BUTTON)
        elif waiting:
            self.pause_audio(BUTTON)

    def note_edge(self, priority: Priority, at_s: float) -> None:
        """Take the time of the first pin edge of an alarm."""
        due, self._edge_due = self._edge_due, None
        if due is not None and at_s - due[2] < EDGE_WITHIN_S:
            patient_id, arrived_s, judged_s, begun_s = due
            self.latency.record("pin edge", at_s - judged_s, patient_id)
            self.latency.record("total", at_s - arrived_s, patient_id)
            self.latency.record_alarm_delay(at_s - begun_s)
        log_event(_log, "pins", f"{priority.value} priority on the pins", priority=priority)

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take the report of one attempt at one target."""
        self.store.record_delivery(report)
        self.live.note_delivery(report)
        delivered = report.result is DeliveryResult.DELIVERED
        if delivered and report.item.attempts == 1:
            self.latency.record("delivery", report.duration_s)
        log_event(
            _log,
            "delivery",
            f"alert {report.item.alert_id} to {report.item.target}: {report.result.value}, "
            f"{report.detail}",
            level=logging.INFO if delivered else logging.WARNING,
            alert_id=report.item.alert_id,
            target=report.item.target,
            result=report.result,
            attempts=report.item.attempts,
        )

    def note_overflow(self, item: OutboxItem) -> None:
        """Note an item that found no room in its target's queue; it stays in the outbox."""
        self.overflowed += 1
        self.crowded.add(item.target)
        _log.error("no room to deliver alert %s to %s", item.alert_id, item.target)

    def _note_score(self, session: PatientSession, scores: EnsembleScore, now_s: float) -> None:
        """Keep a score that is no alarm, or none any more, as a health event."""
        facts = {"members": dict(scores.members), "models_hash": scores.models_hash}
        if session.becomes_notable(scores, now_s):
            why = f"explained by {scores.explained_by}" if scores.explained_by else "no alarm"
            message = f"{session.name}: networks at {scores.fused:.2f}, {why}"
            self.store.store_health_event(session.patient.id, "score", message, facts)
        if scores.becomes_usual:
            message = (
                f"{session.name}: networks at {scores.fused:.2f} for so long that it counts as "
                "usual for this patient; only a higher score alarms from now on"
            )
            self.store.store_health_event(session.patient.id, "score_usual", message, facts)
            log_event(_log, "score_usual", message, patient=session.patient.id)

    def _store_heartbeat(self, patient_id: str, assessment: Assessment) -> None:
        events = [f.event_type.value for f in assessment.findings]
        at_s = time.time() + assessment.arrived_s - time.monotonic()
        anomaly = events[0] if events else None
        self.store.store_heartbeat(patient_id, at_s, assessment.rhythm.heart_rate_bpm, anomaly)
