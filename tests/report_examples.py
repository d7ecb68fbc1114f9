"""A database with an infarction in it, as the daemon would have written it: for reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings, Settings
from ecgd.model.alarm import Alert
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import CountArray, SampleBlock
from ecgd.service.occurrence import Circumstances, Moment, compose_alert
from ecgd.service.offline import (
    AlertRaised,
    AnalysisRequest,
    WindowAssessed,
    analyse_recording,
)
from ecgd.store.writer import StoreWriter

RECORDINGS = Path(__file__).resolve().parent / "fixtures" / "recordings"
FS_HZ = 250.0
STARTED_UNIX_S = 1_760_000_000.0
PATIENT = "p1"


@dataclass(frozen=True)
class Example:
    """A database, and the alert that it holds."""

    database: Path
    alert: Alert


def stemi_example(
    directory: Path, alert: Alert, *, gap_s: tuple[float, float] | None = None
) -> Example:
    """Write 25 s of the inferior infarction, and an alert in it.

    ``gap_s`` is a stretch before the alert that never arrived.
    """
    counts = _stemi_uv()
    assert alert.sample_index is not None
    device = DeviceInfo("node-1", FS_HZ, ("I", "II"), 1000.0, highpass_hz=0.05)
    valid = np.ones(counts.shape[1], dtype=np.bool_)
    if gap_s is not None:
        first, last = (alert.sample_index - round(gap * FS_HZ) for gap in gap_s)
        valid[first:last] = False
    database = directory / "ecgd.sqlite3"
    store = StoreWriter(database, Settings().store, boot_id="boot-1")
    store.start()
    store.open_recording(PATIENT, device)
    for start in range(0, counts.shape[1], 100):
        piece = counts[:, start : start + 100]
        store.append_waveform(
            PATIENT, SampleBlock(start, piece, valid[start : start + 100], start / 250.0)
        )
    store.flush().result(20.0)
    store.store_alert(alert).result(20.0)
    assert store.close()
    return Example(database, alert)


def _stemi_uv() -> CountArray:
    """Return I and II over and over; the file's format is 16 (WFDB), 1 µV a count."""
    counts = np.fromfile(RECORDINGS / "inferior_stemi.dat", "<i2").reshape(-1, 2).T
    return np.tile(counts.astype(np.int32), (1, 3))[:, : round(25.0 * FS_HZ)]


def judged_alert() -> Alert:
    """Return the alert that the daemon's own rules and networks raise of the infarction."""
    settings = replace(Settings(), alarms=AlarmSettings(hold_off=HoldOffSettings(stemi_s=14.0)))
    seen: Assessment | None = None
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "stemi.npy"
        np.save(path, _stemi_uv())
        request = AnalysisRequest(path, fs_hz=FS_HZ, leads=("I", "II"), unit="uV")
        for event in analyse_recording(request, settings):
            if isinstance(event, WindowAssessed):
                seen = event.assessment
            if isinstance(event, AlertRaised) and event.alarm.event_type == "STEMI_DETECTED":
                break
    assert isinstance(event, AlertRaised)
    moment = Moment(STARTED_UNIX_S + event.time_s, event.time_s, True)
    return compose_alert(
        replace(event.alarm, alert_id="3f9a27c04d5e8b61"),
        patient_id=PATIENT,
        patient_name="Anna Müller",
        assessment=seen,
        moment=moment,
        circumstances=Circumstances("boot-1", False, "rules and networks", "6c1d0a9e", "c0ffee"),
        settings=settings.alarms,
    )
