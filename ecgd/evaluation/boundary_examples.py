"""Marked beats, cut out as the daemon cuts them: what the boundary network learns from.

LUDB and the QT Database have experts' marks. PTB-XL has none, but says which recordings are in
atrial fibrillation, whose beats have no P wave, and which in sinus rhythm, whose beats have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings, Settings
from ecgd.dsp.prepare import filter_signal, prepare
from ecgd.evaluation.databases import (
    Noise,
    Wave,
    read_ludb,
    read_noise,
    read_table,
    read_waves,
    records_of,
)
from ecgd.features.beats import FINAL_AFTER_S, SAME_BEAT_S, USUAL_RR_S
from ecgd.features.boundary_network import MARKS
from ecgd.features.pacing import pacing_spikes, without_spikes
from ecgd.features.r_peaks import PeakHints, detect_r_peaks
from ecgd.features.segments import cut_segments
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import Float32Array, FloatArray, IntArray, Window
from ecgd.service.offline import windows_of
from ecgd.sources.recording import COUNTS_PER_MV, Recording, read_recording

ABSENT: Final = np.inf
PRESENT: Final = -np.inf
"""In place of a peak: the wave is not there; it is there, and nobody says where. NaN: unknown."""

SAME_QRS_S: Final = 0.1
P_REACH_S: Final = 0.4
T_REACH_S: Final = 0.8
BEFORE_MARKS_S: Final = 10.0
BEATS_PER_RECORD: Final = 40
PTBXL_BEATS: Final = 4
PTBXL_SINUS: Final = 150
PTBXL_FS_HZ: Final = 250.0
VALIDATION_FOLD: Final = "9"
"""PTB-XL's own fold that is kept for validation and never learned from."""

NOISE_PIECES: Final = 500
NOISE_PIECE_S: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One beat. ``signal`` is (2, 3, point): value, fine and coarse slope of two leads.

    ``marks`` (lead, mark) are in s from the R peak: of the six limb leads where the two leads are
    I and II of LUDB, of the two leads otherwise. ``rr_s`` is the interval before and after.
    """

    database: str
    record: str
    signal: Float32Array
    rr_s: tuple[float, float]
    marks: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    at_s: float
    signal: Float32Array
    rr_s: tuple[float, float]


def collect_examples(data: Path, processes: int) -> list[Example]:
    """Return the examples of all databases under ``data``, in a fixed order."""
    tasks = [(data, "ludb", name) for name in records_of(data / "ludb")]
    tasks += [(data, "qtdb", name) for name in records_of(data / "qtdb")]
    tasks += [(data, "ptbxl", str(row)) for row in _ptbxl_rows(data / "ptbxl")]
    with ProcessPoolExecutor(processes) as pool:
        each = pool.map(_examples_of, tasks, chunksize=4)
        return [example for examples in each for example in examples]


def collect_noise(data: Path, settings: AnalysisSettings, seed: int) -> Float32Array:
    """Return pieces of recorded noise, filtered and cut as beats are: (piece, 2, 3, point)."""
    rng = np.random.default_rng(seed)
    pieces = []
    for kind in ("bw", "em", "ma"):
        noise = read_noise(data / "nstdb", kind)
        pieces += [_noise_piece(noise, settings, rng) for _ in range(NOISE_PIECES)]
    return np.stack(pieces)


def _noise_piece(
    noise: Noise, settings: AnalysisSettings, rng: np.random.Generator
) -> Float32Array:
    length = round(NOISE_PIECE_S * noise.fs_hz)
    start = int(rng.integers(0, noise.signal_mv.shape[1] - length))
    piece_mv = noise.signal_mv[:, start : start + length]
    valid = np.ones(length, dtype=np.bool_)
    path_mv, _ = filter_signal(piece_mv, valid, noise.fs_hz, settings)
    return _segment(path_mv, int(rng.integers(length // 8, 7 * length // 8)), noise.fs_hz)


def _examples_of(task: tuple[Path, str, str]) -> list[Example]:
    data, database, name = task
    read = {"ludb": _ludb_examples, "qtdb": _qtdb_examples, "ptbxl": _ptbxl_examples}
    return [each for each in read[database](data / database, name) if _says_anything(each)]


def _says_anything(example: Example) -> bool:
    return not bool(np.isnan(example.marks).all())


def _ludb_examples(folder: Path, name: str) -> Iterator[Example]:
    recording = read_ludb(folder, name)
    marked = [read_waves(folder / name, lead.lower()) for lead in LIMB_LEADS]
    for cut in _cut_beats(recording):
        marks = np.stack([marks_of(waves, cut.at_s) for waves in marked])
        yield Example("ludb", name, cut.signal, cut.rr_s, marks)


def _qtdb_examples(folder: Path, name: str) -> Iterator[Example]:
    waves = read_waves(folder / name, "q1c")
    marked_s = np.array([wave.peak_s for wave in waves if wave.kind == "QRS"])
    if not marked_s.size:
        return
    last_s = marked_s[:BEATS_PER_RECORD][-1]
    recording, start_s = _stretch(
        read_recording(folder / name), marked_s[0] - BEFORE_MARKS_S, last_s + 3.0
    )
    for cut in _cut_beats(recording):
        marks = marks_of(waves, start_s + cut.at_s)
        yield Example("qtdb", name, cut.signal, cut.rr_s, np.stack([marks, marks]))


def _stretch(recording: Recording, first_s: float, last_s: float) -> tuple[Recording, float]:
    start = max(0, round(first_s * recording.fs_hz))
    stop = round(last_s * recording.fs_hz)
    counts, valid = recording.counts[:, start:stop], recording.valid[start:stop]
    return replace(recording, counts=counts, valid=valid), start / recording.fs_hz


def _ptbxl_rows(folder: Path) -> list[int]:
    """Return the rows in atrial fibrillation, and as evenly spread as can be those in sinus."""
    table = read_table(folder / "labels.csv")
    usable = [k for k, row in enumerate(table) if row["strat_fold"] != f"{VALIDATION_FOLD}.0"]
    fibrillating = [k for k in usable if table[k]["rhythm"] in ("AFIB", "AFLT", "AFIB|AFLT")]
    sinus = [k for k in usable if table[k]["rhythm"] == "SR"]
    return fibrillating + sinus[:: max(1, len(sinus) // PTBXL_SINUS)]


def _ptbxl_examples(folder: Path, name: str) -> Iterator[Example]:
    row = int(name)
    label = read_table(folder / "labels.csv")[row]
    counts = np.load(folder / "limb250_uV.npy", mmap_mode="r")[row].astype(np.int32)
    if not counts.any():
        return
    marks = np.full((2, len(MARKS)), np.nan)
    marks[:, MARKS.index("p_peak")] = PRESENT if label["rhythm"] == "SR" else ABSENT
    patient = label["patient_id"].removesuffix(".0")
    leads = ("I", "II")
    device = DeviceInfo("ptbxl", PTBXL_FS_HZ, leads, COUNTS_PER_MV, adc_bits=32)
    valid = np.ones(counts.shape[1], dtype=np.bool_)
    recording = Recording("ptbxl", leads, PTBXL_FS_HZ, counts, valid, device)
    for cut in list(_cut_beats(recording))[1 : 1 + PTBXL_BEATS]:
        yield Example("ptbxl", patient, cut.signal, cut.rr_s, marks)


def _cut_beats(recording: Recording) -> Iterator[_Cut]:
    """Yield each beat, cut from the window in which the daemon would call it final."""
    settings = Settings()
    hints: PeakHints | None = None
    last_at = -1
    for window in windows_of(recording, settings):
        prepared = prepare(window, settings.analysis)
        usable = np.ones(len(prepared.leads), dtype=np.bool_)
        peaks = detect_r_peaks(prepared.band_mv, usable, prepared.valid, window.fs_hz, hints)
        hints = peaks.hints
        final = _final(window, peaks.indices, last_at)
        spikes = pacing_spikes(prepared.st_path_mv, peaks.indices, window.fs_hz)
        path_mv = without_spikes(prepared.st_path_mv[:2], spikes)
        for k in final:
            last_at = window.start_index + int(peaks.indices[k])
            segment = _segment(path_mv, int(peaks.indices[k]), window.fs_hz)
            rr_s = _intervals(peaks.indices, k, window.fs_hz)
            yield _Cut(last_at / window.fs_hz, segment, rr_s)


def _final(window: Window, r_peaks: IntArray, last_at: int) -> list[int]:
    """Return the places, among the R peaks, of those that become final with this window."""
    oldest = last_at + SAME_BEAT_S * window.fs_hz if last_at >= 0 else 0
    newest = window.end_index - FINAL_AFTER_S * window.fs_hz
    at = r_peaks + window.start_index
    final: list[int] = np.flatnonzero((at >= oldest) & (at < newest)).tolist()
    return final


def _intervals(r_peaks: IntArray, k: int, fs_hz: float) -> tuple[float, float]:
    rr_s = np.diff(r_peaks) / fs_hz
    usual_s = float(np.median(rr_s)) if rr_s.size else USUAL_RR_S
    before_s = float(rr_s[k - 1]) if k else usual_s
    return before_s, float(rr_s[k]) if k < rr_s.size else usual_s


def _segment(path_mv: FloatArray, r_peak: int, fs_hz: float) -> Float32Array:
    cut = cut_segments(path_mv, np.array([r_peak]), fs_hz)
    rows = (cut.fine_mv[0], cut.fine_slope[0], cut.coarse_slope[0])
    return np.stack(rows, axis=1).astype(np.float32)


def marks_of(waves: Sequence[Wave], r_peak_s: float) -> FloatArray:
    """Return an expert's marks around an R peak, in s from it; see ``ABSENT`` and NaN.

    A wave that is missing at the edge of the marked stretch is unknown, elsewhere it is absent.
    """
    marks = np.full(len(MARKS), np.nan)
    complexes = [k for k, wave in enumerate(waves) if wave.kind == "QRS"]
    nearest = min(complexes, key=lambda k: abs(waves[k].peak_s - r_peak_s), default=None)
    if nearest is None or abs(waves[nearest].peak_s - r_peak_s) > SAME_QRS_S:
        return marks
    own, before, after = waves[nearest], waves[:nearest][::-1], waves[nearest + 1 :]
    marks[3:5] = _from(own.onset_s, r_peak_s), _from(own.end_s, r_peak_s)
    marks[:3] = _wave_marks("P", before, r_peak_s, P_REACH_S)
    marks[5:] = _wave_marks("T", after, r_peak_s, T_REACH_S)
    return marks


def _wave_marks(
    kind: str, neighbours: Sequence[Wave], r_peak_s: float, reach_s: float
) -> tuple[float, float, float]:
    """Return the marks of the nearest wave of a kind, up to the next QRS complex."""
    for wave in neighbours:
        if wave.kind == "QRS" or abs(wave.peak_s - r_peak_s) > reach_s:
            break
        if wave.kind == kind:
            onset_s, end_s = _from(wave.onset_s, r_peak_s), _from(wave.end_s, r_peak_s)
            return onset_s, wave.peak_s - r_peak_s, end_s
    return np.nan, ABSENT if neighbours else np.nan, np.nan


def _from(mark_s: float | None, r_peak_s: float) -> float:
    return np.nan if mark_s is None else mark_s - r_peak_s
