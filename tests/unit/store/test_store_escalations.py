"""Escalations on the disk: a step and its message together, and what nobody needs any more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from store_examples import make_alert, make_item

from ecgd.config.settings import StoreSettings
from ecgd.store.escalation_reader import EscalationReader
from ecgd.store.writer import StoreWriter


def test_what_is_kept_and_what_is_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "db"
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    alert, item = make_alert(), make_item()
    writer.store_alert(alert, (item,))
    later = replace(item, message_id="msg_later", target="carl")
    writer.save_escalation(alert.alert_id, {"phase": "calling"}, (later,), is_open=True)
    writer.flush().result(10)
    reader = EscalationReader(path)
    assert reader.open_escalations() == {alert.alert_id: {"phase": "calling"}}
    assert len(reader.pending_outbox()) == 2
    writer.save_escalation(
        alert.alert_id,
        {"phase": "answered"},
        is_open=False,
        withdrawn=("msg_later",),
        why="answered before",
    )
    writer.close()
    assert reader.open_escalations() == {}
    assert reader.escalation(alert.alert_id) == {"phase": "answered"}
    assert reader.escalation("unknown") is None
    assert [each.message_id for each in reader.pending_outbox()] == [item.message_id]
    states = {each.target: (each.state, each.detail) for each in reader.deliveries(alert.alert_id)}
    assert states["carl"] == ("refused", "answered before")
