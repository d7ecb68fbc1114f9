"""Trains the networks that class beats, and checks them on patients left out of training."""

from __future__ import annotations

import argparse
import sys
from base64 import b85encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from ecgd.errors import RecordingError
from ecgd.evaluation.class_examples import LABELS, Examples, gather, sources_of
from ecgd.evaluation.class_study import FALSE
from ecgd.evaluation.scores import Counts, gross
from ecgd.features.beat_times import TIMES
from ecgd.features.class_model import LARGEST, Networks, pack
from ecgd.features.usual_beats import TRAITS
from ecgd.model.signal import FloatArray, IntArray

NETWORKS: Final = 3
HIDDEN: Final = 12
EPOCHS: Final = 60
BATCH: Final = 2048
RATE: Final = 0.01
DECAY: Final = 0.01
MOST: Final = 500
"""So many beats of each kind are taken from a source."""

WEIGHTS: Final = (1.5, 1.0, 1.0, 0.5)
NOISY_WEIGHT: Final = 0.5
"""How much each answer, and a source with noise, counts in training."""

STEADY_P: Final = 0.5
IRREGULAR: Final = 0.1
"""S is learned where atria beat regularly: in fibrillation it was marked by eye."""

FOLDS: Final = 6
MODULE: Final = Path(__file__).parent.parent / "features" / "class_weights.py"
HEAD: Final = '''"""Weights of ``class_model``, as scripts/train-beat-classes wrote them."""

from __future__ import annotations

from typing import Final

'''


def train(examples: Sequence[Examples], count: int = NETWORKS, epochs: int = EPOCHS) -> Networks:
    """Return networks trained on the examples; the same examples give the same networks."""
    traits, answers, weights = _sample(examples)
    mean = np.average(traits, axis=0, weights=weights)
    deviation = np.sqrt(np.average((traits - mean) ** 2, axis=0, weights=weights)) + 1e-6
    scaled = np.clip((traits - mean) / deviation, -LARGEST, LARGEST)
    fitted = [_fit(scaled, answers, weights / weights.mean(), k, epochs) for k in range(count)]
    parts = [np.stack([each[k] for each in fitted]) for k in range(4)]
    return Networks(mean, deviation, parts[0], parts[1], parts[2], parts[3])


def _sample(examples: Sequence[Examples]) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return traits, answers and weights: a source's beats of a kind count as their root."""
    random = np.random.default_rng(1)
    steady, irregular = TRAITS.index("p_steady"), TIMES.index("irregular")
    rows, answers, weights = [], [], []
    for each in examples:
        regular = (each.traits[:, irregular] < IRREGULAR) | (each.traits[:, steady] > STEADY_P)
        for answer, weight in enumerate(WEIGHTS):
            fits = (each.answers == answer) & (regular | (LABELS[answer] != "S"))
            found = np.flatnonzero(fits)
            if not found.size:
                continue
            taken = random.choice(found, min(MOST, found.size), replace=False)
            noisy = NOISY_WEIGHT if each.source.snr_db is not None else 1.0
            rows.append(each.traits[taken])
            answers.append(np.full(taken.size, answer))
            weights.append(np.full(taken.size, found.size**0.5 / taken.size * weight * noisy))
    return np.concatenate(rows), np.concatenate(answers), np.concatenate(weights)


def _fit(
    scaled: FloatArray, answers: IntArray, weights: FloatArray, seed: int, epochs: int
) -> list[FloatArray]:
    """Fit one network by Adam (Kingma & Ba 2015); the rate falls as a cosine."""
    random = np.random.default_rng(seed)
    traits, count = scaled.shape[1], len(LABELS)
    layers = [
        random.normal(0.0, traits**-0.5, (traits, HIDDEN)),
        np.zeros((1, HIDDEN)),
        random.normal(0.0, HIDDEN**-0.5, (HIDDEN, count)),
        np.zeros((1, count)),
    ]
    first, second = ([np.zeros_like(part) for part in layers] for _ in range(2))
    wanted = np.eye(count)[answers]
    step = 0
    for epoch in range(epochs):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = random.permutation(len(scaled))
        for rows in np.array_split(order, max(1, len(scaled) // BATCH)):
            step += 1
            slopes = _slopes(layers, scaled[rows], wanted[rows], weights[rows])
            for k, slope in enumerate(slopes):
                first[k] = 0.9 * first[k] + 0.1 * slope
                second[k] = 0.999 * second[k] + 0.001 * slope**2
                mean = first[k] / (1 - 0.9**step)
                layers[k] = layers[k] - rate * mean / (
                    np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8
                )
    return layers


def _slopes(
    layers: list[FloatArray], scaled: FloatArray, wanted: FloatArray, weights: FloatArray
) -> list[FloatArray]:
    """Return the slope of the weighted cross entropy, with decay of the weights."""
    units = np.tanh(scaled @ layers[0] + layers[1])
    log_odds = units @ layers[2] + layers[3]
    shares = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    error = (shares - wanted) * weights[:, None] / len(scaled)
    back = error @ layers[2].T * (1 - units**2)
    return [
        scaled.T @ back + DECAY * layers[0],
        back.sum(axis=0, keepdims=True),
        units.T @ error + DECAY * layers[2],
        error.sum(axis=0, keepdims=True),
    ]


def cross_validate(examples: Sequence[Examples]) -> dict[str, dict[str, Counts]]:
    """Return per kind of source, V and S of patients left out, by the networks alone.

    Raises RecordingError where there are too few to leave any out.
    """
    names = sorted({each.source.record.name for each in examples})
    if len(names) < FOLDS:
        raise RecordingError(
            f"{len(names)} records are too few to leave some out",
            f"Name databases of at least {FOLDS} records with --data.",
        )
    np.random.default_rng(5).shuffle(names)
    counts: dict[str, dict[str, list[Counts]]] = {}
    for fold in range(FOLDS):
        held = set(names[fold::FOLDS])
        networks = train([each for each in examples if each.source.record.name not in held])
        for each in examples:
            if each.source.record.name in held:
                kind = f"{each.source.record.parent.name}, {each.source.kind}"
                if each.source.snr_db is not None:
                    kind += f" {each.source.snr_db:g} dB"
                for group, count in _count(each, networks).items():
                    counts.setdefault(kind, {}).setdefault(group, []).append(count)
    return {k: {g: gross(each) for g, each in groups.items()} for k, groups in counts.items()}


def _count(each: Examples, networks: Networks) -> dict[str, Counts]:
    told = networks.probabilities(each.traits).argmax(axis=1)
    counts = {}
    for group, false in FALSE.items():
        is_told = told == LABELS.index(group)
        is_group = each.answers == LABELS.index(group)
        others = [LABELS.index(label) for label in false if label in LABELS]
        counts[group] = Counts(
            int((is_told & is_group).sum()),
            int((~is_told & is_group).sum()) + each.missed.get(group, 0),
            int((is_told & np.isin(each.answers, others)).sum()),
        )
    return counts


def module_of(networks: Networks) -> str:
    """Return the source text of ``class_weights``."""
    text = b85encode(pack(networks)).decode()
    lines = (f'    "{text[at : at + 90]}",\n' for at in range(0, len(text), 90))
    count, _, units = networks.hidden.shape
    sizes = f"NETWORKS: Final = {count}\nHIDDEN: Final = {units}\n"
    return f"{HEAD}{sizes}WEIGHTS: Final = (\n{''.join(lines)})\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on what ``--data`` holds and write the weights, or check on patients left out."""
    parser = argparse.ArgumentParser(prog="scripts/train-beat-classes", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the databases")
    parser.add_argument("--out", type=Path, default=MODULE, help="where the weights are written")
    parser.add_argument("--check", action="store_true", help="cross-validate, and write nothing")
    parser.add_argument("--processes", type=int, default=2, help="how many work at once")
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = [pool.submit(gather, source) for source in sources_of(options.data)]
        examples = [each.result() for each in track(waiting, "beats")]
    if options.check:
        sys.stdout.writelines(f"{line}\n" for line in _lines(cross_validate(examples)))
    else:
        options.out.write_text(module_of(train(examples)), encoding="utf-8")
    return 0


def _lines(found: dict[str, dict[str, Counts]]) -> Iterator[str]:
    for kind, groups in found.items():
        for group, count in groups.items():
            told = f"Se {100 * count.sensitivity:.2f} %, +P {100 * count.predictivity:.2f} %"
            yield f"{kind}: {group} {told} ({count.found}, {count.missed}, {count.extra})"


if __name__ == "__main__":
    sys.exit(main())
