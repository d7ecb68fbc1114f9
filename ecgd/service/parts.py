"""The parts of a running daemon, and what happens between them; all in the loop's thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ecgd.alerts.annunciator import Annunciator
from ecgd.alerts.courier import Courier
from ecgd.alerts.payload import is_simulated
from ecgd.config.settings import Settings
from ecgd.decision.gateway_findings import TargetTrouble
from ecgd.inference.scorer import Models
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem, Priority, Purpose
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EnsembleScore, Severity
from ecgd.model.proof import ProofStatus
from ecgd.model.status import PartHealth
from ecgd.service.capsules import Capsules
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
from ecgd.service.quiet_hours import QuietHours
from ecgd.service.report_process import Drawing
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
from ecgd.web.trial_gateway import TrialGateway

_log = logging.getLogger(__name__)

BUTTON = "button"
"""Who acknowledged, when it was the button."""

REACTION_S = 0.3
"""Nobody presses a button sooner than this after what made him do it."""

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
    trials: TrialGateway = field(init=False)
    coverage: CoverageBooks = field(init=False)
    radio: Radio = field(init=False)
    bluetooth_desk: BluetoothDesk = field(init=False)
    marks: LinkMarks = field(init=False)
    met: Callable[[PatientSession], None] = lambda session: None
    """Called when a device has said on a patient's line who it is."""
    roster_health: Callable[[], PartHealth] = lambda: PartHealth("patients", True, "")
    sessions: dict[str, PatientSession] = field(default_factory=dict)
    links: dict[str, PatientLink] = field(default_factory=dict)
    unanswered: Callable[[], tuple[str, ...]] = lambda: ()
    """Alerts of which every contact was told without an answer, in words."""
    unproven: Callable[[float], tuple[TargetTrouble, ...]] = lambda now_s: ()
    """Ways that nothing has proved for too long."""
    proof: Callable[[], ProofStatus | None] = lambda: None
    proof_health: Callable[[], PartHealth | None] = lambda: None
    people_health: Callable[[], PartHealth | None] = lambda: None
    replies_health: Callable[[], PartHealth | None] = lambda: None
    reports_health: Callable[[], PartHealth | None] = lambda: None
    drawing: Drawing = field(default_factory=Drawing)
    whereabouts: Callable[[], PartHealth | None] = lambda: None
    setup: Callable[[], PartHealth | None] = lambda: None
    sign_of_life: Callable[[], PartHealth | None] = lambda: None
    fault_light: Callable[[], PartHealth | None] = lambda: None
    quiet_hours: QuietHours = field(init=False)
    targets: dict[str, Courier] = field(default_factory=dict)
    listeners: dict[str, Courier] = field(default_factory=dict)
    """Who is told of alarms without a promise: no outbox keeps what they miss."""
    latency: LatencyBook = field(default_factory=LatencyBook)
    live: LiveHub = field(default_factory=LiveHub)
    sounding: Sound = field(default_factory=lambda: Sound(None, False, None))
    capsules: Capsules | None = None
    overflowed: int = 0
    crowded: set[str] = field(default_factory=set)
    """Targets for which more may wait in the outbox than in their queues."""
    lost_deliveries: deque[DeliveryReport] = field(default_factory=deque)
    """Alerts that a target will never get: they leave the outbox once an alarm has told it."""
    lost_alarms: str = ""
    """Which alarms of the last run could not be taken up."""
    machine: MachineWatch = field(init=False)
    _edge_due: tuple[str, float, float, float] | None = None
    """Whose alarm is on its way to the pins; arrival, judgement, first evidence."""

    def __post_init__(self) -> None:
        self.machine = MachineWatch(self.places.state_dir)
        self.coverage = CoverageBooks(self.store, self.loop)
        self.marks = LinkMarks(self.places.state_dir)
        self.quiet_hours = QuietHours(self.settings.alarms)

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
        if session.freshness.is_stale(assessment, now_s):
            return
        if self.capsules is not None:
            self.capsules.concluding(patient_id, assessment)
        changes = session.conclude(assessment, now_s)
        begun_s = [each.alarm.since_s for each in changes if each.kind in OCCURRENCES]
        occurred = bool(begun_s)
        before = self.sounding
        self.sound()
        # What begins while something as grave sounds has no edge of its own.
        if occurred and self.sounding.begins_after(before):
            self._edge_due = (patient_id, assessment.arrived_s, now_s, min(begun_s))
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
        least = self.quiet_hours.least_priority()
        sound = combine((each.alarms.annunciate(now_s) for each in self.subjects()), least)
        watched = self.sessions.values()
        well = sound.priority is None and all(s.is_well(now_s) for s in watched) and bool(watched)
        self.annunciator.show(
            sound.priority, sounding=sound.sounding, all_well=well, light=sound.light
        )
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
        if self.fan_out.prover is not None:
            answered += self.fan_out.prover.note_answer(alert_id, by)
        self.sound()
        return tuple(answered)

    def pause_audio(self, by: str, heard_until_s: float = float("inf")) -> float:
        """Silence the buzzer; return after how long it comes back.

        Who has an alarm that was raised after ``heard_until_s`` goes on sounding.
        """
        now_s = time.monotonic()
        for subject in self.subjects():
            waiting = subject.alarms.waiting(now_s)
            if len(subject.alarms.waiting(heard_until_s)) < len(waiting):
                continue
            subject.alarms.pause_audio(now_s)
            self.fan_out.keep_book(subject)
        self.sound()
        pause_s = self.settings.alarms.audio_pause_s
        self.live.note_audio_pause(pause_s, by)
        log_event(_log, "audio_paused", f"sound paused for {pause_s:g} s by {by}", by=by)
        return pause_s

    def press_button(self, down_s: float) -> None:
        """Acknowledge when one patient alone alarms; with more, only the sound is paused.

        ``down_s`` is when the finger went down: it answers nothing that came later, or so shortly
        before that nobody can have heard it. The gateway is no patient: its own alarms are answered
        once no patient's wait.
        """
        heard_until_s = down_s - REACTION_S
        alarming = [each for each in self.subjects() if each.alarms.waiting(heard_until_s)]
        patients = [each for each in alarming if each.patient_id != GATEWAY_ID]
        waiting = patients or alarming
        if len(waiting) > 1:
            self.pause_audio(BUTTON, heard_until_s)
            return
        for subject in waiting:
            for alert_id in subject.alarms.waiting(heard_until_s):
                self.acknowledge(alert_id, subject.patient_id, BUTTON)

    def note_edge(self, priority: Priority, at_s: float) -> None:
        """Take the time of the first pin edge of an alarm."""
        due, self._edge_due = self._edge_due, None
        if due is not None and at_s - due[2] < EDGE_WITHIN_S:
            patient_id, arrived_s, judged_s, begun_s = due
            self.latency.record("pin edge", at_s - judged_s, patient_id)
            self.latency.record("total", at_s - arrived_s, patient_id)
            self.latency.record_alarm_delay(at_s - begun_s)
        how = "sounds" if self.sounding.sounding else "shines"
        log_event(_log, "pins", f"{priority.value} priority {how}", priority=priority)

    def note_delivery(self, report: DeliveryReport) -> None:
        """Take the report of one attempt at one target."""
        if self.fan_out.prover is not None and report.item.purpose is Purpose.CANARY:
            self.fan_out.prover.note_delivery(report)
            return  # it is in no outbox, and tells nobody anything
        ended = report.result in (DeliveryResult.REFUSED, DeliveryResult.GONE)
        if ended and not is_simulated(report.item.body):
            self.lost_deliveries.append(report)
        else:
            self.store.record_delivery(report)
        self.live.note_delivery(report)
        if self.fan_out.replies is not None:
            self.fan_out.replies.note_delivery(report)
        if self.fan_out.people is not None:
            self.fan_out.people.note_delivery(report)
        delivered = report.result is DeliveryResult.DELIVERED
        if delivered and report.item.attempts == 1 and not report.item.is_trial:
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
        if self.fan_out.prover is not None:
            self.fan_out.prover.note_delivery(report)

    def note_overflow(self, item: OutboxItem) -> None:
        """Note an item that found no room in its target's queue; it stays in the outbox."""
        if item.is_trial:
            if self.fan_out.prover is not None:
                self.fan_out.prover.note_overflow(item)
            return
        # A light one waits on the disk until there is room: that is no alarm of its own.
        is_kept = item.severity < Severity.HIGH and self.store.health.healthy
        self.overflowed += not is_kept
        self.crowded.add(item.target)
        if self.fan_out.people is not None:
            self.fan_out.people.note_overflow(item)
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
