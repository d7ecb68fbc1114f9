"""JSON lines of ``ecgctl analyze --json``; ``docs/analyze.md`` describes every field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from ecgd.errors import EcgdError
from ecgd.model.alarm import Alarm
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat
from ecgd.model.finding import (
    NOT_VISIBLE,
    ChannelFinding,
    EnsembleScore,
    Outcome,
    PlacementFinding,
    RiskLevel,
    StFinding,
    Territory,
)
from ecgd.model.intervals import Intervals, Variability
from ecgd.model.st_episode import StEpisode

Json = dict[str, Any]

SCHEMA_VERSION: Final = 1
CANNOT_JUDGE: Final = Outcome.CANNOT_JUDGE.value
"""The verdict of a recording whose ST could not be judged: never the same as NORMAL."""


def dump_line(line: Json) -> str:
    """Return one line of strict JSON."""
    return json.dumps(line, ensure_ascii=False, allow_nan=False)


def record_line(
    path: str,
    fs_hz: float,
    leads: Sequence[str],
    duration_s: float | None,
    *,
    highpass_hz: float | None = None,
    notes: Sequence[str] = (),
) -> Json:
    """A recording was opened; ``highpass_hz`` is the corner of what recorded it."""
    return _line("record", path) | {
        "fs": fs_hz,
        "leads": list(leads),
        "duration_s": _figure(duration_s),
        "highpass_hz": _figure(highpass_hz),
        "notes": list(notes),
    }


def beat_line(path: str, beat: Beat, fs_hz: float) -> Json:
    """A beat; ``sample`` counts in the recording's own ``fs``."""
    return _line("beat", path) | {
        "sample": int(beat.r_peak),
        "time_s": _figure(beat.r_peak / fs_hz),
        "class": beat.beat_class.value,
        "class_confidence": _figure(beat.class_confidence),
        "class_reason": beat.class_reason,
    }


def assessment_line(path: str, assessment: Assessment) -> Json:
    """A window; ``time_s`` is its end."""
    st_leads = assessment.st.leads if assessment.st else ()
    territory = assessment.st.territory if assessment.st else None
    return _line("assessment", path) | {
        "time_s": _figure(assessment.time_s),
        "outcome": assessment.outcome.value,
        "risk_level": assessment.risk_level.value if assessment.risk_level else None,
        "territory": territory.value if territory else None,
        "st_mv": {st.lead: _figure(st.level_mv) for st in st_leads},
        "st_change_mv": {st.lead: _figure(st.change_mv) for st in st_leads},
        "st_uncertainty_mv": {st.lead: _figure(st.uncertainty_mv) for st in st_leads},
        "st_slope": {st.lead: st.slope for st in st_leads},
        "st_curve": {st.lead: st.curve for st in st_leads},
        "st_episodes": [_episode(each) for each in assessment.st_episodes],
        "st_rule": assessment.st.rule.value if assessment.st else None,
        "confounders": _confounders(assessment.st),
        "stage": assessment.st.stage if assessment.st else "",
        "heart_rate_bpm": _figure(assessment.rhythm.heart_rate_bpm),
        "rhythm": assessment.rhythm.label,
        "rhythm_observations": [
            {"sign": seen.sign.value, "value": _figure(seen.value), "text": seen.text}
            for seen in assessment.rhythm.observations
        ],
        "scores": _scores(assessment.scores),
        "quality": {quality.lead: _figure(quality.sqi) for quality in assessment.quality},
        "cannot_judge": list(assessment.cannot_judge),
        "unjudged": sorted(event.value for event in assessment.unjudged),
        "placement": _reason(assessment.placement),
        "channels": _reason(assessment.channels),
        "intervals": _figures(assessment.intervals),
        "variability": _figures(assessment.variability),
        "latency_ms": {
            stage.stage: _figure(1e3 * stage.duration_s, 4) for stage in assessment.latency
        },
    }


def _confounders(st: StFinding | None) -> list[Json]:
    return [
        {"kind": each.kind.value, "evidence": each.evidence, "source": each.source}
        for each in (st.confounders if st else ())
    ]


def _reason(finding: PlacementFinding | ChannelFinding | None) -> str | None:
    return None if finding is None else finding.reason


def _figures(measured: Intervals | Variability | None) -> Json | None:
    if measured is None:
        return None
    return {each.name: _figure(getattr(measured, each.name)) for each in fields(measured)}


def _episode(episode: StEpisode) -> Json:
    return {
        "group": episode.group,
        "direction": episode.direction,
        "reference": episode.reference.value,
        "start_s": _figure(episode.start_s),
        "extremum_s": _figure(episode.extremum_s),
        "change_mv": _figure(episode.change_mv),
        "leads": list(episode.leads),
        "st_mv": {lead: _figure(level_mv) for lead, level_mv in episode.st_mv},
        "end_s": _figure(episode.end_s),
        "end": episode.end.value if episode.end else None,
    }


def alert_line(path: str, time_s: float, alarm: Alarm) -> Json:
    """An alarm was raised, or became graver, ``time_s`` after the recording's start."""
    return _line("alert", path) | {
        "time_s": _figure(time_s),
        "event_type": alarm.event_type.value,
        "severity": alarm.severity.name,
        "territory": alarm.territory.value if alarm.territory else None,
        "evidence": list(alarm.evidence),
    }


def summary_line(
    path: str,
    *,
    verdict: RiskLevel | None,
    territory: Territory | None,
    windows: int,
    judged_windows: int,
    beats: int,
    alerts: int,
    scoring: str = "",
    models_hash: str = "",
) -> Json:
    """The one verdict of a recording; None when ST could be judged in no window."""
    return _line("summary", path) | {
        "verdict": verdict.value if verdict else CANNOT_JUDGE,
        "territory": territory.value if territory else None,
        "not_visible": list(NOT_VISIBLE),
        "windows": windows,
        "judged_windows": judged_windows,
        "beats": beats,
        "alerts": alerts,
        "scoring": scoring,
        "models_hash": models_hash,
    }


def error_line(path: str, error: EcgdError) -> Json:
    """A recording that could not be analysed; the others go on."""
    return _line("error", path) | {"what": error.what, "remedy": error.remedy}


def _line(kind: str, path: str) -> Json:
    return {"type": kind, "version": SCHEMA_VERSION, "path": path}


def _figure(value: float | None, digits: int = 6) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits)


def _scores(scores: EnsembleScore | None) -> Json | None:
    if scores is None:
        return None
    return {
        "members": _members(scores.members),
        "fused": _figure(scores.fused),
        "boosted": _figure(scores.boosted),
        "consensus": scores.consensus,
        "left_out": list(scores.left_out),
        "disagreement": _figure(scores.disagreement),
        "confidence": _figure(scores.confidence),
        "labels": _members(scores.labels),
        "is_usual": scores.is_usual,
        "is_clearly_new": scores.is_clearly_new,
        "explained_by": scores.explained_by,
        "models_hash": scores.models_hash,
    }


def _members(members: Iterable[tuple[str, float]]) -> dict[str, float | None]:
    return {name: _figure(probability) for name, probability in members}
