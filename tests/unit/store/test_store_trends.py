"""Old figures become one exact row a minute, and no row is counted twice or lost."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from store_ages import Ages, count, minute_of, open_ages
from store_examples import NOW_UNIX_S

from ecgd.model.device import DeviceStatus
from ecgd.store.reader import StoreReader
from ecgd.store.trends import COMPACTIONS, MINUTES_A_STEP, CompactMinutes

HEARTBEATS, RESULTS, REPORTS = COMPACTIONS
DAYS = 30.0


@pytest.fixture
def ages(tmp_path: Path) -> Iterator[Ages]:
    made = open_ages(tmp_path / "db")
    with closing(made.connection):
        yield made


def compact(ages: Ages, compaction: Any, now_unix_s: float | None = NOW_UNIX_S) -> int:
    return CompactMinutes(compaction, DAYS, now_unix_s).apply(ages.connection)


def trends(ages: Ages) -> list[dict[str, Any]]:
    cursor = ages.connection.cursor()
    cursor.row_factory = sqlite3.Row
    rows = cursor.execute("SELECT * FROM trends ORDER BY user_id, timestamp, pass")
    return [dict(row) for row in rows]


def test_a_minute_of_heartbeats_is_summarised_exactly(ages: Ages) -> None:
    rates: list[float | None] = [72.0, None, 25.0, 80.5, 71.0, 20.0]
    ages.heartbeats("ann", 40, rates)
    assert compact(ages, HEARTBEATS) == 6
    (row,) = trends(ages)
    known = [rate for rate in rates if rate is not None]
    assert (row["timestamp"], row["pass"]) == (minute_of(40), 0)
    assert (row["heartbeats"], row["bpm_count"]) == (6, 5)
    assert (row["bpm_min"], row["bpm_median"], row["bpm_max"]) == (20.0, median(known), 80.5)
    assert (row["anomalies"], row["anomaly_type"]) == (2, "PAUSE")
    assert count(ages.connection, "heartbeats") == 0


def test_a_minute_without_any_rate_has_none(ages: Ages) -> None:
    ages.heartbeats("ann", 40, [None, None])
    compact(ages, HEARTBEATS)
    (row,) = trends(ages)
    assert (row["heartbeats"], row["bpm_count"], row["bpm_median"]) == (2, 0, None)
    assert row["anomaly_type"] is None


def test_what_is_young_stays(ages: Ages) -> None:
    ages.heartbeats("ann", 29.9, [70.0] * 30)
    assert compact(ages, HEARTBEATS) == 0
    assert count(ages.connection, "heartbeats") == 30


def test_nothing_goes_by_its_wall_time_when_that_is_not_believed(ages: Ages) -> None:
    ages.heartbeats("ann", 400, [70.0] * 30)
    assert compact(ages, HEARTBEATS, now_unix_s=None) == 0
    assert count(ages.connection, "heartbeats") == 30


def test_steps_add_up_to_what_one_pass_over_the_rows_says(ages: Ages) -> None:
    chance = random.Random(5)
    expected: dict[tuple[int, float], list[float]] = {}
    for patient, user in (("ann", 1), ("bob", 2)):
        rates = [chance.uniform(40, 180) for _ in range(1500)]
        ages.heartbeats(patient, 45, list(rates))
        for second, rate in enumerate(rates):
            minute = minute_of(45) + second // 60 * 60
            expected.setdefault((user, minute), []).append(rate)
    steps = 0
    while compact(ages, HEARTBEATS):
        steps += 1
    assert steps == -(-len(expected) // MINUTES_A_STEP)
    found = {
        (row["user_id"], row["timestamp"]): (row["heartbeats"], row["bpm_min"], row["bpm_median"])
        for row in trends(ages)
    }
    assert found == {key: (len(r), min(r), median(r)) for key, r in expected.items()}
    assert count(ages.connection, "heartbeats") == 0


def test_verdicts_keep_the_worst_risk_and_each_leads_st(ages: Ages, tmp_path: Path) -> None:
    at_s = minute_of(40)
    levels = [{"I": 0.01, "II": 0.05}, {"I": 0.03, "II": 0.25}, {"I": 0.02}]
    risks = ["NORMAL", "CRITICAL_STEMI", "LOW_RISK"]
    outcomes = ["normal", "anomaly", "cannot_judge"]
    for number, (st_mv, risk, outcome) in enumerate(zip(levels, risks, outcomes, strict=True)):
        features = json.dumps({"st_mv": st_mv})
        ages.result(
            "ann", at_s + 5 * number, features=features, risk_level=risk, outcome=outcome,
            confidence=0.5 + number / 10,
        )  # fmt: skip
    for score in (0.2, 0.9):
        ages.result("ann", at_s, model_name="ensemble", prediction=score, outcome="anomaly")
    ages.result("ann", at_s, model_name="cnn", prediction=0.99, outcome="anomaly")
    assert compact(ages, RESULTS) == 6
    (row,) = trends(ages)
    assert (row["verdicts"], row["anomaly_verdicts"], row["unjudged_verdicts"]) == (3, 1, 1)
    assert (row["risk_level"], row["score_max"]) == ("CRITICAL_STEMI", 0.9)
    assert row["quality_median"] == pytest.approx(0.6)
    levels_mv = {"I": [0.01, 0.02, 0.03], "II": [0.05, 0.15, 0.25]}
    assert json.loads(row["st_mv"]) == levels_mv
    (trend,) = StoreReader(tmp_path / "db").trends("ann")
    assert (trend.at_unix_s, trend.risk_level) == (at_s, "CRITICAL_STEMI")
    assert (trend.st_mv, trend.heartbeats) == (levels_mv, None)
    assert StoreReader(tmp_path / "db").trends("ann", at_s + 1) == ()


def test_rows_that_make_no_sense_do_not_stop_the_others(ages: Ages) -> None:
    ages.result("ann", minute_of(41), features="{no json")
    ages.result("ann", minute_of(40), features='{"st_mv":{"II":0.05}}')
    assert compact(ages, RESULTS) == 2
    assert [(row["verdicts"], row["st_mv"]) for row in trends(ages)] == [
        (1, None),
        (1, '{"II":[0.05,0.05,0.05]}'),
    ]


def test_reports_keep_battery_contact_and_losses(ages: Ages) -> None:
    at_s = minute_of(40)
    off = DeviceStatus(3700, frozenset({"RA"}), overrun_count=2, saturated_count=1)
    ages.status("ann", at_s, off, battery_percent=40.0)
    ages.status("ann", at_s + 10, DeviceStatus(3650, frozenset({"LL"}), overrun_count=5))
    ages.status("ann", at_s + 20, DeviceStatus(), connected=False, battery_percent=None)
    assert compact(ages, REPORTS) == 3
    (row,) = trends(ages)
    assert (row["reports"], row["connected_reports"]) == (3, 2)
    assert (row["battery_level_min"], row["battery_mv_median"]) == (40, 3675.0)
    assert (row["contact_min"], json.loads(row["electrodes_off"])) == (0.75, ["LL", "RA"])
    assert (row["saturated_count"], row["overrun_count"]) == (1, 5)


def test_all_three_kinds_share_one_row(ages: Ages) -> None:
    ages.heartbeats("ann", 40, [70.0] * 3)
    ages.result("ann", minute_of(40) + 2)
    ages.status("ann", minute_of(40) + 3, DeviceStatus())
    for compaction in COMPACTIONS:
        compact(ages, compaction)
    (row,) = trends(ages)
    assert (row["heartbeats"], row["verdicts"], row["reports"]) == (3, 1, 1)


def test_a_minute_that_came_twice_gets_two_rows(ages: Ages) -> None:
    ages.heartbeats("ann", 40, [70.0] * 3)
    compact(ages, HEARTBEATS)
    ages.heartbeats("ann", 40, [90.0] * 4)
    compact(ages, HEARTBEATS)
    assert [(row["pass"], row["heartbeats"], row["bpm_min"]) for row in trends(ages)] == [
        (0, 3, 70.0),
        (1, 4, 90.0),
    ]


def test_a_step_that_is_rolled_back_has_not_been(ages: Ages) -> None:
    ages.heartbeats("ann", 40, [70.0] * 60)
    ages.connection.execute("BEGIN")
    compact(ages, HEARTBEATS)
    ages.connection.execute("ROLLBACK")
    assert (count(ages.connection, "heartbeats"), trends(ages)) == (60, [])
    assert compact(ages, HEARTBEATS) == 60


def test_a_minute_under_way_at_a_mark_waits_for_the_next(ages: Ages) -> None:
    ages.heartbeats("ann", 1, [70.0] * 60)
    mark = "INSERT INTO clock_marks (running_s, unix_s, recording_id, result_id, heartbeat_id,"
    mark += " status_id) VALUES (?, 0, 0, 0, ?, 0)"
    ages.connection.execute(mark, (0.0, 30))
    ages.connection.execute(mark, (31 * 86400.0, 60))
    assert compact(ages, HEARTBEATS) == 0
    ages.connection.execute(mark, (62 * 86400.0, 60))
    assert compact(ages, HEARTBEATS) == 60
    assert trends(ages)[0]["heartbeats"] == 60
