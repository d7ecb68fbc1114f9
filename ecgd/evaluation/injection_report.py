"""The tables of injected and of missing STEMI, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ecgd.evaluation.diagnoses import Diagnosis
from ecgd.evaluation.injection import AXES_DEG
from ecgd.evaluation.injection_study import (
    CONFOUNDED_SIZES_MV,
    CONFOUNDERS,
    NOISE_DB,
    SIZES_MV,
    InjectionRow,
)
from ecgd.evaluation.limits import area_under_curve, share_words

PREVALENCES: Final = (0.5, 0.1, 0.01)
TARGET_MV: Final = 0.2

_ABOUT: Final = f"""\
An injury vector in the frontal plane is put into every beat of raw ten-second records (PTB-XL,
LUDB, PTB, CPSC 2018, Georgia, Chapman–Ningbo, SPH; one record a patient): full size at the J point
(the experts' in LUDB, else our own in the clean record), starting 30 ms before it and going on
into T. Its size is the elevation in the weaker lead of the best contiguous pair; it comes on top of
whatever ST the heart has. Inferior vectors point to 75, 90 and 110°, high lateral ones to −40, −30
and −10°, in turn. Told means: the verdict of the record is CRITICAL_STEMI; a record that cannot be
judged is a miss. Noise is NSTDB's, its three kinds in turn, at {NOISE_DB:.0f} dB. An ordinary run
takes every second record as it is, injects into every tenth, and takes all with left bundle-branch
block, pacing and early repolarisation. Limits are Wilson's, 95 %.
"""


def injection_section(rows: Sequence[InjectionRow]) -> str:
    """Return sensitivity by size, territory and confounder, and specificity by diagnosis."""
    return "\n".join(
        (
            "## STEMI, injected into real records\n",
            _ABOUT,
            *_sensitivity(rows),
            "",
            *_confounded(rows),
            "",
            *_specificity(rows),
            "",
            *_predictive(rows),
            "",
        )
    )


def _sensitivity(rows: Sequence[InjectionRow]) -> list[str]:
    normal = [row for row in rows if row.injury and not row.noisy and _is_normal(row)]
    lines = [
        "| normal hearts with | size, mV | n | told | told as HIGH at least | judged |",
        "|---|---|---|---|---|---|",
    ]
    for territory in AXES_DEG:
        for size in SIZES_MV:
            chosen = [
                row
                for row in normal
                if row.injury and row.injury.territory is territory and row.injury.size_mv == size
            ]
            lines.append(f"| {territory} | {size:.2f} {_line(chosen)}")
    return lines


def _confounded(rows: Sequence[InjectionRow]) -> list[str]:
    lines = [
        "| either territory, with | size, mV | n | told | told as HIGH at least | judged |",
        "|---|---|---|---|---|---|",
    ]
    injured = [row for row in rows if row.injury and not row.noisy]
    for diagnosis in CONFOUNDERS:
        for size in CONFOUNDED_SIZES_MV:
            chosen = [r for r in injured if diagnosis in r.diagnoses and _size(r) == size]
            lines.append(f"| {diagnosis} | {size:.2f} {_line(chosen)}")
    noisy = [row for row in rows if row.noisy and row.injury and _is_normal(row)]
    lines.append(f"| noise added to normal | {TARGET_MV:.2f} {_line(noisy)}")
    return lines


def _specificity(rows: Sequence[InjectionRow]) -> list[str]:
    clean = [row for row in rows if row.injury is None and not row.noisy]
    others = [row for row in clean if Diagnosis.ACUTE not in row.diagnoses]
    groups: list[tuple[str, list[InjectionRow]]] = [
        ("normal and nothing else", [row for row in clean if _is_normal(row)]),
        *((str(d), [row for row in others if d in row.diagnoses]) for d in Diagnosis),
        ("noise added to normal", [row for row in rows if row.injury is None and row.noisy]),
        ("**all without acute infarction**", others),
    ]
    return [
        "Nothing injected; a patient may be in several groups. Records labelled as acute",
        "infarction or injury, most of them anterior, are left out.\n",
        "| group | n | not CRITICAL_STEMI | not HIGH either | judged |",
        "|---|---|---|---|---|",
        *(f"| {name} {_spared(group)}" for name, group in groups if group),
    ]


def _predictive(rows: Sequence[InjectionRow]) -> list[str]:
    ill = [row for row in rows if row.injury and not row.noisy and _is_normal(row)]
    at_target = [row for row in ill if _size(row) == TARGET_MV]
    well = [
        row
        for row in rows
        if row.injury is None and not row.noisy and Diagnosis.ACUTE not in row.diagnoses
    ]
    if not at_target or not well:
        return []
    sensitivity = sum(row.is_stemi for row in at_target) / len(at_target)
    false_share = sum(row.is_stemi for row in well) / len(well)
    lines = [
        f"At {TARGET_MV:.1f} mV, against all without acute infarction:\n",
        "| prevalence | PPV | NPV |",
        "|---|---|---|",
    ]
    for prevalence in PREVALENCES:
        told, missed = prevalence * sensitivity, prevalence * (1 - sensitivity)
        falsely, rightly = (1 - prevalence) * false_share, (1 - prevalence) * (1 - false_share)
        ppv = told / (told + falsely) if told + falsely else float("nan")
        npv = rightly / (rightly + missed)
        lines.append(f"| {100 * prevalence:g} % | {100 * ppv:.1f} % | {100 * npv:.1f} % |")
    scores = [f"{_area(ill, well, size):.4f} at {size:.2f} mV" for size in SIZES_MV[1:4]]
    lines.append("\nAUC of the elevation in the weaker lead of the best pair: " + ", ".join(scores))
    return lines


def _area(ill: Iterable[InjectionRow], well: Iterable[InjectionRow], size_mv: float) -> float:
    """A record without a score counts as lowest, ill or well: it was not told."""
    lowest = float("-inf")
    return area_under_curve(
        [lowest if r.score_mv is None else r.score_mv for r in ill if _size(r) == size_mv],
        [lowest if r.score_mv is None else r.score_mv for r in well],
    )


def _line(rows: Sequence[InjectionRow]) -> str:
    told = share_words(_count(rows, lambda row: row.is_stemi), len(rows))
    high = share_words(_count(rows, lambda row: row.is_high), len(rows))
    return f"| {len(rows)} | {told} | {high} | {_judged(rows)} |"


def _spared(rows: Sequence[InjectionRow]) -> str:
    critical = share_words(_count(rows, lambda row: not row.is_stemi), len(rows))
    high = share_words(_count(rows, lambda row: not row.is_high), len(rows))
    return f"| {len(rows)} | {critical} | {high} | {_judged(rows)} |"


def _judged(rows: Sequence[InjectionRow]) -> str:
    judged = _count(rows, lambda row: row.verdict is not None)
    return f"{100 * judged / len(rows):.1f} %" if rows else "–"


def _count(rows: Iterable[InjectionRow], holds: Callable[[InjectionRow], bool]) -> int:
    return sum(holds(row) for row in rows)


def _size(row: InjectionRow) -> float:
    return row.injury.size_mv if row.injury else 0.0


def _is_normal(row: InjectionRow) -> bool:
    return row.diagnoses == {Diagnosis.NORMAL}
