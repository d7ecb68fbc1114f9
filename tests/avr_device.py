"""The firmware's ELF file in a simulated ATmega328P: tests/avr, driven as a child process.

The bench gives the converter and the front end their voltages, is the host at the UART, and writes
down with cycle numbers whatever happens; nothing in it knows the firmware.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT: Final = Path(__file__).resolve().parent.parent
CPU_HZ: Final = 16_000_000
CLOCK_US: Final = 1e6 / CPU_HZ

needs_simulator = pytest.mark.debian(
    "gcc", "libc6-dev", "libsimavr-dev", "libelf-dev", "gcc-avr", "avr-libc", "arduino-core-avr"
)
"""Marks a test that compiles the firmware and the bench."""

CONVERSION, CONVERTED, FETCHED, SENT, RECEIVED, PIN, RESET = range(1, 8)
"""Kinds of trace records, as in tests/avr/trace.h."""

WAKING: Final = 0x80
"""Added to the channel of a conversion: the first since the converter was off."""

_RECORD: Final = np.dtype(
    [("cycle", "<u8"), ("value", "<i4"), ("kind", "u1"), ("channel", "u1"), ("unused", "<u2")]
)

Trace = NDArray[Any]
Signal = NDArray[np.float32]

_built = tempfile.TemporaryDirectory(prefix="ecgd-avr")


@cache
def bench() -> Path:
    """Compile the bench, once a run."""
    program = Path(_built.name) / "bench"
    sources = sorted((ROOT / "tests" / "avr").glob("*.c"))
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
    libraries = ["-lsimavr", "-lelf", "-lutil", "-lm"]
    command = ["gcc", "-std=gnu11", "-O2", *warnings, "-o", program, *sources, *libraries]
    _compile([str(word) for word in command])
    return program


@cache
def program(source: Path) -> Path:
    """Compile a C file for the AVR, without any library but avr-libc."""
    elf = Path(_built.name) / f"{source.stem}.elf"
    words = ["avr-gcc", "-mmcu=atmega328p", "-DF_CPU=16000000UL", "-Os", "-Wall", "-Werror"]
    _compile([*words, "-o", str(elf), str(source)])
    return elf


@cache
def firmware(variant: str, *defines: str) -> Path:
    """Build one variant with scripts/build-firmware, once a run; ``defines`` as NAME=VALUE."""
    directory = Path(_built.name) / "-".join([variant, *defines]).replace("/", "_")
    command = [str(ROOT / "scripts" / "build-firmware"), "--output", str(directory), variant]
    # A key that somebody keeps beside the sketch is no part of what is tested.
    settings = ("ECG_NODE_NO_KEY_FILE=1", *defines)
    _compile([*command, *(word for setting in settings for word in ("--define", setting))])
    return directory / f"{variant}.elf"


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class InterruptFigures:
    """One vector: entry and return are included in its cycles."""

    count: int
    longest_cycles: int
    longest_wait_cycles: int
    total_cycles: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the bench measured since the start or the last ``forget``."""

    cycles: int
    asleep_cycles: int
    longest_masked_cycles: int
    variables_bytes: int
    untouched_bytes: int
    stack_bytes: int
    interrupts: dict[int, InterruptFigures]
    sent_bytes: int
    lost_writes: int
    receive_overruns: int
    unheard_bytes: int
    baud: float
    spi_faults: dict[str, int]

    @property
    def busy_share(self) -> float:
        """Part of the time in which the processor does not sleep."""
        return 1.0 - self.asleep_cycles / self.cycles


class AvrDevice:
    """One simulated device. Its time stands still between calls unless it is paced."""

    def __init__(self, elf: Path, directory: Path, front_end: str = "ad8232") -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory
        self._trace_path = directory / "trace"
        self._read_bytes = 0
        self._records: list[Trace] = []
        words = [bench(), elf, self._trace_path, directory / "eeprom", front_end]
        self._process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._answer("start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the simulation; the EEPROM stays in the directory for the next one."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    # time

    def run(self, seconds: float) -> bytes:
        """Run for so long in simulated time; return what the device sent."""
        self._do(f"run {seconds:.9f}")
        return self.new_bytes()

    def run_until_sent(self, byte_count: int, patience_s: float = 5.0) -> bytes:
        """Stop in the cycle in which the device writes the ``byte_count``-th byte from now."""
        self._do(f"until {byte_count} {patience_s}")
        return self.new_bytes()

    def pace(self, on: bool) -> None:
        """Let simulated time keep to real time, from now on, between all calls."""
        self._do(f"pace {on:d}")

    # the world around it

    def send(self, data: bytes) -> None:
        """Let the host send bytes, which arrive at the line's rate."""
        self._do(f"send {data.hex()}")

    def drive(self, pin: str, high: bool) -> None:
        """Put a level on a pin, which is named as on an Arduino (D10)."""
        port, bit = _port(pin)
        self._do(f"pin {port}{bit} {high:d}")

    def level(self, pin: str, volts: float) -> None:
        """Put a voltage on an analogue pin (A2)."""
        self._do(f"wire {int(pin[1:])} -1 0 {volts * 1e6:.6f}")

    def wire(self, pin: str, column: int, gain: float, offset_v: float) -> None:
        """Connect an analogue pin with a column of the signal, through an amplifier."""
        self._do(f"wire {int(pin[1:])} {column} {gain:.9g} {offset_v * 1e6:.6f}")

    def play(self, signal_uv: Signal, fs_hz: float) -> None:
        """Feed a signal of shape (2, samples) in µV, from now on and again and again."""
        path = self._directory / "signal"
        path.write_bytes(np.ascontiguousarray(signal_uv.T, dtype="<f4").tobytes())
        self._do(f"play {fs_hz:.9g} {path}")

    def noise(self, sigma_uv: float, seed: int = 1) -> None:
        """Add white noise to every conversion of the AVR."""
        self._do(f"noise {sigma_uv:.9g} {seed}")

    def reference(self, aref_v: float, avcc_v: float = 5.0) -> None:
        """Set the voltages that the converter compares with."""
        self._do(f"reference {aref_v * 1e6:.6f} {avcc_v * 1e6:.6f}")

    def drift(self, ppm: float) -> None:
        """Let the ADS1292R's oscillator be slow by so much, measured by the AVR's."""
        self._do(f"drift {ppm:.9g}")

    def loosen(self, *inputs: str) -> None:
        """Take electrodes off the ADS1292R's inputs (IN1P IN1N IN2P IN2N RLD); put back others."""
        names = ("IN1P", "IN1N", "IN2P", "IN2N", "RLD")
        self._do(f"loose {sum(1 << names.index(name) for name in inputs)}")

    def upset_front_end(self) -> None:
        """Let a spark put the ADS1292R's registers back to what they are after power on."""
        self._do("upset")

    def reset(self, cause: str, *, bootloader: bool = False) -> None:
        """Reset from outside: power, external or brown_out."""
        self._do(f"reset {cause}{' bootloader' if bootloader else ''}")

    def hang(self, *, in_interrupt: bool = False) -> None:
        """Let the firmware jump to where it stands, for ever, or until the watchdog bites."""
        self._do(f"hang {in_interrupt:d}")

    def poke(self, address: int, value: int) -> None:
        """Change a register as a spark does, without the firmware's doing."""
        self._do(f"poke {address} {value}")

    # the radio

    def plug(self, link: Path) -> None:
        """Make a pseudo-terminal that is reachable under the name ``link``."""
        port = self._ask("plug")
        fresh = link.with_name(f".{link.name}")
        fresh.symlink_to(port)
        fresh.replace(link)

    def unplug(self, link: Path) -> None:
        """Take it away, as a cable that is pulled."""
        link.unlink()
        self._do("unplug")

    # what happened

    def figures(self) -> Figures:
        """Return the bench's measurements."""
        said = json.loads(self._ask("figures"))
        interrupts = {
            int(vector): InterruptFigures(**values)
            for vector, values in said.pop("interrupts").items()
        }
        return Figures(interrupts=interrupts, **said)

    def forget(self) -> None:
        """Begin to measure anew."""
        self._do("forget")

    def new_bytes(self) -> bytes:
        """Return the bytes sent since they were last asked for."""
        fresh = self._read_trace()
        sent = fresh[fresh["kind"] == SENT]
        return bytes(sent["value"].astype(np.uint8))

    def trace(self, kind: int) -> Trace:
        """Return all records of one kind so far, in the order of their happening."""
        self._read_trace()
        return np.concatenate([part[part["kind"] == kind] for part in self._records])

    def edges(self, pin: str) -> Trace:
        """Return the changes of one output pin; bit 0 of ``value`` is the new level."""
        port, bit = _port(pin)
        changes = self.trace(PIN)
        chosen: Trace = changes[(changes["channel"] == ord(port)) & (changes["value"] >> 1 == bit)]
        return chosen

    def _read_trace(self) -> Trace:
        data = np.fromfile(self._trace_path, dtype=_RECORD, offset=self._read_bytes)
        self._read_bytes += data.nbytes
        self._records.append(data)
        return data

    def _do(self, command: str) -> None:
        answer = self._ask(command)
        assert answer == "ok", f"{command}: {answer}"

    def _ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer(command)

    def _answer(self, command: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise AssertionError(f"{command}: {self._process.stderr.read()}")
        return line.strip()


def _port(pin: str) -> tuple[str, int]:
    number = int(pin[1:])
    if pin[0] == "A":
        return "C", number
    return ("D", number) if number < 8 else ("B", number - 8)
