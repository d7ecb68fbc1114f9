"""What a person is told."""

from __future__ import annotations

import re
from itertools import product

import pytest
from st_vectors import leads_of, levels_of

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.advice import NAMES, clinical_notes, description, recommended_action
from ecgd.decision.findings import ST_EVENTS
from ecgd.decision.st_rules import judge_st
from ecgd.decision.technical import TECHNICAL_SEVERITY
from ecgd.model.finding import EnsembleScore, EventType, Severity, StFinding, Territory

ALL = list(product(Severity, EventType))
ALL_CLEAR = re.compile(
    r"\b(no|not|without|free of|rules? out|excluded?) (a |an |any |sign of |signs of )*"
    r"(acute )?(heart attack|infarct\w*|STEMI|MI)\b",
    re.IGNORECASE,
)


def st_of(axis_deg: float, size_mv: float = 0.3) -> StFinding:
    finding = judge_st(leads_of(levels_of(axis_deg, size_mv)), AnalysisSettings())
    assert finding is not None
    return finding


def everything_said() -> list[str]:
    """Return every text that can leave this module."""
    score = EnsembleScore((("cnn", 0.1),), 0.1, 0.1, 0, ("lstm", "rnn"))
    verdicts = [None, *(st_of(axis, size) for axis in range(-180, 180, 15) for size in (0.0, 0.3))]
    said = [recommended_action(severity, event, "112") for severity, event in ALL]
    for event in EventType:
        for st in verdicts:
            said += clinical_notes(event, st, score)
            said += clinical_notes(event, st, None, scoring="no model installed: rules only")
            said.append(description(event, *((st.evidence, st.territory) if st else ((), None))))
    return said


def test_no_text_ever_gives_the_all_clear() -> None:
    assert ALL_CLEAR.search("There is no heart attack.")
    assert ALL_CLEAR.search("no sign of an acute infarction")
    assert [text for text in everything_said() if ALL_CLEAR.search(text)] == []


@pytest.mark.parametrize(("severity", "event_type"), ALL)
def test_every_action_is_complete(severity: Severity, event_type: EventType) -> None:
    action = recommended_action(severity, event_type, "911")
    assert "{" not in action
    assert "call 911" in action
    assert "supplements professional care and never replaces it" in action
    assert not action.startswith("This monitor"), "there is an action before the caution"


@pytest.mark.parametrize("event_type", [e for e in EventType if e not in TECHNICAL_SEVERITY])
def test_critical_heart_alarms_send_for_help_at_once(event_type: EventType) -> None:
    action = recommended_action(Severity.CRITICAL, event_type, "911")
    assert "911" in action.split("This monitor")[0]


def test_the_documents_matrix() -> None:
    stemi = recommended_action(Severity.CRITICAL, EventType.STEMI_DETECTED, "911")
    assert stemi.startswith("Call 911 now: this may be a heart attack")
    assert "PCI or thrombolysis" in stemi
    assert "hospital" in recommended_action(Severity.HIGH, EventType.ACUTE_MI_RISK, "911")
    assert recommended_action(Severity.LOW, EventType.CARDIAC_ANOMALY, "911").startswith(
        "Arrange a medical consultation."
    )


@pytest.mark.parametrize(("number", "said"), [("", "call the emergency services"), (" 15 ", "15")])
def test_emergency_number(number: str, said: str) -> None:
    action = recommended_action(Severity.HIGH, EventType.STEMI_DETECTED, number)
    assert said in action
    assert "  " not in action


def test_every_kind_has_a_name_of_its_own() -> None:
    assert set(NAMES) == set(EventType)
    assert len(set(NAMES.values())) == len(EventType)


def test_description() -> None:
    evidence = ("ST elevation: II +0.30 mV", "contiguous: II and aVF")
    assert description(EventType.STEMI_DETECTED, evidence, Territory.INFERIOR) == (
        "ST-elevation infarction pattern, inferior: "
        "ST elevation: II +0.30 mV; contiguous: II and aVF."
    )
    assert description(EventType.LINK_LOST, ()) == "Connection to the device lost."
    assert "unclear" not in description(EventType.ACUTE_MI_RISK, (), Territory.UNCLEAR)


def test_notes_of_an_inferior_infarction() -> None:
    notes = clinical_notes(
        EventType.STEMI_DETECTED, st_of(100.0), None, scoring="no model installed: rules only"
    )
    assert notes == (
        "ST elevation (J+40 ms) in II, III, aVF.",
        "Elevation in contiguous leads: STEMI criterion met, suggests a regional MI.",
        "Reciprocal depression in aVL, I.",
        "Usual artery: right coronary artery more likely (III > II).",
        "Record right-sided leads (V3R, V4R): right ventricular infarction.",
        "Record V7–V9: posterior infarction.",
        "Record a 12-lead ECG.",
        "Not reliably visible: anterior, septal, posterior, right ventricular.",
        "Judged by rules only, without a score of the networks.",
        "Networks: no model installed: rules only.",
    )


def test_notes_of_other_territories() -> None:
    lateral = clinical_notes(EventType.STEMI_DETECTED, st_of(-20.0), None)
    assert not any("V4R" in note for note in lateral)
    assert any("V7–V9" in note for note in lateral)
    left_main = clinical_notes(EventType.ACUTE_MI_RISK, st_of(-150.0), None)
    assert not any("V7–V9" in note or "V4R" in note for note in left_main)
    assert any("ST depression in" in note for note in left_main)
    low = {"II": -0.1, "aVF": -0.1}
    st = judge_st(leads_of(low), AnalysisSettings())
    depressed = clinical_notes(EventType.CARDIAC_ISCHEMIA, st, None)
    assert any("V7–V9" in note for note in depressed), "depression may mirror a posterior infarct"


def test_notes_of_scores() -> None:
    labels = (("cnn: infarction", 0.81), ("cnn: ischaemia", 0.2), ("rnn: evolving ST", 0.9))
    score = EnsembleScore(
        (("cnn", 0.91), ("rnn", 0.72)),
        0.84,
        0.84,
        1,
        ("lstm",),
        disagreement=0.19,
        labels=labels,
    )
    notes = clinical_notes(EventType.CARDIAC_ANOMALY, None, score, scoring="cnn, lstm, rnn")
    assert notes == (
        "ST was not measurable: infarction cannot be judged.",
        "Networks: 0.84 (CNN 0.91, RNN 0.72); 1 of 2 see an anomaly; 0.19 apart; left out: lstm.",
        "What each network sees: rnn: evolving ST 0.90, cnn: infarction 0.81.",
    )


def test_notes_name_what_is_usual_explained_boosted_or_demoted() -> None:
    score = EnsembleScore(
        (("cnn", 0.91),), 0.91, 1.0, 1, is_usual=True, explained_by="ATRIAL_FIBRILLATION"
    )
    scoring = "cnn (weights x); lstm demoted: too slow"
    notes = clinical_notes(EventType.CARDIAC_ISCHEMIA, None, score, scoring=scoring)
    assert notes[1:] == (
        "Networks: 0.91 (CNN 0.91); 1.00 with ST; 1 of 1 see an anomaly.",
        "Such a score is usual for this patient.",
        "The rules explain it: ATRIAL_FIBRILLATION.",
        f"Networks installed: {scoring}.",
    )


def test_equipment_needs_no_clinical_notes() -> None:
    for event_type in TECHNICAL_SEVERITY:
        assert clinical_notes(event_type, st_of(100.0), None) == ()


def test_every_kind_is_either_heart_or_equipment() -> None:
    heart = {event_type for event_type, _ in ST_EVENTS.values()}
    assert heart.isdisjoint(TECHNICAL_SEVERITY)
