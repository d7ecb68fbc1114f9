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

RUNS: Final = 3
"""A network must be quick in one of so many runs at least: the first has everything to set up."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How far the worst output was from its golden one, and how long the runs took.

    ``largest_steps`` is in steps of the output's quantisation, in units where it is float32.
    """

    largest_steps: float
    durations_s: tuple[float, ...]


def try_out(model: LiteRtModel, member: MemberSpec, clock: Callable[[], float]) -> TrialResult:
    """Run every golden vector, ``RUNS`` at least; raises ModelError where an output has drifted."""
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


def _distance(golden: GoldenVector, output: np.ndarray) -> float:
    """Return the largest difference; NaN where the output is no figure."""
    return float(np.abs(output - np.array(golden.output)).max())
