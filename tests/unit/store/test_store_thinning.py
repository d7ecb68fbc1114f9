"""Old waveform goes, but for what is around real alerts of the heart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_ages import PIECE_S, Ages, count, open_ages
from store_examples import FS_HZ, NOW_UNIX_S

from ecgd.model.finding import EventType
from ecgd.store.entries import Waveform
from ecgd.store.reader import StoreReader
from ecgd.store.thinning import ThinRecording

AROUND_S = 30.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


@pytest.fixture
def ages(path: Path) -> Iterator[Ages]:
    made = open_ages(path)
    with closing(made.connection):
        yield made


def thin(ages: Ages) -> int:
    return ThinRecording(30.0, AROUND_S, NOW_UNIX_S, NOW_UNIX_S).apply(ages.connection)


def thin_all(ages: Ages) -> int:
    steps = 0
    while thin(ages):
        steps += 1
    return steps


def read(path: Path, number: int) -> Waveform:
    return StoreReader(path).recording_waveform(number)


def seconds(waveform: Waveform) -> list[float]:
    """Where in the stream each piece begins."""
    return [block.start_index / FS_HZ for block in waveform.blocks]


def test_old_waveform_without_an_alert_goes_with_its_row(ages: Ages, path: Path) -> None:
    ages.record("ann", 31)
    ages.record("ann", 29)
    size = StoreReader(path).recordings()[1].raw_bytes
    assert thin(ages) == size + 1
    assert thin(ages) == 0
    assert [r.id for r in StoreReader(path).recordings()] == [2]
    assert StoreReader(path).recordings()[0].thinned_unix_s is None


def test_what_is_around_an_alert_stays_exactly_as_it_was(ages: Ages, path: Path) -> None:
    stream = ages.record("ann", 40, seconds=300)
    before = read(path, 1)
    ages.alert("a", 40 - 150 / 86400, stream, sample_index=round(150 * FS_HZ))
    assert thin_all(ages) == 1
    after = read(path, 1)
    assert seconds(after) == list(np.arange(120, 180, PIECE_S))
    kept = {block.start_index: block for block in after.blocks}
    whole = {block.start_index: block for block in before.blocks}
    assert all(np.array_equal(kept[at].counts, whole[at].counts) for at in kept)
    assert after.damaged == 0
    assert after.recording.thinned_unix_s == NOW_UNIX_S
    assert after.recording.duration_s == before.recording.duration_s
    assert thin(ages) == 0, "it is thinned once"


def test_an_alert_reaches_into_the_recordings_beside_it(ages: Ages, path: Path) -> None:
    for number in range(3):
        stream = ages.record("ann", 40 - number / 1440, key="one", start_s=60 * number)
    ages.alert("a", 100, stream, sample_index=round(125 * FS_HZ), occurred_unix_s=0.0)
    thin_all(ages)
    assert seconds(read(path, 2)) == [95, 100, 105, 110, 115]
    assert seconds(read(path, 3)) == [120, 125, 130, 135, 140, 145, 150]
    assert {r.id for r in StoreReader(path).recordings()} == {2, 3}


def test_an_alert_without_a_sample_keeps_by_wall_time(ages: Ages, path: Path) -> None:
    ages.record("ann", 40, seconds=300)
    ages.record("bob", 40, seconds=300)
    ages.alert("a", 40 - 100 / 86400, None, sample_index=None)
    thin_all(ages)
    assert seconds(read(path, 1)) == list(np.arange(70, 130, PIECE_S))
    assert len(StoreReader(path).recordings()) == 1


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"simulated": True}, False),
        ({"event_type": EventType.LINK_LOST}, False),
        ({"event_type": EventType.BATTERY_LOW}, False),
        ({"event_type": EventType.CHECK_PATIENT}, True),
        ({"event_type": EventType.ATRIAL_FIBRILLATION}, True),
    ],
)
def test_which_alerts_keep_waveform(
    ages: Ages, path: Path, changes: dict[str, object], stays: bool
) -> None:
    stream = ages.record("ann", 40, seconds=60)
    ages.alert("a", 40, stream, sample_index=round(30 * FS_HZ), **changes)
    thin_all(ages)
    assert bool(read(path, 1).blocks) is stays
    assert StoreReader(path).alert("a") is not None, "the alert itself stays"


def test_results_outlive_the_row_they_refer_to(ages: Ages) -> None:
    ages.record("ann", 40)
    ages.result("ann", NOW_UNIX_S)
    ages.connection.execute("UPDATE analysis_results SET recording_id = 1")
    thin_all(ages)
    assert count(ages.connection, "recordings") == 0
    assert count(ages.connection, "analysis_results") == 1
    assert ages.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_damaged_recording_with_an_alert_is_left_whole(ages: Ages, path: Path) -> None:
    stream = ages.record("ann", 40, seconds=300)
    ages.alert("a", 40, stream, sample_index=round(150 * FS_HZ))
    raw = bytearray(ages.connection.execute("SELECT raw_data FROM recordings").fetchone()[0])
    raw[1000] ^= 0xFF
    ages.connection.execute("UPDATE recordings SET raw_data = ?", (bytes(raw),))
    thin_all(ages)
    (kept,) = ages.connection.execute("SELECT raw_data FROM recordings").fetchone()
    assert kept == raw


def test_a_recording_that_is_not_packed_waits(ages: Ages) -> None:
    ages.record("ann", 40)
    ages.connection.execute("UPDATE recordings SET raw_data = NULL")
    assert thin(ages) == 0
