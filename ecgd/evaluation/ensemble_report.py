"""The ensemble's part of the page: ranking, calibration, operating point, rivals, targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import MEMBERS
from ecgd.evaluation.corpus import FILTERED, RAW
from ecgd.evaluation.detection_figures import Interval, auc, reliability
from ecgd.evaluation.ensemble_figures import (
    DRAWS,
    NO_FIGURE,
    Judged,
    as_recorded,
    difference,
    flagged,
    flagged_patients,
    ill_with,
    judge,
    number,
    percent,
    ranking_line,
    short,
    well,
)
from ecgd.evaluation.ensemble_rival import RIVAL
from ecgd.evaluation.ensemble_study import FUSED, LIMB, Condition, EnsemblePart, EnsembleRow
from ecgd.evaluation.figures import Figures
from ecgd.model.network_label import (
    ANOMALY,
    FIBRILLATION,
    HEADS,
    INFARCTION,
    RHYTHM,
    VENTRICULAR_TACHYCARDIA,
)

ALARMED: Final = (INFARCTION, FIBRILLATION, VENTRICULAR_TACHYCARDIA)
FLAGGED_LEAST: Final = 0.80
FLAGGED_MOST: Final = 0.05
AREAS: Final = (("cnn", INFARCTION, 0.88), (FUSED, ANOMALY, 0.93), ("lstm", FIBRILLATION, 0.98))
"""What is wanted of the score at its threshold, and of the ranking of short recordings."""

RIVALRY: Final = ((FUSED, ANOMALY), ("cnn", INFARCTION), ("lstm", FIBRILLATION))
CHANGED: Final = (
    (FUSED, ANOMALY),
    ("cnn", ANOMALY),
    ("lstm", ANOMALY),
    ("cnn", INFARCTION),
    ("lstm", FIBRILLATION),
)
"""Which detectors and labels are set against the rival, and looked at in changed recordings."""

NONE_INSTALLED: Final = """\
## The ensemble

No model is installed that can be judged: there are none, or no list of the patients who taught
them lies beside them.
"""

_PUBLISHED: Final = """
### Beside what others have published

| who | what | leads | recordings to learn from | figure |
|---|---|---|---|---|
| Cho 2020 (Sci Rep 10:20495) | infarction by angiography within 24 h | six limb leads | 9,536, \
and 412,461 for an encoder | AUC 0.880; in another hospital 0.854 |
| Strodthoff 2021 (IEEE JBHI 25:1519), resnet1d_wang | five superclasses, PTB-XL fold 10 | twelve \
| 17,400 | macro AUC 0.930 |
| the same, xresnet1d101 | twelve rhythms, PTB-XL fold 10 | twelve | 17,400 | macro AUC 0.957 |
| Nejedly 2021, winner of Challenge 2021 | 30 conditions, hidden test set | twelve to two | 88,253 \
| Challenge score 0.58 |

None is quite our task: they had three to thirty times as many recordings, most had more leads, and
they ask for other labels. Cho's is the nearest to our infarction. Over the entries of that
challenge the choice of leads mattered less than whose recordings were judged (Reyna 2022).
"""


def ensemble_section(parts: Sequence[EnsemblePart], figures: Figures) -> str:
    """Return all figures of the networks as Markdown."""
    every = [row for part in parts for row in part.rows]
    if not every:
        return NONE_INSTALLED
    rows = as_recorded(every)
    left_out = frozenset[str]().union(*(part.left_out for part in parts))
    sections = (
        _head(rows, left_out),
        _ranking(rows),
        _rivalry(rows),
        _operating(rows),
        _targets(rows),
        _calibration(rows, figures),
        _processing(rows),
        _changed(every),
        _PUBLISHED,
    )
    return "\n".join(sections)


def _head(rows: Sequence[EnsembleRow], left_out: frozenset[str]) -> str:
    patients = {row.patient for row in rows}
    calibrated = {row.patient for row in rows if row.validated}
    unseen = sum(not row.told for row in rows)
    return (
        "## The ensemble\n\n"
        f"{len(rows)} moments of {len(patients)} patients, asked through the daemon's own\n"
        "analysis: the end of each short recording, every 5 s of the first ten minutes of long\n"
        f"ones. The {len(left_out)} patients of this folder who taught the networks are left out.\n"
        f"Of the others {len(calibrated)} have calibrated them (two figures a label), of\n"
        f"{len(patients) - len(calibrated)} nothing is known to them. What nobody could see,\n"
        f"{unseen} moments, counts as the lowest score. The RNN needs two minutes: it sees no\n"
        f"short recording. In brackets 95 % limits, by a bootstrap over patients ({DRAWS} draws).\n"
    )


def _ranking(rows: Sequence[EnsembleRow]) -> str:
    lines = [
        "On short recordings, whose whole ECG experts have read; of long ones, where only rhythm\n"
        "and beats are marked, rhythms and *significant anomaly*, where something was told: these\n"
        f"are few patients, mostly very ill. `{RIVAL}` is a logistic regression on the RNN's\n"
        "row of figures, fitted on those who taught the networks.\n",
        "| detector | label | with / without | AUC | AUPRC | Se at 95 % Sp | Sp at 90 % Se "
        "| Brier |",
        "|---|---|---|---|---|---|---|---|",
    ]
    brief, long = short(rows), [row for row in rows if row.is_long]
    for detector in (FUSED, *MEMBERS, RIVAL):
        for label in HEADS.get(detector, (ANOMALY, *ALARMED)):
            lines += _line(detector, label, judge(brief, detector, label))
            if label in (ANOMALY, *RHYTHM):
                judged = judge(long, detector, label).told
                lines += _line(f"{detector}, long", label, judged)
    return "\n".join((*lines, ""))


def _line(detector: str, label: str, judged: Judged) -> list[str]:
    return [ranking_line(detector, label, judged)] if judged.can_rank else []


def _rivalry(rows: Sequence[EnsembleRow]) -> str:
    """Say whether the networks earn their place, and the fusion its."""
    brief = short(rows)
    pairs = [(detector, RIVAL, label) for detector, label in RIVALRY]
    pairs += [(FUSED, member, ANOMALY) for member in MEMBERS]
    lines = [
        "### Do they earn their place?\n",
        "Short recordings, the same moments for both.\n",
        "| label | this | beside | gain of AUC | |",
        "|---|---|---|---|---|",
    ]
    for one, other, label in pairs:
        both = judge(brief, one, label), judge(brief, other, label)
        if all(each.can_rank for each in both):
            gain = difference(*both)
            cells = (label, one, other, number(gain, "+"), _verdict(gain))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join((*lines, ""))


def _verdict(gain: Interval) -> str:
    if gain.low > 0.0:
        return "better"
    return "worse" if gain.high < 0.0 else "not told apart"


def _operating(rows: Sequence[EnsembleRow]) -> str:
    threshold = EnsembleSettings().anomaly_threshold
    groups = [*(ill_with(rows, label) for label in ALARMED), well(rows)]
    lines = [
        f"### At a score of {threshold:g}, before the boost\n",
        "The share of moments that is flagged, what nobody could see among those that are not.\n",
        f"| detector | {' | '.join(ALARMED)} | normal recordings |",
        "|---|---|---|---|---|",
    ]
    for detector in (FUSED, *MEMBERS, RIVAL):
        if any(row.score(detector, ANOMALY) >= 0.0 for row in rows):
            shares = [percent(flagged(own, detector, threshold)) for own in groups]
            lines.append(f"| {detector} | {' | '.join(shares)} |")
    each = [percent(flagged_patients(own, FUSED, threshold)) for own in groups]
    counts = [f"{len(own)} of {len({row.patient for row in own})}" for own in groups]
    lines.append(f"| {FUSED}, every patient counted as one | {' | '.join(each)} |")
    lines.append(f"| moments of patients | {' | '.join(counts)} |")
    return "\n".join((*lines, ""))


def _targets(rows: Sequence[EnsembleRow]) -> str:
    brief = short(rows)
    threshold = EnsembleSettings().anomaly_threshold
    lines = [
        "### What was wanted\n",
        "| figure | wanted | measured | kept |",
        "|---|---|---|---|",
    ]
    for detector, label, least in AREAS:
        judged = judge(brief, detector, label)
        area = judged.figure(auc) if judged.can_rank else None
        words = NO_FIGURE if area is None else number(area)
        lines.append(_target(f"AUC, {detector}: {label}", f"≥ {least:g}", words, area, least))
    for label in ALARMED:
        share = flagged(ill_with(rows, label), FUSED, threshold)
        name = f"flagged at {threshold:g}: {label}"
        lines.append(_target(name, "≥ 80 %", percent(share), share, FLAGGED_LEAST))
    share = flagged(well(rows), FUSED, threshold)
    kept = _kept(None if share is None else share.value <= FLAGGED_MOST)
    name = f"flagged at {threshold:g}: normal recordings"
    lines.append(f"| {name} | ≤ 5 % | {percent(share)} | {kept} |")
    return "\n".join((*lines, ""))


def _target(name: str, wanted: str, words: str, figure: Interval | None, least: float) -> str:
    kept = _kept(None if figure is None else figure.value >= least)
    return f"| {name} | {wanted} | {words} | {kept} |"


def _kept(kept: bool | None) -> str:
    if kept is None:
        return "cannot be told"
    return "yes" if kept else "**no**"


def _calibration(rows: Sequence[EnsembleRow], figures: Figures) -> str:
    told = {name: judge(short(rows), name, ANOMALY).told for name in (FUSED, *MEMBERS)}
    bins = {name: reliability(each.holds, each.scores) for name, each in told.items()}
    prevalence = told[FUSED].holds.mean() if told[FUSED].holds.size else 0.0
    lines = [
        "### Calibration of *significant anomaly*\n",
        f"Told and held, in bins of a tenth; prevalence here {100 * prevalence:.0f} %. Where it\n"
        "is lower, as in people who are watched for safety, a score means less.\n",
        "| detector | told: held (moments) |",
        "|---|---|",
    ]
    for name, own in bins.items():
        if own:
            said = ", ".join(f"{each.told:.2f}: {each.held:.2f} ({each.count})" for each in own)
            lines.append(f"| {name} | {said} |")
    curves = {name: [(b.told, b.held) for b in own] for name, own in bins.items() if own}
    plot = figures.curves("ensemble", curves, x="probability told", y="share held", diagonal=True)
    return "\n".join((*lines, "", plot))


def _processing(rows: Sequence[EnsembleRow]) -> str:
    """Return AUC by processing: a network that knew its makers' filter would differ."""
    lines = [
        "### By processing\n",
        "PTB-XL; most of it was rebuilt from signals that their makers had filtered.\n",
        "| detector | label | processing | with / without | AUC |",
        "|---|---|---|---|---|",
    ]
    for detector, label in CHANGED:
        for kind in (RAW, FILTERED):
            own = [r for r in short(rows) if r.collection == "ptbxl" and r.processing == kind]
            judged = judge(own, detector, label)
            if judged.can_rank:
                area = number(judged.figure(auc))
                lines.append(f"| {detector} | {label} | {kind} | {judged.counts} | {area} |")
    return "\n".join((*lines, ""))


def _changed(every: Sequence[EnsembleRow]) -> str:
    """Return AUC with noise and with one lead alone, on the same recordings as they are."""
    limb = [row for row in short(every) if row.collection in LIMB]
    lines = [
        "### With noise, and with one lead lost\n",
        "The same recordings as they are, with NSTDB's three kinds of noise in turn (12 dB as\n"
        "the noise stress test counts it), and from a device with I or II alone.\n",
        f"| detector | label | {' | '.join(Condition)} |",
        f"|---|---|{'---|' * len(Condition)}",
        *(line for pair in CHANGED if (line := _changed_line(limb, *pair))),
        _unseen_line(limb),
    ]
    return "\n".join((*lines, ""))


def _changed_line(limb: Sequence[EnsembleRow], detector: str, label: str) -> str:
    own = [judge(rows, detector, label) for rows in _by_condition(limb)]
    if not own[0].can_rank:
        return ""
    cells = [number(each.figure(auc)) if each.can_rank else NO_FIGURE for each in own]
    return f"| {detector} | {label} | {' | '.join(cells)} |"


def _unseen_line(limb: Sequence[EnsembleRow]) -> str:
    shares = [
        f"{100 * sum(bool(row.told) for row in rows) / len(rows):.0f} %" if rows else NO_FIGURE
        for rows in _by_condition(limb)
    ]
    return f"| could be judged | | {' | '.join(shares)} |"


def _by_condition(rows: Sequence[EnsembleRow]) -> Iterator[list[EnsembleRow]]:
    for condition in Condition:
        yield [row for row in rows if row.condition is condition]
