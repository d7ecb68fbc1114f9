"""The table is whole, and keeps the few promises that no row may break."""

from __future__ import annotations

import pytest

from ecgd.decision.alarm_table import SHOWN, STANDING, TABLE, Trigger
from ecgd.model.alarm import AlarmState, ChangeKind

PAIRS = [(state, trigger) for state in AlarmState for trigger in Trigger]
OCCURRENCE = {ChangeKind.RAISED, ChangeKind.ESCALATED}


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_every_pair_is_defined(state: AlarmState, trigger: Trigger) -> None:
    assert TABLE[state][trigger].state in AlarmState


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_an_occurrence_is_always_active(state: AlarmState, trigger: Trigger) -> None:
    step = TABLE[state][trigger]
    if OCCURRENCE & set(step.changes):
        assert step.state is AlarmState.ACTIVE
    if step.state is AlarmState.ACTIVE and state is not AlarmState.ACTIVE:
        assert (OCCURRENCE | {ChangeKind.RETURNED}) & set(step.changes)


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - {Trigger.ACKNOWLEDGE}))
def test_only_a_person_takes_an_unacknowledged_alarm_out_of_sight(trigger: Trigger) -> None:
    for state in (AlarmState.ACTIVE, AlarmState.LATCHED):
        after = TABLE[state][trigger].state
        assert after in {AlarmState.ACTIVE, AlarmState.LATCHED}


@pytest.mark.parametrize("state", AlarmState)
@pytest.mark.parametrize("trigger", [Trigger.SEEN, Trigger.MISSED, Trigger.STALE])
def test_nothing_is_raised_without_lasting_evidence(state: AlarmState, trigger: Trigger) -> None:
    assert not OCCURRENCE & set(TABLE[state][trigger].changes)


@pytest.mark.parametrize("state", sorted(STANDING))
def test_stale_evidence_never_ends_a_standing_alarm(state: AlarmState) -> None:
    assert TABLE[state][Trigger.STALE].state is state


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_leaving_the_page_is_told(state: AlarmState, trigger: Trigger) -> None:
    step = TABLE[state][trigger]
    if state in SHOWN and step.state not in SHOWN:
        assert ChangeKind.CLEARED in step.changes
