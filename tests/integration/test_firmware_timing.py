"""The firmware's ELF file under the heaviest load, against its limits, in cycles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from avr_device import needs_simulator
from firmware_boards import ad8232
from firmware_figures import HEADER, VARIANTS, FirmwareFigures, heaviest_signal, measure
from heard_packets import Heard

from ecgd.protocol import StatusPacket

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

MAX_LOAD_PERCENT = 92.0
MAX_JITTER_US = 20.0
MAX_MASKED_US = {"ad8232": 20.0, "ads1292r": 60.0}
"""An ADS1292R keeps its own time, and its frame is read in the interrupt; a byte takes 87 µs."""

MIN_UNTOUCHED_BYTES = 200


@pytest.fixture(params=VARIANTS)
def figures(request: pytest.FixtureRequest) -> FirmwareFigures:
    return measure(request.param)


def test_the_line_has_room_for_any_signal(figures: FirmwareFigures) -> None:
    assert figures.load_percent <= MAX_LOAD_PERCENT


def test_sampling_is_even(figures: FirmwareFigures) -> None:
    assert figures.jitter_us <= MAX_JITTER_US
    assert figures.conversion_jitter_us <= MAX_JITTER_US


def test_no_interrupt_keeps_others_waiting(figures: FirmwareFigures) -> None:
    limit_us = MAX_MASKED_US[figures.variant.split("_", maxsplit=1)[0]]
    assert figures.longest_masked_us <= limit_us
    assert figures.longest_interrupt_us <= limit_us
    assert figures.sampler_wait_us <= MAX_JITTER_US


def test_the_stack_keeps_its_distance(figures: FirmwareFigures) -> None:
    assert figures.untouched_bytes >= MIN_UNTOUCHED_BYTES


def test_the_processor_has_time_to_spare(figures: FirmwareFigures) -> None:
    assert figures.busy_percent <= 60.0
    # A sample of an ADS1292R is read long before the next one is there, 2 ms later at 500 Hz.
    assert figures.fetch_us <= 200.0


def test_the_document_has_these_figures(figures: FirmwareFigures, project_root: Path) -> None:
    """`python tests/firmware_figures.py` prints the table anew."""
    document = (project_root / "docs" / "firmware.md").read_text(encoding="utf-8")
    assert HEADER in document
    (row,) = [
        line
        for line in document.splitlines()
        if line.startswith(f"| `{figures.variant}` | ")
        and line.count("|") == figures.row().count("|")
    ]
    assert numbers(row) == pytest.approx(numbers(figures.row()), rel=0.05, abs=0.6)


def numbers(row: str) -> list[float]:
    """Return the numbers of a row behind its name."""
    return [float(found) for found in re.findall(r"[\d.]+", row.split("|", 2)[2])]


def test_saturated_samples_are_counted(tmp_path: Path) -> None:
    with ad8232(tmp_path / "device") as device:
        device.play(heaviest_signal(), 1000.0)
        heard = Heard(device.run(4.0))
    _, counts = heard.samples()
    assert {int(counts.min()), int(counts.max())} == {-2048, 2047}
    saturated = heard.last(StatusPacket).status.saturated_count
    assert saturated is not None
    assert saturated > 400
