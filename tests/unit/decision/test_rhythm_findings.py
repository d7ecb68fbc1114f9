"""What a rhythm is an alarm for, and what it hides."""

from __future__ import annotations

import pytest
from alarm_ward import Ward

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.rhythm_findings import BY_LABEL, RHYTHM_KINDS, hidden_by, rhythm_findings
from ecgd.model.finding import Domain, EventType, Finding, RhythmFinding, Severity
from ecgd.model.rhythm import (
    ATRIAL_FIBRILLATION,
    EXTREME_TACHYCARDIA,
    REGULAR,
    UNKNOWN,
    VENTRICULAR_RUN,
    VENTRICULAR_TACHYCARDIA,
    RhythmObservation,
    RhythmSign,
)

SETTINGS = AnalysisSettings()


def found(rhythm: RhythmFinding) -> dict[EventType, Finding]:
    return {finding.event_type: finding for finding in rhythm_findings(rhythm, SETTINGS)}


def seen(sign: RhythmSign, value: float, label: str = REGULAR) -> RhythmFinding:
    told = RhythmObservation(sign, value, f"{sign} {value:.0f}")
    return RhythmFinding(label, 80.0, observations=(told,))


@pytest.mark.parametrize(
    ("label", "severity"),
    [(VENTRICULAR_RUN, Severity.HIGH), (VENTRICULAR_TACHYCARDIA, Severity.CRITICAL)],
)
def test_a_run_is_high_and_one_that_lasts_is_critical(label: str, severity: Severity) -> None:
    finding = found(seen(RhythmSign.VENTRICULAR_RUN, 7.0, label))[EventType.VENTRICULAR_TACHYCARDIA]
    assert finding.severity is severity
    assert finding.evidence == (f"rhythm: {label}, 80 bpm", "run of ventricular beats 7")


@pytest.mark.parametrize(
    "sign", [RhythmSign.PREMATURE_VENTRICULAR, RhythmSign.PREMATURE_SUPRAVENTRICULAR]
)
def test_frequent_premature_beats_are_a_health_event(sign: RhythmSign) -> None:
    least = SETTINGS.ectopy_per_min
    assert found(seen(sign, least - 0.1)) == {}
    finding = found(seen(sign, least))[EventType.FREQUENT_ECTOPY]
    assert finding.severity is Severity.LOW
    assert found(seen(sign, least, VENTRICULAR_TACHYCARDIA)).keys() == {
        EventType.VENTRICULAR_TACHYCARDIA
    }


@pytest.mark.parametrize("sign", [RhythmSign.RATE_RISE, RhythmSign.RATE_FALL])
def test_a_sudden_change_of_the_rate_is_one(sign: RhythmSign) -> None:
    assert found(seen(sign, 40.0))[EventType.RATE_CHANGE].severity is Severity.LOW


def test_couplets_and_blocks_are_notes_only() -> None:
    for sign in (RhythmSign.COUPLETS, RhythmSign.BIGEMINY, RhythmSign.FIRST_DEGREE_BLOCK):
        assert found(seen(sign, 99.0)) == {}


def test_what_was_not_judged_hides_every_rhythm() -> None:
    unknown = RhythmFinding(UNKNOWN, None)
    assert found(unknown) == {}
    assert hidden_by(unknown) == RHYTHM_KINDS
    assert {event_type for event_type, _ in BY_LABEL.values()} < RHYTHM_KINDS


def test_a_graver_label_hides_milder_ones() -> None:
    assert hidden_by(RhythmFinding(ATRIAL_FIBRILLATION, 90.0)) == frozenset()
    assert hidden_by(RhythmFinding(REGULAR, 90.0)) == frozenset()
    run = hidden_by(RhythmFinding(VENTRICULAR_RUN, 150.0))
    assert EventType.EXTREME_TACHYCARDIA in run
    assert EventType.ATRIAL_FIBRILLATION in run
    assert EventType.VENTRICULAR_TACHYCARDIA not in run


@pytest.mark.parametrize(("lasted_s", "seconds"), [(0.0, 6), (3.0, 3), (7.0, 1)])
def test_a_definition_that_looks_back_shortens_the_hold_off(lasted_s: float, seconds: int) -> None:
    rhythm = RhythmFinding(EXTREME_TACHYCARDIA, 170.0, lasted_s=lasted_s)
    finding = found(rhythm)[EventType.EXTREME_TACHYCARDIA]
    assert finding.domain is Domain.HEART
    ward = Ward()
    if seconds > 1:
        ward.see(finding, seconds=seconds - 1)
        assert ward.changes == []
    ward.see(finding)
    assert len(ward.changes) == 1
