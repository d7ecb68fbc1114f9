"""Gathering: the daemon's own path, written in parts, taken up again where it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings, EnsembleSettings, Settings
from ecgd.ensemble.member import Answer
from ecgd.model.network_label import ANOMALY, FIBRILLATION
from ecgd.model.signal import FloatArray
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.offline import windows_of
from ecgd.training import gathering
from ecgd.training.examples import Listener, gather_moments
from ecgd.training.gathering import (
    Gathered,
    Part,
    Variant,
    column,
    gather,
    moments_of,
    plan_parts,
    write_part,
)
from ecgd.training.lessons import STILL, lessons, make_noise, usable
from ecgd.training.synthetic import synthetic_entries, synthetic_recording


class Shown(Listener):
    """Keeps what networks in the daemon's own analysis are shown."""

    def __init__(self) -> None:
        self.inputs: list[Mapping[str, FloatArray | None]] = []

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        self.inputs.append(inputs)
        return {}


@pytest.mark.parametrize("number", [0, 1])
def test_training_sees_what_the_daemon_shows(number: int) -> None:
    recording = synthetic_recording(synthetic_entries()[number])
    shown = Shown()
    analysis = Analysis(AnalysisSettings(), EnsembleSettings(), shown, lambda: 0.0)
    history = History()
    for window in windows_of(recording, Settings()):
        assessed = analysis.assess(window, history)
        history = assessed.history
        analysis.score(assessed)

    moments = gather_moments(recording, lambda _: {ANOMALY: True}, every_s=1.0)

    entry = synthetic_entries()[number]
    material = Gathered(moments, np.zeros(moments.count, np.int64), (entry,), (Variant.PLAIN,))
    noise = make_noise(gathering.no_noise())
    assert len(shown.inputs) == moments.count
    for member in ("cnn", "lstm"):
        chosen = np.flatnonzero(usable(material, member))
        rng = np.random.default_rng(1)
        batches = lessons(material, member, chosen, noise, rng, change=STILL, batch=99)
        told = next(batches).seen
        daemon = [each[member] for each in shown.inputs if each[member] is not None]
        np.testing.assert_allclose(told, np.array(daemon), atol=0.02)


def test_the_generators_rhythms_are_what_they_are_called() -> None:
    entries = synthetic_entries()
    fibrillating = [e for e in entries if e.truth[FIBRILLATION]]
    assert len(fibrillating) == len(entries) // 4
    assert not any(entry.validates for entry in entries)
    assert sum(entry.validates for entry in synthetic_entries(validating=True)) == 80
    assert 0.2 < np.mean([entry.truth[ANOMALY] for entry in entries]) < 0.8


def test_parts_are_written_whole_and_not_gathered_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = synthetic_entries()[:2]
    part = Part("generator-plain-000", Variant.PLAIN, tuple(entries))
    write_part(Path(), tmp_path, part)
    assert [path.name for path in tmp_path.iterdir()] == ["generator-plain-000.npz"]
    monkeypatch.setattr(gathering, "write_part", pytest.fail)

    material = gather(Path(), tmp_path, [part], 1)

    assert material.entries == tuple(entries)
    assert set(material.owners.tolist()) == {0, 1}
    assert material.moments.truth[0, column(ANOMALY)] == float(entries[0].truth[ANOMALY])


def test_every_recording_is_in_a_part_and_injuries_are_put_into_normal_ones() -> None:
    entries = synthetic_entries()
    parts = plan_parts(entries)
    assert [entry for part in parts for entry in part.entries] == entries
    assert len({part.name for part in parts}) == len(parts)


def test_the_same_recording_gives_the_same_moments() -> None:
    entry = synthetic_entries()[5]
    first, again = (moments_of(Path(), entry, Variant.PLAIN) for _ in range(2))
    np.testing.assert_array_equal(first.windows_mv, again.windows_mv)
    np.testing.assert_array_equal(first.rows, again.rows)
