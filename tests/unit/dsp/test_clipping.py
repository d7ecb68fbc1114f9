"""What was cut off at the end of the range is bridged."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.dsp.clipping import bridge_clipped
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
NOTHING = np.zeros(1250, dtype=np.bool_)


def wave() -> FloatArray:
    at_s = np.arange(1250) / FS_HZ
    swinging: FloatArray = np.sin(2 * np.pi * 4.0 * at_s) * (1 + 0.2 * np.sin(at_s))
    return swinging


def test_a_whole_wave_stays_as_it_is() -> None:
    bridged = bridge_clipped(wave(), NOTHING, FS_HZ)
    assert bridged is not None
    np.testing.assert_array_equal(bridged, wave())


@pytest.mark.parametrize("edge_mv", [-80.0, 5.0])
def test_excursions_to_the_edge_are_bridged(edge_mv: float) -> None:
    cut = wave()
    cut[300:360] = cut[700:730] = edge_mv
    bridged = bridge_clipped(cut, NOTHING, FS_HZ)
    assert bridged is not None
    assert np.abs(bridged).max() < 1.5
    np.testing.assert_array_equal(bridged[:280], cut[:280])
    np.testing.assert_array_equal(bridged[400:680], cut[400:680])


def test_what_is_told_to_be_lost_is_bridged_too() -> None:
    lost, spoilt = NOTHING.copy(), wave()
    lost[300:340], spoilt[300:340] = True, 3.0
    spoilt[340] = 4.0
    bridged = bridge_clipped(spoilt, lost, FS_HZ)
    assert bridged is not None
    assert np.abs(bridged).max() < 1.5


def test_too_much_of_it_is_nothing() -> None:
    cut = wave()
    cut[300:600] = 5.0
    assert bridge_clipped(cut, NOTHING, FS_HZ) is None
    assert bridge_clipped(np.zeros(1250), NOTHING, FS_HZ) is None, "flat"
    assert bridge_clipped(wave(), ~NOTHING, FS_HZ) is None
