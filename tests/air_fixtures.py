"""Fixtures of the radio: BlueZ on a bus of its own, and a device that the test plays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bluez_air import Air, PlayedDevice, open_air


@pytest.fixture(scope="session")
def whole_air() -> Iterator[Air]:
    """Yield one BlueZ for all tests of a process."""
    with tempfile.TemporaryDirectory(prefix="air") as name, open_air(Path(name)) as air:
        yield air


@pytest.fixture
def air(whole_air: Air) -> Air:
    """BlueZ with an adapter that is on, and nothing in the air."""
    whole_air.call("Begin")
    return whole_air


@pytest.fixture
def played(short_dir: Path) -> Iterator[PlayedDevice]:
    """A device that the test plays."""
    device = PlayedDevice(short_dir / "device")
    yield device
    device.close()
