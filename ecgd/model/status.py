"""What the daemon says about itself: snapshots for ecgctl and the page. Every value has an age."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.alarm import Alarm
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.link import LinkState, LinkStatistics


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """Latency of one stage over the last windows, against its share of the budget."""

    stage: str
    budget_ms: float
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class PatientStatus:
    """One patient as it stands. Ages in seconds; None: never seen."""

    patient_id: str
    name: str
    source: str
    link_state: LinkState
    link_age_s: float
    link_reason: str
    link: LinkStatistics
    device: DeviceInfo | None
    device_status: DeviceStatus | None
    device_status_age_s: float | None
    battery_percent: float | None
    assessment: Assessment | None
    assessment_age_s: float | None
    alarms: tuple[Alarm, ...]
    windows_analysed: int
    windows_replaced: int
    device_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Health of one part (database, gpio, models, clock, journal): fine or not, and in words.

    ``age_s``: how long ago the part was looked at; None: it reports each change by itself.
    """

    part: str
    healthy: bool
    detail: str
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """One delivery target."""

    name: str
    healthy: bool
    pending: int
    delivered: int
    failed_attempts: int
    last_success_age_s: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The whole daemon at one instant."""

    version: str
    pid: int
    uptime_s: float
    simulated: bool
    scoring: str
    audio_paused_s: float | None
    sounding: str | None
    patients: tuple[PatientStatus, ...]
    parts: tuple[PartHealth, ...]
    targets: tuple[TargetHealth, ...]
    database_path: str
    log_path: str
    config_hash: str
    models_hash: str


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Figures for whoever looks for a fault."""

    status: DaemonStatus
    latency: tuple[LatencySummary, ...]
    loop_late_count: int
    loop_late_max_ms: float
    queue_depths: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]
    store_commit: LatencySummary | None
    memory_mb: float
    python: str
    platform: str
