"""What is shown in an epoch: drawn by seed, changed as bodies and noise do, nothing invented."""

from __future__ import annotations

import numpy as np
import pytest
from lesson_material import gathered

from ecgd.pipeline.model_inputs import (
    BEAT_FIGURES,
    FRAME_FIGURES,
    FRAMES,
    signal_frames,
    window_input,
)
from ecgd.pipeline.progression import FIGURES, NAMES, ROW_LIMIT, ROWS
from ecgd.training.gathering import no_noise, only
from ecgd.training.lessons import (
    LONG_DRAWN,
    STILL,
    Change,
    Noise,
    counts_of,
    draw_moments,
    lessons,
    make_noise,
    stretch_rows,
    usable,
)

SILENCE = make_noise(no_noise())
HISS = make_noise(np.random.default_rng(3).standard_normal((5, 2, 2500)).astype(np.float32))


def show(member: str, change: Change, noise: Noise = SILENCE, seed: int = 1) -> np.ndarray:
    material = gathered()
    chosen = np.flatnonzero(usable(material, member))
    rng = np.random.default_rng(seed)
    batches = lessons(material, member, chosen, noise, rng, change=change, batch=7)
    return np.concatenate([lesson.seen for lesson in batches])


def test_unchanged_inputs_are_the_daemons_own() -> None:
    material = gathered()
    windows = window_input(material.moments.windows_mv.astype(np.float64))
    assert windows is not None
    np.testing.assert_allclose(show("cnn", STILL), windows, atol=1e-6)
    strips = usable(material, "lstm")
    frames = signal_frames(material.moments.strips_mv[strips].astype(np.float64))
    seen = show("lstm", STILL)
    np.testing.assert_allclose(seen[:, :, : -len(BEAT_FIGURES)], frames, atol=1e-6)
    np.testing.assert_allclose(seen[:, :, -len(BEAT_FIGURES) :], material.moments.beats[strips])


@pytest.mark.parametrize(
    ("member", "shape"),
    [("cnn", (1250, 6)), ("lstm", (FRAMES, FRAME_FIGURES)), ("rnn", (ROWS, FIGURES))],
)
def test_changes_are_drawn_by_seed_and_stay_in_range(member: str, shape: tuple[int, ...]) -> None:
    first, again = show(member, Change(), HISS), show(member, Change(), HISS)
    other = show(member, Change(), HISS, seed=2)

    assert first.shape[1:] == shape and first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    assert np.isfinite(first).all() and np.abs(first).max() <= 6.0


def test_a_lost_lead_is_lost_in_the_same_way_as_in_the_daemon() -> None:
    seen = show("cnn", Change(noise=0.0, loss=100.0, shape=0.0))
    lost = np.abs(seen[:, :, :2]).max(axis=1) == 0.0
    assert (lost.sum(axis=1) == 1).all()
    assert lost[:, 0].any() and lost[:, 1].any()


def test_a_lead_that_was_never_there_gets_no_noise() -> None:
    material = gathered()
    material.moments.windows_mv[:, 0] = 0.0
    chosen = np.arange(material.moments.count)
    rng = np.random.default_rng(1)
    batches = lessons(material, "cnn", chosen, HISS, rng, change=Change(noise=9.0), batch=99)
    seen = next(batches).seen
    assert not seen[:, :, 0].any() and seen[:, :, 1].any(axis=1).all()


def test_one_moment_of_a_short_recording_and_some_of_a_long_one_are_drawn() -> None:
    material = gathered()
    fits = usable(material, "cnn")
    drawn = draw_moments(material, fits, np.random.default_rng(1))
    counts = np.bincount(material.owners[drawn])
    assert counts.tolist() == [1] * 12 + [LONG_DRAWN] * 2
    again = draw_moments(material, fits, np.random.default_rng(2))
    assert set(drawn.tolist()) != set(again.tolist())


def test_members_are_shown_what_they_can_see() -> None:
    material = gathered()
    assert usable(material, "cnn").all()
    assert (usable(material, "lstm") == material.moments.has_strip).all()
    material.moments.truth[:, 0] = -1.0
    assert not usable(material, "cnn").any()


def test_a_short_recordings_row_goes_on_as_long_ones_vary() -> None:
    newest = np.full((2, FIGURES), 0.5)
    newest[:, 0] = 1.0
    variations = np.full((2, ROWS, FIGURES), 9.0)
    stretched = stretch_rows(newest, variations)
    assert (stretched[:, :, 0] == 1.0).all()
    assert (stretched[:, :, NAMES.index("has_p")] == 0.5).all()
    assert (stretched[:, :, NAMES.index("qrs_ms")] == ROW_LIMIT).all()


def test_long_recordings_count_half() -> None:
    material = gathered()
    batches = lessons(
        material,
        "cnn",
        np.arange(material.moments.count),
        SILENCE,
        np.random.default_rng(1),
        change=STILL,
        batch=999,
    )
    weights = next(batches).weights
    assert set(weights[:36]) == {1.0} and set(weights[36:]) == {0.5}


def test_recordings_are_counted_once() -> None:
    material = gathered()
    counts = counts_of(material, "cnn", usable(material, "cnn"))
    assert counts["significant anomaly"] == (7, 7)
    assert counts["infarction"] == (0, 0)


def test_a_part_keeps_its_recordings() -> None:
    material = gathered()
    part = only(material, material.validates)
    assert part.validates.all()
    assert {part.entries[k].patient for k in part.owners} == {
        f"patient {k}" for k in range(14) if k % 3 == 0
    }
    assert part.fingerprint() != material.fingerprint()
