"""One patient's session: link, intake and alarms. Owned by the event loop; touches no edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.decision.alarm import Changes, doubts, heart_in_doubt, telling
from ecgd.decision.score_event import NotableScores, follow_scores, is_notable
from ecgd.decision.technical import TechnicalState, battery_percent, technical_findings, unseen
from ecgd.dsp.quality import ELECTRODE_OFF, FLAT, GAPS, NOISE, SATURATED, WANDER
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import EnsembleScore, Outcome
from ecgd.model.link import (
    BytesReceived,
    LinkClosed,
    LinkOpened,
    LinkState,
    Received,
    SamplesReceived,
)
from ecgd.model.status import PatientStatus
from ecgd.pipeline.front_end import limits_of
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    FaultSeen,
    Intake,
    IntakeEvent,
    SamplesPlaced,
    StatusSeen,
)
from ecgd.pipeline.observation import observe_heart
from ecgd.pipeline.outcome import UNSTEADY
from ecgd.protocol import LinkKey, SealGuard
from ecgd.service.binding import Bond, Registry
from ecgd.service.freshness import Freshness
from ecgd.service.link_marks import LinkMarks
from ecgd.service.subject import Alarms, Subject

SILENT_S = 2.0
"""An open link without a sample for so long is silent."""

CONNECT_S = 5.0
"""A link that has never been open is not lost before this: connecting takes its time."""

FRESH_S = 5.0
"""An assessment older than this says nothing about now."""

STATUS_STALE_S = 30.0
"""What a device reported longer ago than this raises nothing."""

NO_LINK = "no connection to the device"
FOREIGN = "another device than the patient's"
NO_WINDOW = "no window of signal yet"
"""Why nothing is judged, for the account of coverage."""

SIGNAL_REASONS = frozenset({FLAT, GAPS, NOISE, SATURATED, UNSTEADY, WANDER})
"""Reasons that a person at the bed can mend; an electrode has an alarm of its own."""

UNSTEADY_WORDS = "ST too unsteady to judge: ask the patient to keep still"


class PatientSession:
    """Everything that changes while one patient is watched."""

    def __init__(
        self,
        patient: PatientSettings,
        settings: Settings,
        *,
        phase_s: float,
        new_alert_id: Callable[[], str],
        now_s: float,
        simulated: bool = False,
        bond: Bond | None = None,
        marks: LinkMarks | None = None,
    ) -> None:
        self.patient = patient
        self.simulated = simulated
        self.phase_s = phase_s
        self.bond = bond or Registry().bond(patient)
        self._settings = settings
        self._marks = marks
        self._key: LinkKey | None = None
        self.intake = self._make_intake()
        self.freshness = Freshness()
        self.alarms = Alarms(settings.alarms, new_alert_id)
        self.assessment: Assessment | None = None
        self.device_status: DeviceStatus | None = None
        self.discarded_bytes: Counter[str] = Counter()
        self._scores = NotableScores()
        self._opinion: Assessment | None = None
        self._link_state = LinkState.CONNECTING
        self._link_since_s = now_s
        self._link_reason = ""
        self._device_s: float | None = None
        self._status_s: float | None = None
        self._assessed_s: float | None = None
        self._judged_s = now_s
        self._samples_s = now_s

    @property
    def name(self) -> str:
        return self.patient.name or self.patient.id

    @property
    def subject(self) -> Subject:
        return Subject(self.patient.id, self.name, self.alarms, self.simulated)

    @property
    def foreign_device(self) -> str | None:
        """The id of a connected device that is not this patient's; nothing of it is used."""
        seen = self.bond.seen
        return seen.device_id if seen is not None and self.bond.is_foreign else None

    def renew(self, patient: PatientSettings, *, simulated: bool) -> None:
        """Take new settings of the same patient; link, alarms and history go on."""
        other_device = patient.device_id != self.patient.device_id
        self.patient, self.simulated = patient, simulated
        self.bond.renew(patient)
        if other_device and self.bond.seen is not None:
            self.bond.meet(self.bond.seen)

    def relink(self, now_s: float) -> None:
        """Begin as if the link had never been open: it leads to another source or device."""
        self.intake = self._make_intake()
        self.bond.seen = None
        self.assessment = self.device_status = self._opinion = None
        self._device_s = self._status_s = self._assessed_s = None
        self._set_link(LinkState.CONNECTING, now_s, "")

    def secure(self, key: LinkKey | None) -> None:
        """Take nothing from now on but what is sealed with this key; None: anything."""
        if key is not None or self._key is not None:
            self._key = key
            self.intake = self._make_intake()

    def read_as(self, device: DeviceSettings) -> None:
        """Take a byte recording's word for the protocol that it is in."""
        if device != self.patient.device:
            self.intake = self._make_intake(device)

    def _make_intake(self, device: DeviceSettings | None = None) -> Intake:
        guard = None
        if self._key is not None:
            # What is played on purpose may be played again.
            kept = None if self.bond.is_recorded else self._marks
            guard = SealGuard(self._key, kept.mark(self._key.fingerprint) if kept else None)
        return Intake(
            self._settings.analysis,
            device or self.patient.device,
            phase_s=self.phase_s,
            guard=guard,
        )

    def _keep_mark(self) -> None:
        """Have the place kept up to which sealed samples were taken."""
        mark = self.intake.mark
        if self._key and mark and self._marks and not self.bond.is_recorded:
            self._marks.note(self._key.fingerprint, mark)

    def link(self, now_s: float) -> tuple[LinkState, float]:
        """Return where the link stands, and for how long."""
        return self._link_state, now_s - self._link_since_s

    def samples_age_s(self, now_s: float) -> float | None:
        """Return how long ago samples came; None: never."""
        return now_s - self._samples_s if self.intake.statistics.samples else None

    @property
    def is_link_open(self) -> bool:
        return self._link_state in (LinkState.UP, LinkState.SILENT)

    @property
    def needs_device(self) -> bool:
        """Tell whether the device is there but has not said who it is."""
        return self.is_link_open and (self.intake.device is None or self.intake.awaits_hello)

    def receive(self, received: Received) -> tuple[IntakeEvent, ...]:
        """Take what the source delivered; return what follows, in order."""
        if isinstance(received, LinkOpened):
            self._set_link(LinkState.UP, received.arrived_s, "")
            return ()
        if isinstance(received, LinkClosed):
            ended = received.retry_s is None
            state = LinkState.ENDED if ended else LinkState.LOST
            self._set_link(state, received.arrived_s, received.reason)
            return self.intake.interrupt(received.arrived_s)
        events = self.intake.receive(received)
        self.freshness.note(() if self.bond.is_recorded else events)
        if any(isinstance(event, SamplesPlaced) for event in events):
            arrived_s = _arrival(received)
            self._samples_s = arrived_s
            self._keep_mark()
            if self._link_state is not LinkState.UP:
                self._set_link(LinkState.UP, arrived_s, "")
        for event in events:
            self._note(event)
        if self.foreign_device is not None:
            return tuple(event for event in events if isinstance(event, DeviceSeen))
        return events

    def conclude(self, assessment: Assessment, now_s: float) -> Changes:
        """Take the analysis' answer to a window.

        The rules' answer is shown beside the networks' last opinion: their next one is on its way.
        """
        self.assessment = self._with_opinion(assessment)
        self._assessed_s = now_s
        observation = observe_heart(assessment, now_s)
        # What raised a doubt must itself be seen: a rhythm settles nothing about an infarction.
        blind = assessment.outcome is Outcome.CANNOT_JUDGE and not assessment.findings
        if observation.judged and not (blind and doubts(self.alarms.book) & observation.unjudged):
            self._judged_s = now_s
        return self.alarms.observe(observation)

    def _with_opinion(self, assessment: Assessment) -> Assessment:
        if assessment.scores is not None or assessment.outcome is Outcome.CANNOT_JUDGE:
            self._opinion = assessment
            return assessment
        last = self._opinion
        if last is None or last.scores is None or last.origin != assessment.origin:
            return assessment
        age_s = assessment.time_s - last.time_s
        if not 0.0 <= age_s <= FRESH_S:
            return assessment
        return replace(assessment, scores=last.scores, scores_age_s=age_s)

    def becomes_notable(self, scores: EnsembleScore, now_s: float) -> bool:
        """Tell whether scores have been notable for long enough to be told now, for once."""
        before, settings = self._scores, self._settings
        notable = is_notable(scores, settings.ensemble)
        hold_s = settings.alarms.hold_off.ensemble_s
        self._scores = follow_scores(before, notable, now_s, hold_s)
        return self._scores.told and not before.told

    def watch(self, now_s: float) -> Changes:
        """Look at link, device and time; called about once a second."""
        if self._link_state is LinkState.UP and now_s - self._samples_s > SILENT_S:
            self._set_link(LinkState.SILENT, now_s, "")
        if self._link_state is LinkState.SILENT:
            self._link_reason = self._why_silent()
        state = self._technical_state(now_s)
        findings = technical_findings(state, self._settings.alarms)
        return (*self.alarms.report(findings, now_s, unseen(state)), *self.alarms.tick(now_s))

    def why_unwatched(self, now_s: float) -> str | None:
        """Say why nothing of now is judged; None: the newest assessment is of now."""
        if self._link_state is not LinkState.UP:
            return NO_LINK
        if self.foreign_device is not None:
            return FOREIGN
        assessed_s = self._assessed_s
        if self.assessment is None or assessed_s is None or now_s - assessed_s >= FRESH_S:
            return NO_WINDOW
        return None

    def is_well(self, now_s: float) -> bool:
        """Tell whether the patient is watched and judged, now."""
        assessed_s = self._assessed_s
        return (
            self._link_state is LinkState.UP
            and self.assessment is not None
            and self.assessment.outcome is Outcome.NORMAL
            and assessed_s is not None
            and now_s - assessed_s < FRESH_S
        )

    def summary(self) -> str:
        """Return a few words for one line about everybody."""
        rate = self.assessment.rhythm.heart_rate_bpm if self.assessment else None
        words = [self.name, f"{rate:.0f} bpm" if rate is not None else "no rate"]
        words.append(f"link {self._link_state.value}")
        alarms = [alarm for alarm in self.alarms.book.alarms if alarm.alert_id is not None]
        return " ".join((*words, alarms[0].event_type.value if alarms else "no alarm"))

    def status(self, now_s: float, *, analysed: int, replaced: int) -> PatientStatus:
        """Return a snapshot."""
        return PatientStatus(
            patient_id=self.patient.id,
            name=self.name,
            source=self.patient.source,
            link_state=self._link_state,
            link_age_s=now_s - self._link_since_s,
            link_reason=self._link_reason,
            link=self.intake.statistics,
            device=self.intake.device,
            device_status=self.device_status,
            device_status_age_s=_age(self._status_s, now_s),
            battery_percent=self._battery_percent(),
            assessment=self.assessment,
            assessment_age_s=_age(self._assessed_s, now_s),
            alarms=telling(self.alarms.book),
            windows_analysed=analysed,
            windows_replaced=replaced,
            device_age_s=_age(self._device_s, now_s),
            device_standing=self.bond.standing.value,
            device_words=(*self.bond.foreign_words(), *self.bond.change_words()),
            authenticated=self.intake.authenticated,
            device_limits=() if self.intake.device is None else limits_of(self.intake.device),
        )

    def _set_link(self, state: LinkState, now_s: float, reason: str) -> None:
        if state is LinkState.UP:
            self._samples_s = now_s
        if state is not self._link_state or reason != self._link_reason:
            self._link_state = state
            self._link_since_s = now_s
            self._link_reason = reason

    def _note(self, event: IntakeEvent) -> None:
        if isinstance(event, StatusSeen):
            if self.foreign_device is None:
                self.device_status, self._status_s = event.status, event.arrived_s
        elif isinstance(event, FaultSeen):
            self.discarded_bytes[event.fault.kind.value] += event.fault.discarded
        elif isinstance(event, DeviceSeen):
            self._device_s = self._samples_s
            self._meet(event.device)
        elif isinstance(event, DeviceReset):
            self.assessment = None

    def _meet(self, device: DeviceInfo) -> None:
        before = self.bond.seen
        self.bond.meet(device)
        if before is not None and before.device_id != device.device_id:
            # What the other one reported of battery and electrodes says nothing of this one.
            self.device_status = self._status_s = None

    def _battery_percent(self) -> float | None:
        status = self.device_status
        return battery_percent(status.battery_mv if status else None, self._settings.alarms)

    def _technical_state(self, now_s: float) -> TechnicalState:
        up = self._link_state is LinkState.UP
        fresh = self._status_s is not None and now_s - self._status_s <= STATUS_STALE_S
        status = self.device_status if fresh else None
        return TechnicalState(
            electrodes_off=status.electrodes_off if status and up else None,
            signal_reasons=self._signal_reasons() if up else (),
            link_lost_reason=self._why_not_linked(now_s),
            battery_percent=self._battery_percent() if fresh else None,
            unjudged_s=now_s - self._judged_s,
            unwatched_s=self._unwatched_s(now_s),
            unwatched_reason=self._unwatched_reason(now_s),
            heart_in_doubt=heart_in_doubt(self.alarms.book),
            placement=self.assessment.placement if up and self.assessment else None,
            channels=self.assessment.channels if up and self.assessment else None,
            foreign_device=self.bond.alarm_words() if up and self.bond.is_foreign else (),
            device_changes=self.bond.alarm_words() if up and self.bond.changes else (),
        )

    def _why_silent(self) -> str:
        trouble = self.intake.seal_trouble
        return f"no samples for {SILENT_S:g} s" + (f": {trouble}" if trouble else "")

    def _unwatched_s(self, now_s: float) -> float:
        """Return for how long samples of the patient's own device have come and nothing said."""
        if self._link_state is not LinkState.UP or self.foreign_device is not None:
            return 0.0
        return now_s - max(self._judged_s, self._link_since_s)

    def _unwatched_reason(self, now_s: float) -> str:
        assessment = self.assessment
        stale = self.why_unwatched(now_s)
        if stale is not None or assessment is None:
            return stale or NO_WINDOW
        return ", ".join(assessment.cannot_judge) or "the rhythm is not known"

    def _why_not_linked(self, now_s: float) -> str | None:
        if self._link_state is LinkState.UP:
            return None
        connecting = self._link_state is LinkState.CONNECTING
        if connecting and now_s - self._link_since_s < CONNECT_S:
            return None
        return self._link_reason or "never connected"

    def _signal_reasons(self) -> tuple[str, ...]:
        assessment = self.assessment
        if assessment is None or assessment.outcome is not Outcome.CANNOT_JUDGE:
            return ()
        if ELECTRODE_OFF in assessment.cannot_judge:
            return ()
        if SIGNAL_REASONS.isdisjoint(assessment.cannot_judge):
            return ()
        return tuple(trouble.advice for trouble in assessment.troubles) or (UNSTEADY_WORDS,)


def _age(since_s: float | None, now_s: float) -> float | None:
    return None if since_s is None else now_s - since_s


def _arrival(received: BytesReceived | SamplesReceived) -> float:
    if isinstance(received, SamplesReceived):
        return received.block.arrived_s
    return received.arrived_s
