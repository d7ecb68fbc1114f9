"""Each confounder at, just above and just below its figures."""

from __future__ import annotations

import numpy as np
import pytest
from beat_shapes import PLAIN, left_block, shape_of, with_leads
from st_vectors import leads_of

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.bundle_branch import find_wide_qrs, is_new_left_block
from ecgd.decision.confounders import (
    early_repolarisation,
    find_confounders,
    hyperkalaemia,
    hypertrophy,
    pericarditis,
)
from ecgd.decision.findings import find, unjudged_events
from ecgd.decision.st_rules import judge_st
from ecgd.model.baseline import BEAT_POINTS, MedianBeat
from ecgd.model.finding import (
    Confounder,
    ConfounderKind,
    EnsembleScore,
    EventType,
    LeadSt,
    RhythmFinding,
    RiskLevel,
    Severity,
    StCurve,
)
from ecgd.model.morphology import LeadShape, Morphology


def kind_of(found: Confounder | None) -> ConfounderKind | None:
    return None if found is None else found.kind


def test_a_healthy_beat_has_none() -> None:
    shape = shape_of()
    assert find_wide_qrs(shape) is None
    assert find_confounders(shape, None, {}, ()) == ()


@pytest.mark.parametrize(("qrs_s", "found"), [(0.119, None), (0.12, ConfounderKind.LBBB)])
def test_left_block_from_120_ms(qrs_s: float, found: ConfounderKind | None) -> None:
    assert kind_of(find_wide_qrs(left_block(qrs_s=qrs_s))) is found


@pytest.mark.parametrize(
    ("lead", "kind"),
    [
        (LeadShape(0.2, 1.0, 0.0, crest_s=0.08), ConfounderKind.WIDE_QRS),
        (LeadShape(0.0, 1.0, 0.4, crest_s=0.08), ConfounderKind.RBBB),
    ],
    ids=["with q", "with S"],
)
def test_a_q_or_an_s_is_no_left_block(lead: LeadShape, kind: ConfounderKind) -> None:
    shape = shape_of({**left_block().leads, "I": lead}, qrs_s=0.15, axis_deg=-30.0)
    assert kind_of(find_wide_qrs(shape)) is kind


def test_a_qrs_that_only_ends_late_is_no_left_block() -> None:
    early = with_leads("I aVL", s_mv=0.0, crest_s=0.05)
    assert kind_of(find_wide_qrs(shape_of(early, qrs_s=0.15))) is ConfounderKind.WIDE_QRS


def test_pacing_by_its_spike_and_by_its_axis() -> None:
    with_spike = shape_of(qrs_s=0.15, is_paced=True)
    assert kind_of(find_wide_qrs(with_spike)) is ConfounderKind.PACING
    late = with_leads("I II III aVL aVF aVR", crest_s=0.08)
    upwards = shape_of(late, qrs_s=0.15, axis_deg=-80.0)
    assert kind_of(find_wide_qrs(upwards)) is ConfounderKind.PACING
    early = shape_of(qrs_s=0.15, axis_deg=-80.0)
    assert kind_of(find_wide_qrs(early)) is ConfounderKind.WIDE_QRS


def test_a_left_block_is_new_against_a_narrow_baseline_only() -> None:
    block = find_wide_qrs(left_block())
    assert not is_new_left_block(block, None)
    assert is_new_left_block(block, usual(25))
    assert not is_new_left_block(block, usual(32))
    assert not is_new_left_block(find_wide_qrs(shape_of(qrs_s=0.15)), usual(25))


def usual(qrs_points: int) -> MedianBeat:
    signal = np.zeros((2, BEAT_POINTS))
    return MedianBeat(signal, 70, 70 + qrs_points, (9.0, 9.0), None, None, 0.9, 5)


@pytest.mark.parametrize(
    ("r_avl_mv", "r_i_mv", "s_iii_mv", "words"),
    [
        (1.1, 0.5, 0.1, "R in aVL 1.10 mV"),
        (0.3, 1.2, 1.3, "R(I) + S(III) 2.50 mV, Lewis index 1.80 mV"),
        (1.09, 1.0, 0.7, None),
    ],
)
def test_hypertrophy_by_each_limb_criterion(
    r_avl_mv: float, r_i_mv: float, s_iii_mv: float, words: str | None
) -> None:
    leads = with_leads("aVL", r_mv=r_avl_mv) | with_leads("I", r_mv=r_i_mv)
    found = hypertrophy(shape_of(leads | with_leads("III", s_mv=s_iii_mv)))
    assert (found.evidence if found else None) == words


@pytest.mark.parametrize(
    ("leads", "peak_mv", "qrs_s", "found"),
    [
        ("II aVF", 0.1, 0.09, True),
        ("I aVL", 0.15, 0.09, True),
        ("II aVF", 0.099, 0.09, False),
        ("II aVF", 0.2, 0.12, False),
        ("II aVL", 0.2, 0.09, False),
    ],
)
def test_early_repolarisation(leads: str, peak_mv: float, qrs_s: float, found: bool) -> None:
    shape = shape_of(with_leads(leads, j_peak_mv=peak_mv), qrs_s=qrs_s)
    assert (early_repolarisation(shape) is not None) is found


def measured(levels_mv: dict[str, float], curve: StCurve) -> dict[str, LeadSt]:
    return {
        st.lead: LeadSt(st.lead, True, level_mv=st.level_mv, curve=curve)
        for st in leads_of(levels_mv)
    }


DIFFUSE = {"I": 0.15, "II": 0.2, "aVF": 0.12, "aVL": 0.05, "III": 0.05, "aVR": -0.17}
PR_LOW = with_leads("I II", pr_mv=-0.06)


def found_pericarditis(
    shape: Morphology, levels_mv: dict[str, float], curve: StCurve = StCurve.CONCAVE
) -> bool:
    counted = measured(levels_mv, curve)
    elevated = [lead for lead, st in counted.items() if (st.level_mv or 0) >= 0.1]
    return pericarditis(shape, counted, elevated) is not None


def test_pericarditis_needs_all_its_parts() -> None:
    assert found_pericarditis(shape_of(PR_LOW), DIFFUSE)
    assert found_pericarditis(shape_of(with_leads("aVR", pr_mv=0.05)), DIFFUSE)
    assert not found_pericarditis(shape_of(), DIFFUSE)
    assert not found_pericarditis(shape_of(PR_LOW), DIFFUSE, StCurve.CONVEX)
    assert not found_pericarditis(shape_of(PR_LOW), {"II": 0.2, "aVF": 0.2, "III": 0.1})
    assert not found_pericarditis(shape_of(PR_LOW), DIFFUSE | {"aVL": -0.06})


TALL = with_leads("I II III aVL aVF aVR", t_mv=0.8, t_width_s=0.09, p_mv=None)


def test_hyperkalaemia_needs_tall_narrow_t_wide_qrs_and_flat_p() -> None:
    assert hyperkalaemia(shape_of(TALL, qrs_s=0.13)) is not None
    assert hyperkalaemia(shape_of(TALL, qrs_s=0.11)) is None
    assert hyperkalaemia(shape_of(TALL, qrs_s=0.13, rr_s=0.5)) is None
    assert hyperkalaemia(shape_of(TALL | {"II": PLAIN}, qrs_s=0.13)) is None
    broad = with_leads("I II III aVL aVF aVR", t_mv=0.8, t_width_s=0.15, p_mv=None)
    assert hyperkalaemia(shape_of(broad, qrs_s=0.13)) is None


def test_a_block_explains_tall_waves_itself() -> None:
    shape = left_block()
    shape = shape_of({**shape.leads, "aVL": LeadShape(0.0, 1.5, 0.0, crest_s=0.08)}, qrs_s=0.15)
    kinds = {each.kind for each in find_confounders(shape, find_wide_qrs(shape), {}, ())}
    assert kinds == {ConfounderKind.LBBB}


INFERIOR_ONLY = {"II": 0.15, "III": 0.1, "aVF": 0.12, "aVL": -0.02}
EARLY = shape_of(with_leads("II aVF", j_peak_mv=0.3))


def risk_of(
    levels_mv: dict[str, float], shape: Morphology | None, change_mv: float | None = None
) -> RiskLevel:
    finding = judge_st(leads_of(levels_mv, change_mv=change_mv), AnalysisSettings(), shape=shape)
    assert finding is not None
    return finding.risk_level


def test_a_confounder_takes_a_lone_elevation_down_to_high_and_no_further() -> None:
    assert risk_of(INFERIOR_ONLY, None) is RiskLevel.CRITICAL_STEMI
    assert risk_of(INFERIOR_ONLY, shape_of()) is RiskLevel.CRITICAL_STEMI
    assert risk_of(INFERIOR_ONLY, EARLY) is RiskLevel.HIGH_MI_RISK


@pytest.mark.parametrize(
    ("levels_mv", "change_mv", "risk"),
    [
        (INFERIOR_ONLY | {"aVL": -0.05}, None, RiskLevel.CRITICAL_STEMI),
        (INFERIOR_ONLY, 0.1, RiskLevel.CRITICAL_STEMI),
        (INFERIOR_ONLY, 0.09, RiskLevel.HIGH_MI_RISK),
    ],
    ids=["opposite leads depressed", "grown", "hardly grown"],
)
def test_what_keeps_it_critical(
    levels_mv: dict[str, float], change_mv: float | None, risk: RiskLevel
) -> None:
    assert risk_of(levels_mv, EARLY, change_mv) is risk


def test_potassium_raises_an_anomaly_for_a_blood_test() -> None:
    st = judge_st(leads_of({}), AnalysisSettings(), shape=shape_of(TALL, qrs_s=0.13))
    calm = RhythmFinding("regular", 70.0)
    (finding,) = find(st, calm, None, analysis=AnalysisSettings(), ensemble=EnsembleSettings())
    assert finding.event_type is EventType.CARDIAC_ANOMALY
    assert finding.severity is Severity.HIGH
    assert finding.evidence[0].startswith("electrolyte assessment")
    scores = EnsembleScore((("cnn", 0.95),), 0.95, 1.0, 1, is_clearly_new=True)
    (both,) = find(st, calm, scores, analysis=AnalysisSettings(), ensemble=EnsembleSettings())
    assert both.severity is Severity.CRITICAL
    assert both.evidence[0].startswith("electrolyte assessment")
    seen = unjudged_events(st, calm, None, has_networks=False)
    assert EventType.CARDIAC_ANOMALY not in seen
    assert EventType.CARDIAC_ANOMALY in unjudged_events(st, calm, None)
