"""Each study on a real record with experts' marks, and on marks that were moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgd.config.settings import Settings
from ecgd.errors import RecordingError
from ecgd.evaluation.beat_study import beat_row, score
from ecgd.evaluation.boundary_study import compare, compare_nearest, study_ludb
from ecgd.evaluation.databases import (
    ReferenceBeats,
    Wave,
    read_beats,
    read_waves,
    records_of,
)
from ecgd.evaluation.mitdb_study import study_mitdb
from ecgd.evaluation.noise_study import study_noise
from ecgd.evaluation.quality_study import study_quality
from ecgd.evaluation.scores import spread
from ecgd.evaluation.st_study import study_st
from ecgd.evaluation.stream import analyse_stream
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"
BEATS = RECORDINGS / "beats_mitdb_119"


def test_every_beat_of_a_real_record_is_found() -> None:
    analysed = analyse_stream(read_recording(BEATS), Settings())
    row = beat_row("ecgd", BEATS.name, analysed, read_beats(BEATS))
    assert row.match.counts.missed == 0
    assert row.match.counts.extra == 0
    assert row.match.counts.found == len(read_beats(BEATS).times_s)
    assert row.unusable_share == 0.0


def test_flutter_is_not_scored() -> None:
    reference = ReferenceBeats((1.0, 5.0), ("N", "N"), ((4.0, 6.0),))
    match = score(reference, [1.0, 4.5])
    assert (match.counts.found, match.counts.missed, match.counts.extra) == (1, 0, 0)


def test_noise_is_scored_where_it_is_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgd.evaluation.noise_study.NOISE_FROM_S", 20.0)
    monkeypatch.setattr("ecgd.evaluation.noise_study.NOISE_S", 20.0)
    monkeypatch.setattr("ecgd.evaluation.noise_study.CLEAN_S", 15.0)
    wave = np.random.default_rng(1).normal(scale=1000.0, size=(3, 2, 250 * 40))
    np.save(tmp_path / "noise250_uV.npy", wave.astype(np.int16))
    (loud,) = study_noise(BEATS, tmp_path, "em", -20.0, rivals=False)
    (soft,) = study_noise(BEATS, tmp_path, "em", 40.0, rivals=False)
    inside = [t for t in read_beats(BEATS).times_s if 20.0 <= t <= 40.0]
    assert len(soft.row.match.pairs) == len(inside)
    assert soft.row.unusable_share == 0.0
    assert len(loud.row.match.pairs) < len(inside)
    assert loud.row.unusable_share > 0.5
    assert (loud.kind, loud.snr_db) == ("em", -20.0)


def test_a_record_of_mitdb_is_told_by_all_its_marks() -> None:
    row = study_mitdb(BEATS, rivals=False)
    assert [each.detector for each in row.beats] == ["ecgd", "ecgd, first channel"]
    assert [each.leads for each in row.classes] == ["both channels", "first channel"]
    assert row.rhythm.record == BEATS.name
    assert row.hours == pytest.approx(1 / 60)
    assert row.alarms == {}


def test_boundaries_of_a_real_record_are_near_the_experts() -> None:
    tally = study_ludb(RECORDINGS, "boundaries_ludb_152")
    assert tally.counts["QRS"].f1 > 0.95
    assert abs(spread(tally.errors_ms["QRS", "onset"]).mean) < 20
    assert len(tally.errors_ms["T", "end"]) > 20


def test_moved_marks_show_as_an_error_of_that_size() -> None:
    marked = read_waves(RECORDINGS / "boundaries_ludb_152", "ii")
    moved = [
        replace(
            wave,
            onset_s=None if wave.onset_s is None else wave.onset_s + 0.02,
            end_s=None if wave.end_s is None else wave.end_s - 0.01,
        )
        for wave in marked
    ]
    tally = compare(marked, moved)
    assert tally.counts["P"].f1 == tally.counts["QRS"].f1 == tally.counts["T"].f1 == 1.0
    assert spread(tally.errors_ms["QRS", "onset"]).mean == pytest.approx(20.0)
    assert spread(tally.errors_ms["T", "end"]).mean == pytest.approx(-10.0)


def test_st_of_a_real_record_is_that_at_the_experts_boundaries() -> None:
    rows = study_st(RECORDINGS, "boundaries_ludb_152")
    assert len(rows) == 6
    errors = [row.error_mv for row in rows]
    assert all(error is not None and abs(error) <= 0.02 for error in errors), errors


def test_quality_tells_a_heart_from_noise(tmp_path: Path) -> None:
    heart = np.load(_normal(tmp_path))
    noise = np.random.default_rng(2).normal(scale=800, size=heart.shape)
    held = np.stack([heart, noise]).astype(np.int16)
    np.save(tmp_path / "ecg250_uV.npy", held)
    (tmp_path / "labels.csv").write_text("record,quality\na,acceptable\nb,unacceptable\n")
    good, bad = study_quality(tmp_path, 0, 1)
    assert (good.record, good.acceptable, good.called_usable) == ("a", True, True)
    assert (bad.record, bad.acceptable, bad.called_usable) == ("b", False, False)


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no WFDB record"):
        records_of(tmp_path)


def _normal(folder: Path) -> Path:
    from ecgd.sources.recording import read_recording

    path = folder / "normal.npy"
    np.save(path, read_recording(RECORDINGS / "normal").counts)
    return path


def test_the_nearest_lead_is_taken_at_each_point() -> None:
    marked = [Wave("QRS", 1.00, 1.04, 1.10), Wave("QRS", 2.00, 2.04, 2.10)]
    early = [Wave("QRS", 0.99, 1.04, 1.05)]
    late = [Wave("QRS", 1.03, 1.05, 1.12)]
    tally = compare_nearest(marked, [early, late])
    assert (tally.counts["QRS"].found, tally.counts["QRS"].missed) == (1, 1)
    assert tally.errors_ms["QRS", "onset"] == pytest.approx([-10.0])
    assert tally.errors_ms["QRS", "end"] == pytest.approx([20.0])


def test_the_first_marked_wave_may_peak_after_ours() -> None:
    marked = [Wave("QRS", 1.00, 1.04, 1.10), Wave("QRS", 2.00, 2.04, 2.10)]
    ours = [Wave("QRS", 0.2, 0.24, 0.3), Wave("QRS", 1.00, 1.01, 1.10), marked[1]]
    counts = compare(marked, ours).counts["QRS"]
    assert (counts.found, counts.missed, counts.extra) == (2, 0, 0)
