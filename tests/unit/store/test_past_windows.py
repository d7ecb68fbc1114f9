"""Stored windows, a few rows at a time, beside a writer that goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_ages import Ages, open_ages

from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.finding import EventType
from ecgd.store import past_windows
from ecgd.store.alert_marks import MarkAlert
from ecgd.store.past_windows import PastWindowReader, Progress

BEGIN_S = 1e9
FUSED: dict[str, Any] = {"fused": 0.8, "is_clearly_new": True, "told": ["infarction"]}
RULES: dict[str, Any] = {"rhythm": "regular", "findings": ["CARDIAC_ANOMALY"]}


@pytest.fixture
def ages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ages]:
    """Ten windows of each of three patients, in turn; those of Ann the networks have seen."""
    monkeypatch.setattr(past_windows, "ROWS_AT_ONCE", 4)
    made = open_ages(tmp_path / "db")
    for second in range(10):
        for patient in ("ann", "bob", "eve"):
            place = {"start_index": second, "end_index": second + 5, "features": json.dumps(RULES)}
            made.result(patient, BEGIN_S + second, **place)
            if patient == "ann":
                opinion = place | {"features": json.dumps(FUSED)}
                made.result(patient, BEGIN_S + second, model_name="lstm", **opinion)
                made.result(patient, BEGIN_S + second, model_name="ensemble", **opinion)
    yield made
    made.connection.close()


def test_one_pass_gives_each_patients_windows_in_order(ages: Ages, tmp_path: Path) -> None:
    seen: list[Progress] = []
    reader = PastWindowReader(tmp_path / "db")
    found = list(reader.past_windows(["ann", "bob"], BEGIN_S, BEGIN_S + 8, seen.append))
    times = {name: [w.at_unix_s - BEGIN_S for n, w in found if n == name] for name, _ in found}
    assert times == {"ann": list(range(8)), "bob": list(range(8))}
    of_ann = [window for name, window in found if name == "ann"]
    assert all(window.scores is not None and window.scores.is_clearly_new for window in of_ann)
    assert all(window.scores is None for name, window in found if name == "bob")
    assert len(seen) > 3
    assert [each.done for each in seen] == sorted({each.done for each in seen})
    assert seen[-1].done == seen[-1].total


def test_what_the_networks_said_is_not_taken_for_the_rules(ages: Ages, tmp_path: Path) -> None:
    reader = PastWindowReader(tmp_path / "db")
    kinds = {name: w.kinds for name, w in reader.past_windows(["ann", "bob"], BEGIN_S, BEGIN_S + 9)}
    assert kinds == {"ann": frozenset(), "bob": {EventType.CARDIAC_ANOMALY}}


def test_nothing_is_held_while_it_goes_on(ages: Ages, tmp_path: Path) -> None:
    windows = PastWindowReader(tmp_path / "db").past_windows(["bob"], BEGIN_S, BEGIN_S + 20)
    next(windows)
    ages.result("bob", BEGIN_S + 11)
    (busy, *_) = ages.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    rest = [window.at_unix_s for _, window in windows]
    assert rest == [BEGIN_S + second for second in range(1, 10)]


def test_alerts_come_with_the_mark_that_counts(ages: Ages, tmp_path: Path) -> None:
    ages.alert("one", 3.0, None)
    ages.alert("two", 2.0, None, event_type=EventType.LINK_LOST)
    for verdict in (Verdict.UNSURE, Verdict.TRUE):
        MarkAlert("one", AlertMark(verdict, "Ann", BEGIN_S)).apply(ages.connection)
    reader = PastWindowReader(tmp_path / "db")
    kinds = frozenset(EventType) - {EventType.LINK_LOST}
    (alert,) = reader.past_alerts(0.0, kinds)
    assert (alert.alert_id, alert.verdict, alert.simulated) == ("one", Verdict.TRUE, False)


def test_a_patient_without_windows_has_none(ages: Ages, tmp_path: Path) -> None:
    reader = PastWindowReader(tmp_path / "db")
    assert list(reader.past_windows(["nobody"], 0.0, 2e9)) == []
    assert list(reader.past_windows(["ann"], 0.0, BEGIN_S)) == []
