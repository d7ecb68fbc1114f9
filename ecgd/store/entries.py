"""What the reader returns: rows as values."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.alarm import Alert
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.signal import SampleBlock


@dataclass(frozen=True, slots=True)
class Patient:
    """One row of ``users`` with its count of unacknowledged alerts."""

    id: int
    patient_id: str
    name: str
    created_unix_s: float
    sex: str
    birth_year: int | None
    unacknowledged: int
    last_recording_unix_s: float | None
    archived_unix_s: float | None = None


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """One alert and what became of it. ``id`` grows with every alert, whatever the clock does.

    ``marks`` are what people said of it, oldest first; the newest counts.
    """

    id: int
    alert: Alert
    recording_id: int | None
    user_notified: bool
    acknowledged_unix_s: float | None
    acknowledged_by: str | None
    cleared_unix_s: float | None
    marks: tuple[AlertMark, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that counts; None: nobody has marked it."""
        return self.marks[-1].verdict if self.marks else None


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """What became of one message of an alert; ``state`` as in the outbox.

    ``receipt`` is what the service calls it.
    """

    target: str
    state: str
    attempts: int
    created_unix_s: float
    last_attempt_unix_s: float | None
    detail: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of ``recordings``, without its signal. Indices are the stream's own.

    ``thinned_unix_s``: when the signal was cut down to what is around alerts; None: it is whole.
    """

    id: int
    patient_id: str
    device_id: str
    stream: str
    started_unix_s: float
    duration_s: float
    fs_hz: float
    leads: tuple[str, ...]
    counts_per_mv: float
    baseline_counts: int
    start_index: int | None
    end_index: int | None
    finished_unix_s: float | None
    finish_reason: str | None
    raw_bytes: int
    has_preprocessed: bool
    thinned_unix_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Pieces of one recording, exactly as they were stored, in order.

    Millivolts are (counts - baseline_counts) / counts_per_mv. ``unix_s`` holds the wall time of
    each block's first sample. ``damaged`` counts pieces that could not be read.
    """

    recording: Recording
    leads: tuple[str, ...]
    fs_hz: float
    counts_per_mv: float
    baseline_counts: int
    blocks: tuple[SampleBlock, ...]
    unix_s: tuple[float, ...]
    damaged: int


@dataclass(frozen=True, slots=True)
class Result:
    """One row of ``analysis_results``; ``features`` is JSON."""

    id: int
    recording_id: int | None
    at_unix_s: float
    start_index: int
    end_index: int
    outcome: str
    risk_level: str | None
    model_name: str
    prediction: float | None
    confidence: float | None
    features: str | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One row of ``heartbeats``."""

    at_unix_s: float
    bpm: float | None
    anomaly_type: str | None


@dataclass(frozen=True, slots=True)
class Trend:
    """One minute of ``trends``; None: nothing of that kind was stored in it.

    ``st_mv`` gives the least, the median and the greatest ST level of each lead.
    """

    at_unix_s: float
    heartbeats: int | None
    bpm_min: float | None
    bpm_median: float | None
    bpm_max: float | None
    anomalies: int | None
    anomaly_type: str | None
    risk_level: str | None
    st_mv: dict[str, list[float]]
    battery_level_min: int | None


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """One row of ``health_events``; ``details`` is JSON."""

    id: int
    patient_id: str
    at_unix_s: float
    event_type: str
    message: str
    details: str


@dataclass(frozen=True, slots=True)
class Note:
    """One row of ``notes``."""

    id: int
    patient_id: str
    at_unix_s: float
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One row of ``device_status``."""

    at_unix_s: float
    battery_level: int | None
    signal_quality: float | None
    connected: bool
    electrode_contact_quality: float | None
    battery_mv: int | None
    electrodes_off: tuple[str, ...] | None
