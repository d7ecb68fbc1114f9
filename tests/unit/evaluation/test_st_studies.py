"""The studies of ST: noise of the wanted power, places, and changes that were put in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import Noise, read_ludb
from ecgd.evaluation.st_episode_study import (
    RAMPS_S,
    SIZE_MV,
    EpisodeRow,
    Found,
    episodes_of,
    ramps_mv,
)
from ecgd.evaluation.st_report import episode_section, noisy_st_section, place_section
from ecgd.evaluation.st_study import SNR_DB, StRow, noise_for, study_place, study_st
from ecgd.evaluation.stream import Analysed, analyse_stream, signal_of
from ecgd.model.beat import Beat, Waves
from ecgd.model.leads import DERIVATION
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference
from ecgd.sources.recording import Recording

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"
RECORD = "boundaries_ludb_152"
NOISE = Noise(250.0, np.random.default_rng(3).normal(size=(2, 250 * 60)))


def test_the_noise_has_the_wanted_power_and_is_that_of_electrodes() -> None:
    recording = read_ludb(RECORDINGS, RECORD)
    added = dict(zip(recording.leads, noise_for(recording, [NOISE, NOISE], 5.0), strict=True))
    clean = dict(zip(recording.leads, signal_of(recording), strict=True))
    for lead in ("I", "II"):
        ratio_db = 20 * np.log10(clean[lead].std() / added[lead].std())
        assert ratio_db == pytest.approx(SNR_DB)
    for lead, (one, two) in DERIVATION.items():
        np.testing.assert_allclose(added[lead], one * added["I"] + two * added["II"], atol=1e-12)


def test_st_in_noise_is_compared_with_the_clean_recording(tmp_path: Path) -> None:
    np.save(tmp_path / "noise250_uV.npy", np.stack([1000 * NOISE.signal_mv] * 3).astype(np.int16))
    noisy = study_st(RECORDINGS, RECORD, "ma", tmp_path)
    clean = study_st(RECORDINGS, RECORD)
    assert [row.experts_mv for row in noisy] == [row.experts_mv for row in clean]
    assert [row.ours_mv for row in noisy] != [row.ours_mv for row in clean]
    assert {row.noise for row in noisy} == {"ma"}


def test_a_real_beats_st_hardly_depends_on_its_place() -> None:
    deviations_mv = study_place(RECORDINGS, RECORD)
    assert len(deviations_mv) > 50
    assert max(deviations_mv) <= 0.01
    assert max(deviations_mv) > 0


def _recording() -> Recording:
    recording = read_ludb(RECORDINGS, RECORD)
    count = round(540 * recording.fs_hz)
    return replace(recording, counts=np.zeros((6, count), np.int32), valid=np.ones(count, np.bool_))


def test_the_change_that_is_put_in_has_its_size_in_st_and_leaves_the_rest() -> None:
    recording = _recording()
    fs_hz = recording.fs_hz
    r_peaks = range(0, recording.sample_count, round(fs_hz))
    beats = tuple(Beat(r, Waves(max(0, r - 20), r + round(0.05 * fs_hz)), (), ()) for r in r_peaks)
    change_mv = ramps_mv(recording, beats)
    for begins_s, whole_s, back_s, over_s, way in RAMPS_S:
        at_j40 = round((whole_s + 1) * fs_hz) + round(0.09 * fs_hz)
        assert change_mv[at_j40] == pytest.approx(way * SIZE_MV)
        assert change_mv[round((back_s - 0.1) * fs_hz)] == 0
        assert abs(change_mv[round(over_s * fs_hz) : round((over_s + 20) * fs_hz)]).max() < 1e-3
        assert abs(change_mv[round((begins_s - 20) * fs_hz) : round(begins_s * fs_hz)]).max() == 0


def test_an_episode_is_taken_once_as_it_ended() -> None:
    began = StEpisode("V5", StReference.BEFORE, 10.0, 41.0, 42.0, 0.15, ("V5",), ())
    ended = replace(began, end_s=90.0, end=EpisodeEnd.BACK, change_mv=0.2)
    (first, *_) = analyse_stream(read_ludb(RECORDINGS, RECORD), Settings()).assessments
    told = [replace(first, st_episodes=each) for each in ((began,), (), (ended,))]
    analysed = Analysed(tuple(told), 250.0)
    assert episodes_of(analysed, "V5", 500.0) == (Found(10.0, 90.0, 0.2),)
    assert episodes_of(analysed, "II", 500.0) == ()


def test_sections_count_what_was_found_missed_and_extra() -> None:
    up, down = Found(160.0, 260.0, 0.2), Found(350.0, 450.0, -0.2)
    found = (Found(162.0, 263.0, 0.21), Found(500.0, 530.0, 0.1))
    row = EpisodeRow("sel1", (up, down), (), found)
    assert [hit for hit, _ in row.hits()] == [up]
    assert row.extra() == [found[1]]
    text = episode_section([row], [EpisodeRow("sele1", (), (), found)])
    assert "| 1 | 50.0 % | 50.0 % | +2.0 ± 0.0 | +3.0 ± 0.0 | 0 |" in text
    assert "2 episodes are told: sele1 2." in text


def test_noise_and_place_sections_tell_shares() -> None:
    rows = [
        StRow("1", "I", 0.01, 0.02, 0.02, "em"),
        StRow("1", "II", 0.5, 0.0, 0.06, "em"),
        StRow("1", "III", None, 0.0, None, "em"),
    ]
    text = noisy_st_section(rows)
    assert "| electrode motion | 3 | 33.3 % | 50.0 % | 33.3 % | 100.0 % | 50.0 % |" in text
    assert "| 2 | 3 | 1.00 | 1.98 | 2.00 |" in place_section([[0.001], [0.0, 0.002]])
