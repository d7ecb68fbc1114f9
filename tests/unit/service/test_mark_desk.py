"""Marking alerts over the real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_examples import make_alert

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.model.alert_mark import Verdict
from ecgd.service import mark_desk
from ecgd.service.mark_desk import MarkDesk
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter
from ecgd.web.mark_gateway import UnmarkableAlertError


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[StoreWriter]:
    writer = StoreWriter(tmp_path / "db", StoreSettings(), boot_id="b")
    yield writer
    writer.close()


def mark(writer: StoreWriter, path: Path, alert_id: str, verdict: Verdict) -> list[str]:
    desk = MarkDesk(writer, StoreReader(path / "db"))
    marks = asyncio.run(desk.mark_alert(alert_id, verdict, "Ann", "why"))
    return [each.verdict.value for each in marks]


def test_an_alert_that_was_just_handed_over_can_be_marked(
    writer: StoreWriter, tmp_path: Path
) -> None:
    writer.start()
    writer.store_alert(make_alert("alert-1"))
    assert mark(writer, tmp_path, "alert-1", Verdict.UNSURE) == ["unsure"]
    assert mark(writer, tmp_path, "alert-1", Verdict.TRUE) == ["unsure", "true"]


def test_an_alert_must_be_named_whole(writer: StoreWriter, tmp_path: Path) -> None:
    writer.start()
    writer.store_alert(make_alert("alert-1"))
    with pytest.raises(UnmarkableAlertError, match="'alert'"):
        mark(writer, tmp_path, "alert", Verdict.TRUE)


def test_a_disk_that_does_not_answer_is_said_and_the_mark_waits(
    writer: StoreWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark_desk, "MARKED_WITHIN_S", 0.05)
    writer.store_alert(make_alert("alert-1"))
    with pytest.raises(StoreError, match="waits in memory"):
        mark(writer, tmp_path, "alert-1", Verdict.TRUE)
    monkeypatch.undo()
    writer.start()
    assert mark(writer, tmp_path, "alert-1", Verdict.FALSE) == ["true", "false"]
