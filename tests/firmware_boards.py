"""The two boards that the firmware knows, wired as docs/hardware.md says, and what they send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import wfdb
from avr_device import CONVERSION, CONVERTED, WAKING, AvrDevice, Signal, Trace, firmware

from ecgd.model.signal import CountArray

Board = Callable[..., AvrDevice]
"""Makes a device in a directory: ``ad8232`` or ``ads1292r``."""

AREF_V: Final = 3.3
AD8232_GAIN: Final = 1100.0
AD8232_MIDDLE_V: Final = 1.65
AD8232_SWING_V: Final = (0.1, 3.2)
AD8232_LEAD_OFF: Final = {"LA": ("D10",), "RA": ("D11", "D9"), "LL": ("D8",)}
"""Pins that are high while an electrode is off."""

BATTERY_DIVIDER: Final = 2.0
CONVERSIONS: Final = np.array([0, 1] * 16 + [2])
"""Channels of one sample: I and II in turn, then the battery."""


def ad8232(directory: Path, *defines: str, variant: str = "ad8232") -> AvrDevice:
    """Two AD8232 at rest: electrodes on, a battery of 3.9 V, 0 mV at the inputs."""
    device = AvrDevice(firmware(variant, *defines), directory)
    device.reference(AREF_V)
    put_electrodes(device)
    for pin, column in (("A0", 0), ("A1", 1)):
        device.wire(pin, column, AD8232_GAIN, AD8232_MIDDLE_V)
    set_battery(device, 3.9)
    return device


def ads1292r(directory: Path, *defines: str, variant: str = "ads1292r") -> AvrDevice:
    """An ADS1292R at rest."""
    device = AvrDevice(firmware(variant, *defines), directory, "ads1292r")
    device.reference(AREF_V)
    set_battery(device, 3.9)
    return device


def set_battery(device: AvrDevice, volts: float) -> None:
    """Put the battery's voltage on the divider."""
    device.level("A2", volts / BATTERY_DIVIDER)


def put_electrodes(device: AvrDevice, *off: str) -> None:
    """Let the AD8232 boards say that these electrodes are off and the others on."""
    for electrode, pins in AD8232_LEAD_OFF.items():
        for pin in pins:
            device.drive(pin, electrode in off)


def recorded_uv(recording: Path) -> tuple[Signal, float]:
    """Return leads I and II of a recording in µV, shape (2, samples), and its rate."""
    record = wfdb.rdrecord(str(recording))
    chosen = [record.sig_name.index(lead) for lead in ("I", "II")]
    signal_uv: Signal = (record.p_signal[:, chosen].T * 1000.0).astype(np.float32)
    return signal_uv, float(record.fs)


def within_swing(signal_uv: Signal) -> Signal:
    """Return what two AD8232 make of it: their output cannot leave the swing."""
    low, high = ((volts - AD8232_MIDDLE_V) / AD8232_GAIN * 1e6 for volts in AD8232_SWING_V)
    clipped: Signal = np.clip(signal_uv, low, high).astype(np.float32)
    return clipped


def conversions(device: AvrDevice, since_cycle: int = 0) -> Trace:
    """Return the AVR's conversions in whole samples, shape (sample, 33), from a cycle on."""
    every = device.trace(CONVERSION)
    # The one that wakes the converter belongs to no sample.
    every = every[(every["cycle"] >= since_cycle) & (every["channel"] < WAKING)]
    whole = every[: len(every) // len(CONVERSIONS) * len(CONVERSIONS)]
    grouped: Trace = whole.reshape(-1, len(CONVERSIONS))
    assert (grouped["channel"] == CONVERSIONS).all()
    return grouped


def converted(device: AvrDevice, since_cycle: int = 0) -> CountArray:
    """Return the ADS1292R's 24-bit codes, shape (2, sample), from a cycle on."""
    every = device.trace(CONVERTED)
    every = every[every["cycle"] >= since_cycle]
    codes: CountArray = every["value"].reshape(-1, 2).T.astype(np.int32)
    return codes


def ad8232_counts(groups: Trace) -> tuple[CountArray, int]:
    """Return what the conversions of whole samples give, and how many counts are saturated.

    The mean of sixteen conversions of ten bits, in quarters of a code, rounded to whole counts of
    twelve bits; where the amplifier stands within 0.1 V of a rail, the lowest or highest count.
    """
    codes = groups["value"].astype(np.int64)
    sums = np.stack([codes[:, lead:32:2].sum(axis=1) for lead in (0, 1)])
    low = int(0.1 * 16 * 1024 / AREF_V)
    counts = (sums + 2) // 4 - 2048
    counts[sums <= low] = -2048
    counts[sums >= 16 * 1024 - low] = 2047
    beyond = (sums <= low) | (sums >= 16 * 1024 - low)
    return counts.astype(np.int32), int(np.count_nonzero(beyond))


def ads1292r_counts(
    codes: CountArray, *, bits: int = 12, fs_hz: int = 250, dc_coupled: bool = False
) -> CountArray:
    """Return what 24-bit codes give: counts without the electrodes' offset, or with it.

    While the converter's filter settles (four samples) the offset is what it reads; then a first
    order filter of 4.1 s follows it. Out of range for 200 ms: the offset begins anew.
    """
    if dc_coupled:
        return (codes >> 8).astype(np.int32)
    rows = [_without_offset(row, bits, fs_hz) for row in (codes >> 4).tolist()]
    counts: CountArray = np.array(rows, dtype=np.int32)
    return counts


def _without_offset(units: list[int], bits: int, fs_hz: int) -> list[int]:
    shift = {125: 9, 250: 10, 500: 11}[fs_hz]
    highest, limit = (2047, 2047 * 4) if bits == 12 else (32767, 32767)
    counts = []
    total, beyond_for = 0, 0
    anew = True
    for index, unit in enumerate(units):
        if anew or index < 4:
            total, anew = unit << shift, False
        level = unit - (total >> shift)
        total += level
        beyond = abs(level) >= limit
        beyond_for = beyond_for + 1 if beyond else 0
        if beyond_for == fs_hz // 5:
            beyond_for, anew = 0, True
        if beyond:
            counts.append(-highest - 1 if level < 0 else highest)
        else:
            counts.append(min((level + 2) >> 2, highest) if bits == 12 else level)
    return counts


def notched(levels: list[int], gain: int, cosine: int) -> list[int]:
    """Return quarter counts behind the mains notch, from docs/firmware.md, "What a count is"."""
    second = 2 * gain - 8192
    x1 = x2 = y1 = y2 = levels[0]
    rest1 = rest2 = 0
    through = []
    for x in levels:
        carried = (-cosine * rest1 - second * rest2) // 8192
        total = carried + gain * (x + x2) + cosine * (x1 - y1) - second * y2
        y = (total + 4096) // 8192
        rest1, rest2 = total - 8192 * y, rest1
        x1, x2, y1, y2 = x, x1, max(-32768, min(32767, y)), y1
        through.append(y1)
    return through
