"""Whatever fails and whenever: everybody who can be reached is told, and nobody after an answer."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecgd.config.people import ContactSettings, EscalationSettings
from ecgd.decision import escalation as course
from ecgd.decision.duty import LocalTime
from ecgd.decision.escalation import Escalation, Phase, Step, StepEvent, StepState
from ecgd.decision.escalation_plan import plan
from ecgd.model.finding import EventType, Severity

PACE = EscalationSettings(answer_s=60.0, repeat_s=120.0)
LOCAL = LocalTime(5, 180)
CHANNELS = tuple("abcdef")
FATES = {"up": StepEvent.DELIVERED, "down": StepEvent.UNDELIVERABLE, "silent": None}

contacts: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        channels=st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3).map(tuple),
        order=st.integers(1, 3),
        channel_delay_s=st.sampled_from((10.0, 45.0)),
        hours=st.sampled_from(("", "08:00-18:00")),
    ),
    min_size=1,
    max_size=5,
)


def as_contacts(drawn: list[dict[str, Any]]) -> tuple[ContactSettings, ...]:
    return tuple(
        ContactSettings(id=f"c{number}", delay_s=30.0, **each) for number, each in enumerate(drawn)
    )


class Telling(RuleBasedStateMachine):
    """One unacknowledged CRITICAL alarm, contacts, and channels that work or do not."""

    @initialize(
        drawn=contacts, fates=st.lists(st.sampled_from(tuple(FATES)), min_size=6, max_size=6)
    )
    def begin(self, drawn: list[dict[str, Any]], fates: list[str]) -> None:
        self.contacts = as_contacts(drawn)
        self.fates = dict(zip(CHANNELS, fates, strict=True))
        self.now_s = 1000.0
        self.number = 0
        self.sent: list[str] = []
        self.standing = self.fresh(None)
        self.step()

    def plan(self) -> tuple[Step, ...]:
        usable = frozenset(CHANNELS)
        return plan(self.contacts, "anna", Severity.CRITICAL, LOCAL, usable)

    def fresh(self, earlier: Escalation | None) -> Escalation:
        self.number += 1
        return course.begin(
            f"alert{self.number}",
            "anna",
            EventType.ASYSTOLE,
            Severity.CRITICAL,
            simulated=False,
            steps=self.plan(),
            now_s=self.now_s,
            earlier=earlier,
        )

    def step(self) -> None:
        """Do what the desk does: hand over what is due, hear what became of it, until all rests."""
        for _ in range(100):
            stepped, due = course.advance(self.standing, self.now_s, PACE, self.plan)
            if stepped == self.standing:
                return
            self.standing = stepped
            for each in due:
                self.sent.append(each.channel)
                fate = FATES[self.fates[each.channel]]
                if fate is not None:
                    self.standing = course.befall(self.standing, each.channel, fate)
        raise AssertionError("it never comes to rest")

    @precondition(lambda self: self.standing.is_open)
    @rule(passed_s=st.sampled_from((1.0, 7.0, 31.0, 61.0)))
    def wait(self, passed_s: float) -> None:
        self.now_s += passed_s
        self.step()

    @rule(channel=st.sampled_from(CHANNELS), fate=st.sampled_from(tuple(FATES)))
    def change(self, channel: str, fate: str) -> None:
        self.fates[channel] = fate

    @rule(channel=st.sampled_from(CHANNELS), event=st.sampled_from(StepEvent))
    def hear_late(self, channel: str, event: StepEvent) -> None:
        if event is not StepEvent.SEND:
            self.standing = course.befall(self.standing, channel, event)

    @precondition(lambda self: self.standing.is_open)
    @rule()
    def raise_anew(self) -> None:
        earlier = self.standing
        assert not course.supersede(earlier, self.now_s).is_open
        self.standing = self.fresh(earlier)
        self.step()

    @precondition(lambda self: self.standing.is_open)
    @rule()
    def answer(self) -> None:
        self.standing = course.answer(self.standing, "ntfy:berta", self.now_s)
        before = len(self.sent)
        for _ in range(50):
            self.now_s += 30.0
            self.step()
        assert len(self.sent) == before, "somebody was told after the answer"
        assert self.standing.phase is Phase.ANSWERED
        self.standing = self.fresh(None)
        self.step()

    @rule(flaps=st.booleans())
    def let_it_run(self, flaps: bool) -> None:
        """Whether it stands still or comes and goes, a bounded time reaches everybody."""
        self.sent.clear()
        was_unanswered = self.standing.is_unanswered
        for look in range(225):
            self.now_s += 4.0
            if flaps and look % 5 == 0:
                self.standing = self.fresh(self.standing)
            self.step()
        for contact in self.contacts:
            reached = [channel for channel in contact.channels if self.fates[channel] == "up"]
            assert not reached or set(contact.channels) & set(self.sent) or was_unanswered
            lost = [channel for channel in contact.channels if channel not in self.sent]
            assert not (set(reached) & set(lost)) or self.was_told_before(contact)
        assert self.standing.is_unanswered

    def was_told_before(self, contact: ContactSettings) -> bool:
        return any(
            step.at_s is not None and step.state is not StepState.FAILED
            for step in self.standing.steps
            if step.channel in contact.channels
        )

    @invariant()
    def first_rung_is_told_at_once(self) -> None:
        if hasattr(self, "standing") and self.standing.steps:
            assert any(step.at_s is not None for step in self.standing.steps)


Telling.TestCase.settings = settings(max_examples=60, stateful_step_count=10, deadline=None)
TestTelling = Telling.TestCase
