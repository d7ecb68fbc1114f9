"""Which analogue corners count: the device's own, the configured ones, or the worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.config.settings import DeviceSettings
from ecgd.model.device import DeviceInfo
from ecgd.pipeline.front_end import complete_front_end, limits_of

DEVICE = DeviceInfo("node-1", 250.0, ("I", "II"), 400.0)


@pytest.mark.parametrize(
    ("told", "configured", "counts"),
    [
        ((None, None), (-1.0, -1.0), (None, None)),
        ((None, None), (0.5, 40.0), (0.5, 40.0)),
        ((0.0, 150.0), (-1.0, -1.0), (0.0, 150.0)),
        ((0.0, 150.0), (0.5, 40.0), (0.5, 40.0)),
        ((0.5, 40.0), (0.0, 150.0), (0.5, 40.0)),
        ((None, 100.0), (0.0, -1.0), (0.0, 100.0)),
    ],
)
def test_what_is_not_told_is_configured_and_of_two_the_worse_counts(
    told: tuple[float | None, float | None],
    configured: tuple[float, float],
    counts: tuple[float | None, float | None],
) -> None:
    device = replace(DEVICE, highpass_hz=told[0], lowpass_hz=told[1])
    settings = DeviceSettings(highpass_hz=configured[0], lowpass_hz=configured[1])
    found = complete_front_end(device, settings)
    assert (found.highpass_hz, found.lowpass_hz) == counts
    assert (found is device) == (counts == told)


@pytest.mark.parametrize(
    ("lowpass_hz", "hidden"), [(None, False), (150.0, False), (60.0, False), (40.0, True)]
)
def test_a_low_corner_hides_pacing_spikes_and_the_status_says_so(
    lowpass_hz: float | None, hidden: bool
) -> None:
    words = " ".join(limits_of(replace(DEVICE, lowpass_hz=lowpass_hz)))
    assert ("pacemaker spikes" in words) is hidden
    assert ("40 Hz" in words) is hidden
