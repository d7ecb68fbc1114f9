"""``scripts/train``: from the databases to quantised files, a manifest and a card, by one command.

What was done is kept under ``--work``: an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import ecgd
from ecgd.ensemble.fusion import MEMBERS
from ecgd.errors import EcgdError, RecordingError
from ecgd.evaluation.corpus import check_split, read_corpus
from ecgd.evaluation.logistic import Logistic, fit_logistic
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.network_label import ANOMALY, FIBRILLATION, HEADS, INFARCTION
from ecgd.model.signal import BoolArray, Float32Array, FloatArray
from ecgd.training.fitting import EPOCHS, Plan, fit, still_inputs
from ecgd.training.gathering import (
    SEED,
    Gathered,
    Variant,
    column,
    gather,
    inputs_version,
    no_noise,
    noise_pairs,
    only,
    plan_parts,
    small_corpus,
    with_synthetic,
)
from ecgd.training.judging import (
    Cohort,
    calibrate,
    cross_calibrated,
    judged_moments,
)
from ecgd.training.lessons import (
    LOSS_SHARE,
    NOISE_SHARE,
    Change,
    Noise,
    counts_of,
    make_noise,
    truth_of,
    usable,
)
from ecgd.training.outcome import Run
from ecgd.training.package import write_package
from ecgd.training.quantisation import REPRESENTATIVE, Quantised, Trial, run_file, smallest_faithful
from ecgd.training.synthetic import SYNTHETIC

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = ROOT / "models" / "quantized"
WORK: Final = Path.home() / ".cache" / "ecgd" / "training"

QUICK_EACH: Final = 4
QUICK_EPOCHS: Final = 2
QUICK_REPRESENTATIVE: Final = 40
"""A quick run: so many recordings of each collection, side and kind."""

RIVAL_LABELS: Final = (ANOMALY, INFARCTION, FIBRILLATION)
RIDGE: Final = 3.0

CONDITIONS: Final = {
    "recorded noise": Change(noise=1.0 / NOISE_SHARE, loss=0.0, shape=0.0),
    "one lead lost": Change(noise=0.0, loss=1.0 / LOSS_SHARE, shape=0.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is taught and what is judged; ``inputs`` is the version of the code that made them."""

    gathered: Gathered
    noise: Noise
    inputs: str

    @property
    def teaching(self) -> BoolArray:
        """Which moments teach; shape (moment,)."""
        return ~self.gathered.validates


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The files, what was tried for each, and what they told of the judged moments, ``rows``."""

    rows: BoolArray
    cohort: Cohort
    made: Mapping[str, Quantised]
    trials: Mapping[str, tuple[Trial, ...]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, quantise, judge and write; return the exit status."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        run_training(options, _reporter())
    except EcgdError as error:
        print(f"{error.what}\n{error.remedy}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def run_training(options: argparse.Namespace, report: Callable[[str], None]) -> Path:
    """Do all that the options ask for; return the folder that holds the result.

    Raises RecordingError without data, ModelError if what was written cannot be loaded.
    """
    material = gather_material(options, report)
    cohort_rows = judged_moments(material.gathered)
    made: dict[str, Quantised] = {}
    trials: dict[str, tuple[Trial, ...]] = {}
    for member in MEMBERS:
        network = _trained(member, material, options, report)
        made[member], trials[member] = _quantised(member, network, material, cohort_rows, options)
        report(f"{member}: {made[member].scheme}, {len(made[member].content)} bytes")
    cohort = cohort_of(material.gathered, cohort_rows, made)
    calibrated = calibrate(cohort)
    result = Result(cohort_rows, cohort, made, trials)
    run = _run_of(material, result, options)
    folder = options.out or (options.work / "quick" if options.quick else SHIPPED)
    shown = _shown(material, cohort_rows, made)
    write_package(folder, run, made, calibrated, shown)
    scorer = load_sound_scorer(folder)
    report(f"written to {folder}: {scorer.scoring}")
    return Path(folder)


def gather_material(options: argparse.Namespace, report: Callable[[str], None]) -> Material:
    """Return all inputs, taken from ``--work`` where they are and were made by this code."""
    version = inputs_version()
    entries = [] if options.data is None else read_corpus(options.data)
    if not entries and not options.quick:
        raise RecordingError("there is nothing to learn from", "Name the databases with --data.")
    if options.quick:
        entries = small_corpus(entries, QUICK_EACH)
    check_split(entries)
    entries = with_synthetic(entries, validating=options.quick)
    has_noise = options.data is not None and (options.data / "nstdb").is_dir()
    parts = plan_parts(entries, has_noise=has_noise)
    report(f"{len(entries)} recordings in {len(parts)} parts")
    work = options.work / ("quick-inputs" if options.quick else "inputs")
    _check_inputs(work, version, keep=options.keep_inputs)
    gathered = gather(options.data or Path(), work, parts, options.processes)
    noise = make_noise(noise_pairs(options.data) if has_noise else no_noise())
    report(f"{gathered.moments.count} moments, {gathered.fingerprint()[:16]}")
    return Material(gathered, noise, (work / "version").read_text(encoding="ascii").strip())


def _check_inputs(work: Path, version: str, *, keep: bool) -> None:
    """Throw away inputs that other code made, unless they are to be kept."""
    stamp = work / "version"
    if not keep and stamp.exists() and stamp.read_text(encoding="ascii").strip() != version:
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    if not stamp.exists():
        stamp.write_text(f"{version}\n", encoding="ascii")


def _trained(
    member: str, material: Material, options: argparse.Namespace, report: Callable[[str], None]
) -> Any:
    gathered = only(material.gathered, material.teaching)
    name = gathered.fingerprint()[:16]
    epochs = QUICK_EPOCHS if options.quick else options.epochs or EPOCHS[member]
    plan = Plan(member, options.seed, epochs, options.work / "networks" / name)
    return fit(plan, gathered, usable(gathered, member), material.noise, report)


def _quantised(
    member: str,
    network: Any,
    material: Material,
    cohort_rows: BoolArray,
    options: argparse.Namespace,
) -> tuple[Quantised, tuple[Trial, ...]]:
    gathered = material.gathered
    rng = np.random.default_rng(options.seed)
    fits = usable(gathered, member)
    count = QUICK_REPRESENTATIVE if options.quick else REPRESENTATIVE
    teaching = np.flatnonzero(fits & material.teaching)
    chosen = np.zeros(fits.size, np.bool_)
    chosen[rng.choice(teaching, min(count, teaching.size), replace=False)] = True
    representative = still_inputs(gathered, member, chosen, material.noise, Change())
    rows = cohort_rows & _seen_by(gathered, member)
    judged = still_inputs(gathered, member, rows, material.noise)
    truth = truth_of(gathered, member)[rows]
    return smallest_faithful(member, network, representative, judged, truth)


def _seen_by(gathered: Gathered, member: str) -> BoolArray:
    """Return which moments a member can see, whether or not something is said of them."""
    if member == "lstm":
        return gathered.moments.has_strip
    if member == "rnn":
        is_long = np.array([entry.is_long for entry in gathered.entries])[gathered.owners]
        return gathered.moments.has_rows | (~is_long & gathered.moments.has_strip)
    return np.ones(gathered.moments.count, np.bool_)


def cohort_of(gathered: Gathered, rows: BoolArray, made: Mapping[str, Quantised]) -> Cohort:
    """Return the judged moments with what each quantised file told."""
    owners = gathered.owners[rows]
    entries = [gathered.entries[k] for k in owners.tolist()]
    variants = [gathered.variants[k] for k in owners.tolist()]
    logits = {}
    for member, quantised in made.items():
        told = np.full((owners.size, len(HEADS[member])), np.nan)
        told[_seen_by(gathered, member)[rows]] = quantised.logits
        logits[member] = told
    return Cohort(
        tuple(entry.patient for entry in entries),
        tuple(entry.collection for entry in entries),
        tuple(entry.processing for entry in entries),
        np.array([variant is not Variant.PLAIN for variant in variants], np.bool_),
        np.array(
            [not e.is_long and v is Variant.PLAIN for e, v in zip(entries, variants, strict=True)],
            np.bool_,
        ),
        {member: truth_of(gathered, member)[rows] for member in made},
        logits,
    )


def fit_rival(gathered: Gathered, label: str) -> Logistic:
    """Return a logistic regression of a label on the newest row of figures."""
    figures = _newest_figures(gathered)
    truth = gathered.moments.truth[:, column(label)]
    plain = np.array([variant is Variant.PLAIN for variant in gathered.variants])[gathered.owners]
    is_long = np.array([entry.is_long for entry in gathered.entries])[gathered.owners]
    taught = ~gathered.validates & plain & ~is_long & gathered.moments.has_strip & (truth >= 0.0)
    return fit_logistic(figures[taught], truth[taught] > 0.5, ridge=RIDGE)


def _newest_figures(gathered: Gathered) -> FloatArray:
    figures: FloatArray = gathered.moments.rows[:, -1, 1:].astype(np.float64)
    return figures


def disturbed(
    material: Material, rows: BoolArray, made: Mapping[str, Quantised]
) -> dict[str, dict[str, FloatArray]]:
    """Return the logits (moment, label) of the signal's two networks under each condition."""
    told: dict[str, dict[str, FloatArray]] = {}
    for condition, change in CONDITIONS.items():
        for member in ("cnn", "lstm"):
            own = rows & _seen_by(material.gathered, member)
            seen = still_inputs(material.gathered, member, own, material.noise, change)
            logits = np.full((int(rows.sum()), len(HEADS[member])), np.nan)
            logits[own[rows]] = run_file(made[member].scheme, made[member].content, seen).logits
            told.setdefault(condition, {})[member] = logits
    return told


def _run_of(material: Material, result: Result, options: argparse.Namespace) -> Run:
    gathered, cohort, rows, made = material.gathered, result.cohort, result.rows, result.made
    members, fused = cross_calibrated(cohort)
    anomaly = cohort.truth["cnn"][:, 0]
    known = cohort.is_short & (anomaly >= 0.0)
    sides = [_recordings(gathered, side) for side in (material.teaching, rows)]
    teaching = {m: usable(gathered, m) & material.teaching for m in MEMBERS}
    rivals = {label: fit_rival(gathered, label) for label in _rivals(gathered)}
    figures = _newest_figures(gathered)[rows]
    return Run(
        weights_version=options.name or time.strftime("%Y-%m-%d", time.gmtime()),
        code_version=ecgd.__version__,
        inputs_version=material.inputs,
        data_fingerprint=gathered.fingerprint(),
        seed=options.seed,
        patients=_patients(gathered),
        teaching=sides[0],
        validating=sides[1],
        taught={m: counts_of(gathered, m, fits) for m, fits in teaching.items()},
        epochs={m: QUICK_EPOCHS if options.quick else options.epochs or EPOCHS[m] for m in made},
        trials=result.trials,
        chosen={name: each.scheme for name, each in made.items()},
        prevalence=float((anomaly[known] > 0.5).mean()) if known.any() else 0.0,
        cohort=cohort,
        members=members,
        fused=fused,
        rivals={label: rival.probabilities(figures) for label, rival in rivals.items()},
        disturbed=disturbed(material, rows, made),
        rival_models=rivals,
    )


def _patients(gathered: Gathered) -> dict[str, bool]:
    """Return every real patient, and whether that one validated."""
    real = [entry for entry in gathered.entries if entry.collection != SYNTHETIC]
    return {entry.patient: entry.validates for entry in real}


def _rivals(gathered: Gathered) -> list[str]:
    """Return the labels that a rival can learn: both kinds are there."""
    taught = ~gathered.validates & gathered.moments.has_strip
    held = {label: gathered.moments.truth[taught, column(label)] for label in RIVAL_LABELS}
    return [label for label, truth in held.items() if {0.0, 1.0} <= set(truth.tolist())]


def _recordings(gathered: Gathered, rows: BoolArray) -> dict[str, int]:
    owners = np.unique(gathered.owners[rows]).tolist()
    plain = [k for k in owners if gathered.variants[k] is Variant.PLAIN]
    return dict(Counter(gathered.entries[k].collection for k in plain))


def _shown(
    material: Material, rows: BoolArray, made: Mapping[str, Quantised]
) -> dict[str, Float32Array]:
    """Return the inputs that the golden vectors are taken from, in the order of the logits."""
    gathered = material.gathered
    return {
        member: still_inputs(gathered, member, rows & _seen_by(gathered, member), material.noise)
        for member in made
    }


def _reporter() -> Callable[[str], None]:
    began_s = time.monotonic()

    def report(line: str) -> None:
        spent_s = time.monotonic() - began_s
        print(f"{spent_s / 60:5.1f} min  {line}", file=sys.stderr, flush=True)  # noqa: T201

    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/train",
        description="Train and quantise the ensemble, and write its manifest and card.",
    )
    parser.add_argument("--data", type=Path, help="folder of the databases")
    parser.add_argument("--out", type=Path, help="where the models go; models/quantized if absent")
    parser.add_argument("--work", type=Path, default=WORK, help="where unfinished work is kept")
    parser.add_argument("--seed", type=int, default=SEED, help="same seed and data, same draws")
    parser.add_argument("--epochs", type=int, help="in place of each network's own number")
    parser.add_argument("--processes", type=int, default=2, help="how many look at recordings")
    parser.add_argument("--name", help="names the weights; the day if absent")
    parser.add_argument(
        "--keep-inputs", action="store_true", help="inputs under --work that other code made count"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a minute on a few recordings, or on the generator's alone: proves the path, no more",
    )
    return parser
