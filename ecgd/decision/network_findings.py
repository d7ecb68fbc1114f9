"""What the networks alone may say: no more of a thing than the rules' table says of it.

A network tells by its own labels what it sees. What the rules have found by themselves, or have
measured, is theirs to tell; what is left is told with the severity of its score, but no graver than
the table of findings has it, and as MEDIUM at most until it is clearly new for this patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ecgd.config.settings import EnsembleSettings
from ecgd.model.finding import (
    ConfounderKind,
    Domain,
    EnsembleScore,
    EventType,
    Finding,
    RhythmFinding,
    Severity,
    StFinding,
)
from ecgd.model.network_label import (
    BRADYCARDIA,
    CONDUCTION,
    ECTOPY,
    FALLING_ST,
    FIBRILLATION,
    FLUTTER,
    INFARCTION,
    ISCHAEMIA,
    RISING_ST,
    ST_T,
    TACHYCARDIA,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_TACHYCARDIA,
)
from ecgd.model.rhythm import UNKNOWN, RhythmSign

LABEL_SHOWN: Final = 0.5
LABELS_SHOWN: Final = 3
"""Labels of the networks' own eyes that are told: those more probable than not, so many at most."""

NOT_CLEARLY_NEW: Final = Severity.MEDIUM
"""An anomaly that the patient may have come with is told no graver than this."""

CEILING: Final = {
    ISCHAEMIA: Severity.MEDIUM,
    ST_T: Severity.MEDIUM,
    CONDUCTION: Severity.MEDIUM,
    FIBRILLATION: Severity.MEDIUM,
    FLUTTER: Severity.MEDIUM,
    ECTOPY: Severity.LOW,
    BRADYCARDIA: Severity.MEDIUM,
    TACHYCARDIA: Severity.MEDIUM,
    FALLING_ST: Severity.MEDIUM,
}
"""How grave the networks alone may make each of their labels; others have no ceiling."""

_INFARCTION_KINDS: Final = frozenset({EventType.STEMI_DETECTED, EventType.ACUTE_MI_RISK})
_ST_KINDS: Final = _INFARCTION_KINDS | {EventType.CARDIAC_ISCHEMIA}
_ATRIAL_KINDS: Final = frozenset(
    {EventType.ATRIAL_FIBRILLATION, EventType.SUPRAVENTRICULAR_TACHYCARDIA}
)
_VENTRICULAR_KINDS: Final = frozenset(
    {EventType.VENTRICULAR_TACHYCARDIA, EventType.VENTRICULAR_FIBRILLATION}
)
EXPLAINED_BY: Final = {
    INFARCTION: _INFARCTION_KINDS,
    ISCHAEMIA: _ST_KINDS,
    ST_T: _ST_KINDS | {EventType.ATRIAL_FIBRILLATION},
    FIBRILLATION: _ATRIAL_KINDS,
    FLUTTER: _ATRIAL_KINDS | {EventType.EXTREME_TACHYCARDIA},
    ECTOPY: frozenset({EventType.FREQUENT_ECTOPY}),
    VENTRICULAR_TACHYCARDIA: _VENTRICULAR_KINDS,
    VENTRICULAR_FIBRILLATION: _VENTRICULAR_KINDS,
    RISING_ST: _ST_KINDS,
    FALLING_ST: _ST_KINDS,
}
"""Kinds of the rules' findings that say what a label says."""

_MEASURED: Final = frozenset({ECTOPY, BRADYCARDIA, TACHYCARDIA})
"""Where the rhythm was judged the rules have counted these: within limits they are no alarm."""

_WIDE: Final = frozenset(
    {
        *(ConfounderKind.LBBB, ConfounderKind.RBBB),
        *(ConfounderKind.PACING, ConfounderKind.WIDE_QRS),
    }
)
_BLOCKS: Final = frozenset({RhythmSign.FIRST_DEGREE_BLOCK, RhythmSign.DROPPED_BEATS})


def severity_of_score(score: float, settings: EnsembleSettings) -> Severity | None:
    """Return the severity of a score; None below the anomaly threshold."""
    if score >= settings.critical_threshold:
        return Severity.CRITICAL
    if score >= settings.high_threshold:
        return Severity.HIGH
    return Severity.MEDIUM if score >= settings.anomaly_threshold else None


def label_words(scores: EnsembleScore) -> str:
    """Return what the members' own eyes see, the surest first; empty: nothing in particular."""
    seen = sorted((share, label) for label, share in scores.labels if share >= LABEL_SHOWN)
    return ", ".join(f"{label} {share:.2f}" for share, label in reversed(seen[-LABELS_SHOWN:]))


def explanation(
    scores: EnsembleScore,
    by_rules: Iterable[Finding],
    st: StFinding | None,
    rhythm: RhythmFinding,
) -> str:
    """Return by what the rules explain all that the networks see; empty: something is left.

    Networks that see something, and none of its names, see what the rules have found of MEDIUM
    severity or graver, if anything.
    """
    findings = tuple(by_rules)
    told = told_labels(scores)
    if not told:
        grave = [each.event_type for each in findings if each.severity >= Severity.MEDIUM]
        return ", ".join(sorted(kind.value for kind in grave))
    reasons = [_reason(label, findings, st, rhythm) for label in told]
    return ", ".join(dict.fromkeys(reasons)) if all(reasons) else ""


def score_finding(
    scores: EnsembleScore, settings: EnsembleSettings, st_severity: int
) -> Finding | None:
    """Return what the networks alone say, without the boost that the ST rules give them.

    A score that is usual for the patient is no news, nor is one that the rules explain.
    """
    severity = _severity(scores, settings)
    if severity is None or severity <= st_severity or scores.is_usual or scores.explained_by:
        return None
    members = ", ".join(f"{name} {score:.2f}" for name, score in scores.members)
    seen = label_words(scores)
    unknown = "whether it is new for this patient is not known"
    evidence = (
        f"networks: {scores.fused:.2f} ({members})",
        f"{scores.consensus} of {len(scores.members)} agree",
        *((f"seen by {seen}",) if seen else ()),
        *(() if scores.is_clearly_new else (unknown,)),
        *((f"left out: {', '.join(scores.left_out)}",) if scores.left_out else ()),
    )
    return Finding(
        EventType.CARDIAC_ANOMALY, severity, Domain.HEART, evidence, confidence=scores.fused
    )


def _severity(scores: EnsembleScore, settings: EnsembleSettings) -> Severity | None:
    """Return how grave it is: by score, but within what its labels and its novelty allow."""
    by_score = severity_of_score(scores.fused, settings)
    if by_score is None:
        return None
    ceilings = [CEILING.get(label, Severity.CRITICAL) for label in told_labels(scores)]
    by_label = max(ceilings, default=Severity.CRITICAL)
    by_novelty = Severity.CRITICAL if scores.is_clearly_new else NOT_CLEARLY_NEW
    return min(by_score, by_label, by_novelty)


def told_labels(scores: EnsembleScore) -> tuple[str, ...]:
    """Return the labels that are more probable than not, without their members' names."""
    seen = (label.partition(": ")[2] for label, share in scores.labels if share >= LABEL_SHOWN)
    return tuple(dict.fromkeys(seen))


def _reason(
    label: str, findings: Iterable[Finding], st: StFinding | None, rhythm: RhythmFinding
) -> str:
    """Return by what the rules explain one label; empty: by nothing."""
    kinds = EXPLAINED_BY.get(label, frozenset())
    found = next((each for each in findings if each.event_type in kinds), None)
    if found is not None:
        return found.event_type.value
    if label in _MEASURED and rhythm.label != UNKNOWN:
        return "rate and beats within limits"
    known: list[str] = []
    if label in (CONDUCTION, ST_T) and st is not None:
        known += [each.kind.value for each in st.confounders if each.kind in _WIDE]
    if label == CONDUCTION:
        known += [each.sign.value for each in rhythm.observations if each.sign in _BLOCKS]
    return known[0] if known else ""
