"""From the alarm to a person: nothing high stays silent and undelivered with nobody told."""

from __future__ import annotations

from typing import Any

from alarm_house import ALARMS, PATIENTS, TARGETS, House
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ecgd.alerts.backlog import Backlog
from ecgd.alerts.payload import is_simulated
from ecgd.decision.alarm_table import SHOWN
from ecgd.decision.hold_off import hold_off_s
from ecgd.decision.technical import technical_finding
from ecgd.decision.technical_table import MUTED_LONGEST_S
from ecgd.model.alarm import (
    PRIORITY,
    Alarm,
    AlarmState,
    ChangeKind,
    DeliveryReport,
    DeliveryResult,
    OutboxItem,
    Priority,
)
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.subject import Subject

HEART = (
    Finding(EventType.ASYSTOLE, Severity.CRITICAL, Domain.HEART),
    Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART),
    Finding(EventType.CARDIAC_ANOMALY, Severity.HIGH, Domain.HEART),
    Finding(EventType.CARDIAC_ANOMALY, Severity.MEDIUM, Domain.HEART),
    Finding(EventType.FREQUENT_ECTOPY, Severity.LOW, Domain.HEART),
)
LINK = technical_finding(EventType.LINK_LOST, "away")
CHECK = technical_finding(EventType.CHECK_PATIENT, "away")
NAMES = tuple(each.name for each in TARGETS)
UNANSWERED = (AlarmState.ACTIVE, AlarmState.LATCHED)
TOLD_S = 2.0
"""A loss is told by the second look at the latest."""

FAILING_S = 80.0
"""A target that fails for longer, with something high waiting, is an alarm."""


class WatchedHouse(House):
    """A house that keeps account of what people were promised."""

    def __init__(self) -> None:
        self.open: dict[str, tuple[str, Alarm]] = {}
        self.raised_s: dict[str, float] = {}
        self.delivered: set[tuple[str, str]] = set()
        self.lost: dict[tuple[str, str], float] = {}
        self.left_s: float | None = None
        super().__init__()

    def note_changes(self, subject: Subject, changes: Any) -> None:
        for change in changes:
            alert_id = change.alarm.alert_id
            if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED):
                self.open[alert_id] = (subject.patient_id, change.alarm)
                self.raised_s[alert_id] = self.clock.mono_s
                if change.supersedes is not None:
                    self.open.pop(change.supersedes, None)
            elif change.kind is ChangeKind.ACKNOWLEDGED:
                self.open.pop(alert_id, None)

    def note_delivery(self, report: DeliveryReport) -> None:
        key = (report.item.alert_id, report.item.target)
        assert is_simulated(report.item.body) is False
        if report.result is DeliveryResult.DELIVERED:
            self.delivered.add(key)
        elif report.result is not DeliveryResult.RETRY and report.item.severity >= Severity.HIGH:
            self.lost[key] = self.clock.mono_s
        super().note_delivery(report)

    def note_leaving(self, leaving: OutboxItem, backlog: Backlog) -> None:
        if leaving.severity >= Severity.HIGH or self.disk.fails:
            self.left_s = self.clock.mono_s
        staying = [waiting.item.severity for waiting in backlog._waiting.values()]
        assert leaving.severity <= min(staying), "a graver one left for a lighter one"

    def shown(self, subject: str) -> dict[EventType, Alarm]:
        return {a.event_type: a for a in self.alarms[subject].book.alarms if a.state in SHOWN}


class DeliveryMachine(RuleBasedStateMachine):
    """Patients, faults, people and restarts in any order."""

    house_type: type[WatchedHouse] = WatchedHouse

    def __init__(self) -> None:
        super().__init__()
        self.house = self.house_type()
        self.paused_s: float | None = None
        self.failing_s: dict[str, float] = {}
        self.link_lost_s: dict[str, float] = {}
        self.unread = False
        self.told: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self.house.close()

    @property
    def now_s(self) -> float:
        return self.house.clock.mono_s

    @initialize(who=st.sampled_from(PATIENTS), seconds=st.integers(0, 3))
    def begins_with_an_arrest(self, who: str, seconds: int) -> None:
        self.house.heart[who] = HEART[:1]
        self.time_passes(seconds)

    @rule(who=st.sampled_from(PATIENTS), found=st.lists(st.sampled_from(HEART), max_size=2))
    def heart(self, who: str, found: list[Finding]) -> None:
        self.house.heart[who] = tuple(found)

    @rule(who=st.sampled_from(PATIENTS), away=st.booleans())
    def link(self, who: str, away: bool) -> None:
        self.house.equipment[who] = (LINK, CHECK) if away else ()
        self.house.blind = self.house.blind | {who} if away else self.house.blind - {who}
        if away:
            self.link_lost_s.setdefault(who, self.now_s)
        else:
            self.link_lost_s.pop(who, None)

    @rule(name=st.sampled_from(NAMES))
    def target_recovers(self, name: str) -> None:
        self.house.answers[name] = DeliveryResult.DELIVERED
        self.failing_s.pop(name, None)

    @rule(
        name=st.sampled_from(NAMES),
        how=st.sampled_from(
            [
                DeliveryResult.RETRY,
                DeliveryResult.RETRY,
                DeliveryResult.REFUSED,
                DeliveryResult.GONE,
            ]
        ),
    )
    def target_fails(self, name: str, how: DeliveryResult) -> None:
        self.house.answers[name] = how
        if how is DeliveryResult.RETRY:
            self.failing_s.setdefault(name, self.now_s)
        else:
            self.failing_s.pop(name, None)

    @rule(works=st.booleans())
    def buzzer(self, works: bool) -> None:
        self.house.buzzer_works = works

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.second(1.0)

    @rule(minutes=st.sampled_from([1, 3, 32]))
    def long_time_passes(self, minutes: int) -> None:
        for _ in range(minutes * 12):
            self.second(5.0)

    @rule(who=st.sampled_from(PATIENTS))
    def nobody_cares_for_a_lost_link(self, who: str) -> None:
        self.link(who, away=True)
        self.time_passes(15)
        for alert_id in sorted(self.house.open):
            self.house.parts.acknowledge(alert_id, None, "nurse")
        self.long_time_passes(32)

    @rule(who=st.sampled_from(PATIENTS), name=st.sampled_from(NAMES))
    def a_target_is_away_during_an_arrest(self, who: str, name: str) -> None:
        self.target_fails(name, DeliveryResult.RETRY)
        self.heart(who, list(HEART[:1]))
        for _ in range(20):
            self.second(5.0)

    @rule(who=st.sampled_from(PATIENTS), name=st.sampled_from(NAMES))
    def a_kill_finds_messages_waiting(self, who: str, name: str) -> None:
        self.disk(fails=False)
        self.target_fails(name, DeliveryResult.RETRY)
        self.heart(who, list(HEART[:1]))
        self.time_passes(4)
        self.kill(new_boot=False, zero_s=1, readable=True)
        self.time_passes(8)

    @rule(name=st.sampled_from(NAMES))
    def everything_at_once(self, name: str) -> None:
        self.target_fails(name, DeliveryResult.RETRY)
        for who in PATIENTS:
            self.heart(who, list(HEART[:3]))
        for _ in range(16):
            self.second(5.0)

    @rule(who=st.sampled_from(PATIENTS))
    def an_arrest_in_a_pause(self, who: str) -> None:
        self.heart(who, [])
        self.time_passes(15)
        self.pause()
        self.heart(who, list(HEART[:1]))
        self.time_passes(3)

    @rule(jump_s=st.sampled_from([-3e8, -3600.0, -3.0, 3.0, 3600.0, 3e8]))
    def wall_clock_jumps(self, jump_s: float) -> None:
        self.house.clock.unix_s += jump_s
        self.second(1.0)

    @rule()
    def press(self) -> None:
        paused = {name: book.book.audio_paused_until_s for name, book in self.house.alarms.items()}
        self.house.press_button()
        after = {name: book.book.audio_paused_until_s for name, book in self.house.alarms.items()}
        if after != paused:
            self.paused_s = self.now_s
        self.check()

    @rule()
    def pause(self) -> None:
        self.house.parts.pause_audio("page")
        self.paused_s = self.now_s
        self.check()

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        if self.house.open:
            alert_id = data.draw(st.sampled_from(sorted(self.house.open)))
            self.house.parts.acknowledge(alert_id, None, "nurse")
            self.check()

    @rule(fails=st.sampled_from([False, False, True]))
    def disk(self, fails: bool) -> None:
        if fails:
            self.house.disk.fails = True
        else:
            self.house.disk.heal()

    @rule(
        new_boot=st.booleans(),
        zero_s=st.integers(1, 100_000),
        readable=st.sampled_from([True, True, False]),
    )
    def kill(self, new_boot: bool, zero_s: int, readable: bool) -> None:
        """End it at any moment; what the disk did not take is raised anew if it persists."""
        house, then_s = self.house, self.now_s
        if self.unread or house.disk.fails:
            house.open.clear()
        house.kill(new_boot=new_boot, zero_s=float(zero_s), readable=readable)
        self.unread = not readable
        by_s = self.now_s - then_s
        self.paused_s = None if self.paused_s is None else self.paused_s + by_s
        house.raised_s = {key: at_s + by_s for key, at_s in house.raised_s.items()}
        house.lost.clear()
        house.left_s = None
        self.failing_s = dict.fromkeys(self.failing_s, self.now_s)
        self.link_lost_s = dict.fromkeys(self.link_lost_s, self.now_s)
        self.begin_anew()
        self.check()

    def begin_anew(self) -> None:
        """A run has begun, or knows at last what the one before left."""

    @rule()
    def the_books_can_be_read(self) -> None:
        if self.unread:
            self.unread = False
            before = set(self.house.open)
            self.house.read_back()
            self.drop_what_is_spoken_for(before)
            self.begin_anew()
            self.check()

    def drop_what_is_spoken_for(self, before: set[str]) -> None:
        """An alarm that was raised anew before the books were read stands for the one of then."""
        for alert_id in before:
            who, alarm = self.house.open[alert_id]
            now = self.house.shown(who).get(alarm.event_type)
            if now is not None and now.alert_id != alert_id and now.severity >= alarm.severity:
                del self.house.open[alert_id]

    def second(self, step_s: float) -> None:
        self.house.second(step_s)
        self.check()

    def check(self) -> None:
        self.check_that_high_sounds()
        self.check_that_it_goes_out()
        self.check_that_it_stays_in_sight()
        self.check_that_losses_are_told()
        self.check_that_missing_data_is_told()
        self.check_that_the_disk_is_not_forgotten()
        left_s = self.house.left_s
        if left_s is not None and 5.0 + TOLD_S < self.now_s - left_s < 50.0:
            assert EventType.ALARM_OVERFLOW in self.house.shown(GATEWAY_ID), "an overflow untold"

    def high(self) -> list[tuple[str, Alarm]]:
        return [
            (who, alarm)
            for who, alarms in self.house.alarms.items()
            for alarm in alarms.book.alarms
            if alarm.state is AlarmState.ACTIVE and PRIORITY[alarm.severity] is Priority.HIGH
        ]

    def check_that_high_sounds(self) -> None:
        sound = self.house.sound()
        for who, alarm in self.high():
            if sound.sounding and sound.priority is Priority.HIGH:
                return
            paused_s = self.house.alarms[who].annunciate(self.now_s).audio_paused_s
            assert paused_s is not None, f"{alarm.event_type} of {who} is silent"
            assert paused_s <= ALARMS.audio_pause_s
            assert self.paused_s is not None
            assert alarm.raised_s is not None
            assert alarm.raised_s <= self.paused_s, "a pause does not silence what comes later"

    def check_that_it_goes_out(self) -> None:
        """Each high alarm is delivered, waits where it will be tried, or its loss is told."""
        house = self.house
        for _, alarm in self.high():
            assert alarm.alert_id is not None
            for name in house.direct():
                target = house.targets[name]
                key = (alarm.alert_id, name)
                waits = {waiting.item.alert_id for waiting in target.backlog._waiting.values()}
                stored = {
                    each.alert_id for each in house.disk.outbox.values() if each.target == name
                }
                if key in house.delivered:
                    continue
                told = {EventType.DELIVERY_FAILING, EventType.ALARM_OVERFLOW}
                if alarm.alert_id in waits:
                    self.check_patience(alarm.alert_id, name)
                elif name in house.parts.crowded and alarm.alert_id in stored:
                    continue
                elif key not in house.lost and not self.is_young(alarm.alert_id):
                    assert told & house.shown(GATEWAY_ID).keys() or self.was_told(key), key

    def check_patience(self, alert_id: str, name: str) -> None:
        since_s = max(self.failing_s.get(name, self.now_s), self.house.raised_s[alert_id])
        if self.now_s - since_s > FAILING_S:
            alarm = self.house.shown(GATEWAY_ID).get(EventType.DELIVERY_FAILING)
            assert alarm is not None, f"{name} has failed for {self.now_s - since_s} s"
            assert alarm.severity >= Severity.HIGH

    def is_young(self, alert_id: str) -> bool:
        return self.now_s - self.house.raised_s[alert_id] <= TOLD_S

    def was_told(self, key: tuple[str, str]) -> bool:
        return key in self.told

    def check_that_it_stays_in_sight(self) -> None:
        if self.unread:
            return
        for alert_id, (who, alarm) in self.house.open.items():
            now = self.house.shown(who).get(alarm.event_type)
            assert now is not None, f"{alarm.event_type} of {who} has gone, unanswered"
            assert now.alert_id == alert_id
            assert now.state in UNANSWERED

    def check_that_the_disk_is_not_forgotten(self) -> None:
        """Whatever is on the disk alone will be taken up as soon as there is room."""
        house = self.house
        ending = {report.item.message_id for report in house.parts.lost_deliveries}
        for item in () if house.disk.fails else house.disk.outbox.values():
            waits = item.message_id in house.targets[item.target].backlog
            assert waits or item.target in house.parts.crowded or item.message_id in ending

    def check_that_losses_are_told(self) -> None:
        failing = self.house.shown(GATEWAY_ID).get(EventType.DELIVERY_FAILING)
        for key, at_s in list(self.house.lost.items()):
            if failing is not None and failing.severity >= Severity.HIGH:
                self.told.add(key)
                del self.house.lost[key]
            else:
                assert self.now_s - at_s <= 5.0 + TOLD_S, f"nobody was told that {key} is lost"

    def check_that_missing_data_is_told(self) -> None:
        hold_s = hold_off_s(EventType.LINK_LOST, ALARMS.hold_off)
        for who, since_s in self.link_lost_s.items():
            if self.now_s - since_s <= hold_s + 10.0:
                continue
            assert EventType.LINK_LOST in self.house.shown(who), f"nobody knows of {who}"
            for track in self.house.alarms[who].book.tracks:
                if track.alarm.event_type is EventType.LINK_LOST and track.acknowledged_s:
                    muted_s = self.now_s - track.acknowledged_s
                    assert muted_s <= MUTED_LONGEST_S + 10.0, "muted for ever"


TestAlarmDelivery = DeliveryMachine.TestCase
TestAlarmDelivery.settings = hypothesis_settings(
    max_examples=10, stateful_step_count=20, derandomize=True, deadline=None
)
