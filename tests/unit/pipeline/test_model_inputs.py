"""What the networks see: one path, drawn from leads I and II, alike for filtered recordings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import FLAT
from ecgd.model.beat import Beat, BeatClass, Waves
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, Window
from ecgd.pipeline.model_inputs import (
    BEAT_FIGURES,
    FRAME_FIGURES,
    FRAMES,
    STRIP_SAMPLES,
    WINDOW_LIMIT,
    Strip,
    beat_frames,
    extend_strip,
    model_pair,
    signal_frames,
    strip_input,
    window_input,
)

SETTINGS = AnalysisSettings()
FS_HZ = 250.0


def heart(seconds: float, fs_hz: float = FS_HZ, begin_s: float = 0.0) -> FloatArray:
    """Leads I and II with a beat a second: Q, R, S and T as bells, no noise."""
    at_s = begin_s + np.arange(round(seconds * fs_hz)) / fs_hz
    phase_s = at_s % 1.0
    lead = sum(
        size * np.exp(-0.5 * ((phase_s - place) / width) ** 2)
        for size, place, width in ((-0.1, 0.37, 0.01), (1.0, 0.4, 0.012), (0.25, 0.68, 0.05))
    )
    return np.stack((0.6 * lead, lead))


def window_of(
    pair_mv: FloatArray, fs_hz: float = FS_HZ, start: int = 0, leads: str = "I,II"
) -> Window:
    names = tuple(leads.split(","))
    device = DeviceInfo("test", fs_hz, names, 1000.0, adc_bits=16, protocol="test")
    valid = np.ones(pair_mv.shape[1], np.bool_)
    return Window(start, fs_hz, names, pair_mv[: len(names)], valid, 0.0, device)


def pair_of(pair_mv: FloatArray, fs_hz: float = FS_HZ) -> FloatArray:
    found = model_pair(prepare(window_of(pair_mv, fs_hz), SETTINGS), (), SETTINGS.drift_degree)
    assert found is not None
    return found


def test_the_cnn_sees_the_limb_leads_in_their_order_z_scored_and_cut() -> None:
    seen = window_input(pair_of(heart(5.0)))

    assert seen is not None and seen.shape == (1250, 6)
    assert np.abs(seen).max() == WINDOW_LIMIT
    pair_mv = pair_of(heart(5.0))
    third = pair_mv[1] - pair_mv[0]
    expected = np.clip((third - third.mean()) / third.std(), -WINDOW_LIMIT, WINDOW_LIMIT)
    np.testing.assert_allclose(seen[:, LIMB_LEADS.index("III")], expected, atol=1e-9)


def test_batches_are_seen_as_single_windows_are() -> None:
    pairs = np.stack([pair_of(heart(5.0, begin_s=begin_s)) for begin_s in (0.0, 0.3, 0.7)])
    both = window_input(pairs)

    assert both is not None
    for pair_mv, seen in zip(pairs, both, strict=True):
        alone = window_input(pair_mv)
        assert alone is not None
        np.testing.assert_allclose(seen, alone, atol=1e-12)


def test_what_makers_have_filtered_away_is_not_seen() -> None:
    at_s = np.arange(1250) / FS_HZ
    plain = heart(5.0)
    humming = plain + 0.2 * np.sin(2 * np.pi * 47.0 * at_s)
    drifting = humming + 0.3 * np.sin(2 * np.pi * 0.1 * at_s)

    seen, hum, drift = (window_input(pair_of(each)) for each in (plain, humming, drifting))

    assert seen is not None and hum is not None and drift is not None
    assert np.abs(seen - hum)[50:-50].max() < 0.15
    assert np.corrcoef(seen.ravel(), drift.ravel())[0, 1] > 0.99


def test_the_rate_of_the_device_is_not_seen() -> None:
    slow, fast = window_input(pair_of(heart(5.0))), window_input(pair_of(heart(5.0, 360.0), 360.0))

    assert slow is not None and fast is not None
    assert np.abs(slow - fast)[50:-50].max() < 0.3


def test_a_lost_lead_is_zeros_and_the_others_follow_from_what_is_left() -> None:
    prepared = prepare(window_of(heart(5.0)), SETTINGS)
    quality = (LeadQuality("I", 0.0, False, (FLAT,)), LeadQuality("II", 1.0, True))

    pair_mv = model_pair(prepared, quality, SETTINGS.drift_degree)

    assert pair_mv is not None
    assert not pair_mv[0].any() and pair_mv[1].any()
    seen = window_input(pair_mv)
    assert seen is not None and not seen[:, 0].any()
    np.testing.assert_allclose(seen[:, 2], seen[:, 1], atol=1e-9)


def test_a_device_with_one_of_the_two_leads_is_seen_and_one_with_neither_is_not() -> None:
    alone = prepare(window_of(heart(5.0)[1:], leads="II"), SETTINGS)
    chest = prepare(window_of(heart(5.0)[1:], leads="V1"), SETTINGS)

    pair_mv = model_pair(alone, (), SETTINGS.drift_degree)

    assert pair_mv is not None and not pair_mv[0].any() and pair_mv[1].any()
    assert model_pair(chest, (), SETTINGS.drift_degree) is None


def test_a_window_with_holes_is_not_shown() -> None:
    window = window_of(heart(5.0))
    valid = window.valid.copy()
    valid[:200] = False

    assert model_pair(prepare(replace(window, valid=valid), SETTINGS), (), 3) is None


@pytest.mark.parametrize("hop", [250, 500, 1250])
def test_a_strip_of_windows_is_the_signal_whatever_the_hop(hop: int) -> None:
    whole = heart(12.0)
    strip: Strip | None = None
    for start in range(0, 3000 - 1250 + 1, hop):
        strip = extend_strip(strip, pair_of(whole[:, start : start + 1250]), start, FS_HZ)
    assert strip is not None

    long = pair_of(whole)[:, : strip.end * 5]
    expected = long.reshape(2, -1, 5).mean(axis=-1)[:, -STRIP_SAMPLES:]
    assert strip.pair_mv.shape == (2, min(STRIP_SAMPLES, strip.end))
    inner = slice(30, -30)
    assert np.abs(strip.pair_mv - expected)[:, inner].max() < 0.06


def test_a_gap_begins_the_strip_anew() -> None:
    first = extend_strip(None, pair_of(heart(5.0)), 0, FS_HZ)
    later = extend_strip(first, pair_of(heart(5.0)), 2000, FS_HZ)

    assert later.pair_mv.shape == (2, 250)
    assert later.end == 650
    assert strip_input(later) is None


def test_frames_do_not_know_the_amplitude() -> None:
    pair_mv = np.random.default_rng(1).standard_normal((2, STRIP_SAMPLES))

    np.testing.assert_allclose(signal_frames(pair_mv), signal_frames(7.0 * pair_mv), atol=1e-9)
    assert not signal_frames(np.zeros((2, STRIP_SAMPLES))).any()


def beat_at(r_s: float, kind: BeatClass = BeatClass.N) -> Beat:
    r_peak = round(r_s * FS_HZ)
    waves = Waves(r_peak - 12, r_peak + 13, p_confidence=0.9)
    return Beat(r_peak, waves, (), (), beat_class=kind)


def test_frames_carry_the_running_beat() -> None:
    kinds = {4: BeatClass.V}
    times_s = (0.5, 1.5, 2.5, 3.5, 4.0, 5.5, 6.5, 7.5, 8.5, 9.5)
    beats = tuple(beat_at(at_s, kinds.get(k, BeatClass.N)) for k, at_s in enumerate(times_s))
    strip = Strip(np.ones((2, STRIP_SAMPLES)), STRIP_SAMPLES, FS_HZ, beats, -3.0, fibrillation=5.0)

    frames = beat_frames(strip)

    named = {name: frames[:, k] for k, name in enumerate(BEAT_FIGURES)}
    assert frames.shape == (FRAMES, len(BEAT_FIGURES))
    assert named["r_peak"].astype(bool).sum() == len(beats)
    assert np.flatnonzero(named["ventricular"])[0] == round(4.0 / 0.08)
    assert named["prematurity"][round(4.0 / 0.08)] == pytest.approx(-4.0)
    assert named["prematurity"][-1] == pytest.approx(0.0)
    assert set(named["oscillation"]) == {-1.5}
    assert set(named["fibrillation"]) == {2.5}


def test_nothing_known_gives_zeros_and_never_throws() -> None:
    strip = Strip(np.ones((2, STRIP_SAMPLES)), STRIP_SAMPLES, FS_HZ)
    alone = replace(strip, beats=(Beat(1000, None, (), ()),))

    for each in (strip, alone):
        seen = strip_input(each)
        assert seen is not None and seen.shape == (FRAMES, FRAME_FIGURES)
        assert np.isfinite(seen).all()
    assert strip_input(None) is None
