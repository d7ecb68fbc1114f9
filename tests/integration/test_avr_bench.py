"""The bench itself: its voltages, its speed, and whether it notices what hardware would punish."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avr_device import (
    CONVERSION,
    CPU_HZ,
    RESET,
    ROOT,
    SENT,
    AvrDevice,
    needs_simulator,
    program,
)

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

CARELESS = ROOT / "tests" / "avr" / "programs" / "careless.c"
BYTE_CYCLES = 16 * 104 * 10


@pytest.fixture
def careless(tmp_path: Path) -> AvrDevice:
    return AvrDevice(program(CARELESS), tmp_path / "device", "ads1292r")


def codes(report: bytes) -> tuple[int, int]:
    return int.from_bytes(report[:2], "little"), int.from_bytes(report[2:4], "little")


@pytest.mark.parametrize("volts", [0.0, 0.4999, 1.65, 3.2967, 3.3, 5.0])
def test_a_voltage_gives_the_code_of_the_data_sheet(careless: AvrDevice, volts: float) -> None:
    careless.reference(3.3)
    careless.level("A3", volts)
    report = careless.run(0.02)
    assert codes(report) == (min(int(volts * 1024 / 3.3), 1023), int(1.1 * 1024 / 3.3))


def test_a_byte_takes_ten_bits_and_a_conversion_thirteen_clocks(careless: AvrDevice) -> None:
    careless.run(0.02)
    sent = careless.trace(SENT)["cycle"].astype(np.int64)
    assert (np.diff(sent[1:]) - BYTE_CYCLES < 40).all()
    assert careless.figures().baud == pytest.approx(9615.38, abs=0.01)
    held = careless.trace(CONVERSION)["cycle"].astype(np.int64)
    # Two conversions of 13 clocks of 8 µs with the sending of two bytes between them.
    assert 13 * 128 < held[1] - held[0] < 13 * 128 + 2 * BYTE_CYCLES


def test_a_signal_is_the_line_between_its_samples(careless: AvrDevice) -> None:
    careless.reference(5.0)
    careless.wire("A3", 0, 100.0, 1.0)
    careless.play(np.array([[0.0, 20000.0], [0.0, 0.0]], dtype=np.float32), 100.0)
    code, _ = codes(careless.run(0.02))
    (first, _) = careless.trace(CONVERSION)["cycle"]
    assert code == int((1.0 + 2.0 * first / CPU_HZ * 100.0) * 1024 / 5.0)


def test_careless_writes_are_counted(careless: AvrDevice) -> None:
    careless.run(0.02)
    assert careless.figures().lost_writes == 0
    careless.send(b"x")
    assert careless.run(0.01)[:1] == b"1"
    assert careless.figures().lost_writes > 0


def test_time_without_interrupts_and_in_them_is_measured(careless: AvrDevice) -> None:
    careless.run(0.02)
    careless.forget()
    careless.send(b"m")
    careless.run(0.1)
    figures = careless.figures()
    assert 1000 < figures.interrupts[18].longest_cycles < 1100
    assert 1000 < figures.longest_masked_cycles < 1100
    assert figures.busy_share < 0.01


def test_bytes_that_nobody_reads_in_time_are_counted(careless: AvrDevice) -> None:
    careless.run(0.02)
    careless.send(b"mab")
    careless.run(0.1)
    assert careless.figures().receive_overruns == 0
    # While it echoes by waiting, the line brings more than the hardware keeps.
    careless.hang(in_interrupt=True)
    careless.send(b"abcdef")
    careless.run(0.1)
    assert careless.figures().receive_overruns > 0


def test_resets_say_why_and_the_bootloader_hides_it(careless: AvrDevice) -> None:
    assert careless.run(0.02)[4] == 1
    flags = []
    for cause, bootloader in (("external", False), ("brown_out", False), ("external", True)):
        careless.reset(cause, bootloader=bootloader)
        flags.append(tuple(careless.run(0.02)[4:6]))
    assert [found for found, _ in flags] == [2, 4, 0]
    assert flags[2][1] == 2


def test_the_watchdog_bites(careless: AvrDevice) -> None:
    careless.run(0.02)
    careless.send(b"w")
    assert careless.run(0.05)[4] == 8
    assert careless.trace(RESET)["value"].tolist() == [1, 8]


def test_the_spi_model_tells_what_is_wrong(careless: AvrDevice) -> None:
    careless.run(0.02)
    careless.send(b"s")
    careless.run(0.01)
    faults = careless.figures().spi_faults
    assert faults["wrong_mode"] == 1
    assert faults["collision"] == 1
    assert faults["not_stopped"] == 1


def test_ram_that_was_used_is_told_from_ram_that_was_not(careless: AvrDevice) -> None:
    careless.run(0.02)
    figures = careless.figures()
    total = figures.variables_bytes + figures.untouched_bytes + figures.stack_bytes
    assert total == 2048
    assert 1 <= figures.variables_bytes <= 3
    assert 4 <= figures.stack_bytes < 60
