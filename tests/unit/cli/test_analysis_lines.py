"""JSON lines: the documented fields, strict numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from sample_daemon import sample_alarm, sample_assessment

from ecgd.cli.analysis_lines import (
    alert_line,
    assessment_line,
    beat_line,
    dump_line,
    error_line,
    record_line,
    summary_line,
)
from ecgd.errors import RecordingError
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import EnsembleScore, EventType, LeadQuality, Outcome, RiskLevel, Territory


def test_a_beat_is_told_in_samples_of_the_recording_and_in_seconds() -> None:
    beat = Beat(900, None, ("I",), (None,), (), BeatClass.V, 0.93, "early by 32 %")
    assert beat_line("r", beat, 360.0) == {
        "type": "beat",
        "version": 1,
        "path": "r",
        "sample": 900,
        "time_s": 2.5,
        "class": "V",
        "class_confidence": 0.93,
        "class_reason": "early by 32 %",
    }


def test_an_assessment_gives_st_and_quality_by_lead_and_latency_by_stage() -> None:
    line = json.loads(dump_line(assessment_line("r", sample_assessment())))
    assert line["time_s"] == 45.0
    assert (line["outcome"], line["risk_level"]) == ("anomaly", "CRITICAL_STEMI")
    assert line["territory"] == "inferior"
    assert line["st_mv"]["III"] == 0.27
    assert line["st_change_mv"]["III"] is None
    assert (line["heart_rate_bpm"], line["rhythm"]) == (72.4, "regular")
    assert line["quality"]["aVR"] == 0.61
    assert line["latency_ms"] == {"preprocessing": 4.0, "features": 2.0}
    assert line["scores"] is None


def _unjudged() -> Assessment:
    return replace(
        sample_assessment(),
        outcome=Outcome.CANNOT_JUDGE,
        risk_level=None,
        st=None,
        quality=(LeadQuality("I", float("nan"), False, ("flat",)),),
        cannot_judge=("flat",),
        unjudged=frozenset({EventType.STEMI_DETECTED, EventType.ASYSTOLE}),
    )


def test_what_was_not_judged_is_null_and_never_nan() -> None:
    line = json.loads(dump_line(assessment_line("r", _unjudged())))
    assert line["risk_level"] is None
    assert line["st_mv"] == {}
    assert line["quality"] == {"I": None}
    assert line["cannot_judge"] == ["flat"]
    assert line["unjudged"] == ["ASYSTOLE", "STEMI_DETECTED"]


def test_scores_name_each_member() -> None:
    scores = EnsembleScore(
        (("cnn", 0.9), ("rnn", 0.8)),
        0.86,
        1.0,
        2,
        ("lstm",),
        disagreement=0.1,
        confidence=0.648,
        labels=(("cnn: infarction", 0.7),),
        models_hash="abc",
    )
    line = assessment_line("r", replace(sample_assessment(), scores=scores))
    assert line["scores"] == {
        "members": {"cnn": 0.9, "rnn": 0.8},
        "fused": 0.86,
        "boosted": 1.0,
        "consensus": 2,
        "left_out": ["lstm"],
        "disagreement": 0.1,
        "confidence": 0.648,
        "labels": {"cnn: infarction": 0.7},
        "is_usual": False,
        "is_clearly_new": False,
        "explained_by": "",
        "models_hash": "abc",
    }


def test_an_alert_carries_its_evidence() -> None:
    line = alert_line("r", 20.0, sample_alarm())
    assert line["event_type"] == "STEMI_DETECTED"
    assert (line["severity"], line["territory"]) == ("CRITICAL", "inferior")
    assert line["evidence"] == ["III +0.27 mV", "aVF +0.24 mV"]


def test_a_summary_has_one_verdict_and_says_what_cannot_be_seen() -> None:
    counted = partial(summary_line, "r", windows=6, judged_windows=5, beats=12, alerts=1)
    grave = counted(verdict=RiskLevel.CRITICAL_STEMI, territory=Territory.INFERIOR)
    assert (grave["verdict"], grave["territory"]) == ("CRITICAL_STEMI", "inferior")
    assert "anterior" in grave["not_visible"]
    names = ("windows", "judged_windows", "beats", "alerts")
    assert [grave[name] for name in names] == [6, 5, 12, 1]
    blind = counted(verdict=None, territory=None)
    assert blind["verdict"] == "cannot_judge"


def test_record_and_error() -> None:
    assert record_line("r", 250.0, ("I", "II"), None)["duration_s"] is None
    error = error_line("r", RecordingError("r is empty", "give another"))
    assert (error["what"], error["remedy"]) == ("r is empty", "give another")
