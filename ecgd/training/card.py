"""MODEL_CARD.md, written from the run that made the networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Final

import numpy as np

from ecgd.config.settings import EnsembleSettings
from ecgd.evaluation.corpus import FILTERED, RAW, SHORT
from ecgd.evaluation.detection_figures import by_patient, reliability, share_above
from ecgd.model.network_label import (
    ANOMALY,
    FIBRILLATION,
    HEADS,
    INFARCTION,
    VENTRICULAR_TACHYCARDIA,
)
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.training.judging import Cohort
from ecgd.training.outcome import (
    DRAWS,
    LabelFigures,
    Run,
    Told,
    all_figures,
    common_figures,
    figures_of,
    truth_of_label,
)

NO_FIGURE: Final = "–"


def write_card(run: Run) -> str:
    """Return the whole card as Markdown."""
    sections = (
        _head(run),
        _contents(run),
        _figures_section(run),
        _operating_section(run),
        _calibration_section(run),
        _filter_section(run),
        _disturbed_section(run),
        _quantisation_section(run),
        _LIMITS,
    )
    return "\n".join(sections)


def _head(run: Run) -> str:
    return f"""# Model card: the quantised ensemble, weights {run.weights_version}

Written by `scripts/train` from the run that made these files; no figure was entered by hand.

| | |
|---|---|
| code | ecgd {run.code_version}, inputs {run.inputs_version} |
| data | SHA-256 {run.data_fingerprint} |
| seed | {run.seed} |
| epochs | {", ".join(f"{name} {count}" for name, count in run.epochs.items())} |
| teaching | {_counts(run.teaching)} |
| validating | {_counts(run.validating)} |

**What they are for.** A second opinion beside the rules, on six limb leads of a monitor worn on
the body. They raise an alarm only on lasting change, never clear one of the rules, and never say
that a heart is well.
"""


_MEANING: Final = """## What "significant anomaly" contains

The same label for all three networks; it is what is fused. It holds for an infarction of any age
(in these data mostly old or undated ones: acute STEMI is rare in open collections), ischaemia, ST
or T change, a complete bundle-branch block, pacing or pre-excitation, atrial fibrillation or
flutter, other tachycardias, three ectopic beats in ten seconds, bigeminy, runs, ventricular
tachycardia or fibrillation, standstill. It does not hold for sinus rhythm that experts called
normal, at whatever sinus rate. What is slight (fascicular or incomplete block, hypertrophy alone,
a long PR, a single early beat) is neither and teaches nothing.

- **cnn**: the newest 5 s of six leads, z-scored. Besides real records it was shown normal ones
  with an acute injury current put into every beat (infarction, significant), which never validate.
- **lstm**: the newest 10 s of I and II in frames of 80 ms with the beats that the daemon finds in
  them. The rhythm collections say nothing of morphology: where their rhythm is normal, "not
  significant" counts half. Rhythms of the generator teach, and never validate.
- **rnn**: rows of figures, one every 10 s, over 5 minutes. Open data hold hardly any minutes of
  evolving ST: *evolving* is learned, and judged, on simulated courses laid over real long
  recordings (QTDB, MIT-BIH). For the fused label a short record's one row is continued as rows of
  long recordings vary; that is a simulation too.
"""


def _contents(run: Run) -> str:
    lines = [_MEANING, "| network | label | recordings with | without |", "|---|---|---|---|"]
    for member, labels in run.taught.items():
        lines += [f"| {member} | {name} | {a} | {b} |" for name, (a, b) in labels.items()]
    return "\n".join((*lines, ""))


def _figures_section(run: Run) -> str:
    lines = [
        "## Figures on validation patients\n",
        "PTB-XL fold 9 and one patient of five elsewhere. *Significant anomaly* on short records\n"
        "only, by experts' whole reading; the eyes' own labels on all. AUC with 95 % limits by a\n"
        "bootstrap over patients. `logistic` is a logistic regression on the rows of figures: the\n"
        "networks must beat it to earn their place. Published, six limb leads: MI 0.85 to 0.88\n"
        "(Cho 2020).\n",
        "| detector | label | with / without | AUC | AUPRC | Se at 95 % Sp | Sp at 90 % Se "
        "| Brier |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_figures_line(each) for each in all_figures(run)]
    return "\n".join((*lines, "", _comparison(run), ""))


def _figures_line(each: LabelFigures) -> str:
    return (
        f"| {each.detector} | {each.label} | {each.ill} / {each.well} | {_limits(each)} "
        f"| {each.precision:.3f} | {100 * each.sensitivity:.0f} % "
        f"| {100 * each.specificity:.0f} % | {each.brier:.3f} |"
    )


def _comparison(run: Run) -> str:
    """Say by how much the ensemble beats its best member on the moments that all see."""
    told = {each.detector: each.auc.value for each in common_figures(run)}
    fused = {name: value for name, value in told.items() if "+" in name}
    alone = {name: value for name, value in told.items() if "+" not in name}
    if not fused or not alone:
        return ""
    whole = max(fused, key=lambda name: name.count("+"))
    best = max(alone, key=lambda name: alone[name])
    gain = fused[whole] - alone[best]
    verb = "beats" if gain > 0 else "does not beat"
    return (
        f"Where all see: {whole} has AUC {fused[whole]:.3f} and {verb} its best member, {best} "
        f"with {alone[best]:.3f}, by {gain:+.3f}."
    )


def _operating_section(run: Run) -> str:
    threshold = EnsembleSettings().anomaly_threshold
    lines = [
        f"## At a score of {threshold:g}, before the boost\n",
        "Wanted: at least 80 % of infarctions, of fibrillating atria and of ventricular\n"
        "tachycardias, with at most 5 % of normal recordings. What no member could see counts as\n"
        "missed.\n",
        "| members | infarction | acute injury put into normal records | atrial fibrillation "
        "| ventricular tachycardia | normal flagged |",
        "|---|---|---|---|---|---|",
    ]
    for key, told in run.fused.items():
        lines.append(f"| {key} | {' | '.join(_operating(run.cohort, told, threshold))} |")
    return "\n".join((*lines, ""))


def _operating(cohort: Cohort, told: FloatArray, threshold: float) -> Iterator[str]:
    scores = np.nan_to_num(told, nan=-1.0)
    injured = cohort.simulated & np.isin(cohort.collections, SHORT)
    for label in (INFARCTION, FIBRILLATION, VENTRICULAR_TACHYCARDIA):
        real = (truth_of_label(cohort, label) > 0.5) & ~cohort.simulated
        yield _share(cohort, real, scores, threshold)
        if label == INFARCTION:
            yield _share(cohort, injured, scores, threshold)
    normal = cohort.is_short & (next(iter(cohort.truth.values()))[:, 0] == 0.0)
    yield _share(cohort, normal, scores, threshold)


def _share(cohort: Cohort, rows: BoolArray, scores: FloatArray, threshold: float) -> str:
    if not rows.any():
        return NO_FIGURE
    patients = [name for name, own in zip(cohort.patients, rows, strict=True) if own]
    whole = np.ones(int(rows.sum()), np.bool_)
    each = by_patient(share_above(threshold), whole, scores[rows], patients, DRAWS)
    return (
        f"{100 * each.value:.0f} % ({100 * each.low:.0f} to {100 * each.high:.0f}) of {whole.size}"
    )


def _calibration_section(run: Run) -> str:
    anomaly = next(iter(run.cohort.truth.values()))[:, 0]
    lines = [
        "## Calibration\n",
        f"Platt, on validation patients, prevalence {100 * run.prevalence:.0f} %, before any\n"
        "boost. In use the prevalence is lower, and a score means less. Told and held, by bins:\n",
        "| members | told: held (moments) |",
        "|---|---|",
    ]
    for key, told in run.fused.items():
        known = run.cohort.is_short & (anomaly >= 0.0) & np.isfinite(told)
        bins = reliability(anomaly[known] > 0.5, told[known])
        said = ", ".join(f"{each.told:.2f}: {each.held:.2f} ({each.count})" for each in bins)
        lines.append(f"| {key} | {said} |")
    return "\n".join((*lines, ""))


def _filter_section(run: Run) -> str:
    lines = [
        "## By processing\n",
        "Most of PTB-XL here was rebuilt from signals that their makers had filtered (0.5 to\n"
        "40 Hz). All inputs are band-limited alike; a network that knew the filter would differ\n"
        "between the two.\n",
        "| detector | label | processing | with / without | AUC |",
        "|---|---|---|---|---|",
    ]
    cohort = run.cohort
    for label in (ANOMALY, INFARCTION):
        truth = truth_of_label(cohort, label)
        place = HEADS["cnn"].index(label)
        for kind in (RAW, FILTERED):
            rows = cohort.is_short & np.array(
                [
                    p == kind and c == "ptbxl"
                    for p, c in zip(cohort.processing, cohort.collections, strict=True)
                ]
            )
            if "cnn" in run.members:
                told = cohort.logits["cnn"][:, place]
                figures = figures_of(Told("cnn", label, truth, told), cohort, rows)
                lines += _auc_line(figures, kind)
    return "\n".join((*lines, ""))


def _auc_line(each: LabelFigures | None, condition: str) -> list[str]:
    if each is None:
        return []
    counts = f"{each.ill} / {each.well}"
    return [f"| {each.detector} | {each.label} | {condition} | {counts} | {_limits(each)} |"]


def _disturbed_section(run: Run) -> str:
    lines = [
        "## With noise, and with one lead lost\n",
        "Recorded noise (NSTDB) at 3 to 24 dB on every moment, or I or II gone: by the\n"
        "quantised files.\n",
        "| detector | label | condition | with / without | AUC |",
        "|---|---|---|---|---|",
    ]
    cohort = run.cohort
    for condition, told_by in run.disturbed.items():
        for member, told in told_by.items():
            for k, label in enumerate(HEADS[member]):
                truth = cohort.truth[member][:, k]
                each = Told(member, label, truth, told[:, k])
                figures = figures_of(each, cohort, cohort.is_short)
                lines += _auc_line(figures, condition)
    return "\n".join((*lines, ""))


def _quantisation_section(run: Run) -> str:
    lines = [
        "## Quantisation\n",
        "The first of int8, 16x8 and dynamic range whose AUC is at most 0.005 below the float\n"
        "network's, for the fused label and for the own labels in the mean. One thread of the\n"
        "machine that trained.\n",
        "| network | scheme | bytes | AUC lost, fused label | own labels | p99 | taken |",
        "|---|---|---|---|---|---|---|",
    ]
    for member, trials in run.trials.items():
        for trial in trials:
            lines.append(
                f"| {member} | {trial.scheme} | {trial.size_bytes} | {trial.anomaly_loss:+.4f} "
                f"| {trial.own_loss:+.4f} | {1000 * trial.invoke_p99_s:.2f} ms "
                f"| {'yes' if trial.scheme == run.chosen[member] else 'no'} |"
            )
    return "\n".join((*lines, ""))


_LIMITS: Final = """## Limits

Some 2,500 patients taught these networks; published ones had ten times as many. Six limb leads do
not show the anterior, septal and posterior walls. Validation patients also set the calibration
(each half by the other for the figures above). Patients of intensive care, of stress tests and of
one country's clinics are most of them; children, pregnancy and congenital disease are hardly there.
"""


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _limits(each: LabelFigures) -> str:
    return f"{each.auc.value:.3f} ({_three(each.auc.low)} to {_three(each.auc.high)})"


def _three(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else NO_FIGURE
