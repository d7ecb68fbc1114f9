"""Every setting of the daemon. ``docs/configuration.md`` is checked against this file."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import required, section, setting


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
class HoldOffSettings:
    """How long evidence must last before an alarm is raised, and be absent before it clears."""

    stemi_s: float = setting(20.0, "STEMI", unit="s", low=0, high=120)
    high_mi_risk_s: float = setting(60.0, "acute MI risk", unit="s", low=0, high=600)
    moderate_s: float = setting(180.0, "ischaemia", unit="s", low=0, high=1800)
    extreme_rate_s: float = setting(
        5.0, "extreme rate, pause and sudden change of the rate", unit="s", low=0, high=60
    )
    rhythm_s: float = setting(
        60.0,
        "atrial fibrillation, supraventricular tachycardia, frequent premature beats",
        unit="s",
        low=0,
        high=600,
    )
    ensemble_s: float = setting(60.0, "networks alone", unit="s", low=0, high=600)
    electrode_off_s: float = setting(5.0, "electrode off", unit="s", low=0, high=120)
    link_lost_s: float = setting(10.0, "link lost", unit="s", low=0, high=300)
    signal_unusable_s: float = setting(30.0, "signal unusable", unit="s", low=0, high=300)
    battery_s: float = setting(60.0, "battery low or critical", unit="s", low=0, high=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """Alarm behaviour."""

    hold_off: HoldOffSettings = section(HoldOffSettings, "hold-off per kind of alarm")
    audio_pause_s: float = setting(
        120.0, "a paused sound comes back after this", unit="s", low=10, high=600
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
    location: str = setting("", "where the patient lives, as free text; goes into every alert")


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
    """One target for alerts (Standard Webhooks 1.0)."""

    name: str = required("name of the target, unique")
    url: str = required("where alerts are posted")
    secret_file: str = setting(
        "", "file with the signing secret (whsec_… or base64, 24 bytes or more), mode 0600"
    )
    previous_secret_file: str = setting("", "the secret before, while it is rotated")
    least_severity: str = setting(
        "HIGH",
        "least severity that is sent",
        choices=("LOW", "MEDIUM", "HIGH", "CRITICAL"),
    )
    test_target: bool = setting(False, "this target also gets simulated alerts, others never do")
    include_name: bool = setting(
        False, "also send the patient's name and location; otherwise the id only"
    )
    timeout_s: float = setting(10.0, "total deadline of one attempt", unit="s", low=1, high=60)
    ca_file: str = setting("", "certificate authority of the target; empty: the system's")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BluetoothSettings:
    """The adapter; which devices are allowed in is what the patients' sources say."""

    adapter: str = setting("", "the adapter that is used, as in hci0; empty: the first one")


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
    store: StoreSettings = section(StoreSettings, "database")
    bluetooth: BluetoothSettings = section(BluetoothSettings, "Bluetooth adapter")
    webhooks: tuple[WebhookSettings, ...] = section(tuple, "targets for alerts")
    patients: tuple[PatientSettings, ...] = section(tuple, "patients, at most seven")
