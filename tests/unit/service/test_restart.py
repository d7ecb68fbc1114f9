"""What a restart takes up again, in this boot and after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_examples import make_alert

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import AlarmSettings, StoreSettings
from ecgd.decision.alarm import AlarmBook, annunciate, observe
from ecgd.decision.alarm_record import book_to_dict
from ecgd.errors import StoreError
from ecgd.model.alarm import AlarmState, Observation, OutboxItem, Priority
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


def test_a_database_that_cannot_be_read_is_told_apart_from_one_without_alarms(
    tmp_path: Path,
) -> None:
    missing = tmp_path / "none.sqlite3"
    with pytest.raises(StoreError):
        load_books(missing, boot_id="b", mono_s=0.0, unix_s=0.0)
    with pytest.raises(StoreError):
        load_outbox(missing)


def test_a_stored_time_of_the_future_holds_nothing_back(database: Path) -> None:
    book = load_books(database, boot_id="boot-a", mono_s=90.0, unix_s=5_000.0)["anna"]
    assert max(time_s for _, time_s in book.judged_s) <= 90.0
    later = Observation(Domain.HEART, 91.0, True, ())
    assert dict(observe(book, later, SETTINGS, lambda: "x")[0].judged_s)[Domain.HEART] == 91.0


@pytest.mark.parametrize(
    "text", ["{", "[1]", "null", '{"book": "gone"}', '{"book": {"tracks": 3}}']
)
def test_a_flipped_bit_in_a_stored_book_costs_that_book_only(database: Path, text: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alarm_state SET book = ?", (text,))
    book = load_books(database, boot_id="boot-a", mono_s=130.0, unix_s=5_020.0)["anna"]
    assert book.alarms == ()


@pytest.mark.parametrize("mono", ['"soon"', "1e400", "null"])
def test_a_book_whose_clock_is_unreadable_keeps_its_alarm(database: Path, mono: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alarm_state SET book = replace(book, '110.0', ?)", (mono,))
    book = load_books(database, boot_id="boot-b", mono_s=130.0, unix_s=5_020.0)["anna"]
    assert [alarm.alert_id for alarm in book.alarms if alarm.alert_id] == ["alert-1"]
    assert annunciate(book, 130.0).sounding


def test_an_undelivered_row_that_makes_no_sense_hinders_no_other(tmp_path: Path) -> None:
    path = tmp_path / "ecgd.sqlite3"
    writer = StoreWriter(path, StoreSettings(), boot_id="boot-a")
    writer.start()
    for name in ("a", "b"):
        alert = make_alert(name)
        item = OutboxItem(f"m-{name}", alert.alert_id, "home", Severity.HIGH, b"{}", 1.0)
        writer.store_alert(alert, (item,)).result(10)
    assert writer.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE outbox SET severity = 77 WHERE message_id = 'm-a'")
    assert [item.message_id for item in load_outbox(path)] == ["m-b"]
