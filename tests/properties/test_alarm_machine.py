"""The alarm book under any sequence of windows, holes, people and restarts."""

from __future__ import annotations

import json
from itertools import count

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ecgd.config.settings import AlarmSettings
from ecgd.decision import alarm
from ecgd.decision.alarm_record import book_from_dict, book_to_dict
from ecgd.decision.hold_off import CLEAR_MIN_S, STALE_S, clear_s, hold_off_s
from ecgd.model.alarm import PRIORITY, AlarmChange, AlarmState, ChangeKind, Observation, Priority
from ecgd.model.finding import Domain, EventType, Finding, Severity

SETTINGS = AlarmSettings(reminder_s=120.0, audio_pause_s=30.0)
KINDS: dict[EventType, tuple[Domain, tuple[Severity, ...]]] = {
    EventType.STEMI_DETECTED: (Domain.HEART, (Severity.CRITICAL,)),
    EventType.CARDIAC_ISCHEMIA: (Domain.HEART, (Severity.LOW, Severity.MEDIUM)),
    EventType.CARDIAC_ANOMALY: (
        Domain.HEART,
        (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
    ),
    EventType.ASYSTOLE: (Domain.HEART, (Severity.CRITICAL,)),
    EventType.ELECTRODE_OFF: (Domain.TECHNICAL, (Severity.MEDIUM,)),
    EventType.LINK_LOST: (Domain.TECHNICAL, (Severity.MEDIUM,)),
}
OCCURRENCES = {ChangeKind.RAISED, ChangeKind.ESCALATED}
UNANSWERED = {AlarmState.ACTIVE, AlarmState.LATCHED}


def findings_of(domain: Domain) -> st.SearchStrategy[tuple[Finding, ...]]:
    kinds = [kind for kind, (where, _) in KINDS.items() if where is domain]
    one = st.sampled_from(kinds).flatmap(
        lambda kind: st.sampled_from(KINDS[kind][1]).map(lambda s: Finding(kind, s, domain))
    )
    return st.lists(one, max_size=3, unique_by=lambda finding: finding.event_type).map(tuple)


class AlarmMachine(RuleBasedStateMachine):
    """Drives one book, and keeps its own plain account of what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.book = alarm.AlarmBook()
        self.now_s = 100.0
        self.numbers = count()
        self.paused_until_s: float | None = None
        self.evidence_s: dict[EventType, list[float]] = {}
        self.acknowledged_s: dict[EventType, float] = {}
        self.answered_s: dict[EventType, float] = {}
        self.ids: set[str] = set()

    def new_id(self) -> str:
        return f"alert-{next(self.numbers)}"

    def account(self, changes: tuple[AlarmChange, ...], judged: Domain | None) -> None:
        for change in changes:
            kind, alarm_ = change.alarm.event_type, change.alarm
            if change.kind in OCCURRENCES:
                assert alarm_.alert_id is not None
                assert alarm_.alert_id not in self.ids, "every occurrence has an id of its own"
                self.ids.add(alarm_.alert_id)
                self.check_occurrence(change, judged)
                self.acknowledged_s.pop(kind, None)
                if PRIORITY[alarm_.severity] is Priority.HIGH:
                    self.paused_until_s = None
            if change.kind is ChangeKind.ACKNOWLEDGED:
                self.acknowledged_s[kind] = self.answered_s[kind] = self.now_s
            if change.kind is ChangeKind.RETURNED:
                self.check_return(change)
            if change.kind is ChangeKind.CLEARED:
                self.acknowledged_s.pop(kind, None)

    def check_occurrence(self, change: AlarmChange, judged: Domain | None) -> None:
        """A raise needs fresh evidence that began a hold-off ago, and respects the answer given."""
        kind = change.alarm.event_type
        newest_s = self.evidence_s[kind][-1]
        assert self.now_s - newest_s <= STALE_S, "nothing is raised from stale data"
        answered_s = self.acknowledged_s.get(kind)
        if change.kind is ChangeKind.RAISED and answered_s is not None:
            assert self.now_s - answered_s >= SETTINGS.reminder_s, "acknowledged is silent"
            return
        assert judged is change.alarm.domain
        hold_s = hold_off_s(kind, SETTINGS.hold_off)
        assert any(time_s <= self.now_s - hold_s for time_s in self.evidence_s[kind])

    def check_return(self, change: AlarmChange) -> None:
        """Only an answer given shortly before is good for what comes back; else it sounds again."""
        kind = change.alarm.event_type
        assert change.alarm.alert_id in self.ids
        if change.alarm.state is AlarmState.ACKNOWLEDGED:
            assert change.alarm.domain is Domain.TECHNICAL
            assert change.alarm.severity < Severity.HIGH
            assert self.now_s - self.answered_s[kind] < SETTINGS.reminder_s
            self.acknowledged_s[kind] = self.answered_s[kind]
        else:
            assert change.alarm.state is AlarmState.ACTIVE

    def observe(self, domain: Domain, judged: bool, findings: tuple[Finding, ...]) -> None:
        if judged:
            for finding in findings:
                self.evidence_s.setdefault(finding.event_type, []).append(self.now_s)
            if any(finding.event_type is EventType.STEMI_DETECTED for finding in findings):
                self.evidence_s.setdefault(EventType.CARDIAC_ISCHEMIA, []).append(self.now_s)
                self.evidence_s.setdefault(EventType.ACUTE_MI_RISK, []).append(self.now_s)
            if any(finding.event_type is EventType.ASYSTOLE for finding in findings):
                self.evidence_s.setdefault(EventType.PAUSE, []).append(self.now_s)
        before = {a.event_type: a for a in self.book.alarms}
        observation = Observation(domain, self.now_s, judged, findings)
        self.book, changes = alarm.observe(self.book, observation, SETTINGS, self.new_id)
        self.account(changes, domain if judged else None)
        after = {a.event_type: a for a in self.book.alarms}
        for kind, old in before.items():
            if old.state in UNANSWERED:
                assert kind in after, "an unanswered alarm stays in sight"
                assert after[kind].state in UNANSWERED
            untouched = not judged or old.domain is not domain
            if untouched and old.state in {AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED}:
                assert after[kind].state in {old.state, AlarmState.ACTIVE}, "it is not cleared"

    @rule(
        findings=findings_of(Domain.HEART),
        windows=st.integers(1, 30),
        hop_s=st.sampled_from([0.5, 1.0, 2.0]),
        judged=st.sampled_from([True, True, True, False]),
    )
    def watch_heart(
        self, findings: tuple[Finding, ...], windows: int, hop_s: float, judged: bool
    ) -> None:
        for _ in range(windows):
            self.now_s += hop_s
            self.observe(Domain.HEART, judged, findings)

    @rule(findings=findings_of(Domain.TECHNICAL), windows=st.integers(1, 20))
    def watch_equipment(self, findings: tuple[Finding, ...], windows: int) -> None:
        for _ in range(windows):
            self.now_s += 1.0
            self.observe(Domain.TECHNICAL, True, findings)

    @rule(seconds=st.floats(0.0, 200.0))
    def let_time_pass(self, seconds: float) -> None:
        self.now_s += seconds
        before = {a.event_type: a.state for a in self.book.alarms}
        self.book, changes = alarm.tick(self.book, self.now_s, SETTINGS, self.new_id)
        self.account(changes, None)
        for change in changes:
            assert before[change.alarm.event_type] is AlarmState.ACKNOWLEDGED, "only reminders"

    @rule(one=st.booleans(), data=st.data())
    def answer(self, one: bool, data: st.DataObject) -> None:
        shown = alarm.annunciate(self.book, self.now_s).alarms
        ids = [a.alert_id for a in shown if a.alert_id is not None]
        alert_id = data.draw(st.sampled_from(ids)) if one and ids else None
        self.book, changes = alarm.acknowledge(self.book, alert_id, "nurse", self.now_s)
        self.account(changes, None)
        for a in alarm.annunciate(self.book, self.now_s).alarms:
            if alert_id in {None, a.alert_id}:
                assert a.state is AlarmState.ACKNOWLEDGED

    @rule()
    def pause(self) -> None:
        self.book = alarm.pause_audio(self.book, self.now_s, SETTINGS)
        self.paused_until_s = self.now_s + SETTINGS.audio_pause_s

    @rule(delta_s=st.integers(-100000, 100000))
    def restart(self, delta_s: int) -> None:
        """Store and read back on a machine whose monotonic clock has another zero."""
        book = book_from_dict(json.loads(json.dumps(book_to_dict(self.book))))
        assert book == self.book
        self.book = alarm.shift(book, delta_s)
        self.now_s += delta_s
        if self.paused_until_s is not None:
            self.paused_until_s += delta_s
        for kind, times in self.evidence_s.items():
            self.evidence_s[kind] = [time_s + delta_s for time_s in times]
        self.acknowledged_s = {k: t + delta_s for k, t in self.acknowledged_s.items()}
        self.answered_s = {k: t + delta_s for k, t in self.answered_s.items()}

    @invariant()
    def unanswered_high_alarm_sounds_unless_paused(self) -> None:
        active = [a for a in self.book.alarms if a.state is AlarmState.ACTIVE]
        high = [a for a in active if PRIORITY[a.severity] is Priority.HIGH]
        now = alarm.annunciate(self.book, self.now_s)
        running = self.paused_until_s is not None and self.paused_until_s > self.now_s
        if high and not running:
            assert now.sounding
            assert now.priority is Priority.HIGH
        if not active:
            assert not now.sounding

    @invariant()
    def answered_alarms_name_who_answered(self) -> None:
        for a in self.book.alarms:
            answered = a.state is AlarmState.ACKNOWLEDGED
            assert (a.acknowledged_by == "nurse") == answered
            assert (a.alert_id is None) == (a.state is AlarmState.PENDING)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.book.tracks) <= len(EventType)
        for track in self.book.tracks:
            span_s = clear_s(track.alarm.event_type, SETTINGS.hold_off) + STALE_S
            assert len(track.judgements) <= span_s / 0.5 + 2
            assert span_s >= CLEAR_MIN_S


TestAlarmMachine = AlarmMachine.TestCase
TestAlarmMachine.settings = hypothesis_settings(
    max_examples=80, stateful_step_count=40, derandomize=True, deadline=None
)


def test_what_a_graver_kind_implies_may_last_across_its_pauses() -> None:
    """An infarction pattern that comes and goes is 80 % of the windows of the milder's minute."""
    machine = AlarmMachine()
    stemi = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    for findings, hop_s, windows in (((stemi,), 1.0, 27), ((), 2.0, 11), ((stemi,), 0.5, 24)):
        machine.watch_heart(findings=findings, hop_s=hop_s, windows=windows, judged=True)
        machine.unanswered_high_alarm_sounds_unless_paused()
    shown = {each.event_type: each.state for each in machine.book.alarms}
    assert shown[EventType.STEMI_DETECTED] is AlarmState.LATCHED
    assert shown[EventType.ACUTE_MI_RISK] is AlarmState.ACTIVE
