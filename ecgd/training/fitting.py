"""Fits one network, epoch by epoch; what an epoch leaves on disk, the next run goes on from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import cos, pi
from pathlib import Path
from typing import Any, Final

import numpy as np

from ecgd.model.signal import BoolArray, Float32Array
from ecgd.training.gathering import Gathered
from ecgd.training.lessons import STILL, TAUGHT, Change, Noise, draw_moments, lessons
from ecgd.training.networks import DECAY, build, own_head

BATCH: Final = 64
EPOCHS: Final = {"cnn": 70, "lstm": 50, "rnn": 60}
RATES: Final = {"cnn": 2e-3, "lstm": 3e-3, "rnn": 2e-3}
WARM_SHARE: Final = 0.08
"""The rate rises over this share of the steps, then falls as a cosine."""

AVERAGE: Final = 0.998
LEAST_SPANS: Final = 8.0
"""The network kept is a running mean of the weights, of which each step leaves so much; a short
training forgets faster, so that the first, random weights are forgotten in any."""

ANOMALY_WEIGHT: Final = 2.0
"""The label that is fused counts so much more than one of the eye's own."""

SMOOTHING: Final = 0.02
"""Experts err: nothing is taught as wholly certain."""

LARGEST_GRADIENT: Final = 5.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one member is trained; ``folder`` keeps what each epoch leaves."""

    member: str
    seed: int
    epochs: int
    folder: Path


def fit(plan: Plan, gathered: Gathered, fits: BoolArray, noise: Noise, report: Report) -> Any:
    """Return the trained network; an earlier run's epochs are taken over.

    The same data, seed and number of epochs give the same draws, whenever it was interrupted.
    """
    tensorflow: Any = import_module("tensorflow")
    tensorflow.keras.utils.set_random_seed(plan.seed)
    network = build(plan.member, labels=len(TAUGHT[plan.member]))
    steps = -(-draw_moments(gathered, fits, _chance(plan, 0)).size // BATCH)
    optimiser = _optimiser(tensorflow, plan, network, plan.epochs * steps)
    begun = _resume(plan, network, optimiser)
    step = _step_of(tensorflow, network, optimiser)
    for epoch in range(begun, plan.epochs):
        rng = _chance(plan, epoch)
        chosen = draw_moments(gathered, fits, rng)
        batches = lessons(gathered, plan.member, chosen, noise, rng, change=Change(), batch=BATCH)
        losses = []
        for number, lesson in enumerate(batches):
            share = (epoch * steps + number) / (plan.epochs * steps)
            optimiser.learning_rate.assign(RATES[plan.member] * _pace(share))
            losses.append(float(step(lesson.seen, lesson.truth, lesson.weights)))
        _keep(plan, network, optimiser, epoch + 1)
        report(f"{plan.member}: epoch {epoch + 1} of {plan.epochs}, loss {np.mean(losses):.4f}")
    optimiser.finalize_variable_values(network.trainable_variables)
    return own_head(network)


def _optimiser(tensorflow: Any, plan: Plan, network: Any, steps: int) -> Any:
    optimiser = tensorflow.keras.optimizers.AdamW(
        RATES[plan.member],
        weight_decay=DECAY[plan.member],
        use_ema=True,
        ema_momentum=max(0.0, min(AVERAGE, 1.0 - LEAST_SPANS / steps)),
        global_clipnorm=LARGEST_GRADIENT,
    )
    optimiser.build(network.trainable_variables)
    return optimiser


def _step_of(tensorflow: Any, network: Any, optimiser: Any) -> Any:
    """Return a compiled step: learn from one batch, give its loss."""
    weights_of_labels = np.ones(network.output_shape[-1], np.float32)
    weights_of_labels[0] = ANOMALY_WEIGHT

    rows = tensorflow.TensorSpec((None, *network.input_shape[1:]), tensorflow.float32)
    labels = tensorflow.TensorSpec((None, network.output_shape[-1]), tensorflow.float32)
    single = tensorflow.TensorSpec((None,), tensorflow.float32)

    @tensorflow.function(input_signature=(rows, labels, single))  # type: ignore[untyped-decorator]
    def step(seen: Any, truth: Any, weights: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            logits = network(seen, training=True)
            wanted = truth * (1.0 - 2.0 * SMOOTHING) + SMOOTHING
            losses = tensorflow.nn.sigmoid_cross_entropy_with_logits(wanted, logits)
            counts = weights[:, None] * weights_of_labels
            counts = tensorflow.where(truth >= 0.0, counts, 0.0)
            total = tensorflow.reduce_sum(losses * counts)
            loss = total / (tensorflow.reduce_sum(counts) + 1e-6)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimiser.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    return step


def _pace(share: float) -> float:
    """Return the learning rate's factor after a share of all steps."""
    if share < WARM_SHARE:
        return 0.05 + 0.95 * share / WARM_SHARE
    return 0.01 + 0.99 * 0.5 * (1.0 + cos(pi * (share - WARM_SHARE) / (1.0 - WARM_SHARE)))


def _chance(plan: Plan, epoch: int) -> np.random.Generator:
    return np.random.default_rng([plan.seed, *plan.member.encode(), epoch])


def _keep(plan: Plan, network: Any, optimiser: Any, epochs: int) -> None:
    """Write weights and the optimiser's state after an epoch, whole or not at all."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    held = [np.asarray(each) for each in (*network.variables, *optimiser.variables)]
    path = _path(plan)
    unfinished = path.with_suffix(".part.npz")
    arrays = {f"v{k:04d}": values for k, values in enumerate(held)}
    np.savez(unfinished, epochs=epochs, of=plan.epochs, seed=plan.seed, **arrays)  # type: ignore[arg-type]
    unfinished.replace(path)


def _resume(plan: Plan, network: Any, optimiser: Any) -> int:
    """Take over what an earlier run left; return how many epochs it had done."""
    path = _path(plan)
    if not path.exists():
        return 0
    with np.load(path, allow_pickle=False) as held:
        variables = (*network.variables, *optimiser.variables)
        same = int(held["of"]) == plan.epochs and int(held["seed"]) == plan.seed
        names = [f"v{k:04d}" for k in range(len(variables))]
        shapes = {name: tuple(each.shape) for name, each in zip(names, variables, strict=True)}
        fits = same and all(name in held for name in names)
        if not fits or any(held[name].shape != shape for name, shape in shapes.items()):
            return 0
        for name, variable in zip(names, variables, strict=True):
            variable.assign(held[name])
        return int(held["epochs"])


def _path(plan: Plan) -> Path:
    return plan.folder / f"{plan.member}.npz"


def still_inputs(
    gathered: Gathered, member: str, rows: BoolArray, noise: Noise, change: Change = STILL
) -> Float32Array:
    """Return what a member sees of some moments in order, by default nothing changed."""
    rng = np.random.default_rng(0)
    chosen = np.flatnonzero(rows)
    batches = lessons(gathered, member, chosen, noise, rng, change=change, batch=512)
    return np.concatenate([lesson.seen for lesson in batches])
