"""ecgctl alerts show, over a real database."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from store_examples import make_alert, make_item

from ecgd.cli.main import cli
from ecgd.config.settings import StoreSettings
from ecgd.store.writer import StoreWriter


def kept(tmp_path: Path) -> Path:
    path = tmp_path / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    alert = make_alert()
    writer.store_alert(alert, (make_item(),))
    steps = [{"contact": "berta", "channel": "push", "state": "delivered"}]
    record = {"phase": "answered", "steps": steps}
    writer.save_escalation(alert.alert_id, record, is_open=False)
    writer.acknowledge_alert(alert.alert_id, "ntfy:berta")
    assert writer.close()
    return path


def test_an_alert_and_who_was_told(tmp_path: Path) -> None:
    path = kept(tmp_path)
    whole = make_alert().alert_id
    shown = CliRunner().invoke(cli, ["alerts", "show", whole, "--database", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "by ntfy:berta" in shown.output
    assert "berta by push: delivered" in shown.output
    assert make_item().target in shown.output
    told = CliRunner().invoke(cli, ["alerts", "show", whole, "--database", str(path), "--json"])
    answer = json.loads(told.output)
    assert answer["alert"]["acknowledged_by"] == "ntfy:berta"
    assert answer["escalation"]["phase"] == "answered"
    assert answer["deliveries"][0]["state"] == "pending"


def test_an_unknown_alert_is_said(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        cli, ["alerts", "show", "nothing", "--database", str(kept(tmp_path))]
    )
    assert answer.exit_code == 1
    assert "no alert" in answer.output
