"""Measures what docs/database.md states: python tests/store_figures.py [seconds]."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import numpy as np
import wfdb
from store_examples import make_alert, make_item

from ecgd.config.settings import StoreSettings
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import CountArray, SampleBlock
from ecgd.store import codec
from ecgd.store.codec import Segment
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

RECORDINGS = Path(__file__).parent / "fixtures" / "recordings"
PATIENTS = 7
BLOCK_S = 0.1
SEGMENT_S = 5


def read_counts(path: Path, counts_per_mv: float) -> tuple[CountArray, float]:
    record = wfdb.rdrecord(str(path), physical=False)
    scaled = record.d_signal.T[:2] * (counts_per_mv / record.adc_gain[0])
    return np.rint(scaled).astype(np.int32), float(record.fs)


def timed(work: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    work()
    return (time.perf_counter() - begun_s) * 1000


def show_codec(counts_per_mv: float) -> None:
    encode_ms: list[float] = []
    decode_ms: list[float] = []
    for header in sorted(RECORDINGS.glob("*.hea")):
        counts, fs_hz = read_counts(header.with_suffix(""), counts_per_mv)
        length = round(SEGMENT_S * fs_hz)
        coded_bytes = 0
        for start in range(0, counts.shape[1], length):
            piece = counts[:, start : start + length]
            block = SampleBlock(start, piece, np.ones(piece.shape[1], np.bool_), 0.0)
            segment = Segment(block, fs_hz, counts_per_mv, 0, 0.0)
            coded = codec.encode(segment)
            encode_ms.append(min(timed(partial(codec.encode, segment)) for _ in range(5)))
            decode_ms.append(min(timed(partial(codec.decode, coded)) for _ in range(5)))
            coded_bytes += len(coded)
        ratio = 6 * 2 * counts.shape[1] / coded_bytes
        say(f"{header.stem:24} {counts_per_mv:6.0f} counts/mV  {ratio:5.2f} x")
    say(f"encode {np.median(encode_ms):.2f} ms, at most {max(encode_ms):.2f} ms a piece")
    say(f"decode {np.median(decode_ms):.2f} ms, at most {max(decode_ms):.2f} ms a piece")


def show_commits(seconds: float) -> None:
    """Seven patients in real time, one alert every 0.25 s."""
    counts, fs_hz = read_counts(RECORDINGS / "normal", 400.0)
    device = DeviceInfo("node", fs_hz, ("I", "II"), 400.0)
    size = round(BLOCK_S * fs_hz)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ecgd.sqlite3"
        writer = StoreWriter(path, StoreSettings(), boot_id="figures")
        writer.start()
        patients = [f"patient-{number}" for number in range(PATIENTS)]
        for patient in patients:
            writer.open_recording(patient, device)
        futures: list[Future[int]] = []
        begun_s = time.monotonic()
        blocks = round(seconds / BLOCK_S)
        for number in range(blocks):
            start = number * size
            columns = np.arange(start, start + size) % counts.shape[1]
            now_s = time.monotonic()
            block = SampleBlock(start, counts[:, columns], np.ones(size, np.bool_), now_s)
            for patient in patients:
                writer.append_waveform(patient, block)
                if number % 8 == 0:
                    writer.store_heartbeat(patient, time.time(), 72.0)
            if number % 3 == 0:
                name = f"alert-{number}"
                alert = make_alert(name, patient_id=patients[number % PATIENTS])
                futures.append(writer.store_alert(alert, (make_item(name),)))
            time.sleep(max(0.0, begun_s + (number + 1) * BLOCK_S - time.monotonic()))
        for future in futures:
            future.result()
        say(str(writer.statistics.commit))
        closing_ms = timed(writer.close)
        raw_bytes = sum(recording.raw_bytes for recording in StoreReader(path).recordings())
        per_day = raw_bytes / PATIENTS / (blocks * BLOCK_S) * 86400 / 1e6
        say(f"closing took {closing_ms:.0f} ms; {per_day:.1f} MB of waveform a patient and day")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    for scale in (1000.0, 400.0):
        show_codec(scale)
    show_commits(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
