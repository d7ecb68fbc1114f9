"""The computer under the daemon: power, temperature, memory, disk. What cannot be read is None.

Sources: the kernel's hwmon driver ``rpi_volt`` and the firmware's ``get_throttled`` (bits as in the
Raspberry Pi documentation, "vcgencmd get_throttled"), thermal zones, cpufreq, /proc.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ecgd.decision.gateway_findings import ADVICE_DISK, ADVICE_HOT, ADVICE_POWER
from ecgd.decision.technical_table import DISK_FREE_LEAST_MB, HOT_C
from ecgd.model.status import MachineState, PartHealth
from ecgd.service.identity import is_clock_synchronised

LOOK_S: Final = 30.0
UNDERVOLTAGE: Final = "undervoltage"

_FIRMWARE_BITS: Final = (
    (0, UNDERVOLTAGE),
    (1, "processor frequency capped"),
    (2, "processor throttled"),
    (3, "temperature limit reached"),
)
_EARLIER_SHIFT: Final = 16
_VCGENCMD_S: Final = 2.0


class MachineWatch:
    """Looks at the computer every half minute, in a thread of its own."""

    def __init__(self, state_dir: Path, root: Path = Path("/")) -> None:
        self._state_dir = state_dir
        self._root = root
        self._looked_s: float | None = None
        self.state = MachineState()
        self.power_problems: tuple[str, ...] = ()
        """What the newest look found, and what has come and gone since the one before."""

    @property
    def age_s(self) -> float | None:
        """How long ago the computer was looked at; None: not yet."""
        return None if self._looked_s is None else time.monotonic() - self._looked_s

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.take(await asyncio.to_thread(read_machine, self._root, self._state_dir))
            await asyncio.sleep(LOOK_S)

    def take(self, state: MachineState) -> None:
        """Take what one look found."""
        before = self.state.earlier_power_problems
        since = set(state.earlier_power_problems or ()) - set(before or ())
        # What the firmware has seen before the first look was told by the run of then.
        new = tuple(sorted(since)) if before is not None else ()
        self.power_problems = tuple(dict.fromkeys((*(state.power_problems or ()), *new)))
        self.state, self._looked_s = state, time.monotonic()

    def health(self) -> PartHealth:
        """Say whether the computer can go on like this."""
        if self.age_s is None:
            return PartHealth("machine", True, "not looked at yet")
        troubles = tuple(find_troubles(self.state))
        detail = "; ".join(troubles) or describe(self.state)
        return PartHealth("machine", not troubles, detail, self.age_s)


def find_troubles(machine: MachineState) -> list[str]:
    """Return what a person has to see to, with what to do."""
    troubles = []
    if machine.power_problems:
        problems = ", ".join(machine.power_problems)
        troubles.append(f"{problems}: {ADVICE_POWER}")
    if machine.temperature_c is not None and machine.temperature_c >= HOT_C:
        troubles.append(f"{machine.temperature_c:.0f} °C: {ADVICE_HOT}")
    if machine.disk_free_mb is not None and machine.disk_free_mb < DISK_FREE_LEAST_MB:
        troubles.append(
            f"{machine.disk_free_mb:.0f} MB free on the disk of the state directory: {ADVICE_DISK}"
        )
    return troubles


def describe(machine: MachineState) -> str:
    """Return a computer that is well, in a few words."""
    words = [machine.model or "model not known"]
    if machine.temperature_c is not None:
        words.append(f"{machine.temperature_c:.0f} °C")
    if machine.disk_free_mb is not None:
        words.append(f"{machine.disk_free_mb / 1000:.1f} GB free")
    if machine.earlier_power_problems:
        words.append(f"since it started: {', '.join(machine.earlier_power_problems)}")
    return ", ".join(words)


def ask_firmware() -> str:
    """Return what ``vcgencmd get_throttled`` prints; raises OSError where there is none."""
    command = ("vcgencmd", "get_throttled")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_VCGENCMD_S, check=True
        )
    except subprocess.SubprocessError as error:
        raise OSError(str(error)) from error
    return done.stdout.partition("=")[2]


def read_machine(
    root: Path, state_dir: Path, firmware: Callable[[], str] = ask_firmware
) -> MachineState:
    """Look at everything; ``root`` is "/" but in tests. May take seconds: not for the loop."""
    now, earlier = _power(root, firmware)
    total_mb, free_mb = _disk(state_dir)
    memory = parse_memory(_text(root / "proc/meminfo") or "")
    cpufreq = root / "sys/devices/system/cpu/cpu0/cpufreq"
    return MachineState(
        model=_model(root),
        power_problems=now,
        earlier_power_problems=earlier,
        temperature_c=_temperature(root),
        cpu_mhz=_scaled(cpufreq / "scaling_cur_freq", 1e-3),
        cpu_max_mhz=_scaled(cpufreq / "cpuinfo_max_freq", 1e-3),
        cpu_count=os.cpu_count(),
        load_1min=_load(root),
        memory_total_mb=memory.get("MemTotal"),
        memory_available_mb=memory.get("MemAvailable"),
        disk_total_mb=total_mb,
        disk_free_mb=free_mb,
        clock_synchronised=is_clock_synchronised(),
    )


def parse_throttled(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return what the firmware's bits say of now, and of the time since the start.

    ``text`` is hexadecimal, with or without 0x; None: it is not.
    """
    try:
        bits = int(text.strip(), 16)
    except ValueError:
        return None
    now = tuple(words for bit, words in _FIRMWARE_BITS if bits >> bit & 1)
    earlier = tuple(words for bit, words in _FIRMWARE_BITS if bits >> bit + _EARLIER_SHIFT & 1)
    return now, earlier


def parse_memory(text: str) -> dict[str, float]:
    """Return the lines of /proc/meminfo that are in kB, in MB."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            found[name] = int(words[0]) * 1024 / 1e6
    return found


def _power(
    root: Path, firmware: Callable[[], str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    throttled = _text(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    found = parse_throttled(throttled) if throttled is not None else None
    alarm = _undervoltage_alarm(root)
    if found is None and alarm is None:
        try:
            found = parse_throttled(firmware())
        except OSError:
            found = None
    if found is not None:
        now, earlier = found
        both = (UNDERVOLTAGE, *now) if alarm and UNDERVOLTAGE not in now else now
        return both, earlier
    return (None if alarm is None else (UNDERVOLTAGE,) * alarm), None


def _undervoltage_alarm(root: Path) -> bool | None:
    for chip in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if (_text(chip / "name") or "").strip() == "rpi_volt":
            value = _text(chip / "in0_lcrit_alarm")
            return None if value is None else value.strip() == "1"
    return None


def _temperature(root: Path) -> float | None:
    """Return the hottest thermal zone in °C."""
    zones = (root / "sys/class/thermal").glob("thermal_zone*")
    found = (_scaled(zone / "temp", 1e-3) for zone in zones)
    return max((each for each in found if each is not None), default=None)


def _model(root: Path) -> str | None:
    for place in ("proc/device-tree/model", "sys/class/dmi/id/product_name"):
        text = (_text(root / place) or "").strip("\0 \n")
        if text:
            return text
    return None


def _load(root: Path) -> float | None:
    try:
        return float((_text(root / "proc/loadavg") or "").split()[0])
    except (IndexError, ValueError):
        return None


def _disk(path: Path) -> tuple[float | None, float | None]:
    try:
        disk = os.statvfs(path)
    except OSError:
        return None, None
    return disk.f_blocks * disk.f_frsize / 1e6, disk.f_bavail * disk.f_frsize / 1e6


def _scaled(path: Path, factor: float) -> float | None:
    try:
        return int((_text(path) or "").strip()) * factor
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
