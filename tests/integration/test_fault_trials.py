"""The trials of scripts/reliability, short: every fault once, several at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from reliability.bench import Bench, NotPossibleHereError
from reliability.row import Row
from reliability.trials import TRIALS

pytestmark = pytest.mark.timeout(300)
"""Daemons are started a dozen times in a test, which a busy machine takes its time for."""

LANES = 3
GROUPS = (
    ("disk-full", "database-locked-at-start", "database-damaged"),
    ("disk-read-only", "receiver-away", "stray-signals"),
    ("descriptors", "configuration", "frozen"),
)
"""What the other tests of this folder do not try; each group takes as long as its longest."""


def bench(seed: int) -> Bench:
    """Return a bench for short faults; the limit allows for a machine that is busy with tests."""
    return Bench(
        seed=seed,
        kills=8,
        lanes=4,
        quick=True,
        sound_limit_s=20.0,
        waveform_limit_s=20.0,
        say=lambda _: None,
    )


def test_kills_at_random_moments_break_no_promise() -> None:
    check(TRIALS["kills"](bench(7)))


@pytest.mark.debian("faketime")
def test_a_clock_that_jumps_breaks_no_promise() -> None:
    check(TRIALS["clock"](bench(7)))


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_no_fault_breaks_a_promise(group: tuple[str, ...]) -> None:
    with ThreadPoolExecutor(LANES) as pool:
        trials = [pool.submit(TRIALS[name], bench(7)) for name in group]
        errors = [trial.exception() for trial in trials]
    impossible = [error for error in errors if isinstance(error, NotPossibleHereError)]
    others = [error for error in errors if error is not None and error not in impossible]
    if others:
        raise others[0]
    for trial, error in zip(trials, errors, strict=True):
        if error is None:
            check(trial.result())
    if len(impossible) == len(group):
        pytest.skip("; ".join(map(str, impossible)))


def check(rows: tuple[Row, ...]) -> None:
    assert rows
    broken = [f"{row.fault}: {row.promise}: {row.happened}" for row in rows if not row.kept]
    assert not broken, "\n".join(broken)
