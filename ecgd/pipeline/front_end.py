"""The analogue corners of a device: its own word, the configuration's, or the worse of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ecgd.config.settings import DeviceSettings
from ecgd.model.device import DeviceInfo

SPIKE_LOWPASS_HZ: Final = 60.0
"""A lower corner makes a pacing spike as wide as a narrow QRS (docs/signal.md, Pacemakers)."""


def limits_of(device: DeviceInfo) -> tuple[str, ...]:
    """Return in words what this front end cannot show, whatever the heart does."""
    lowpass_hz = device.lowpass_hz
    if lowpass_hz is None or lowpass_hz >= SPIKE_LOWPASS_HZ:
        return ()
    return (
        f"pacemaker spikes cannot be told behind its {lowpass_hz:g} Hz low-pass: "
        "a pacemaker that the heart does not answer may look like beats",
    )


def complete_front_end(device: DeviceInfo, settings: DeviceSettings) -> DeviceInfo:
    """Return the device with the corners that count; the same object where nothing changes.

    A corner that the device does not tell is the configured one (-1: not known there either).
    Where both are known the worse counts: the higher high-pass, the lower low-pass.
    """
    highpass_hz = _worse(device.highpass_hz, settings.highpass_hz, max)
    lowpass_hz = _worse(device.lowpass_hz, settings.lowpass_hz, min)
    if (highpass_hz, lowpass_hz) == (device.highpass_hz, device.lowpass_hz):
        return device
    return replace(device, highpass_hz=highpass_hz, lowpass_hz=lowpass_hz)


def _worse(
    told_hz: float | None, configured_hz: float, choose: Callable[[float, float], float]
) -> float | None:
    if configured_hz < 0:
        return told_hz
    return configured_hz if told_hz is None else choose(told_hz, configured_hz)
