"""Elevation behind a left bundle-branch block, by the modified Sgarbossa rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from beat_shapes import left_block, shape_of
from st_vectors import leads_of

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.advice import clinical_notes
from ecgd.decision.confidence import st_confidence
from ecgd.decision.sgarbossa import excessive_st
from ecgd.decision.st_rules import judge_st
from ecgd.model.beat import StLevels
from ecgd.model.finding import EventType, LeadSt, RiskLevel, StFinding, StRule, Territory

SETTINGS = AnalysisSettings()


def at_j(levels_mv: dict[str, float]) -> tuple[LeadSt, ...]:
    """Return leads with these levels at the J point, and more 40 ms later, as behind a block."""
    return tuple(
        replace(
            st,
            level_mv=1.5 * (st.level_mv or 0.0),
            levels=StLevels(*(st.level_mv or 0.0 for _ in range(6))),
        )
        for st in leads_of(levels_mv)
    )


def judged(levels_mv: dict[str, float], *, new_lbbb: bool = False) -> StFinding:
    finding = judge_st(at_j(levels_mv), SETTINGS, new_lbbb=new_lbbb, shape=left_block())
    assert finding is not None
    return finding


@pytest.mark.parametrize(
    ("lead", "j_mv", "met"),
    [
        ("I", 0.1, True),
        ("I", 0.099, False),
        ("III", 0.25, True),
        ("III", 0.249, False),
        ("aVF", 0.3, True),
    ],
)
def test_concordant_from_a_tenth_and_discordant_from_a_quarter_of_s(
    lead: str, j_mv: float, met: bool
) -> None:
    counted = {st.lead: st for st in at_j({lead: j_mv})}
    assert bool(excessive_st(counted, left_block())) is met


def test_the_elevation_of_the_block_itself_is_no_infarction() -> None:
    usual = judged({"I": -0.12, "aVL": -0.15, "III": 0.2, "aVF": 0.18, "II": 0.05})
    assert usual.risk_level is RiskLevel.NORMAL
    assert (usual.elevated, usual.depressed, usual.contiguous) == ((), (), ())
    assert usual.rule is StRule.SGARBOSSA
    assert "modified Sgarbossa rule: not met" in usual.evidence


def test_one_lead_is_enough_and_is_told_with_its_figures() -> None:
    finding = judged({"III": 0.3})
    assert finding.risk_level is RiskLevel.CRITICAL_STEMI
    assert finding.territory is Territory.INFERIOR
    words = "modified Sgarbossa rule: III +0.30 mV, S 1.00 mV, ST/S -0.30"
    assert words in finding.evidence
    notes = clinical_notes(EventType.STEMI_DETECTED, finding, None)
    assert any("Modified Sgarbossa criterion met" in note for note in notes)
    assert any(note.startswith("Manual review: left bundle-branch block") for note in notes)
    assert st_confidence(finding, SETTINGS) is None


def test_avr_alone_is_high() -> None:
    finding = judged({"aVR": 0.35})
    assert finding.risk_level is RiskLevel.HIGH_MI_RISK
    assert finding.elevated == ("aVR",)
    assert judged({"aVR": 0.35, "III": 0.3}).risk_level is RiskLevel.CRITICAL_STEMI


def test_a_new_block_is_high_without_any_elevation() -> None:
    assert judged({}, new_lbbb=True).risk_level is RiskLevel.HIGH_MI_RISK
    assert judged({"III": 0.3}, new_lbbb=True).risk_level is RiskLevel.CRITICAL_STEMI


def test_pacing_is_judged_likewise_and_a_right_block_is_not() -> None:
    leads = at_j({"III": 0.2, "aVF": 0.2})
    paced_beat = shape_of(dict(left_block().leads), is_paced=True, qrs_s=0.15)
    paced = judge_st(leads, SETTINGS, shape=paced_beat)
    assert paced is not None
    assert paced.risk_level is RiskLevel.NORMAL
    other = judge_st(leads, SETTINGS, shape=shape_of(qrs_s=0.15))
    assert other is not None
    assert other.risk_level is RiskLevel.CRITICAL_STEMI
    assert other.rule is StRule.PLAIN
