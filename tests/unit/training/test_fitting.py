"""Fitting: what was interrupted goes on as if it had not been, and quantised files rank as well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lesson_material import gathered

from ecgd.training.fitting import Plan, fit, still_inputs
from ecgd.training.gathering import no_noise
from ecgd.training.lessons import make_noise, truth_of, usable
from ecgd.training.networks import SHAPES, build
from ecgd.training.quantisation import smallest_faithful

pytest.importorskip("tensorflow", reason="TensorFlow is missing (extra train)")

SILENCE = make_noise(no_noise())


class InterruptionError(Exception):
    """Somebody has pulled the plug."""


def train(folder: Path, stop_after: int | None = None) -> list[np.ndarray]:
    material = gathered(short=60, long=4)
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        if len(lines) == stop_after:
            raise InterruptionError

    plan = Plan("rnn", 20, 3, folder)
    network = fit(plan, material, usable(material, "rnn"), SILENCE, report)
    weights: list[np.ndarray] = network.get_weights()
    return weights


def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")
    with pytest.raises(InterruptionError):
        train(tmp_path / "torn", stop_after=2)

    resumed = train(tmp_path / "torn")

    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_plan_of_another_length_begins_anew(tmp_path: Path) -> None:
    train(tmp_path)
    material = gathered(short=60, long=4)
    lines: list[str] = []
    plan = Plan("rnn", 20, 1, tmp_path)
    fit(plan, material, usable(material, "rnn"), SILENCE, lines.append)
    assert len(lines) == 1


@pytest.mark.parametrize("member", list(SHAPES))
def test_a_network_becomes_a_file_that_ranks_as_it_does(member: str) -> None:
    material = gathered()
    network = build(member)
    seen = still_inputs(material, member, usable(material, member), SILENCE)
    truth = truth_of(material, member)[usable(material, member)]

    made, trials = smallest_faithful(member, network, seen[:20], seen, truth)

    assert made.scheme == "int8" or not trials[0].allowed
    assert made.input.shape == (1, *SHAPES[member])
    before = np.asarray(network(seen, training=False), np.float64)
    for label in range(before.shape[1]):
        assert np.corrcoef(before[:, label], made.logits[:, label])[0, 1] > 0.9
