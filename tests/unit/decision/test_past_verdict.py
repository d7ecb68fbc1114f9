"""A stored window under other thresholds, by the real rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings
from ecgd.decision.past_verdict import Thresholds, judge_anew
from ecgd.model.finding import (
    EnsembleScore,
    EventType,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StRule,
)
from ecgd.model.network_label import ST_T
from ecgd.model.past_window import PastLead, PastWindow
from ecgd.model.rhythm import EXTREME_TACHYCARDIA, PAUSE, REGULAR, VENTRICULAR_TACHYCARDIA

NOW = Thresholds(AnalysisSettings(), EnsembleSettings(), AlarmSettings())
CALM = RhythmFinding(REGULAR, 70.0, longest_pause_s=0.9, fast_bpm=70.0, slow_bpm=70.0)
FOUND = dict[str, str]


def other(**changes: float) -> Thresholds:
    return replace(NOW, analysis=replace(NOW.analysis, **changes))  # type: ignore[arg-type]


def levels(inferior_mv: float, error_mv: float = 0.01) -> tuple[PastLead, ...]:
    """II, III and aVF at one level; the others at rest."""
    raised = {"II": inferior_mv, "III": inferior_mv, "aVF": inferior_mv}
    rest = {"I": 0.0, "aVL": 0.0, "aVR": 0.0}
    return tuple(PastLead(lead, mv, error_mv) for lead, mv in (rest | raised).items())


def window(risk: RiskLevel | None, inferior_mv: float = 0.0, **more: object) -> PastWindow:
    outcome = Outcome.NORMAL if risk in (RiskLevel.NORMAL, RiskLevel.LOW_RISK) else Outcome.ANOMALY
    values: dict[str, object] = {"rhythm": CALM, "leads": levels(inferior_mv)} | more
    return PastWindow(100.0, outcome, risk, **values)  # type: ignore[arg-type]


def found(seen: PastWindow, settings: Thresholds, *, has_networks: bool = False) -> FOUND:
    """Return the kinds with their severities."""
    verdict = judge_anew(seen, NOW, settings, has_networks=has_networks)
    return {each.event_type.value: each.severity.name for each in verdict.findings}


STEMI, MI = {"STEMI_DETECTED": "CRITICAL"}, {"ACUTE_MI_RISK": "HIGH"}
ISCHEMIA = {"CARDIAC_ISCHEMIA": "MEDIUM"}


@pytest.mark.parametrize(
    ("threshold_mv", "expected"),
    [(0.1, STEMI), (0.12, STEMI), (0.121, {}), (0.3, {}), (0.05, STEMI)],
)
def test_an_elevation_of_012_mv_under_other_thresholds(
    threshold_mv: float, expected: FOUND
) -> None:
    seen = window(RiskLevel.CRITICAL_STEMI, 0.12)
    assert found(seen, other(st_elevation_mv=threshold_mv)) == expected


def test_a_lower_threshold_finds_what_was_normal() -> None:
    seen = window(RiskLevel.NORMAL, 0.07)
    assert found(seen, NOW) == {}
    assert found(seen, other(st_elevation_mv=0.07)) == STEMI
    assert found(seen, other(st_elevation_mv=0.071)) == {}


@pytest.mark.parametrize("risk", list(RiskLevel))
@pytest.mark.parametrize("inferior_mv", [0.0, 0.07, 0.2])
def test_todays_settings_give_what_was_stored(risk: RiskLevel, inferior_mv: float) -> None:
    """Whatever made it so: the figures may say another thing than the verdict."""
    events = {
        RiskLevel.CRITICAL_STEMI: STEMI,
        RiskLevel.HIGH_MI_RISK: MI,
        RiskLevel.MODERATE_RISK: ISCHEMIA,
        RiskLevel.LOW_RISK: {"CARDIAC_ISCHEMIA": "LOW"},
        RiskLevel.NORMAL: {},
    }
    assert found(window(risk, inferior_mv), NOW) == events[risk]


def test_a_change_that_was_told_stays_a_floor() -> None:
    """MODERATE by a change of ST, while the plain rule sees nothing."""
    seen = window(RiskLevel.MODERATE_RISK, 0.07)
    assert found(seen, other(st_elevation_mv=0.3)) == ISCHEMIA
    assert found(seen, other(st_elevation_mv=0.05)) == STEMI


def test_what_softened_or_confirmed_stays_a_ceiling() -> None:
    """HIGH by a confounder, NORMAL by a person, while the plain rule says STEMI."""
    assert found(window(RiskLevel.HIGH_MI_RISK, 0.2), other(st_elevation_mv=0.05)) == MI
    assert found(window(RiskLevel.HIGH_MI_RISK, 0.2), other(st_elevation_mv=0.3)) == {}
    assert found(window(RiskLevel.NORMAL, 0.2), other(st_elevation_mv=0.15)) == {}


def test_sgarbossas_rule_knows_no_threshold() -> None:
    seen = window(RiskLevel.CRITICAL_STEMI, 0.12, rule=StRule.SGARBOSSA)
    assert found(seen, other(st_elevation_mv=0.3)) == STEMI


def test_a_lead_too_uncertain_for_a_lower_threshold_is_not_counted() -> None:
    """±0.06 mV is more than half of 0.07 mV: nothing can be said, and nothing clears."""
    seen = window(RiskLevel.NORMAL, leads=levels(0.03, 0.05))
    verdict = judge_anew(seen, NOW, other(st_elevation_mv=0.06), has_networks=False)
    assert verdict.findings == ()
    assert EventType.STEMI_DETECTED in verdict.unjudged


def rhythm(label: str, fast_bpm: float, slow_bpm: float, **more: object) -> PastWindow:
    seen = RhythmFinding(label, fast_bpm, fast_bpm=fast_bpm, slow_bpm=slow_bpm, **more)  # type: ignore[arg-type]
    return window(RiskLevel.NORMAL, rhythm=seen)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (other(), {"EXTREME_TACHYCARDIA": "HIGH"}),
        (other(tachycardia_bpm=148.0), {"EXTREME_TACHYCARDIA": "HIGH"}),
        (other(tachycardia_bpm=150.0), {}),
    ],
)
def test_150_bpm_under_other_limits(settings: Thresholds, expected: FOUND) -> None:
    assert found(rhythm(EXTREME_TACHYCARDIA, 150.0, 150.0), settings) == expected


def test_a_slow_rate_counts_up_to_five_percent_above_the_limit() -> None:
    seen = rhythm(REGULAR, 47.0, 47.0)
    assert found(seen, other(bradycardia_bpm=45.0)) == {"EXTREME_BRADYCARDIA": "HIGH"}
    assert found(seen, other(bradycardia_bpm=44.0)) == {}


def test_under_an_extreme_rate_lies_what_is_stored() -> None:
    mild = other(tachycardia_bpm=200.0)
    pause = rhythm(EXTREME_TACHYCARDIA, 150.0, 60.0, longest_pause_s=3.5)
    assert found(pause, mild) == {"PAUSE": "MEDIUM"}
    fibrillates = rhythm(EXTREME_TACHYCARDIA, 150.0, 140.0, fibrillates=True)
    assert found(fibrillates, mild) == {"ATRIAL_FIBRILLATION": "MEDIUM"}
    verdict = judge_anew(pause, NOW, mild, has_networks=False)
    assert EventType.SUPRAVENTRICULAR_TACHYCARDIA in verdict.unjudged


def test_a_graver_rhythm_hides_the_rate_whatever_the_limit() -> None:
    seen = rhythm(VENTRICULAR_TACHYCARDIA, 180.0, 180.0)
    for limit_bpm in (120.0, 140.0, 250.0):
        known = found(seen, other(tachycardia_bpm=limit_bpm))
        assert known == {"VENTRICULAR_TACHYCARDIA": "CRITICAL"}


def test_a_pause_beside_an_extreme_rate_of_before() -> None:
    seen = rhythm(PAUSE, 130.0, 70.0, longest_pause_s=3.5)
    wanted = {"EXTREME_TACHYCARDIA": "HIGH", "PAUSE": "MEDIUM"}
    assert found(seen, other(tachycardia_bpm=120.0)) == wanted


def scored(fused: float, **more: Any) -> PastWindow:
    return window(RiskLevel.NORMAL, scores=EnsembleScore((), fused, fused, 0, **more))


def test_a_score_under_another_threshold() -> None:
    higher = replace(NOW, ensemble=replace(NOW.ensemble, anomaly_threshold=0.79))
    assert found(scored(0.78), NOW) == {"CARDIAC_ANOMALY": "MEDIUM"}
    assert found(scored(0.78), higher) == {}
    assert found(scored(0.78, is_usual=True), NOW) == {}
    assert found(scored(0.78, explained_by="ATRIAL_FIBRILLATION"), NOW) == {}


def test_a_score_is_as_grave_as_its_labels_and_novelty_allow() -> None:
    assert found(scored(0.95), NOW) == {"CARDIAC_ANOMALY": "MEDIUM"}
    assert found(scored(0.95, is_clearly_new=True), NOW) == {"CARDIAC_ANOMALY": "CRITICAL"}
    mild = scored(0.95, is_clearly_new=True, labels=((f"ensemble: {ST_T}", 1.0),))
    assert found(mild, NOW) == {"CARDIAC_ANOMALY": "MEDIUM"}


def test_other_pauses_and_other_ectopy() -> None:
    seen = replace(CALM, longest_pause_s=2.6)
    assert found(window(RiskLevel.NORMAL, rhythm=seen), NOW) == {}
    assert found(window(RiskLevel.NORMAL, rhythm=seen), other(pause_s=2.5)) == {"PAUSE": "MEDIUM"}
    kinds = frozenset({EventType.FREQUENT_ECTOPY})
    frequent = window(RiskLevel.NORMAL, kinds=kinds, ectopy_per_min=14.0)
    assert found(frequent, NOW) == {"FREQUENT_ECTOPY": "LOW"}
    assert found(frequent, other(ectopy_per_min=15.0)) == {}
    assert found(replace(frequent, kinds=frozenset()), other(ectopy_per_min=14.0)) != {}
    unknown = window(RiskLevel.NORMAL, kinds=kinds)
    assert found(unknown, other(ectopy_per_min=15.0)) == {"FREQUENT_ECTOPY": "LOW"}


def test_a_deeper_depression_is_asked_for() -> None:
    leads = tuple(PastLead(lead, -0.07, 0.01) for lead in ("II", "III", "aVF"))
    seen = window(RiskLevel.MODERATE_RISK, leads=leads)
    assert found(seen, NOW) == ISCHEMIA
    assert found(seen, other(st_depression_mv=0.1)) == {}


def test_without_a_score_the_networks_alarm_does_not_clear() -> None:
    silent = judge_anew(window(RiskLevel.NORMAL), NOW, NOW, has_networks=True)
    assert EventType.CARDIAC_ANOMALY in silent.unjudged
    without = judge_anew(window(RiskLevel.NORMAL), NOW, NOW, has_networks=False)
    assert EventType.CARDIAC_ANOMALY not in without.unjudged


def test_what_is_not_stored_in_figures_is_carried_over() -> None:
    kinds = frozenset({EventType.FREQUENT_ECTOPY, EventType.CARDIAC_ANOMALY})
    verdict = judge_anew(window(RiskLevel.NORMAL, kinds=kinds), NOW, NOW, has_networks=False)
    assert {(each.event_type, each.severity) for each in verdict.findings} == {
        (EventType.FREQUENT_ECTOPY, Severity.LOW),
        (EventType.CARDIAC_ANOMALY, Severity.HIGH),
    }
