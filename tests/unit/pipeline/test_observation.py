"""What a window that cannot be judged as a whole still says to the alarms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from swapped_stream import assess, exchange, recording, windows

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import AlarmBook, observe, telling
from ecgd.decision.swap import Swap
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Domain, EventType, Finding, Outcome, RhythmFinding, Severity
from ecgd.pipeline.observation import observe_heart


@pytest.fixture(scope="module")
def swapped() -> Assessment:
    return assess(windows(recording("normal"), 20.0, exchange(Swap.ARMS)))[-1]


def test_the_rhythm_is_judged_while_st_is_not(swapped: Assessment) -> None:
    assert swapped.outcome is Outcome.CANNOT_JUDGE
    seen = observe_heart(swapped, 5.0)
    assert seen.judged
    assert seen.findings == ()
    assert EventType.STEMI_DETECTED in seen.unjudged
    assert EventType.EXTREME_TACHYCARDIA not in seen.unjudged


def test_nothing_is_judged_where_the_rhythm_is_not_known_either(swapped: Assessment) -> None:
    blind = replace(swapped, rhythm=RhythmFinding("unknown", None))
    assert not observe_heart(blind, 5.0).judged


def test_a_rhythm_alarm_clears_behind_exchanged_electrodes_and_an_infarction_does_not(
    swapped: Assessment,
) -> None:
    settings, book, ids = AlarmSettings(), AlarmBook(), iter(range(99))
    fast = Finding(EventType.EXTREME_TACHYCARDIA, Severity.HIGH, Domain.HEART)
    stemi = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    for second in range(150):
        finds = (fast, stemi) if second < 40 else ()
        seen = replace(observe_heart(swapped, float(second)), findings=finds)
        book, _ = observe(book, seen, settings, lambda: f"{next(ids)}")
    states = {alarm.event_type: alarm.state.value for alarm in telling(book)}
    assert states[EventType.STEMI_DETECTED] == "active"
    assert states[EventType.EXTREME_TACHYCARDIA] == "latched"
