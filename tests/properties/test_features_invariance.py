"""What must not change beats and ST, and that garbage never gives anything but finite values."""

from __future__ import annotations

import numpy as np
from ecg_shapes import SETTINGS, beat_times, ecg, find, window
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.dsp.derivation import complete_limb_leads
from ecgd.dsp.normalise import min_max, z_score
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.model.beat import Beat
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray

few = settings(max_examples=25, derandomize=True, deadline=None)


def levels(beat: Beat) -> FloatArray:
    return np.array([value.j40_mv for value in beat.st if value is not None])


@few
@given(
    scale=st.floats(0.4, 3.0),
    offset_mv=st.floats(-400, 400),
    rr_s=st.floats(0.5, 1.4),
    st_mv=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
)
def test_scale_and_offset(
    scale: float, offset_mv: float, rr_s: float, st_mv: tuple[float, float]
) -> None:
    signal = ecg(beat_times(5, rr_s), 5.0, st_mv=st_mv)
    plain = find(window(signal))[1]
    changed = find(window(scale * signal + offset_mv))[1]
    np.testing.assert_array_equal(plain.r_peaks, changed.r_peaks)
    for one, other in zip(plain.beats, changed.beats, strict=True):
        np.testing.assert_allclose(scale * levels(one), levels(other), atol=0.003 * scale)


@few
@given(rr_s=st.floats(0.5, 1.4), fs_hz=st.sampled_from([200.0, 360.0, 500.0, 977.0]))
def test_sampling_rate(rr_s: float, fs_hz: float) -> None:
    times = beat_times(5, rr_s)
    reference = find(window(ecg(times, 5.0, 250.0, (0.1, 0.2))))[1]
    other = find(window(ecg(times, 5.0, fs_hz, (0.1, 0.2)), fs_hz))[1]
    np.testing.assert_allclose(reference.r_peaks / 250.0, other.r_peaks / fs_hz, atol=0.006)
    for one, two in zip(reference.beats, other.beats, strict=True):
        if one.waves is not None and two.waves is not None:
            np.testing.assert_allclose(levels(one), levels(two), atol=0.01)


@few
@given(order=st.permutations(range(6)))
def test_order_of_the_leads(order: list[int]) -> None:
    signal = ecg(beat_times(5, 0.8), 5.0, st_mv=(0.1, 0.2))
    leads = tuple(LIMB_LEADS[k] for k in order)
    plain = find(window(signal))[1]
    shuffled = find(window(signal[order], leads=leads))[1]
    np.testing.assert_array_equal(plain.r_peaks, shuffled.r_peaks)
    for one, two in zip(plain.beats, shuffled.beats, strict=True):
        assert dict(zip(one.leads, one.st, strict=True)).keys() == set(two.leads)
        for lead, value in zip(two.leads, two.st, strict=True):
            expected = one.st[one.leads.index(lead)]
            assert (value is None) == (expected is None)
            if value is not None and expected is not None:
                assert abs(value.j40_mv - expected.j40_mv) < 1e-9


@few
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["noise", "constant", "huge", "spikes", "steps", "nan", "square"]),
    fs_hz=st.sampled_from([100.0, 250.0, 1000.0]),
    leads=st.sampled_from([("I",), ("I", "II"), LIMB_LEADS, (*LIMB_LEADS, "V1", "V2", "V5")]),
    missing=st.floats(0.0, 1.0),
)
def test_garbage_gives_finite_answers(
    seed: int, kind: str, fs_hz: float, leads: tuple[str, ...], missing: float
) -> None:
    rng = np.random.default_rng(seed)
    count = round(5 * fs_hz)
    signal = garbage(rng, kind, (len(leads), count))
    valid = rng.random(count) >= missing * (seed % 2)
    seen = window(signal, fs_hz, leads=leads, valid=valid)
    prepared, found = find(seen)
    for array in (prepared.st_path_mv, prepared.band_mv, z_score(prepared.band_mv)):
        assert np.isfinite(array).all()
    assert np.isfinite(min_max(prepared.band_mv)).all()
    for lead in assess_quality(seen, prepared):
        assert 0.0 <= lead.sqi <= 1.0
        assert lead.usable == (not lead.reasons)
    for beat in found.beats:
        assert np.isfinite(levels(beat)).all()
        assert 0 <= beat.r_peak < count
        if beat.waves is not None:
            assert beat.waves.qrs_onset < beat.waves.qrs_end


def garbage(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> FloatArray:
    noise = rng.normal(0.0, 1.0, shape)
    steps = np.where(rng.random(shape) < 0.005, 50 * noise, 0.0)
    made: dict[str, FloatArray] = {
        "noise": noise,
        "constant": np.full(shape, 3.3),
        "huge": noise * 1e300,
        "spikes": np.where(rng.random(shape) < 0.01, 1e6, 0.0),
        "steps": np.cumsum(steps, axis=1),
        "nan": np.where(rng.random(shape) < 0.2, np.nan, noise),
        "square": np.sign(np.sin(np.arange(shape[1]) / 20.0)) * np.ones(shape),
    }
    return made[kind]


@few
@given(
    pair=st.sampled_from([("I", "II"), ("II", "III"), ("aVL", "aVF"), ("I", "aVR")]),
    seed=st.integers(0, 1000),
)
def test_derived_leads_keep_the_identities(pair: tuple[str, str], seed: int) -> None:
    measured = np.random.default_rng(seed).normal(0.0, 1.0, (2, 50))
    leads, six = complete_limb_leads(pair, measured)
    row = dict(zip(leads, six, strict=True))
    np.testing.assert_allclose(row["I"] + row["III"], row["II"], atol=1e-9)
    np.testing.assert_allclose(row["aVR"] + row["aVL"] + row["aVF"], 0.0, atol=1e-9)
    np.testing.assert_array_equal(row[pair[0]], measured[0])


@few
@given(first=st.integers(0, 1240), length=st.integers(1, 600))
def test_a_gap_anywhere_never_moves_the_st_of_measured_beats(first: int, length: int) -> None:
    signal = ecg(beat_times(5, 0.8), 5.0, st_mv=(0.05, 0.2))
    valid = np.ones(signal.shape[1], np.bool_)
    valid[first : first + length] = False
    broken = np.where(valid, signal, 77.0)
    seen = window(broken, valid=valid)
    for beat in find(seen)[1].beats:
        if beat.waves is not None:
            np.testing.assert_allclose(levels(beat)[:2], [0.05, 0.2], atol=0.02)
    assert prepare(seen, SETTINGS).valid.sum() == valid.sum()
