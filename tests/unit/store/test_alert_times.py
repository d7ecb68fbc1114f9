"""Alerts dated by a clock that was not set are dated anew once it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from store_examples import make_alert

from ecgd.config.settings import StoreSettings
from ecgd.store.alarms import AcknowledgeAlert, ClearAlert, CorrectAlertTimes, StoreAlert
from ecgd.store.database import open_checked
from ecgd.store.entries import StoredAlert
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WRONG_OFFSET_S = 86_400.0
"""A gateway without a clock of its own starts in 1970."""
RIGHT_OFFSET_S = 1_790_000_000.0
OCCURRED_S = 100.0
NOW_S = RIGHT_OFFSET_S + 200.0

ALERT = replace(
    make_alert(),
    occurred_mono_s=OCCURRED_S,
    occurred_unix_s=WRONG_OFFSET_S + OCCURRED_S,
    boot_id="this",
    clock_synchronised=False,
)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    connection = open_checked(tmp_path / "db")[0]
    early = replace(ALERT, alert_id="early")
    other = replace(ALERT, alert_id="other", boot_id="before")
    right = replace(ALERT, alert_id="right", clock_synchronised=True)
    for alert in (early, other, right):
        StoreAlert(alert, (), None).apply(connection)
    AcknowledgeAlert("early", "Ann", WRONG_OFFSET_S + 110.0).apply(connection)
    ClearAlert("early", RIGHT_OFFSET_S + 190.0).apply(connection)
    assert CorrectAlertTimes("this", RIGHT_OFFSET_S, NOW_S).apply(connection) == 1
    assert CorrectAlertTimes("this", RIGHT_OFFSET_S + 5.0, NOW_S).apply(connection) == 0
    connection.close()
    yield tmp_path / "db"


def stored(path: Path, name: str) -> StoredAlert:
    found = StoreReader(path).alert(name)
    assert found is not None
    return found


def test_an_alert_of_this_boot_gets_the_time_at_which_it_occurred(path: Path) -> None:
    early = stored(path, "early")
    assert early.alert.occurred_unix_s == RIGHT_OFFSET_S + OCCURRED_S
    assert early.alert.clock_synchronised


def test_an_answer_moves_with_it_and_what_came_after_the_correction_stays(path: Path) -> None:
    early = stored(path, "early")
    assert early.acknowledged_unix_s == RIGHT_OFFSET_S + 110.0
    assert early.cleared_unix_s == RIGHT_OFFSET_S + 190.0


@pytest.mark.parametrize("name", ["other", "right"])
def test_another_boots_and_rightly_dated_ones_stay(path: Path, name: str) -> None:
    assert stored(path, name).alert.occurred_unix_s == WRONG_OFFSET_S + OCCURRED_S


@pytest.mark.parametrize(("boot_id", "count"), [("this", 1), ("unknown", 0)])
def test_nothing_is_dated_anew_where_the_boot_is_not_known(
    tmp_path: Path, boot_id: str, count: int
) -> None:
    writer = StoreWriter(tmp_path / "db", StoreSettings(), boot_id=boot_id)
    writer.start()
    writer.store_alert(replace(ALERT, boot_id=boot_id)).result(10)
    assert writer.correct_alert_times(RIGHT_OFFSET_S).result(10) == count
    assert writer.close()
