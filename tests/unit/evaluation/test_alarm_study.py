"""Constructed hours: joints without a step, noise and turns where they belong, alarms counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecgd.config.settings import Settings
from ecgd.evaluation import alarm_study
from ecgd.evaluation.alarm_report import alarm_section
from ecgd.evaluation.alarm_study import AlarmRow, alarm_jobs, keep_row, patients_by_group, read_rows
from ecgd.evaluation.databases import Noise
from ecgd.evaluation.diagnoses import Diagnosis
from ecgd.evaluation.long_signal import Cycles, add_noise, cut_cycles, lengthen, turn_axis
from ecgd.evaluation.short_records import FS_HZ, ShortRecord, as_recording
from ecgd.evaluation.stream import analyse_stream
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"


@pytest.fixture(scope="module")
def cycles() -> Cycles:
    recording = read_recording(RECORDINGS / "normal")
    rows = [recording.leads.index(lead) for lead in ("I", "II")]
    signal_mv = recording.counts[rows] / 1000.0
    beats = analyse_stream(as_recording("normal", signal_mv), Settings()).beats
    found = cut_cycles(signal_mv, beats, FS_HZ)
    assert found is not None
    return found


def test_joints_are_no_steeper_than_the_heart_and_beats_stay_beats(cycles: Cycles) -> None:
    long_mv = lengthen(cycles, 60.0, np.random.default_rng(5))
    assert long_mv.shape == (2, 15000)
    assert np.abs(np.diff(long_mv)).max() <= np.abs(np.diff(cycles.signal_mv)).max() + 0.01
    beats = analyse_stream(as_recording("long", long_mv), Settings()).beats
    own_s = np.diff(cycles.cuts) / FS_HZ
    rr_s = np.diff([beat.r_peak for beat in beats]) / FS_HZ
    assert own_s.min() - 0.1 <= rr_s.min()
    assert rr_s.max() <= own_s.max() + 0.1


def test_a_record_with_few_beats_is_left_out(cycles: Cycles) -> None:
    assert cut_cycles(cycles.signal_mv, [], FS_HZ) is None


def test_noise_swells_and_a_turn_keeps_the_size_of_the_heart(cycles: Cycles) -> None:
    long_mv = lengthen(cycles, 2000.0, np.random.default_rng(5))
    noise = Noise(FS_HZ, np.random.default_rng(1).normal(size=(2, 100_000)))
    noisy = add_noise(long_mv, FS_HZ, {"ma": noise}, np.random.default_rng(2)) - long_mv
    by_second = noisy[0].reshape(-1, 250).std(axis=1)
    assert by_second.max() > 1.9 * np.median(by_second)
    assert np.abs(noisy[:, 0]).max() == 0.0
    turned = turn_axis(long_mv, FS_HZ, np.random.default_rng(3))
    size = np.hypot(long_mv[0], (2 * long_mv[1] - long_mv[0]) / np.sqrt(3))
    after = np.hypot(turned[0], (2 * turned[1] - turned[0]) / np.sqrt(3))
    assert after == pytest.approx(size, abs=1e-9)
    assert np.abs(turned - long_mv)[:, :1000].max() < 1e-9
    assert np.abs(turned - long_mv).max() > 0.05


def test_who_is_in_which_group() -> None:
    def of(*said: Diagnosis) -> ShortRecord:
        return ShortRecord("x", "x", frozenset(said), np.zeros((2, 1)))

    groups = patients_by_group(
        [of(Diagnosis.NORMAL), of(Diagnosis.AF, Diagnosis.LVH), of(Diagnosis.AF, Diagnosis.ACUTE)]
    )
    assert [len(each) for each in groups.values()] == [1, 0, 0, 1]


def test_pieces_that_are_done_are_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "pieces.jsonl"
    asked: list[int] = []

    def study(data: Path, piece: int, hours: float, models: Path | None) -> AlarmRow:
        asked.append(piece)
        return AlarmRow(piece, "normal", "p", hours, 1.0, {"STEMI_DETECTED": piece})

    monkeypatch.setattr(alarm_study, "study_alarms", study)
    keep_row(state, AlarmRow(1, "normal", "p", 2.0, 0.9, {}))
    keep_row(state, AlarmRow(0, "normal", "p", 0.5, 0.9, {}))
    with state.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"piece": 2})[:-3] + "\n")
    rows = [job() for job in alarm_jobs(tmp_path, 6.0, 2.0, state, tmp_path)]
    assert asked == [0, 2]
    assert [row.piece for row in rows] == [0, 1, 2]
    assert [row.piece for row in read_rows(state)] == [1, 0, 0, 2]
    page = alarm_section(rows)
    assert "| **all** | 6.0 | 96.7 % | 2 | 8.00 (0.97 to 28.90) |" in page
    assert "By kind: STEMI_DETECTED 2." in page


def test_pieces_of_other_networks_are_done_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "pieces.jsonl"
    keep_row(state, AlarmRow(0, "normal", "p", 2.0, 1.0, {}, 1, "old"))
    keep_row(state, AlarmRow(1, "atrial fibrillation", "q", 2.0, 1.0, {}))
    keep_row(state, AlarmRow(2, "normal", "r", 2.0, 1.0, {}, 0, "new"))
    monkeypatch.setattr(alarm_study, "judged_hash", lambda models: "new")
    asked: list[int] = []

    def study(data: Path, piece: int, hours: float, models: Path | None) -> AlarmRow:
        asked.append(piece)
        return AlarmRow(piece, "normal", "p", hours, 1.0, {}, 2, "new")

    monkeypatch.setattr(alarm_study, "study_alarms", study)
    rows = [job() for job in alarm_jobs(tmp_path, 6.0, 2.0, state, tmp_path)]
    assert asked == [0]
    page = alarm_section(rows)
    # Two alarms in four hours of two patients: 12 in 24 h, 0.2422 to 7.2247 of them in these.
    assert "| 2 | 4.0 | 2 | 1 | 12.00 (1.45 to 43.35) | missed |" in page


def test_where_no_networks_were_asked_nothing_is_said_of_them() -> None:
    assert "networks" not in alarm_section([AlarmRow(0, "normal", "p", 2.0, 1.0, {})])
    quiet = alarm_section([AlarmRow(0, "normal", "p", 200.0, 1.0, {}, 0, "new")])
    assert "| 1 | 200.0 | 0 | 0 | 0.00 (0.00 to 0.44) | kept |" in quiet
    little = alarm_section([AlarmRow(0, "normal", "p", 5.0, 1.0, {}, 0, "new")])
    assert "| not told |" in little


def test_who_taught_the_networks_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = [ShortRecord(name, name, frozenset(), np.zeros((2, 1))) for name in "abcd"]
    monkeypatch.setattr(alarm_study, "taught", lambda models, patient: patient in "ac")

    def order(number: int, *, ranked: bool) -> str:
        found = alarm_study._in_order(patients, number, models=None, ranked=ranked)
        return "".join(record.patient for record in found)

    assert order(0, ranked=True) == "bdac" and order(1, ranked=True) == "dacb"
    assert order(1, ranked=False) == "bcda"
