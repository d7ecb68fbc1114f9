"""An ST vector that turns once around the frontal plane."""

from __future__ import annotations

from math import cos, radians

from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.confidence import st_confidence
from ecgd.decision.st_rules import judge_st
from ecgd.decision.territories import CONTIGUOUS, INFERIOR
from ecgd.model.finding import NOT_VISIBLE, LeadSt, RiskLevel, StFinding, Territory
from ecgd.model.leads import AXIS_DEG, DERIVATION

SETTINGS = AnalysisSettings()
SYMMETRIC = AnalysisSettings(st_elevation_mv=0.1, st_depression_mv=0.1)
GRAVEST_FIRST = tuple(RiskLevel)

axes = st.floats(-180.0, 180.0)
sizes = st.floats(0.0, 1.0)
levels = st.floats(-1.0, 1.0)
slow = settings(max_examples=200, derandomize=True, deadline=None)


def vector(axis_deg: float, size_mv: float) -> dict[str, float]:
    lead_i = size_mv * cos(radians(axis_deg))
    lead_ii = size_mv * cos(radians(axis_deg - 60.0))
    return {lead: a * lead_i + b * lead_ii for lead, (a, b) in DERIVATION.items()}


def judged(levels_mv: dict[str, float], how: AnalysisSettings = SETTINGS) -> StFinding:
    leads = tuple(
        LeadSt(lead, True, level_mv=mv, uncertainty_mv=0.02) for lead, mv in levels_mv.items()
    )
    finding = judge_st(leads, how)
    assert finding is not None
    return finding


@slow
@given(axes, st.floats(0.12, 1.0))
def test_every_direction_of_a_real_st_vector_is_at_least_noticed(
    axis_deg: float, size_mv: float
) -> None:
    assert judged(vector(axis_deg, size_mv)).risk_level is not RiskLevel.NORMAL


@slow
@given(axes, st.floats(0.0, 0.0499))
def test_a_vector_below_every_threshold_is_normal(axis_deg: float, size_mv: float) -> None:
    finding = judged(vector(axis_deg, size_mv))
    assert finding.risk_level is RiskLevel.NORMAL
    assert finding.territory is None


@slow
@given(st.floats(75.0, 120.0), st.floats(0.2, 1.0))
def test_inferior_sector(axis_deg: float, size_mv: float) -> None:
    finding = judged(vector(axis_deg, size_mv))
    assert finding.risk_level is RiskLevel.CRITICAL_STEMI
    assert finding.territory is Territory.INFERIOR
    if abs(axis_deg - 90.0) > 0.01:
        assert ("right coronary" in finding.artery_hint) == (axis_deg > 90.0)


@slow
@given(st.floats(-59.0, -1.0), st.floats(0.24, 1.0))
def test_high_lateral_sector(axis_deg: float, size_mv: float) -> None:
    finding = judged(vector(axis_deg, size_mv))
    assert finding.risk_level is RiskLevel.CRITICAL_STEMI
    assert finding.territory is Territory.HIGH_LATERAL


@slow
@given(st.floats(-170.0, -130.0), st.floats(0.14, 1.0))
def test_left_main_sector(axis_deg: float, size_mv: float) -> None:
    finding = judged(vector(axis_deg, size_mv))
    assert GRAVEST_FIRST.index(finding.risk_level) <= GRAVEST_FIRST.index(RiskLevel.HIGH_MI_RISK)
    assert "aVR" in finding.elevated


@slow
@given(axes, sizes)
def test_turning_the_vector_round_swaps_elevation_and_depression(
    axis_deg: float, size_mv: float
) -> None:
    ahead = judged(vector(axis_deg, size_mv), SYMMETRIC)
    flipped = {lead: -mv for lead, mv in vector(axis_deg, size_mv).items()}
    behind = judged(flipped, SYMMETRIC)
    assert set(ahead.elevated) == set(behind.depressed)
    assert set(ahead.depressed) == set(behind.elevated)


@slow
@given(axes, sizes)
def test_a_contiguous_pair_decides_and_its_leads_are_elevated(
    axis_deg: float, size_mv: float
) -> None:
    levels_mv = vector(axis_deg, size_mv)
    along = {**levels_mv, "-aVR": -levels_mv["aVR"]}
    finding = judged(levels_mv)
    pairs = {pair for pair in CONTIGUOUS if all(along[lead] >= 0.1 - 1e-9 for lead in pair)}
    assert (finding.risk_level is RiskLevel.CRITICAL_STEMI) == bool(pairs)
    if pairs:
        assert set(finding.contiguous) == pairs
    if finding.territory is Territory.INFERIOR:
        assert sum(lead in finding.elevated for lead in INFERIOR) >= 2


@slow
@given(axes, sizes, st.floats(1.0, 3.0))
def test_a_larger_vector_is_never_less_grave(axis_deg: float, size_mv: float, by: float) -> None:
    smaller = judged(vector(axis_deg, size_mv)).risk_level
    larger = judged(vector(axis_deg, size_mv * by)).risk_level
    assert GRAVEST_FIRST.index(larger) <= GRAVEST_FIRST.index(smaller)


@slow
@given(st.fixed_dictionaries({lead: st.none() | levels for lead in AXIS_DEG}), levels)
def test_any_figures_give_a_verdict_that_says_what_it_could_not_see(
    levels_mv: dict[str, float | None], uncertainty_mv: float
) -> None:
    leads = tuple(
        LeadSt(lead, mv is not None, level_mv=mv, uncertainty_mv=abs(uncertainty_mv))
        for lead, mv in levels_mv.items()
    )
    finding = judge_st(leads, SETTINGS)
    if finding is None:
        return
    assert set(NOT_VISIBLE) <= set(finding.not_visible)
    measured = {lead for lead, mv in levels_mv.items() if mv is not None}
    assert {*finding.elevated, *finding.depressed, *finding.reciprocal} <= measured
    confidence = st_confidence(finding, SETTINGS)
    assert confidence is None or 0.0 <= confidence <= 1.0


@slow
@given(axes, sizes, st.permutations(tuple(AXIS_DEG)))
def test_the_order_of_the_leads_does_not_matter(
    axis_deg: float, size_mv: float, order: list[str]
) -> None:
    levels_mv = vector(axis_deg, size_mv)
    one, other = judged(levels_mv), judged({lead: levels_mv[lead] for lead in order})
    assert (one.risk_level, one.territory, one.artery_hint) == (
        other.risk_level,
        other.territory,
        other.artery_hint,
    )
