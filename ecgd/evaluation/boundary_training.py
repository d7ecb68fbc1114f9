"""Trains the boundary network: the shipped one on every record, and one for each fold.

``scripts/train-boundaries --data DIR`` writes both files of weights. torch is needed here only;
the daemon computes the network with numpy (``ecgd/features/boundary_network.py``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.boundary_augmentation import Lesson, make_lesson
from ecgd.evaluation.boundary_examples import Example, collect_examples, collect_noise
from ecgd.evaluation.boundary_folds import FOLD_WEIGHTS, FOLDS, fold_of
from ecgd.features.boundary_network import (
    ABSENCE_SCORE,
    CHANNELS,
    MARKS,
    PLACES,
    STEP_S,
    STEPS,
)
from ecgd.features.segments import BEFORE_S
from ecgd.model.signal import Float32Array

SEED: Final = 20
EPOCHS: Final = (20, 8)
BATCH_ROWS: Final = 96
LEARNING_RATES: Final = (4e-3, 2e-3)
"""The first course shows beats as they were recorded, the second with changed intervals."""

WEIGHT_DECAY: Final = 1e-3
GRADIENT_NORM: Final = 2.0
NARROW: Final = 24
WIDE: Final = 32
DILATIONS: Final = (1, 2, 4, 8)
"""The network's widths at the full and at half the rate, and how far its blocks reach."""

TARGET_SD_S: Final = (0.008, 0.008, 0.008, 0.005, 0.006, 0.012, 0.010, 0.010)
MARK_WEIGHT: Final = (1.0, 0.7, 1.0, 1.5, 1.5, 0.7, 0.7, 1.0)
"""By mark: how sharp an expert's mark is taken to be, and how much it counts."""

PLACE_UNIT_S: Final = 0.020
PLACE_WEIGHT: Final = 0.5
PRESENCE_WEIGHT: Final = 2.0
"""The error of the mean place is squared up to this, and how that and a wave's presence count."""

Weights = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Training:
    """What one process trains: the examples of all parts but ``left_out`` (none: all)."""

    examples: Sequence[Example]
    noise: Float32Array
    left_out: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the weights of the shipped network and of those of the folds."""
    options = _parser().parse_args(arguments)
    examples = collect_examples(options.data, options.processes)
    noise = collect_noise(options.data, Settings().analysis, SEED)
    print(f"{len(examples)} beats, {fingerprint_of(examples)}", file=sys.stderr)  # noqa: T201
    tasks = [Training(examples, noise, left_out) for left_out in (*range(FOLDS), None)]
    with ProcessPoolExecutor(options.processes) as pool:
        *folds, shipped = pool.map(train, tasks)
    write_networks(examples, folds, shipped)
    return 0


def write_networks(examples: Sequence[Example], folds: Sequence[Weights], shipped: Weights) -> None:
    """Write the package's two files, each with what it was learned from."""
    package = Path(__file__).parent.parent
    known = {"data": np.array(fingerprint_of(examples))}
    write_arrays(package / "features" / "boundary_network.npz", known | shipped)
    known["records"] = np.array(sorted({f"{each.database}/{each.record}" for each in examples}))
    for number, fold in enumerate(folds):
        known |= {f"fold{number}.{name}": held for name, held in fold.items()}
    write_arrays(package / "evaluation" / FOLD_WEIGHTS, known)


def write_arrays(path: Path, arrays: Weights) -> None:
    """Write an .npz file; the same arrays give the same bytes."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, held in arrays.items():
            content = BytesIO()
            np.save(content, held, allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy"), content.getvalue(), ZIP_DEFLATED)


def fingerprint_of(examples: Sequence[Example]) -> str:
    """Return what the examples were, as a hash of their signals and marks."""
    digest = sha256()
    for each in examples:
        digest.update(f"{each.database}/{each.record}".encode())
        digest.update(each.signal.tobytes())
        digest.update(each.marks.tobytes())
    return digest.hexdigest()


def train(task: Training) -> Weights:
    """Train one network, course after course."""
    weights: Weights | None = None
    for course in range(len(EPOCHS)):
        weights = take_course(task, weights, course)
    assert weights is not None
    return weights


def take_course(task: Training, before: Weights | None, course: int) -> Weights:
    """Train on from ``before`` (None: from random weights); the report goes to standard error."""
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED + course)
    kept = [
        each
        for each in task.examples
        if task.left_out is None or fold_of(each.database, each.record) != task.left_out
    ]
    weights = first_weights(torch) if before is None else as_tensors(torch, before)
    rate, epochs = LEARNING_RATES[course], EPOCHS[course]
    optimiser = torch.optim.AdamW(weights.values(), lr=rate, weight_decay=WEIGHT_DECAY)
    schedule: Any = None
    for epoch in range(epochs):
        lesson = make_lesson(kept, task.noise, rng, stretched=course > 0)
        if schedule is None:
            steps = round(1.05 * epochs * lesson.rows / BATCH_ROWS) + 100
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimiser, rate, total_steps=steps, pct_start=0.2
            )
        batches = _batches(lesson, rng)
        losses = [_step(torch, weights, optimiser, schedule, batch) for batch in batches]
        line = f"without {task.left_out}, course {course}, epoch {epoch}: {np.mean(losses):.3f}"
        print(line, file=sys.stderr)  # noqa: T201
    return as_arrays(weights)


def _batches(lesson: Lesson, rng: np.random.Generator) -> Iterator[Lesson]:
    """Yield the whole lesson in a random order; a rest too small for a batch is left."""
    order = rng.permutation(lesson.rows)
    for start in range(0, lesson.rows - BATCH_ROWS + 1, BATCH_ROWS):
        chosen = order[start : start + BATCH_ROWS]
        yield Lesson(lesson.seen[chosen], lesson.marks_s[chosen])


def _step(
    torch: Any, weights: dict[str, Any], optimiser: Any, schedule: Any, batch: Lesson
) -> float:
    """Learn from one batch; return its loss."""
    marks_s = torch.from_numpy(batch.marks_s.astype(np.float32))
    optimiser.zero_grad()
    loss = loss_of(torch, scores_of(torch, weights, torch.from_numpy(batch.seen)), marks_s)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights.values(), GRADIENT_NORM)
    optimiser.step()
    schedule.step()
    return float(loss.item())


def _inputs() -> dict[str, int]:
    """Return the number of channels that each layer takes."""
    inputs = {"stem": CHANNELS, "down": 2 * NARROW}
    inputs |= {f"block{k}": WIDE for k in range(len(DILATIONS))}
    return inputs | {"up": WIDE, "merge": NARROW, "heads": NARROW}


def first_weights(torch: Any) -> dict[str, Any]:
    """Return random weights by name: matrices (out, in, tap) and biases (out,)."""
    outputs = {"stem": NARROW, "up": 2 * NARROW, "merge": NARROW, "heads": 2 * len(MARKS)}
    taps = {"stem": 5, "up": 1, "heads": 1}
    weights = {}
    for name, inputs in _inputs().items():
        shape = (outputs.get(name, WIDE), inputs, taps.get(name, 3))
        bound = 1.0 / float(np.sqrt(shape[1] * shape[2]))
        weights[f"{name}.matrix"] = torch.empty(shape).uniform_(-bound, bound).requires_grad_()
        weights[f"{name}.bias"] = torch.zeros(shape[0]).requires_grad_()
    return weights


def scores_of(torch: Any, weights: dict[str, Any], seen: Any) -> Any:
    """Return the scores (row, mark, step) of inputs (row, channel, place), as the daemon does."""

    def convolve(rows: Any, name: str, dilation: int = 1) -> Any:
        matrix = weights[f"{name}.matrix"]
        reach = dilation * (matrix.shape[2] // 2)
        return torch.nn.functional.conv1d(
            rows, matrix, weights[f"{name}.bias"], padding=reach, dilation=dilation
        )

    count = seen.shape[0]
    first = torch.relu(convolve(seen, "stem"))
    wide = torch.relu(convolve(torch.cat((first[:, :, 0::2], first[:, :, 1::2]), 1), "down"))
    for k, dilation in enumerate(DILATIONS):
        wide = wide + torch.relu(convolve(wide, f"block{k}", dilation))
    back = convolve(wide, "up").reshape(count, 2, NARROW, PLACES // 2)
    back = back.permute(0, 2, 3, 1).reshape(count, NARROW, PLACES)
    whole = torch.relu(convolve(torch.relu(first + back), "merge"))
    scores = convolve(whole, "heads").reshape(count, len(MARKS), 2, PLACES)
    return scores.transpose(2, 3).reshape(count, len(MARKS), STEPS)


def loss_of(torch: Any, scores: Any, marks_s: Any) -> Any:
    """Return the loss of scores (row, mark, step) against marks (row, mark), in s.

    A known mark: the divergence from a narrow bell around it, and the error of the mean place.
    The peaks of P and T: whether there is such a wave at all.
    """
    functional = torch.nn.functional
    times_s = torch.arange(STEPS) * STEP_S - BEFORE_S
    known = torch.isfinite(marks_s)
    place_s = torch.where(known, marks_s, torch.zeros(()))
    known = known & (place_s > times_s[2]) & (place_s < times_s[-3])
    spread_s = torch.tensor(TARGET_SD_S)[:, None]
    target = torch.softmax(-0.5 * ((times_s - place_s[..., None]) / spread_s) ** 2, -1)
    share = functional.log_softmax(scores, -1)
    divergence = (target * (torch.log(target + 1e-9) - share)).sum(-1)
    mean_s = (share.exp() * times_s).sum(-1)
    error = functional.huber_loss(
        mean_s / PLACE_UNIT_S, place_s / PLACE_UNIT_S, reduction="none", delta=1.0
    )
    counts = known * torch.tensor(MARK_WEIGHT)
    loss = ((divergence + PLACE_WEIGHT * error) * counts).sum()
    for mark in (MARKS.index("p_peak"), MARKS.index("t_peak")):
        odds = torch.logsumexp(scores[:, mark], -1) - ABSENCE_SCORE
        judged = ~torch.isnan(marks_s[:, mark])
        there = (marks_s[:, mark] < STEPS).float()
        wrong = functional.binary_cross_entropy_with_logits(odds, there, reduction="none")
        loss = loss + PRESENCE_WEIGHT * (wrong * judged).sum()
    return loss / scores.shape[0]


def as_arrays(weights: dict[str, Any]) -> Weights:
    """Return the weights as ``read_network`` takes them: matrices (out, tap × in), half floats."""
    arrays: Weights = {"dilations": np.array(DILATIONS)}
    for name, held in weights.items():
        values = held.detach().numpy()
        if values.ndim == 3:
            values = values.transpose(0, 2, 1).reshape(values.shape[0], -1)
        arrays[name] = values.astype(np.float16)
    return arrays


def as_tensors(torch: Any, arrays: Weights) -> dict[str, Any]:
    """Return what ``as_arrays`` was given, but for the rounding to half floats."""
    inputs = _inputs()
    tensors = {}
    for name, held in arrays.items():
        layer, _, kind = name.partition(".")
        values = held.astype(np.float32)
        if kind == "matrix":
            values = values.reshape(len(values), -1, inputs[layer]).transpose(0, 2, 1)
        if kind:
            tensors[name] = torch.from_numpy(np.ascontiguousarray(values)).requires_grad_()
    return tensors


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/train-boundaries",
        description="Train the network that finds wave boundaries, and those of the folds.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the databases")
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
