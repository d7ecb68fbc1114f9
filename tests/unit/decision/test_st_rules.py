"""The ST rules: every row of the risk table, thresholds, territories, what cannot be judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from st_vectors import leads_of, levels_of

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.st_rules import judge_st
from ecgd.decision.territories import CONTIGUOUS
from ecgd.model.finding import NOT_VISIBLE, LeadSt, RiskLevel, StFinding, Territory

SETTINGS = AnalysisSettings()


def judged(levels_mv: dict[str, float], slope_mv_per_s: float | None = None) -> StFinding:
    finding = judge_st(leads_of(levels_mv, slope_mv_per_s=slope_mv_per_s), SETTINGS)
    assert finding is not None
    return finding


def only(*names: str, level_mv: float = 0.0) -> tuple[LeadSt, ...]:
    """Return these leads at one level, the other limb leads not measurable."""
    return tuple(
        replace(lead, level_mv=level_mv)
        if lead.lead in names
        else LeadSt(lead.lead, False, reason="electrode off")
        for lead in leads_of({})
    )


def test_contiguous_pairs_are_the_anatomical_neighbours_and_the_inferior_list() -> None:
    assert set(CONTIGUOUS) == {
        ("aVL", "I"),
        ("I", "-aVR"),
        ("-aVR", "II"),
        ("II", "aVF"),
        ("aVF", "III"),
        ("II", "III"),
    }


@pytest.mark.parametrize(
    ("levels_mv", "risk"),
    [
        ({"II": 0.2, "aVF": 0.15}, RiskLevel.CRITICAL_STEMI),
        ({"III": 0.2, "aVF": 0.15}, RiskLevel.CRITICAL_STEMI),
        ({"II": 0.2, "III": 0.15}, RiskLevel.CRITICAL_STEMI),
        ({"I": 0.2, "aVL": 0.15}, RiskLevel.CRITICAL_STEMI),
        ({"I": 0.2, "aVR": -0.15}, RiskLevel.CRITICAL_STEMI),
        ({"II": 0.2, "aVR": -0.15}, RiskLevel.CRITICAL_STEMI),
        ({"III": 0.2, "aVL": 0.15}, RiskLevel.HIGH_MI_RISK),
        ({"I": 0.2, "II": 0.15}, RiskLevel.HIGH_MI_RISK),
        ({"I": 0.15, "aVR": 0.15}, RiskLevel.HIGH_MI_RISK),
        ({"aVL": 0.15, "aVR": -0.15}, RiskLevel.MODERATE_RISK),
        ({"aVR": -0.3}, RiskLevel.NORMAL),
        ({"aVR": 0.12, "I": -0.1, "II": -0.1, "aVF": -0.06}, RiskLevel.HIGH_MI_RISK),
        ({"aVR": 0.12, "I": -0.1, "III": -0.1}, RiskLevel.MODERATE_RISK),
        ({"II": -0.06, "aVF": -0.05}, RiskLevel.MODERATE_RISK),
        ({"I": -0.06, "aVL": -0.05}, RiskLevel.MODERATE_RISK),
        ({"I": -0.06, "aVR": 0.06}, RiskLevel.MODERATE_RISK),
        ({"I": -0.06, "III": -0.06}, RiskLevel.NORMAL),
        ({"II": -0.06}, RiskLevel.NORMAL),
        ({"II": 0.2}, RiskLevel.MODERATE_RISK),
        ({"II": 0.09, "III": 0.09, "aVF": 0.09}, RiskLevel.NORMAL),
        ({}, RiskLevel.NORMAL),
    ],
)
def test_risk_table(levels_mv: dict[str, float], risk: RiskLevel) -> None:
    assert judged(levels_mv).risk_level is risk


@pytest.mark.parametrize(
    ("change_mv", "risk"),
    [
        (None, RiskLevel.MODERATE_RISK),
        (0.05, RiskLevel.MODERATE_RISK),
        (0.2, RiskLevel.MODERATE_RISK),
        (0.049, RiskLevel.LOW_RISK),
        (0.0, RiskLevel.LOW_RISK),
        (-0.1, RiskLevel.LOW_RISK),
    ],
)
def test_one_elevated_lead_is_judged_by_its_change(
    change_mv: float | None, risk: RiskLevel
) -> None:
    leads = tuple(
        replace(lead, change_mv=change_mv) if lead.lead == "II" else lead
        for lead in leads_of({"II": 0.15})
    )
    finding = judge_st(leads, SETTINGS)
    assert finding is not None
    assert finding.risk_level is risk
    words = " ".join(finding.evidence)
    assert ("no baseline" in words) == (change_mv is None)
    assert ("as in the patient's own baseline" in words) == (risk is RiskLevel.LOW_RISK)


def test_a_chronic_elevation_in_contiguous_leads_is_still_a_stemi() -> None:
    leads = tuple(replace(lead, change_mv=0.0) for lead in leads_of({"II": 0.2, "aVF": 0.2}))
    finding = judge_st(leads, SETTINGS)
    assert finding is not None
    assert finding.risk_level is RiskLevel.CRITICAL_STEMI


def test_evidence_from_elsewhere() -> None:
    normal = leads_of({})
    lbbb = judge_st(normal, SETTINGS, new_lbbb=True)
    inverted = judge_st(normal, SETTINGS, newly_inverted_t=("II", "aVF"))
    one = judge_st(normal, SETTINGS, newly_inverted_t=("II",))
    assert lbbb is not None
    assert inverted is not None
    assert one is not None
    assert lbbb.risk_level is RiskLevel.HIGH_MI_RISK
    assert inverted.risk_level is RiskLevel.LOW_RISK
    assert one.risk_level is RiskLevel.NORMAL
    assert "new left bundle-branch block" in lbbb.evidence
    assert "newly inverted T waves: II, aVF" in inverted.evidence
    unmeasured = judge_st(only(), SETTINGS, new_lbbb=True)
    assert unmeasured is not None
    assert unmeasured.risk_level is RiskLevel.HIGH_MI_RISK


@pytest.mark.parametrize(
    ("slope_mv_per_s", "risk"),
    [(-1.0, RiskLevel.MODERATE_RISK), (0.5, RiskLevel.MODERATE_RISK), (0.6, RiskLevel.NORMAL)],
)
def test_upsloping_depression_is_no_depression(slope_mv_per_s: float, risk: RiskLevel) -> None:
    low = {"II": -0.1, "aVF": -0.1}
    assert judged(low, slope_mv_per_s=slope_mv_per_s).risk_level is risk


def test_the_left_main_pattern_asks_for_no_slope() -> None:
    finding = judged(levels_of(-150.0, 0.2), slope_mv_per_s=2.0)
    assert finding.risk_level is RiskLevel.HIGH_MI_RISK
    assert finding.territory is Territory.LEFT_MAIN
    assert finding.depressed == ()


@pytest.mark.parametrize(
    ("axis_deg", "territory", "hint", "reciprocal"),
    [
        (100.0, Territory.INFERIOR, "right coronary artery more likely (III > II)", ("aVL",)),
        (80.0, Territory.INFERIOR, "circumflex artery more likely (II ≥ III)", ("aVL",)),
        (115.0, Territory.INFERIOR, "right coronary artery more likely (III > II)", ("aVL", "I")),
        (-20.0, Territory.HIGH_LATERAL, "circumflex artery or diagonal branch", ("III", "aVF")),
        (-150.0, Territory.LEFT_MAIN, "left main artery or several vessels", ()),
        (35.0, Territory.UNCLEAR, "", ()),
    ],
)
def test_territory_artery_and_reciprocal(
    axis_deg: float, territory: Territory, hint: str, reciprocal: tuple[str, ...]
) -> None:
    finding = judged(levels_of(axis_deg, 0.2))
    assert finding.territory is territory
    assert finding.artery_hint == hint
    assert finding.reciprocal == reciprocal


def test_artery_stays_open_when_iii_was_not_measured() -> None:
    finding = judge_st(only("II", "aVF", level_mv=0.2), SETTINGS)
    assert finding is not None
    assert finding.artery_hint == "right coronary or circumflex artery"
    assert finding.not_visible == (*NOT_VISIBLE, "high lateral")


@pytest.mark.parametrize(
    ("measured", "judgeable", "also_unseen"),
    [
        ((), False, ()),
        (("II",), False, ()),
        (("I", "II"), False, ()),
        (("I", "III", "aVL"), True, ("inferior",)),
        (("I", "III", "aVF"), True, ("high lateral",)),
        (("II", "aVR"), True, ("inferior", "high lateral")),
        (("I", "II", "III", "aVL", "aVF"), True, ()),
    ],
)
def test_too_few_leads_are_never_normal(
    measured: tuple[str, ...], judgeable: bool, also_unseen: tuple[str, ...]
) -> None:
    finding = judge_st(only(*measured), SETTINGS)
    assert (finding is not None) == judgeable
    if finding is not None:
        assert finding.risk_level is RiskLevel.NORMAL
        assert finding.not_visible == (*NOT_VISIBLE, *also_unseen)


def test_what_is_found_in_a_single_lead_is_told() -> None:
    finding = judge_st(only("II", level_mv=0.3), SETTINGS)
    assert finding is not None
    assert finding.risk_level is RiskLevel.MODERATE_RISK
    assert "I not counted: electrode off" in finding.evidence


def test_chest_leads_are_carried_along_and_not_judged() -> None:
    chest = (LeadSt("V2", True, level_mv=0.5), LeadSt("V3", True, level_mv=0.5))
    finding = judge_st((*leads_of({}), *chest), SETTINGS)
    assert finding is not None
    assert finding.risk_level is RiskLevel.NORMAL
    assert finding.leads[-1].lead == "V3"
    assert judge_st(chest, SETTINGS) is None


@pytest.mark.parametrize("uncertainty_mv", [None, 0.0, 0.03, 0.05])
def test_a_small_uncertainty_never_moves_the_threshold(uncertainty_mv: float | None) -> None:
    def risk_at(level_mv: float) -> RiskLevel:
        leads = tuple(
            replace(lead, uncertainty_mv=uncertainty_mv)
            for lead in leads_of({"II": level_mv, "aVF": level_mv})
        )
        finding = judge_st(leads, SETTINGS)
        assert finding is not None
        return finding.risk_level

    assert risk_at(0.1) is RiskLevel.CRITICAL_STEMI
    assert risk_at(0.0999) is RiskLevel.NORMAL


@pytest.mark.parametrize(
    ("level_mv", "uncertainty_mv", "risk"),
    [
        (0.18, 0.13, None),
        (0.12, 0.06, None),
        (0.08, 0.06, None),
        (0.18, 0.06, RiskLevel.CRITICAL_STEMI),
        (0.30, 0.20, RiskLevel.CRITICAL_STEMI),
        (0.02, 0.07, RiskLevel.NORMAL),
    ],
)
def test_an_unsteady_lead_counts_only_where_its_error_leaves_no_doubt(
    level_mv: float, uncertainty_mv: float, risk: RiskLevel | None
) -> None:
    leads = leads_of({"II": level_mv, "aVF": level_mv}, uncertainty_mv=uncertainty_mv)
    unsteady = tuple(lead for lead in leads if lead.lead in {"II", "aVF"})
    finding = judge_st(unsteady, SETTINGS)
    assert (finding.risk_level if finding else None) is risk


def test_one_steady_lead_among_unsteady_ones_tells_nothing() -> None:
    leads = tuple(
        replace(lead, uncertainty_mv=0.04 if lead.lead in {"II", "aVF"} else 0.2)
        for lead in leads_of({"I": 0.11, "II": 0.16, "III": 0.05, "aVL": 0.03, "aVF": 0.04})
    )
    assert judge_st(leads, SETTINGS) is None
    certain = tuple(replace(lead, level_mv=0.16) for lead in leads)
    finding = judge_st(certain, SETTINGS)
    assert finding is not None
    assert finding.risk_level is RiskLevel.CRITICAL_STEMI


def test_a_lead_drowned_in_its_own_error_is_not_counted() -> None:
    drowned = leads_of({"II": 0.12, "aVF": 0.12}, uncertainty_mv=0.13)
    assert judge_st(drowned, SETTINGS) is None
    clear = judge_st(leads_of({"II": 0.3, "aVF": 0.3}, uncertainty_mv=0.2), SETTINGS)
    assert clear is not None
    assert clear.risk_level is RiskLevel.CRITICAL_STEMI
    assert "I not counted: +0.00 ± 0.20 mV" in clear.evidence


def test_evidence_names_leads_and_figures() -> None:
    finding = judged(levels_of(100.0, 0.2))
    assert finding.evidence == (
        "ST elevation: II +0.15 mV, III +0.19 mV, aVF +0.17 mV",
        "ST depression: aVL -0.11 mV, aVR -0.06 mV",
        "reciprocal depression: aVL -0.11 mV",
        "contiguous: II and aVF, aVF and III, II and III",
        "no baseline to compare with: II, III, aVF",
    )


def test_thresholds_are_configurable() -> None:
    settings = replace(SETTINGS, st_elevation_mv=0.2, st_depression_mv=0.1, st_change_mv=0.3)
    leads = leads_of({"II": 0.15, "aVF": 0.15, "I": -0.06, "aVL": -0.06}, change_mv=0.15)
    finding = judge_st(leads, settings)
    assert finding is not None
    assert finding.risk_level is RiskLevel.NORMAL
