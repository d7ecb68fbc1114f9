"""A database with known signal in it, for the tests of listing and export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from store_examples import NOW_UNIX_S

from ecgd.config.settings import StoreSettings
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray, SampleBlock
from ecgd.store.writer import StoreWriter

WAIT_S = 10.0


@dataclass(slots=True)
class Recorder:
    """Writes blocks at chosen wall times."""

    writer: StoreWriter
    now_unix_s: float = NOW_UNIX_S

    def open(self, patient_id: str, device: DeviceInfo, at_unix_s: float) -> None:
        self.now_unix_s = at_unix_s
        self.writer.open_recording(patient_id, device).result(WAIT_S)

    def add(
        self,
        patient_id: str,
        device: DeviceInfo,
        start_index: int,
        counts: CountArray,
        valid: BoolArray | None = None,
        *,
        begun_unix_s: float,
    ) -> None:
        """Append samples whose first one was measured at ``begun_unix_s``."""
        samples = counts.shape[1]
        valid = np.ones(samples, np.bool_) if valid is None else valid
        arrived_s = begun_unix_s + samples / device.fs_hz - NOW_UNIX_S
        self.now_unix_s = arrived_s + NOW_UNIX_S
        block = SampleBlock(start_index, counts.astype(np.int32), valid, arrived_s)
        self.writer.append_waveform(patient_id, block)

    def close(self, patient_id: str) -> None:
        self.writer.close_recording(patient_id, "link lost").result(WAIT_S)


@contextmanager
def recording_into(path: Path) -> Iterator[Recorder]:
    """Yield a recorder whose clock is that of its blocks; at the end all is on the disk."""
    clock: list[Recorder] = []
    writer = StoreWriter(
        path,
        StoreSettings(),
        boot_id="b",
        clock=lambda: clock[0].now_unix_s - NOW_UNIX_S if clock else 0.0,
        unix_clock=lambda: clock[0].now_unix_s if clock else NOW_UNIX_S,
    )
    clock.append(Recorder(writer))
    writer.start()
    try:
        yield clock[0]
        writer.flush().result(WAIT_S)
    finally:
        writer.close()


def ramp(samples: int, leads: int = 2, start: int = 1000) -> CountArray:
    """Return counts in which every sample differs from its neighbours, shape (lead, sample)."""
    base = start + np.arange(samples)[None, :] * 7 % 900
    return (base + 13 * np.arange(leads)[:, None]).astype(np.int32)
