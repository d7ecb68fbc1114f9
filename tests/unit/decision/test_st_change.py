"""Change of ST: told by size, by the patient's own variation, once it lasts, and never learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.st_change import (
    FIRST_S,
    MOST_DRIFT_MV,
    ChangeWatch,
    StBeat,
    change_words,
    in_posture,
    is_change_alone,
    level_of,
    watch_change,
    with_st_change,
)
from ecgd.model.finding import RiskLevel, StFinding
from ecgd.model.st_change import FIRM_S, StChange, StReference, StVector

SETTINGS = AnalysisSettings()
Course = Callable[[float], float]


def ramp(begin_s: float, size_mv: float, rise_s: float = 40.0, last_s: float = 1e9) -> Course:
    def level(time_s: float) -> float:
        rise = min(1.0, max(0.0, (time_s - begin_s) / rise_s))
        return size_mv * rise if time_s < begin_s + last_s else 0.0

    return level


def beats(seconds: float, course: Course, noise_mv: float = 0.008, seed: int = 0) -> list[StBeat]:
    chance = np.random.default_rng(seed)
    times = np.arange(0.4, seconds, 0.8)
    noise = chance.normal(0.0, noise_mv, (2, times.size))
    return [
        StBeat(float(t), 0.02 + float(x), 0.04 + course(float(t)) + float(y))
        for t, x, y in zip(times, *noise, strict=True)
    ]


def follow(
    seen: list[StBeat], watch: ChangeWatch | None = None, *, may_learn: bool = True
) -> Iterator[tuple[float, ChangeWatch]]:
    watch = watch or ChangeWatch()
    begin_s = seen[0].time_s
    for second in range(1, int(seen[-1].time_s - begin_s) + 2):
        now_s = begin_s + second
        fresh = [beat for beat in seen if now_s - 1 < beat.time_s <= now_s]
        if second == 1:
            fresh = [seen[0], *fresh] if seen[0] not in fresh else fresh
        watch = watch_change(watch, fresh, now_s, SETTINGS, may_learn=may_learn)
        yield now_s, watch


def told_at(seen: list[StBeat], watch: ChangeWatch | None = None) -> float | None:
    return next((at for at, each in follow(seen, watch) if each.change is not None), None)


def last(seen: list[StBeat], watch: ChangeWatch | None = None) -> ChangeWatch:
    return [each for _, each in follow(seen, watch)][-1]


@pytest.mark.parametrize("seed", range(4))
def test_quiet_st_is_no_change_and_becomes_firm(seed: int) -> None:
    seen = beats(FIRM_S + 90.0, lambda _: 0.0, seed=seed)
    assert told_at(seen) is None
    reference = last(seen).reference
    assert reference is not None
    assert reference.is_firm
    assert reference.level.y_mv == pytest.approx(0.04, abs=0.006)
    assert reference.drift_mv < 0.008


@pytest.mark.parametrize("size_mv", [0.06, 0.1, 0.3, -0.08])
def test_an_occlusion_is_told_within_a_minute_of_its_beginning(size_mv: float) -> None:
    at_s = told_at(beats(240.0, ramp(100.0, size_mv)))
    assert at_s is not None
    assert 115.0 <= at_s <= 165.0


def test_twenty_seconds_before_it_are_enough() -> None:
    at_s = told_at(beats(120.0, ramp(FIRST_S + 5.0, 0.1)))
    assert at_s is not None
    assert at_s < 90.0


def test_what_does_not_last_is_none() -> None:
    assert told_at(beats(200.0, ramp(100.0, 0.2, rise_s=1.0, last_s=12.0))) is None


def test_single_wild_beats_are_none_however_many() -> None:
    seen = [
        replaced if number % 4 == 0 else beat
        for number, beat in enumerate(beats(200.0, lambda _: 0.0))
        for replaced in [StBeat(beat.time_s, 2.0, -2.0)]
    ]
    assert told_at(seen) is None


def test_a_patient_who_varies_more_needs_a_larger_change() -> None:
    calm, restless = (last(beats(100.0, lambda _: 0.0, noise_mv=n)) for n in (0.005, 0.12))
    course = ramp(100.0, 0.06)
    assert told_at(beats(200.0, course, noise_mv=0.005)) is not None
    assert told_at(beats(200.0, course, noise_mv=0.12)) is None
    assert calm.error_mv is not None
    assert restless.error_mv is not None
    assert restless.error_mv > 5 * calm.error_mv


def test_an_occlusion_does_not_become_what_is_usual() -> None:
    watch = last(beats(600.0, ramp(100.0, 0.06, rise_s=90.0)))
    assert watch.reference is not None
    assert watch.reference.level.y_mv == pytest.approx(0.04, abs=0.015)
    assert watch.change is not None
    assert watch.change.vector.y_mv == pytest.approx(0.06, abs=0.02)
    assert not watch.change.is_firm


def test_a_drift_over_many_minutes_is_none() -> None:
    known = ChangeWatch(reference=StReference(StVector(0.02, 0.04), 0.006, 20 * FIRM_S))
    seen = beats(900.0, lambda time_s: 0.03 * time_s / 900.0, noise_mv=0.004)
    watch = last(seen, known)
    assert watch.said[-1].severity == 0
    assert told_at(seen, known) is None
    assert told_at(beats(900.0, ramp(700.0, 0.042), noise_mv=0.004), known) is not None


def test_what_comes_at_once_must_be_larger_than_what_grows() -> None:
    known = ChangeWatch(reference=StReference(StVector(0.02, 0.04), 0.008, 2 * FIRM_S))
    grown, jumped = (beats(300.0, ramp(150.0, 0.03, rise_s=s), 0.004) for s in (20.0, 0.1))
    assert told_at(grown, known) is not None
    assert told_at(jumped, known) is None
    assert told_at(beats(300.0, ramp(150.0, 0.06, rise_s=0.1), 0.004), known) is not None


def test_what_grew_in_a_hole_has_not_come_at_once() -> None:
    known = ChangeWatch(reference=StReference(StVector(0.02, 0.04), 0.008, 2 * FIRM_S))
    jumped = beats(300.0, ramp(150.0, 0.03, rise_s=0.1), 0.004)
    assert told_at([each for each in jumped if not 130.0 < each.time_s < 170.0], known) is not None


def test_a_reference_from_restless_signal_is_uncertain() -> None:
    calm, restless = (last(beats(25.0, lambda _: 0.0, noise_mv=n)) for n in (0.002, 0.05))
    assert calm.reference is not None
    assert restless.reference is not None
    assert calm.reference.drift_mv < 0.0065
    assert 0.008 < restless.reference.drift_mv <= MOST_DRIFT_MV


def test_nothing_is_learned_while_something_speaks_against_it() -> None:
    seen = beats(120.0, lambda _: 0.0)
    assert all(watch.reference is None for _, watch in follow(seen, may_learn=False))
    known = ChangeWatch(reference=StReference(StVector(0.0, 0.0), 0.006, 2 * FIRM_S))
    held = [watch.reference for _, watch in follow(seen, known, may_learn=False)]
    assert held[-1] == known.reference


def test_a_firm_reference_follows_over_hours_and_drift_has_a_limit() -> None:
    watch = ChangeWatch(reference=StReference(StVector(0.02, 0.0), 0.006, 2 * FIRM_S))
    seen = beats(3600.0, lambda _: 0.3)
    reference = last(seen, watch).reference
    assert reference is not None
    assert 0.001 < reference.level.size_mv - 0.02 <= 0.0201
    assert reference.drift_mv <= MOST_DRIFT_MV


def test_a_change_ends_when_st_is_back() -> None:
    watch = last(beats(300.0, ramp(100.0, 0.1, last_s=100.0)))
    assert watch.change is None
    assert watch.reference is not None


def test_too_few_beats_say_nothing() -> None:
    seen = beats(100.0, lambda _: 0.0)[::9]
    assert all(watch.reference is None and watch.change is None for _, watch in follow(seen))
    assert level_of([]) is None


def test_another_posture_has_a_reference_of_its_own() -> None:
    here = StReference(StVector(0.1, 0.0), 0.006, FIRM_S)
    watch = ChangeWatch(reference=here)
    for _ in range(4):
        watch = in_posture(watch, 40)
        assert watch.reference == here
    there = in_posture(watch, 40)
    assert there.reference is not None
    assert there.reference.turn_deg == 40
    assert there.reference.level.size_mv == pytest.approx(0.1)
    assert there.reference.level.axis_deg == pytest.approx(-40.0, abs=0.1) or (
        there.reference.level.axis_deg == pytest.approx(40.0, abs=0.1)
    )
    assert there.reference.drift_mv == MOST_DRIFT_MV
    assert there.elsewhere == (here,)
    for _ in range(5):
        there = in_posture(there, 0)
    assert there.reference == here
    assert [each.turn_deg for each in there.elsewhere] == [40]
    assert there.firm == (here,)


CHANGE = StChange(StVector(0.0, 0.07), 0.008, 0.03, 40.0, is_firm=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RiskLevel.NORMAL, RiskLevel.MODERATE_RISK),
        (RiskLevel.LOW_RISK, RiskLevel.MODERATE_RISK),
        (RiskLevel.MODERATE_RISK, RiskLevel.MODERATE_RISK),
        (RiskLevel.CRITICAL_STEMI, RiskLevel.CRITICAL_STEMI),
    ],
)
def test_a_change_is_moderate_at_least_and_lowers_nothing(
    before: RiskLevel, after: RiskLevel
) -> None:
    st = with_st_change(StFinding((), before, evidence=("first",)), CHANGE)
    assert st is not None
    assert st.risk_level is after
    assert st.evidence == ("first", change_words(CHANGE))
    assert "0.07 mV toward +90° from the patient's own baseline" in st.evidence[1]
    assert with_st_change(None, CHANGE) is None


def test_a_change_alone_is_told_from_a_depression() -> None:
    st = StFinding((), RiskLevel.MODERATE_RISK)
    assert is_change_alone(st)
    assert not is_change_alone(replace(st, depressed=("II", "aVF")))
    assert not is_change_alone(replace(st, risk_level=RiskLevel.NORMAL))
