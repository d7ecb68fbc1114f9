"""From the alarm to people in their order: nobody is forgotten, nobody told without need."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from alarm_house import PATIENTS
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from people_house import ANSWER_S, BROKER, DELAY_S, DEMO, FIRST, SECOND, PeopleHouse
from test_alarm_delivery_machine import HEART, UNANSWERED, DeliveryMachine, WatchedHouse

from ecgd.alerts.payload import is_answer, is_simulated
from ecgd.decision.escalation import StepState
from ecgd.model.alarm import Alarm, ChangeKind, DeliveryReport, DeliveryResult
from ecgd.model.finding import EventType, Finding, Severity
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.subject import Subject

SLACK_S = 15.0
"""Looks come every 5 s at the latest, and what one finds the next one tells."""

FAULTS = (DeliveryResult.RETRY, DeliveryResult.REFUSED, DeliveryResult.GONE)


class PeopledHouse(WatchedHouse, PeopleHouse):
    """Keeps account of whom the contacts' desk told, and when."""

    def __init__(self) -> None:
        self.begun_s: dict[str, float] = {}
        self.answered: set[str] = set()
        self.brought: Counter[tuple[str, str]] = Counter()
        self.is_calm = True
        super().__init__()

    def note_changes(self, subject: Subject, changes: Any) -> None:
        for change in changes:
            alert_id = change.alarm.alert_id
            if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED):
                before = self.open.get(change.supersedes or "")
                waited = before is not None and before[1].severity >= Severity.HIGH
                now_s = self.clock.mono_s
                self.begun_s[alert_id] = self.begun_s[change.supersedes] if waited else now_s
            elif change.kind is ChangeKind.ACKNOWLEDGED:
                self.answered.add(alert_id)
        super().note_changes(subject, changes)

    def note_delivery(self, report: DeliveryReport) -> None:
        item, came = report.item, report.result is DeliveryResult.DELIVERED
        if is_simulated(item.body):
            assert item.target in ("ward", BROKER), "a demonstration reached a person"
            PeopleHouse.note_delivery(self, report)
            return
        if item.target in (FIRST, SECOND) and came:
            self.check_a_message(report)
        self.is_calm = self.is_calm and came
        super().note_delivery(report)

    def check_a_message(self, report: DeliveryReport) -> None:
        item = report.item
        self.brought[item.target, item.message_id] += 1
        assert self.brought[item.target, item.message_id] == 1, "told twice"
        if is_answer(item.body):
            assert item.alert_id in self.answered
            return
        assert item.alert_id not in self.answered, "told after the answer"
        event = json.loads(item.body)["data"]["event_type"]
        assert event != EventType.NOBODY_ANSWERED.value
        if item.target == SECOND and self.is_calm and not self.parts.overflowed:
            waited_s = self.clock.mono_s - self.begun_s[item.alert_id]
            assert waited_s >= DELAY_S, "told before the first had time to answer"


class PeopleMachine(DeliveryMachine):
    """The same with contacts, a broker, quiet hours and a demonstration."""

    house: PeopledHouse
    house_type = PeopledHouse

    @rule(found=st.lists(st.sampled_from(HEART), max_size=2))
    def demonstration(self, found: list[Finding]) -> None:
        self.house.heart[DEMO] = tuple(found)

    @rule(name=st.sampled_from((FIRST, SECOND, BROKER)), how=st.sampled_from(FAULTS))
    def way_fails(self, name: str, how: DeliveryResult) -> None:
        self.target_fails(name, how)

    @rule(name=st.sampled_from((FIRST, SECOND, BROKER)))
    def way_recovers(self, name: str) -> None:
        self.target_recovers(name)

    @rule(hour=st.integers(0, 23))
    def time_of_day(self, hour: int) -> None:
        self.house.minute_of_day = hour * 60
        self.check()

    @rule(who=st.sampled_from(PATIENTS))
    def an_arrest_at_night(self, who: str) -> None:
        self.heart(who, [])
        self.time_passes(15)
        self.time_of_day(23)
        self.heart(who, list(HEART[:1]))
        self.time_passes(3)

    @rule()
    def nobody_answers_for_long(self) -> None:
        for _ in range(26):
            self.second(5.0)

    @rule(who=st.sampled_from(PATIENTS), found=st.sampled_from(HEART))
    def comes_and_goes(self, who: str, found: Finding) -> None:
        for _ in range(2):
            self.house.heart[who] = (found,)
            self.time_passes(4)
            self.house.heart[who] = ()
            self.time_passes(14)

    @rule(who=st.sampled_from(PATIENTS))
    def answered_while_the_first_cannot_be_reached(self, who: str) -> None:
        self.heart(who, [])
        self.time_passes(15)
        self.target_fails(FIRST, DeliveryResult.RETRY)
        self.heart(who, list(HEART[:1]))
        self.time_passes(4)
        self.house.parts.acknowledge(None, who, "nurse")
        self.target_recovers(FIRST)
        self.time_passes(40)

    @rule(who=st.sampled_from(PATIENTS))
    def killed_again_before_the_books_were_read(self, who: str) -> None:
        self.disk(fails=False)
        self.heart(who, list(HEART[:1]))
        self.time_passes(4)
        self.kill(new_boot=False, zero_s=1, readable=False)
        self.time_passes(4)
        self.kill(new_boot=False, zero_s=1, readable=True)
        self.time_passes(4)

    def high(self) -> list[tuple[str, Alarm]]:
        return [pair for pair in super().high() if pair[0] != DEMO]

    def begin_anew(self) -> None:
        """What the run before had not stored is told again, and nobody's time began earlier."""
        house = self.house
        house.is_calm = False
        house.begun_s = dict.fromkeys((*house.begun_s, *house.open), self.now_s)
        if house.disk.fails:
            house.brought.clear()
            house.answered.clear()

    def check(self) -> None:
        super().check()
        if not self.unread:
            self.check_that_contacts_are_told()
            self.check_that_nobody_is_called_for_nothing()

    def check_that_contacts_are_told(self) -> None:
        for alert_id, (who, alarm) in self.house.open.items():
            concerns = alarm.severity >= Severity.HIGH and who != DEMO
            if not concerns or alarm.event_type is EventType.NOBODY_ANSWERED:
                continue
            waited_s = self.now_s - self.house.begun_s[alert_id]
            standing = self.house.desk._open.get(alert_id)
            assert standing is not None, f"no contact is told of {alarm.event_type}"
            told = {step.channel for step in standing.steps if step.at_s is not None}
            assert FIRST in told
            failed = {step.channel for step in standing.steps if step.state is StepState.FAILED}
            assert FIRST not in failed or SECOND in told, "nobody in the place of the first"
            is_early = standing.turn_count > 0 or waited_s <= DELAY_S + SLACK_S
            assert SECOND in told or is_early, "the second was forgotten"
            if waited_s > DELAY_S + ANSWER_S + 2 * SLACK_S:
                shown = self.house.shown(GATEWAY_ID)
                assert EventType.NOBODY_ANSWERED in shown, f"nobody answers {alarm.event_type}"

    def check_that_nobody_is_called_for_nothing(self) -> None:
        waiting = {
            alarm.alert_id
            for who in self.house.patients
            for alarm in self.house.alarms[who].book.alarms
            if alarm.state in UNANSWERED
        }
        gateway = {alarm.alert_id for alarm in self.house.alarms[GATEWAY_ID].book.alarms}
        for alert_id, standing in self.house.desk._open.items():
            if standing.needs_answer:
                assert alert_id in waiting | gateway, "contacts are told of what nobody can answer"


TestPeopleDelivery = PeopleMachine.TestCase
TestPeopleDelivery.settings = hypothesis_settings(
    max_examples=14, stateful_step_count=20, derandomize=True, deadline=None
)
