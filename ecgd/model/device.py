"""What a device says about itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device's identity, scale and front end, from its hello or from configuration.

    ``highpass_hz`` and ``lowpass_hz`` are the analogue corners; None means that nobody knows.
    ``leads`` are those on the wire, the others are derived.
    """

    device_id: str
    fs_hz: float
    leads: tuple[str, ...]
    counts_per_mv: float
    baseline_counts: int = 0
    adc_bits: int = 12
    firmware: str = ""
    protocol: str = ""
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    input_range_mv: float | None = None
    notch_on: bool = False


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """One status report. None: "not reported by this device", never a made-up value.

    ``electrodes_off`` names electrodes (RA, LA, LL, RL). ``electrodes_sensed`` names those whose
    contact the hardware can tell at all, None: all four. While ``self_test`` is True the samples
    are the device's own square wave, not a heart. The two counts may wrap.
    """

    battery_mv: int | None = None
    electrodes_off: frozenset[str] | None = None
    saturated_count: int | None = None
    overrun_count: int | None = None
    uptime_s: int | None = None
    reset_cause: str | None = None
    electrodes_sensed: frozenset[str] | None = None
    sending: bool | None = None
    self_test: bool | None = None
