"""The own baseline: slow, careful, and back from the store as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.baseline import MOST_MV_PER_H, learn, with_change
from ecgd.decision.baseline_record import baseline_from_dict, baseline_to_dict
from ecgd.decision.st_rules import judge_st
from ecgd.model.baseline import BEAT_POINTS, BEAT_R_AT, LEARNED_S, Baseline, MedianBeat
from ecgd.model.finding import LeadSt, RiskLevel
from ecgd.model.leads import LIMB_LEADS


def beat(scale: float = 1.0, axis_deg: float = 50.0) -> MedianBeat:
    at = np.arange(BEAT_POINTS) - BEAT_R_AT
    wave = np.exp(-0.5 * (at / 3.0) ** 2) - 0.3 * np.exp(-0.5 * ((at - 6) / 3.0) ** 2)
    angles = np.radians([axis_deg, axis_deg - 60.0])
    return MedianBeat(
        signal_mv=scale * np.cos(angles)[:, None] * wave,
        qrs_onset=BEAT_R_AT - 10,
        qrs_end=BEAT_R_AT + 14,
        qrs_area_uvs=(10.0, 15.0),
        p_area_uvs=(4.0, 6.0),
        t_area_uvs=None,
        rr_s=0.8,
        beat_count=5,
    )


def st(level_mv: float = 0.0, **others: float) -> tuple[LeadSt, ...]:
    return tuple(
        LeadSt(lead, True, others.get(lead, level_mv), 0.01, slope_mv_per_s=0.0, beat_count=8)
        for lead in LIMB_LEADS
    )


def learned(level_mv: float = 0.0, passed_s: float = LEARNED_S, **others: float) -> Baseline:
    baseline: Baseline | None = None
    for _ in range(round(passed_s)):
        baseline = learn(baseline, beat(), st(level_mv, **others), 1.0)
    assert baseline is not None
    return baseline


def test_it_takes_minutes_until_it_says_anything() -> None:
    young = learned(0.03, passed_s=LEARNED_S - 1)
    assert not young.is_complete
    assert with_change(st(0.05), young) == st(0.05)
    changed = with_change(st(0.05), learned(0.03))
    assert [lead.change_mv for lead in changed] == [pytest.approx(0.02)] * 6


def test_it_is_the_mean_of_what_it_was_learned_from() -> None:
    baseline: Baseline | None = None
    for number in range(400):
        baseline = learn(baseline, beat(1.0 + 0.2 * (number % 2)), st(0.02 * (number % 2)), 1.0)
    assert baseline is not None
    assert dict(baseline.st_mv)["II"] == pytest.approx(0.01, abs=1e-3)
    assert baseline.beat.signal_mv.max() == pytest.approx(beat(1.1).signal_mv.max(), rel=0.02)


def test_it_follows_over_hours_and_never_faster_than_the_limit() -> None:
    baseline = learned(0.0)
    levels = []
    for _ in range(3600):
        following = learn(baseline, beat(1.3), st(0.3), 1.0)
        assert following is not None
        baseline = following
        levels.append(dict(baseline.st_mv)["II"])
    assert 0.0 < levels[-1] <= MOST_MV_PER_H + 1e-9
    change = np.abs(baseline.beat.signal_mv - learned(0.0).beat.signal_mv).max()
    assert change <= MOST_MV_PER_H + 1e-9


def test_another_beat_teaches_a_complete_baseline_nothing() -> None:
    baseline = learned(0.0)
    assert learn(baseline, beat(axis_deg=-90.0), st(0.05), 1.0) is baseline
    young = learned(0.0, passed_s=30.0)
    anew = learn(young, beat(axis_deg=-90.0), st(0.05), 1.0)
    assert anew is not None
    assert anew.learned_s == 1.0


def test_uncertain_or_unmeasured_st_teaches_nothing() -> None:
    wild = tuple(replace(lead, uncertainty_mv=0.2) for lead in st(0.05))
    assert learn(None, beat(), wild, 1.0) is None
    blind = tuple(LeadSt(lead, False, reason="lead unusable") for lead in LIMB_LEADS)
    assert learn(None, beat(), blind, 1.0) is None
    assert with_change(blind, learned()) == blind


def risk_of(leads: tuple[LeadSt, ...]) -> RiskLevel:
    finding = judge_st(leads, AnalysisSettings())
    assert finding is not None
    return finding.risk_level


def test_one_lead_elevated_as_always_is_low_and_a_change_is_not() -> None:
    elevated = st(0.0, III=0.12)
    assert risk_of(elevated) is RiskLevel.MODERATE_RISK
    assert risk_of(with_change(elevated, learned(0.0, III=0.09))) is RiskLevel.LOW_RISK
    assert risk_of(with_change(elevated, learned(0.0))) is RiskLevel.MODERATE_RISK


def test_it_never_silences_an_absolute_criterion() -> None:
    elevated = st(0.0, II=0.2, III=0.25, aVF=0.22)
    always = learned(0.0, II=0.2, III=0.25, aVF=0.22)
    judged = with_change(elevated, always)
    assert [lead.change_mv for lead in judged if lead.lead == "III"] == [pytest.approx(0.0)]
    assert risk_of(judged) is RiskLevel.CRITICAL_STEMI


def test_it_comes_back_from_the_store_as_it_was() -> None:
    baseline = learned(0.04, III=0.06)
    record = json.loads(json.dumps(baseline_to_dict(baseline)))
    back = baseline_from_dict(record)
    np.testing.assert_allclose(back.beat.signal_mv, baseline.beat.signal_mv, atol=1e-4)
    assert dict(back.st_mv) == pytest.approx(dict(baseline.st_mv), abs=1e-6)
    assert (back.beat.p_area_uvs, back.beat.t_area_uvs) == (baseline.beat.p_area_uvs, None)
    assert back.learned_s == baseline.learned_s
    assert len(json.dumps(record)) < 8000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("signal_mv", [[0.0], [0.0]]),
        ("signal_mv", "noise"),
        ("signal_mv", [[float("nan")] * BEAT_POINTS] * 2),
        ("signal_mv", [[1e9] * BEAT_POINTS] * 2),
        ("st_mv", {"II": 1e9}),
        ("st_mv", {"II": None}),
        ("st_mv", [1.0]),
        ("qrs", [40, 30]),
        ("qrs", [10, BEAT_POINTS]),
        ("qrs", None),
        ("learned_s", "long"),
        ("learned_s", float("inf")),
        ("p_area_uvs", [1.0]),
        ("rr_s", float("nan")),
        ("beat_count", None),
    ],
)
def test_a_damaged_record_is_refused(key: str, value: object) -> None:
    record = baseline_to_dict(learned())
    with pytest.raises(ValueError, match=r".+"):
        baseline_from_dict(record | {key: value})
    with pytest.raises(ValueError, match="KeyError"):
        baseline_from_dict({k: v for k, v in record.items() if k != key})
