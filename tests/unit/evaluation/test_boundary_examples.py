"""Experts' marks as the network learns them, and beats that are changed before they are learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation import boundary_augmentation
from ecgd.evaluation.boundary_augmentation import make_lesson, plain_lesson
from ecgd.evaluation.boundary_examples import ABSENT, Example, marks_of
from ecgd.evaluation.boundary_training import fingerprint_of, write_arrays
from ecgd.evaluation.databases import Wave
from ecgd.features.boundary_network import CHANNELS, MARKS, PLACES
from ecgd.features.segments import POINTS

BEAT = (
    Wave("P", 0.80, 0.85, 0.90),
    Wave("QRS", 0.95, 1.00, 1.05),
    Wave("T", 1.20, 1.30, None),
)
NEXT = (Wave("QRS", 1.75, 1.80, 1.85),)
LAST = (Wave("QRS", 0.15, 0.20, 0.25), Wave("T", 0.40, 0.50, 0.60))
PLACES_S = (-0.20, -0.15, -0.10, -0.05, 0.05, 0.20, 0.30, np.nan)


def example(database: str = "ludb", leads: int = 6, seed: int = 0) -> Example:
    rng = np.random.default_rng(seed)
    signal = rng.normal(0.0, 0.1, (2, 3, POINTS)).astype(np.float32)
    return Example(database, str(seed), signal, (0.8, 0.9), np.tile(PLACES_S, (leads, 1)))


def test_marks_are_told_from_the_r_peak() -> None:
    np.testing.assert_allclose(marks_of((*LAST, *BEAT, *NEXT), 1.0), PLACES_S, atol=1e-9)
    assert np.isnan(marks_of((*LAST, *BEAT), 1.4)).all()


def test_a_wave_that_is_not_marked_is_absent_only_where_the_neighbour_is_marked() -> None:
    p_peak, t_peak = MARKS.index("p_peak"), MARKS.index("t_peak")
    alone = marks_of(BEAT[1:2], 1.0)
    assert np.isnan([alone[p_peak], alone[t_peak]]).all()
    between = marks_of((*LAST, *BEAT[1:2], *NEXT), 1.0)
    assert between[p_peak] == between[t_peak] == ABSENT


def test_a_wave_of_the_neighbouring_beat_is_not_taken() -> None:
    marks = marks_of((BEAT[0], Wave("QRS", 0.91, 0.92, 0.93), *BEAT[1:], *NEXT), 1.0)
    assert marks[MARKS.index("p_peak")] == ABSENT


def test_a_lesson_without_changes_shows_each_lead_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = plain_lesson([example(), example(seed=1)])
    assert plain.seen.shape == (12, CHANNELS, PLACES)
    for name in ("NOISY_SHARE", "SHIFT_SD", "TURNED_SHARE", "UNKNOWN_RR_SHARE", "CUT_SHARE"):
        monkeypatch.setattr(boundary_augmentation, name, 0.0)
    monkeypatch.setattr(boundary_augmentation, "ALL_LEADS_SHARE", 1.0)
    noise = np.ones((3, 2, 3, POINTS), dtype=np.float32)
    lesson = make_lesson([example(), example(seed=1)], noise, np.random.default_rng(0))
    np.testing.assert_allclose(lesson.seen, plain.seen, atol=1e-5)
    np.testing.assert_array_equal(lesson.marks_s, plain.marks_s)


def test_a_moved_beat_takes_its_marks_along(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOISY_SHARE", "TURNED_SHARE", "CUT_SHARE"):
        monkeypatch.setattr(boundary_augmentation, name, 0.0)
    spike = example("qtdb", leads=2)
    spike.signal[:] = 0.0
    spike.signal[:, :, 299:302] = 5.0
    at_rest = int(plain_lesson([spike]).seen[0, 2:4].max(axis=0).argmax())
    noise = np.zeros((1, 2, 3, POINTS), dtype=np.float32)
    moves = set()
    for seed in range(12):
        lesson = make_lesson([spike], noise, np.random.default_rng(seed))
        moved_s = (int(lesson.seen[0, 2:4].max(axis=0).argmax()) - at_rest) * 0.008
        moves.add(round(lesson.marks_s[0, 1] - PLACES_S[1], 3))
        assert abs(lesson.marks_s[0, 1] - PLACES_S[1] - moved_s) <= 0.012
    assert len(moves) > 3


def test_marks_beyond_the_window_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary_augmentation, "SHIFT_SD", 0.0)
    monkeypatch.setattr(boundary_augmentation, "CUT_SHARE", 1.0)
    monkeypatch.setattr(boundary_augmentation, "CUT_BEFORE_S", (-0.17, -0.16))
    monkeypatch.setattr(boundary_augmentation, "CUT_AFTER_S", (0.32, 0.33))
    noise = np.zeros((1, 2, 3, POINTS), dtype=np.float32)
    lesson = make_lesson([example("qtdb", leads=2)], noise, np.random.default_rng(1))
    for row in lesson.marks_s:
        assert np.isnan(row[:3]).all()
        np.testing.assert_allclose(row[3:7], PLACES_S[3:7])


def test_written_weights_are_read_back_and_the_file_is_the_same_again(tmp_path: Path) -> None:
    arrays = {"heads.matrix": np.eye(3, dtype=np.float16), "data": np.array("what they are")}
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in (first, second):
        write_arrays(path, arrays)
    assert first.read_bytes() == second.read_bytes()
    with np.load(first, allow_pickle=False) as held:
        assert str(held["data"]) == "what they are"
        np.testing.assert_array_equal(held["heads.matrix"], np.eye(3))


def test_a_fingerprint_tells_signals_and_marks_apart() -> None:
    one, other = example(), example()
    assert fingerprint_of([one]) == fingerprint_of([other])
    other.marks[0, 0] += 0.002
    assert fingerprint_of([one]) != fingerprint_of([other])
