"""Traces in dots: every peak is seen, gaps stay gaps, and lines are whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_examples import FS_HZ, samples

from ecgd.cli.live_trace import (
    ASCII,
    BRAILLE,
    Scale,
    Sweep,
    calibration_mv,
    cell_codes,
    grid_masks,
    trace_masks,
)

WIDTH, HEIGHT, GAP = 60, 24, 6
SCALE = Scale(10.0, 0.0)


def _masks(sweep: Sweep, lead: str = "I", scale: Scale = SCALE) -> list[int]:
    return trace_masks(sweep, lead, scale, width_dots=WIDTH, height_dots=HEIGHT, gap_dots=GAP)


def test_a_peak_of_one_sample_is_seen_at_its_height() -> None:
    sweep = Sweep()
    sweep.take(samples(0, 250))
    spans = sweep.spans["I"]
    assert spans[10] == (0.0, 1.0)
    assert spans[9] == spans[11] == (0.0, 0.0)
    assert sweep.newest == 24
    mask = _masks(sweep)[10]
    assert mask >> (HEIGHT // 2) & 1
    assert mask >> (HEIGHT // 2 + 10) & 1
    assert mask.bit_count() == 11


def test_a_dot_is_a_millimetre_at_every_speed() -> None:
    sweep = Sweep(mm_per_s=50.0)
    sweep.take(samples(0, 500))
    assert sweep.newest == 99
    assert calibration_mv(10.0, HEIGHT) == 1.0
    assert calibration_mv(40.0, HEIGHT) == 0.5


@given(st.lists(st.one_of(st.none(), st.floats(-3, 3)), min_size=40, max_size=400))
def test_neighbouring_dots_always_touch_and_stay_on_the_paper(values: list[float | None]) -> None:
    sweep = Sweep()
    block = samples(0, 0) | {"mv": {"I": values}}
    sweep.take(block)
    masks = _masks(sweep)
    for dot in range(max(0, sweep.newest - WIDTH + 1 + GAP), sweep.newest + 1):
        mask = masks[dot % WIDTH]
        assert (dot in sweep.spans["I"]) == (mask != 0)
        assert mask < 1 << HEIGHT
        before = masks[(dot - 1) % WIDTH] if dot - 1 in sweep.spans["I"] else 0
        if mask and before and dot - 1 > sweep.newest - WIDTH + GAP:
            wide = before | before << 1 | before >> 1
            assert mask & wide, f"a hole between dots {dot - 1} and {dot}"


def test_lost_and_invalid_samples_leave_a_gap() -> None:
    sweep = Sweep()
    sweep.take(samples(0, 100))
    sweep.take(samples(200, 100))
    masks = _masks(sweep)
    assert all(masks[dot] for dot in range(10))
    assert not any(masks[dot] for dot in range(10, 20))
    assert all(masks[dot] for dot in range(20, 30))
    nothing = samples(300, 50) | {"mv": {"I": [None] * 50}}
    sweep.take(nothing)
    assert sweep.newest == 34
    assert not any(_masks(sweep)[30:35])


def test_the_sweep_wipes_ahead_of_the_newest_dot() -> None:
    sweep = Sweep()
    sweep.take(samples(0, 10 * WIDTH * 2))
    assert sweep.newest == 2 * WIDTH - 1
    sweep.take(samples(10 * WIDTH * 2, 10))
    masks = _masks(sweep)
    assert masks[0] != 0
    assert not any(masks[1 : 1 + GAP])
    assert all(masks[1 + GAP :])


def test_another_origin_clears_the_paper() -> None:
    sweep = Sweep()
    sweep.take(samples(1000, 100))
    sweep.take(samples(0, 50, origin=1))
    assert sweep.newest == 4
    assert max(sweep.spans["I"]) == 4


def test_old_dots_are_forgotten() -> None:
    sweep = Sweep()
    for start_index in range(0, 250 * 400, 250):
        sweep.take(samples(start_index, 250))
    assert len(sweep.spans["I"]) <= 2401


def test_every_pattern_of_dots_has_its_character() -> None:
    assert BRAILLE[0] == "\N{BRAILLE PATTERN BLANK}"
    assert BRAILLE[0b0001] == "\N{BRAILLE PATTERN DOTS-7}"
    assert BRAILLE[0b1000] == "\N{BRAILLE PATTERN DOTS-1}"
    assert BRAILLE[0b1000_0000] == "\N{BRAILLE PATTERN DOTS-4}"
    assert BRAILLE[255] == "\N{BRAILLE PATTERN DOTS-12345678}"
    assert len(set(BRAILLE)) == 256
    assert (ASCII[0], ASCII[0b1111], ASCII[1], ASCII[0b1000], ASCII[0b0010]) == tuple(" |.'-")


def test_rows_of_cells_are_counted_from_the_top() -> None:
    masks = [1 << 7, 1 << 0]
    assert cell_codes(masks, 0, 2) == [0b1000]
    assert cell_codes(masks, 1, 2) == [0b0001_0000]


def test_the_grid_is_five_millimetres_wide_and_high() -> None:
    masks = grid_masks(width_dots=20, height_dots=20)
    assert [dot for dot, mask in enumerate(masks) if mask] == [0, 5, 10, 15]
    assert masks[0] == 1 | 1 << 5 | 1 << 10 | 1 << 15
    assert FS_HZ == 250.0


@pytest.mark.parametrize("centre_mv", [-1.0, 0.0, 2.5])
def test_what_is_beyond_the_paper_lies_at_its_edge(centre_mv: float) -> None:
    sweep = Sweep()
    sweep.take(samples(0, 250, peak_mv=50.0))
    assert _masks(sweep, scale=Scale(10.0, centre_mv))[10] >> (HEIGHT - 1) == 1
