"""Figures of the firmware's ELF files under the heaviest load, and the table in docs/firmware.md.

``python tests/firmware_figures.py`` prints the table anew.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from avr_device import CLOCK_US, CONVERTED, CPU_HZ, FETCHED, SENT, AvrDevice, Signal, Trace
from firmware_boards import ad8232, ads1292r, conversions
from numpy.typing import NDArray

from ecgd.protocol import Command, encode_command

SIMULATED_S: Final = 20.0
SETTLED_S: Final = 3.0
KEY: Final = bytes(range(7, 23))
KEY_DEFINE: Final = f"ECG_KEY={','.join(f'0x{byte:02x}' for byte in KEY)}"
REPLY_BYTES: Final = 15
SAMPLER_VECTOR: Final = {"ad8232": 11, "ads1292r": 1}
"""TIMER1 compare A starts conversions; INT0 is the ADS1292R's data ready."""


@dataclass(frozen=True, slots=True)
class FirmwareFigures:
    """One variant under the heaviest load: full-scale noise on a square wave, commands without end.

    Replies are no part of the load, as in docs/protocol.md. Times are in µs. ``jitter_us`` is the
    largest distance of an instant of sampling from its place in an even row; ``fetch_us`` the
    longest from an ADS1292R's data ready to the last byte read.
    """

    variant: str
    bytes_per_s: float
    load_percent: float
    jitter_us: float
    conversion_jitter_us: float
    fetch_us: float
    longest_interrupt_us: float
    longest_masked_us: float
    sampler_wait_us: float
    busy_percent: float
    variables_bytes: int
    stack_bytes: int
    untouched_bytes: int
    speed: float

    def row(self) -> str:
        """Return the row of the table in docs/firmware.md."""
        cells = [
            f"`{self.variant}`",
            f"{self.bytes_per_s:.0f} ({self.load_percent:.1f} %)",
            f"{self.jitter_us:.1f}",
            f"{self.fetch_us:.0f}" if self.fetch_us else "–",
            f"{self.longest_interrupt_us:.1f}",
            f"{self.longest_masked_us:.1f}",
            f"{self.busy_percent:.1f} %",
            f"{self.variables_bytes} + {self.stack_bytes}",
            f"{self.untouched_bytes}",
        ]
        return f"| {' | '.join(cells)} |"


HEADER: Final = """\
| variant | bytes a second (of the line) | jitter of sampling, µs | data ready to read, µs \
| longest interrupt, µs | longest time without interrupts, µs | processor busy \
| RAM: variables + stack | never touched |
|---|---|---|---|---|---|---|---|---|"""


def heaviest_signal() -> Signal:
    """Full-scale steps of ±6 mV four times a second with noise of the same size, 4 s at 1 kHz."""
    rng = np.random.default_rng(6)
    steps = np.where(np.arange(4000) // 125 % 2, 6000.0, -6000.0)
    loud: Signal = (steps + rng.normal(0.0, 3000.0, (2, 4000))).astype(np.float32)
    return loud


@cache
def measure(variant: str, *defines: str) -> FirmwareFigures:
    """Run one variant for twenty seconds of simulated time and measure."""
    board = ad8232 if variant.startswith("ad8232") else ads1292r
    asked = 0 if variant.endswith("six_lead") else int(SIMULATED_S)
    with (
        tempfile.TemporaryDirectory() as directory,
        board(Path(directory) / "device", *defines, variant=variant) as device,
    ):
        device.noise(20_000.0, seed=2)
        device.play(heaviest_signal(), 1000.0)
        device.run(SETTLED_S)
        device.forget()
        began_s = time.perf_counter()
        for second in range(int(SIMULATED_S)):
            if asked:
                device.send(encode_command(Command.IDENTIFY, 1, sequence=second))
            device.run(1.0)
        speed = SIMULATED_S / (time.perf_counter() - began_s)
        return _judge(device, variant, asked, speed)


def _judge(device: AvrDevice, variant: str, reply_count: int, speed: float) -> FirmwareFigures:
    figures = device.figures()
    since_cycle = int(SETTLED_S * CPU_HZ)
    family = "ad8232" if variant.startswith("ad8232") else "ads1292r"
    rate = _bytes_per_s(device.trace(SENT), since_cycle)
    rate -= reply_count * REPLY_BYTES / SIMULATED_S
    longest = max(each.longest_cycles for each in figures.interrupts.values())
    jitter, conversion_jitter = _jitter(device, since_cycle) if family == "ad8232" else (0.0, 0.0)
    sampler = figures.interrupts[SAMPLER_VECTOR[family]]
    return FirmwareFigures(
        variant=variant,
        bytes_per_s=rate,
        load_percent=1000.0 * rate / (38400 if variant.endswith("six_lead") else 9600),
        jitter_us=jitter,
        conversion_jitter_us=conversion_jitter,
        fetch_us=_fetch_us(device) if family == "ads1292r" else 0.0,
        longest_interrupt_us=longest * CLOCK_US,
        longest_masked_us=figures.longest_masked_cycles * CLOCK_US,
        sampler_wait_us=sampler.longest_wait_cycles * CLOCK_US,
        busy_percent=100.0 * figures.busy_share,
        variables_bytes=figures.variables_bytes,
        stack_bytes=figures.stack_bytes,
        untouched_bytes=figures.untouched_bytes,
        speed=speed,
    )


def _bytes_per_s(sent: Trace, since_cycle: int) -> float:
    late = sent["cycle"][sent["cycle"] >= since_cycle]
    return float(len(late)) / SIMULATED_S


def _jitter(device: AvrDevice, since_cycle: int) -> tuple[float, float]:
    """Return the jitter of samples (means of 16 conversions) and of single conversions, in µs."""
    held = conversions(device, 0)["cycle"].astype(np.float64)
    held = held[held[:, 0] >= since_cycle]
    of_samples = [_off_the_row(held[:, lead:32:2].mean(axis=1)) for lead in (0, 1)]
    of_each = [_off_the_row(held[:, slot]) for slot in range(held.shape[1])]
    return max(of_samples) * CLOCK_US, max(of_each) * CLOCK_US


def _off_the_row(instants: NDArray[np.float64]) -> float:
    """Return the largest distance from the even row that lies in the middle of all of them."""
    period = round((instants[-1] - instants[0]) / (len(instants) - 1))
    places = instants - period * np.arange(len(instants))
    return float(np.ptp(places)) / 2.0


def _fetch_us(device: AvrDevice) -> float:
    ready = device.trace(CONVERTED)
    ready_at = ready["cycle"][ready["channel"] == 0].astype(np.int64)
    fetched_at = device.trace(FETCHED)["cycle"].astype(np.int64)
    which = np.searchsorted(ready_at, fetched_at, side="right") - 1
    return float((fetched_at - ready_at[which]).max()) * CLOCK_US


VARIANTS: Final = ("ad8232", "ads1292r", "ad8232_six_lead", "ads1292r_six_lead")


def table(measured: Callable[[str], FirmwareFigures] = measure) -> str:
    """Return the table of docs/firmware.md."""
    return "\n".join([HEADER, *(measured(variant).row() for variant in VARIANTS)])


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
