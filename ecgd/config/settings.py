"""Every setting of the daemon. ``docs/configuration.md`` is checked against this file."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.bluetooth import BluetoothSettings
from ecgd.config.declaration import required, section, setting
from ecgd.config.fault_light import FaultLightSettings
from ecgd.config.fleet import HeartbeatSettings, MqttSettings
from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.location import LocationSettings
from ecgd.config.people import ContactSettings, EscalationSettings
from ecgd.config.proof import ProofSettings
from ecgd.config.report import ReportSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """Where the daemon keeps its files, and how it logs."""

    state_dir: str = setting(
        "", "directory of database and lock; empty: $STATE_DIRECTORY, else ~/.local/state/ecgd"
    )
    runtime_dir: str = setting(
        "", "directory of the control socket; empty: $RUNTIME_DIRECTORY, else the state directory"
    )
    log_level: str = setting(
        "info", "least level that is logged", choices=("debug", "info", "warning", "error")
    )
    log_file: str = setting("", "also log to this file; empty: no file")
    simulated: bool = setting(
        False, "marks every alert as simulated: it reaches no person but the test target"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """Window, filters and ST thresholds."""

    window_s: float = setting(5.0, "length of the analysed window", unit="s", low=5, high=10)
    hop_s: float = setting(1.0, "a window starts every so often", unit="s", low=0.5, high=5)
    mains_hz: float = setting(
        50.0, "mains frequency that the notch removes; 0: no notch", unit="Hz", low=0, high=60
    )
    bandpass_low_hz: float = setting(
        0.5, "band-pass for beats and models, lower corner", unit="Hz", low=0.05, high=5
    )
    bandpass_high_hz: float = setting(
        100.0, "band-pass for beats and models, upper corner", unit="Hz", low=20, high=150
    )
    bandpass_order: int = setting(4, "order of that band-pass", low=1, high=8)
    drift_degree: int = setting(3, "degree of the drift polynomial for the models", low=1, high=5)
    st_elevation_mv: float = setting(
        0.1, "ST elevation from which a lead counts as elevated", unit="mV", low=0.05, high=0.5
    )
    st_depression_mv: float = setting(
        0.05, "ST depression from which a lead counts as depressed", unit="mV", low=0.02, high=0.5
    )
    st_change_mv: float = setting(
        0.05,
        "change against the patient's own baseline from which an ST level counts as changed",
        unit="mV",
        low=0.02,
        high=0.5,
    )
    st_beats_min: int = setting(
        4,
        "fewest beats for an ST verdict; fewer than five only in the first seconds",
        low=3,
        high=10,
    )
    st_beats_max: int = setting(10, "most beats in the median beat", low=5, high=30)
    beat_age_max_s: float = setting(
        15.0, "oldest beat that still counts for ST", unit="s", low=5, high=60
    )
    bradycardia_bpm: float = setting(
        40.0,
        "extreme bradycardia below this rate, or no more than 5 % above",
        unit="bpm",
        low=20,
        high=60,
    )
    tachycardia_bpm: float = setting(
        140.0, "rate above which the alarm is extreme tachycardia", unit="bpm", low=100, high=250
    )
    pause_s: float = setting(3.0, "RR interval that is a pause", unit="s", low=2, high=4)
    asystole_s: float = setting(4.0, "no beat for so long is asystole", unit="s", low=3, high=10)
    fast_ventricular_bpm: float = setting(
        150.0,
        "rate from which ten ventricular beats in a row are CRITICAL; slower ones after 30 s",
        unit="bpm",
        low=120,
        high=220,
    )
    supraventricular_bpm: float = setting(
        150.0,
        "rate above which even, narrow beats are a supraventricular tachycardia",
        unit="bpm",
        low=120,
        high=220,
    )
    rate_change_bpm: float = setting(
        30.0,
        "change of a steady rate within 10 s that is a health event",
        unit="bpm",
        low=15,
        high=100,
    )
    ectopy_per_min: float = setting(
        10.0,
        "premature beats of one kind in a minute that are frequent",
        unit="1/min",
        low=1,
        high=60,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleSettings:
    """Networks, weights and thresholds."""

    models_dir: str = setting("", "directory of the quantised models; empty: those of the package")
    cnn_weight: float = setting(0.40, "weight of the CNN", low=0, high=1)
    lstm_weight: float = setting(0.35, "weight of the LSTM", low=0, high=1)
    rnn_weight: float = setting(0.25, "weight of the RNN", low=0, high=1)
    anomaly_threshold: float = setting(0.75, "score from which it is an anomaly", low=0.5, high=1)
    high_threshold: float = setting(0.80, "score from which it is HIGH", low=0.5, high=1)
    critical_threshold: float = setting(0.90, "score from which it is CRITICAL", low=0.5, high=1)
    event_threshold: float = setting(0.65, "score from which a health event is kept", low=0, high=1)
    deadline_ms: float = setting(
        100.0,
        "time for all networks together; one that takes more than a third of it three times in a "
        "row is demoted",
        unit="ms",
        low=10,
        high=1000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """Alarm behaviour."""

    hold_off: HoldOffSettings = section(HoldOffSettings, "hold-off per kind of alarm")
    audio_pause_s: float = setting(
        120.0, "a paused sound comes back after this", unit="s", low=10, high=600
    )
    quiet_hours: str = setting(
        "", "local time in which less sounds, such as 22:00-06:00; empty: none"
    )
    quiet_least_priority: str = setting(
        "high",
        "least priority that sounds in quiet hours; light and delivery are as ever",
        choices=("medium", "high"),
    )
    reminder_s: float = setting(
        600.0,
        "an acknowledged alarm that persists is raised again after this",
        unit="s",
        low=60,
        high=86400,
    )
    battery_low_percent: float = setting(20.0, "battery is low", unit="%", low=5, high=50)
    battery_critical_percent: float = setting(10.0, "battery is critical", unit="%", low=1, high=30)
    battery_full_mv: int = setting(
        4200, "battery voltage at 100 %", unit="mV", low=1000, high=20000
    )
    battery_empty_mv: int = setting(3300, "battery voltage at 0 %", unit="mV", low=500, high=20000)
    emergency_number: str = setting("112", "number that the recommended actions name")
    location: str = setting(
        "", "where the patient lives, as free text; contacts of role `service` alone are told"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSettings:
    """Pins of buzzer, lights and button (BCM numbers); -1: not connected."""

    factory: str = setting(
        "auto",
        "pin factory: auto finds the hardware, mock records pin changes, none switches pins off",
        choices=("auto", "lgpio", "mock", "none"),
    )
    buzzer_pin: int = setting(18, "buzzer, active high", low=-1, high=27)
    red_pin: int = setting(17, "red LED", low=-1, high=27)
    yellow_pin: int = setting(27, "yellow LED", low=-1, high=27)
    green_pin: int = setting(22, "green LED", low=-1, high=27)
    button_pin: int = setting(23, "acknowledge button to ground", low=-1, high=27)
    pulse_log: str = setting("", "write every pin change to this file (mock factory)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """One target for alerts: a webhook, or a service that reaches a phone."""

    name: str = required("name of the target, unique")
    profile: str = setting(
        "standard",
        "what the target is; standard: Standard Webhooks 1.0, json: your own template",
        choices=(
            "standard",
            "ntfy",
            "gotify",
            "pushover",
            "slack",
            "telegram",
            "home-assistant",
            "twilio-sms",
            "twilio-call",
            "json",
            "apprise",
        ),
    )
    url: str = setting(
        "", "where alerts are posted; empty: the service's own address, where it has one"
    )
    secret_file: str = setting(
        "",
        "file with mode 0600: the signing secret (whsec_… or base64, 24 bytes or more), or the "
        "service's keys",
    )
    previous_secret_file: str = setting("", "the secret before, while it is rotated")
    least_severity: str = setting(
        "HIGH",
        "least severity that is sent",
        choices=("LOW", "MEDIUM", "HIGH", "CRITICAL"),
    )
    test_target: bool = setting(False, "this target also gets simulated alerts, others never do")
    include_name: bool = setting(
        False, "also send the patient's name; otherwise id, label and number only"
    )
    timeout_s: float = setting(10.0, "total deadline of one attempt", unit="s", low=1, high=60)
    ca_file: str = setting("", "certificate authority of the target; empty: the system's")
    recipient: str = setting(
        "", "who gets it: phone number (+49…), Telegram chat, topic of an ntfy with access control"
    )
    sender: str = setting("", "Twilio: the number, name or messaging service it comes from")
    language: str = setting("en", "language of texts for people", choices=("en", "de"))
    acknowledge: bool = setting(
        False, "offer a button that acknowledges, where the service can carry one"
    )
    page_url: str = setting(
        "", "page that a tap opens, {alert_id} in it becomes the alert's id; empty: none"
    )
    repeat_s: float = setting(
        60.0,
        "Pushover: a HIGH or CRITICAL alert is repeated so often until somebody confirms it",
        unit="s",
        low=30,
        high=10800,
    )
    repeat_for_s: float = setting(
        3600.0, "Pushover: and for so long at most", unit="s", low=30, high=10800
    )
    template: str = setting(
        "", "json: the body to send, JSON whose texts may hold {title}, {body}, {severity}, …"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Database."""

    file_name: str = setting("ecgd.sqlite3", "database file in the state directory")
    segment_s: float = setting(
        5.0, "waveform is committed in pieces of this length", unit="s", low=1, high=10
    )
    around_alert_s: float = setting(
        30.0,
        "preprocessed signal is kept this long before and after an alert",
        unit="s",
        low=0,
        high=300,
    )
    waveform_days: float = setting(
        30.0, "the whole waveform is kept for so many days", unit="d", low=1, high=3650
    )
    alert_waveform_s: float = setting(
        300.0,
        "waveform is kept for ever this long before and after an alert",
        unit="s",
        low=30,
        high=3600,
    )
    capsule_before_s: float = setting(
        120.0,
        "a grave alert's capsule begins at least this long before it",
        unit="s",
        low=10,
        high=600,
    )
    capsule_after_s: float = setting(60.0, "and ends this long after it", unit="s", low=0, high=300)
    capsule_mb: float = setting(
        256.0,
        "all capsules together; the oldest go first, 0: none is made",
        unit="MB",
        low=0,
        high=10_000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """What a device cannot say of itself; what a ``block`` device says in its hello goes first."""

    protocol: str = setting("block", "what it speaks", choices=("block", "six-lead"))
    fs_hz: float = setting(250.0, "six-lead: sampling rate", unit="Hz", low=100, high=1000)
    byte_order: str = setting(
        "little", "six-lead: which byte of a sample comes first", choices=("little", "big")
    )
    counts_per_mv: float = setting(
        0.0, "six-lead: counts of one millivolt, required there", low=0, high=1_000_000
    )
    baseline_counts: int = setting(
        0, "six-lead: counts at 0 mV", unit="counts", low=-32768, high=32767
    )
    adc_bits: int = setting(12, "six-lead: bits of the converter", unit="bit", low=8, high=16)
    highpass_hz: float = setting(
        -1.0,
        "analogue high-pass of the front end, where the device does not tell; -1: not known",
        unit="Hz",
        low=-1,
        high=10,
    )
    lowpass_hz: float = setting(
        -1.0,
        "analogue low-pass of the front end, where the device does not tell; -1: not known",
        unit="Hz",
        low=-1,
        high=1000,
    )
    key_file: str = setting(
        "", "block: only packets sealed with the key in this file are taken, mode 0600"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSettings:
    """One patient and the device that is worn."""

    id: str = required("short name in commands and logs: letters, digits, - and _")
    name: str = setting("", "name as people read it; empty: the id")
    label: str = setting(
        "",
        "where to go, in messages that name nobody, as in `bed 2`; empty: with several patients "
        "their number in the order of the list",
    )
    source: str = required(
        "URL of the device: bluetooth://, serial://, socket://, replay: or synthetic:"
    )
    sex: str = setting("unknown", "for thresholds", choices=("female", "male", "unknown"))
    birth_year: int = setting(0, "for thresholds; 0: unknown", low=0, high=2100)
    device_id: str = setting(
        "", "only this device is accepted; empty: the first one that comes, from then on"
    )
    pin_file: str = setting(
        "",
        "file with the PIN of a bluetooth:// device, mode 0600; empty: the one it was paired with, "
        "else 1234, which everybody knows",
    )
    device: DeviceSettings = section(DeviceSettings, "what the patient's device cannot say")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration file."""

    daemon: DaemonSettings = section(DaemonSettings, "files and logs")
    analysis: AnalysisSettings = section(AnalysisSettings, "window, filters, thresholds")
    ensemble: EnsembleSettings = section(EnsembleSettings, "networks")
    alarms: AlarmSettings = section(AlarmSettings, "alarm behaviour")
    gpio: GpioSettings = section(GpioSettings, "pins")
    fault_light: FaultLightSettings = section(
        FaultLightSettings, "light that shows a dead daemon, a program of its own"
    )
    store: StoreSettings = section(StoreSettings, "database")
    bluetooth: BluetoothSettings = section(BluetoothSettings, "Bluetooth adapter")
    mqtt: MqttSettings = section(MqttSettings, "broker for Home Assistant and fleets")
    heartbeat: HeartbeatSettings = section(HeartbeatSettings, "sign of life to the outside")
    escalation: EscalationSettings = section(EscalationSettings, "until somebody answers")
    proof: ProofSettings = section(ProofSettings, "proof that alarms arrive")
    location: LocationSettings = section(LocationSettings, "where whoever is sent out finds you")
    report: ReportSettings = section(ReportSettings, "picture that clinicians get of an alert")
    webhooks: tuple[WebhookSettings, ...] = section(tuple, "targets for alerts")
    contacts: tuple[ContactSettings, ...] = section(tuple, "people who are told of alerts")
    patients: tuple[PatientSettings, ...] = section(tuple, "patients, at most seven")
