"""The computer as a Raspberry Pi's kernel shows it, and as other machines do not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ecgd.model.status import MachineState
from ecgd.service.machine import (
    MachineWatch,
    describe,
    find_troubles,
    parse_memory,
    parse_throttled,
    read_machine,
)

PI_4 = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/loadavg": "0.52 0.58 0.59 2/213 12345\n",
    "proc/meminfo": "MemTotal:        3885396 kB\nMemFree:          198340 kB\n"
    "MemAvailable:    3120584 kB\nHugePages_Total:       0\n",
    "sys/class/thermal/thermal_zone0/temp": "48212\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1500000\n",
}
"""The files of a Raspberry Pi 4 with Raspberry Pi OS that once had too little voltage."""


def _root(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "root"


def _no_firmware() -> str:
    raise FileNotFoundError("vcgencmd")


def test_a_raspberry_pi_tells_everything(tmp_path: Path) -> None:
    machine = read_machine(_root(tmp_path, PI_4), tmp_path, _no_firmware)
    assert machine.model == "Raspberry Pi 4 Model B Rev 1.4"
    assert machine.power_problems == ()
    assert machine.earlier_power_problems == ("undervoltage", "processor throttled")
    assert (machine.temperature_c, machine.cpu_mhz, machine.cpu_max_mhz) == (48.212, 600, 1500)
    assert machine.load_1min == 0.52
    assert machine.memory_total_mb == pytest.approx(3978.6, abs=0.1)
    assert machine.memory_available_mb == pytest.approx(3195.5, abs=0.1)
    assert machine.disk_total_mb is not None
    assert machine.disk_free_mb is not None
    assert 0 < machine.disk_free_mb <= machine.disk_total_mb


def test_a_machine_that_tells_nothing_is_not_made_up(tmp_path: Path) -> None:
    machine = read_machine(tmp_path / "none", tmp_path / "gone", _no_firmware)
    known = {name for name in machine.__slots__ if getattr(machine, name) is not None}
    assert known <= {"cpu_count", "clock_synchronised"}
    assert describe(machine) == "model not known"
    assert find_troubles(machine) == []


@pytest.mark.parametrize(
    ("alarm", "throttled", "now", "earlier"),
    [
        ("1", None, ("undervoltage",), None),
        ("0", None, (), None),
        ("1", "0", ("undervoltage",), ()),
        (
            None,
            "50005",
            ("undervoltage", "processor throttled"),
            ("undervoltage", "processor throttled"),
        ),
        (
            None,
            "0xe0008",
            ("temperature limit reached",),
            ("processor frequency capped", "processor throttled", "temperature limit reached"),
        ),
        (None, "nonsense", None, None),
    ],
)
def test_power_is_read_from_what_there_is(
    tmp_path: Path,
    alarm: str | None,
    throttled: str | None,
    now: tuple[str, ...] | None,
    earlier: tuple[str, ...] | None,
) -> None:
    files = dict(PI_4)
    del files["sys/devices/platform/soc/soc:firmware/get_throttled"]
    if throttled is not None:
        files["sys/devices/platform/soc/soc:firmware/get_throttled"] = throttled
    if alarm is None:
        del files["sys/class/hwmon/hwmon1/in0_lcrit_alarm"]
    else:
        files["sys/class/hwmon/hwmon1/in0_lcrit_alarm"] = alarm
    machine = read_machine(_root(tmp_path, files), tmp_path, _no_firmware)
    assert machine.power_problems == now
    assert machine.earlier_power_problems == earlier


def test_the_firmware_is_asked_only_where_no_file_tells(tmp_path: Path) -> None:
    asked: list[str] = []

    def firmware() -> str:
        asked.append("vcgencmd")
        return "0x1\n"

    assert read_machine(_root(tmp_path, PI_4), tmp_path, firmware).power_problems == ()
    assert asked == []
    machine = read_machine(tmp_path / "bare", tmp_path, firmware)
    assert (machine.power_problems, asked) == (("undervoltage",), ["vcgencmd"])


def test_bits_and_memory_that_make_no_sense() -> None:
    assert parse_throttled("") is None
    assert parse_throttled("throttled") is None
    assert parse_throttled("0x0\n") == ((), ())
    assert parse_memory("MemTotal: x kB\nrubbish\nMemFree: 10 kB") == {"MemFree": 0.01024}


def test_what_a_person_has_to_see_to_is_said_with_what_to_do() -> None:
    well = MachineState(model="Pi", temperature_c=60.0, disk_free_mb=9000.0)
    assert find_troubles(well) == []
    hot = replace(well, temperature_c=80.0)
    assert find_troubles(hot) == ["80 °C: give it air, or a heat sink"]
    full = replace(well, disk_free_mb=499.0)
    assert "499 MB free" in find_troubles(full)[0]
    weak = replace(well, power_problems=("undervoltage",))
    assert "power supply" in find_troubles(weak)[0]
    assert "since it started: undervoltage" in describe(
        replace(well, earlier_power_problems=("undervoltage",))
    )


def test_the_watch_looks_and_says_how_long_ago(tmp_path: Path) -> None:
    watch = MachineWatch(tmp_path, _root(tmp_path, PI_4))
    assert watch.health().detail == "not looked at yet"

    async def run() -> None:
        task = asyncio.create_task(watch.run())
        while watch.age_s is None:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())
    health = watch.health()
    assert watch.state.temperature_c == 48.212
    assert health.age_s is not None
    assert "Raspberry Pi 4" in health.detail or not health.healthy


def test_power_that_failed_between_two_looks_is_told_once(tmp_path: Path) -> None:
    watch = MachineWatch(tmp_path, tmp_path)
    before = MachineState(power_problems=(), earlier_power_problems=("undervoltage",))
    watch.take(before)
    told: list[tuple[str, ...]] = [watch.power_problems]
    for _ in range(2):
        watch.take(replace(before, earlier_power_problems=("processor throttled", "undervoltage")))
        told.append(watch.power_problems)
    watch.take(replace(before, power_problems=("undervoltage",)))
    told.append(watch.power_problems)
    watch.take(MachineState())
    told.append(watch.power_problems)
    earlier: tuple[str, ...] = ()  # what was before the first look was told then
    assert told == [earlier, ("processor throttled",), (), ("undervoltage",), ()]
