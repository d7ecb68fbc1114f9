"""What the daemon says about itself: snapshots for ecgctl and the page. Every value has an age."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.alarm import Alarm
from ecgd.model.assessment import Assessment
from ecgd.model.bluetooth import BluetoothLink
from ecgd.model.coverage import CoverageSum
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import Severity
from ecgd.model.link import LinkState, LinkStatistics
from ecgd.model.proof import ProofStatus


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """Latency of one stage over the last windows, against its share of the budget.

    ``budget_ms`` NaN: the stage has none.
    """

    stage: str
    budget_ms: float
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class PatientStatus:
    """One patient as it stands. Ages in seconds; None: never seen.

    ``coverage`` is the account of the last hour, as far as the daemon has run. ``authenticated``
    says whether the device has proved who it is; None: there is no key to prove it with. ``called``
    is how messages that name nobody call the patient, empty where they need not.
    """

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
    device_standing: str = "not bound"
    device_words: tuple[str, ...] = ()
    device_limits: tuple[str, ...] = ()
    authenticated: bool | None = None
    coverage: CoverageSum | None = None
    bluetooth: BluetoothLink | None = None
    called: str = ""


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
    """One delivery target; ``gravest`` is what waits for it at most, None: nothing, or unknown."""

    name: str
    healthy: bool
    pending: int
    delivered: int
    failed_attempts: int
    last_success_age_s: float | None
    detail: str
    gravest: Severity | None = None


@dataclass(frozen=True, slots=True)
class NetworkState:
    """One network of the ensemble.

    ``demoted`` says why it is not asked. Neither ready nor demoted: it is being loaded.
    """

    name: str
    is_ready: bool
    demoted: str = ""


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The whole daemon at one instant. ``gateway_alarms`` are of the gateway, not of a patient."""

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
    networks: tuple[NetworkState, ...] = ()
    gateway_alarms: tuple[Alarm, ...] = ()
    proof: ProofStatus | None = None


@dataclass(frozen=True, slots=True)
class MachineState:
    """The computer that the daemon runs on. None: not known on this machine.

    ``power_problems`` and ``earlier_power_problems`` say what the firmware reports now, and what it
    has reported since the computer started: empty where it reports that all is well. ``disk`` is
    the one with the state directory.
    """

    model: str | None = None
    power_problems: tuple[str, ...] | None = None
    earlier_power_problems: tuple[str, ...] | None = None
    temperature_c: float | None = None
    cpu_mhz: float | None = None
    cpu_max_mhz: float | None = None
    cpu_count: int | None = None
    load_1min: float | None = None
    memory_total_mb: float | None = None
    memory_available_mb: float | None = None
    disk_total_mb: float | None = None
    disk_free_mb: float | None = None
    clock_synchronised: bool | None = None


@dataclass(frozen=True, slots=True)
class PatientFigures:
    """How one patient's windows went: latency per stage, and what was thrown away and why."""

    patient_id: str
    latency: tuple[LatencySummary, ...]
    discarded_bytes: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Figures for whoever looks for a fault.

    ``latency`` is over all patients. ``alarm_delay`` is from the first evidence of an alarm to the
    pins, hold-off included, and has no budget. ``machine_age_s`` None: not looked at yet.
    ``upkeep`` is what the database's housekeeping has done since the start.
    """

    status: DaemonStatus
    latency: tuple[LatencySummary, ...]
    patients: tuple[PatientFigures, ...]
    alarm_delay: LatencySummary | None
    machine: MachineState
    machine_age_s: float | None
    loop_late_count: int
    loop_late_max_ms: float
    queue_depths: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]
    store_commit: LatencySummary | None
    memory_mb: float
    python: str
    platform: str
    upkeep: tuple[tuple[str, float], ...] = ()
