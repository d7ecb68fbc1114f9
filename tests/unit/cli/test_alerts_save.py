"""ecgctl alerts save: every alert once, with the mark that counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner, Result
from store_ages import open_ages

from ecgd.cli import alerts_save
from ecgd.cli.main import cli
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.store.alert_marks import MarkAlert

ALERTS = 5


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "db"
    ages = open_ages(path)
    for number in range(ALERTS):
        ages.alert(f"alert-{number}", ALERTS - number, None)
    for verdict, note in ((Verdict.UNSURE, "?"), (Verdict.FALSE, "=HYPERLINK(0)")):
        mark = AlertMark(verdict, "Sister Ann", 1e9, note)
        MarkAlert("alert-1", mark).apply(ages.connection)
    ages.connection.commit()
    ages.connection.close()
    return path


def run(database: Path, file: Path, *words: str) -> Result:
    command = ["alerts", "save", str(file), "--since", "1970-01-01", "--database", str(database)]
    return CliRunner().invoke(
        cli, [*command, *words], catch_exceptions=False, standalone_mode=False
    )


def test_a_table_of_all_alerts(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_save, "_AT_ONCE", 2)
    file = database.with_name("alerts.csv")
    assert "5 alerts, 1 of them marked" in run(database, file).output
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["alert_id"] for row in rows] == [f"alert-{number}" for number in range(ALERTS)]
    marked = rows[1]
    assert (marked["verdict"], marked["marked_by"], marked["marks"]) == ("false", "Sister Ann", "2")
    assert marked["note"] == "'=HYPERLINK(0)"
    assert rows[0]["verdict"] == ""
    assert file.stat().st_mode & 0o777 == 0o600


def test_json_without_names(database: Path) -> None:
    file = database.with_name("alerts.json")
    run(database, file, "--nameless")
    rows = json.loads(file.read_text())
    assert (rows[1]["verdict"], rows[1]["marks"], rows[0]["verdict"]) == ("false", 2, None)
    assert {"patient", "marked_by", "note"}.isdisjoint(rows[1])
    assert "Ann" not in file.read_text()


def test_no_file_is_replaced_unasked(database: Path) -> None:
    file = database.with_name("alerts.json")
    file.write_text("mine")
    with pytest.raises(ClickException, match="exists"):
        run(database, file)
    assert file.read_text() == "mine"
    run(database, file, "--force")
    assert len(json.loads(file.read_text())) == ALERTS
