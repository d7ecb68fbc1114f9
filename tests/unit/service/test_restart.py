"""What a restart takes up again, in this boot and after another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgd.config.settings import AlarmSettings, HoldOffSettings, StoreSettings
from ecgd.decision.alarm import AlarmBook, annunciate, observe
from ecgd.decision.alarm_record import book_to_dict
from ecgd.model.alarm import AlarmState, Observation, Priority
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.service.restart import load_books, load_outbox
from ecgd.store.writer import StoreWriter

STEMI = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
SETTINGS = AlarmSettings(hold_off=HoldOffSettings(stemi_s=0.0))


def active_book(now_s: float) -> AlarmBook:
    observation = Observation(Domain.HEART, now_s, True, (STEMI,))
    return observe(AlarmBook(), observation, SETTINGS, lambda: "alert-1")[0]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="boot-a")
    writer.start()
    record = {
        "book": book_to_dict(active_book(100.0)),
        "boot_id": "boot-a",
        "mono_s": 110.0,
        "unix_s": 5_000.0,
    }
    writer.ensure_user("anna").result(10)
    writer.save_alarm_book("anna", record).result(10)
    assert writer.close()
    yield path


def test_in_the_same_boot_the_clock_goes_on(database: Path) -> None:
    book = load_books(database, boot_id="boot-a", mono_s=130.0, unix_s=5_020.0)["anna"]
    alarm, *_ = book.alarms
    assert alarm.state is AlarmState.ACTIVE
    assert alarm.alert_id == "alert-1"
    assert alarm.evidence_s == pytest.approx(100.0)


def test_after_another_boot_ages_are_kept_by_the_wall_clock(database: Path) -> None:
    book = load_books(database, boot_id="boot-b", mono_s=20.0, unix_s=5_060.0)["anna"]
    alarm, *_ = book.alarms
    assert 20.0 - alarm.evidence_s == pytest.approx(10.0 + 60.0)
    assert annunciate(book, 20.0).priority is Priority.HIGH


def test_a_wall_clock_that_went_back_puts_nothing_into_the_future(database: Path) -> None:
    book = load_books(database, boot_id="boot-b", mono_s=20.0, unix_s=1_000.0)["anna"]
    alarm, *_ = book.alarms
    assert alarm.evidence_s <= 20.0
    assert annunciate(book, 20.0).sounding


def test_no_database_is_no_alarm_and_no_failure(tmp_path: Path) -> None:
    missing = tmp_path / "none.sqlite3"
    assert load_books(missing, boot_id="b", mono_s=0.0, unix_s=0.0) == {}
    assert load_outbox(missing) == ()
