"""The trial of one network: its golden vectors must come out as they did where it was trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

import numpy as np

from ecgd.errors import ModelError
from ecgd.inference.litert import LiteRtModel
from ecgd.inference.manifest import REINSTALL, GoldenVector, MemberSpec
from ecgd.model.leads import LIMB_LEADS
from ecgd.pipeline.model_inputs import FRAME_FIGURES, FRAMES, WINDOW_SAMPLES
from ecgd.pipeline.progression import FIGURES, ROWS

RUNS: Final = 3
"""A network must be quick in one of so many runs at least: the first has everything to set up."""


INPUT_SHAPES: Final = {
    "cnn": (WINDOW_SAMPLES, len(LIMB_LEADS)),
    "lstm": (FRAMES, FRAME_FIGURES),
    "rnn": (ROWS, FIGURES),
}
"""What this version of the analysis makes for each network: one of another version fits nothing."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How far the worst output was from its golden one, and how long the runs took.

    ``largest_steps`` is in steps of the output's quantisation, in units where it is float32.
    """

    largest_steps: float
    durations_s: tuple[float, ...]


def try_out(model: LiteRtModel, member: MemberSpec, clock: Callable[[], float]) -> TrialResult:
    """Run every golden vector, ``RUNS`` at least.

    Raises ModelError where an output has drifted, or the network is made for other inputs.
    """
    _check_shape(model.name, member)
    largest, durations_s = 0.0, []
    count = max(RUNS, len(member.golden))
    for number, golden in enumerate(islice(cycle(member.golden), count)):
        tensor = golden.values(member.input).astype(member.input.dtype)
        began_s = clock()
        try:
            output = model.run(tensor)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"model {model.name} cannot be run ({error})", REINSTALL) from error
        durations_s.append(clock() - began_s)
        steps = _distance(golden, output.astype(np.float64).ravel())
        if not steps <= golden.tolerance:
            raise ModelError(
                f"model {model.name} has drifted: golden vector {number % len(member.golden)} is "
                f"{steps:.3g} steps off, {golden.tolerance:g} are allowed",
                "Install the models again; if it stays, this runtime or processor computes "
                "otherwise",
            )
        largest = max(largest, steps)
    return TrialResult(largest, tuple(durations_s))


def _check_shape(name: str, member: MemberSpec) -> None:
    shape = member.input.shape
    if shape != (1, *INPUT_SHAPES[name]):
        raise ModelError(
            f"model {name} is made for inputs of {shape}, this version of ecgd makes "
            f"{(1, *INPUT_SHAPES[name])}",
            "Install the models that belong to this version",
        )


def _distance(golden: GoldenVector, output: np.ndarray) -> float:
    """Return the largest difference; NaN where the output is no figure."""
    return float(np.abs(output - np.array(golden.output)).max())
