"""Writes tests/fixtures/schemas: python tests/store_schemas.py, once for each new version.

A dump holds the schema and rows in every table, as that version's program wrote them. Those of
released versions are never written again.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from store_ages import DAY_S, count, minute_of, open_ages
from store_examples import NOW_UNIX_S, make_item

from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.coverage import CoverageSum, Danger
from ecgd.model.device import DeviceStatus
from ecgd.model.st_episode import StEpisode, StReference
from ecgd.store.alarms import SaveAlarmBook, SaveBaseline, StoreAlert
from ecgd.store.alert_marks import MarkAlert
from ecgd.store.capsule_stream import MAGIC
from ecgd.store.capsules import StoreCapsulePart
from ecgd.store.coverage import AddCoverage
from ecgd.store.database import connect
from ecgd.store.escalations import SaveEscalation
from ecgd.store.evolutions import SaveEvolution
from ecgd.store.figures import StoreHealthEvent, StoreNote
from ecgd.store.marks import SetMark
from ecgd.store.migrations import APPLICATION_ID, newest_version, version_of
from ecgd.store.operations import OpenRecording, Probe, StoreSegment
from ecgd.store.st_episodes import StoreStEpisode
from ecgd.store.streams import Stream
from ecgd.store.trends import COMPACTIONS, CompactMinutes

SCHEMAS = Path(__file__).parent / "fixtures" / "schemas"


def write_rows(path: Path) -> None:
    """Put rows into every table, by the store's own operations."""
    ages = open_ages(path)
    connection = ages.connection
    stream = ages.record("ann", 2, seconds=10)
    alert = ages.alert("alert-1", 2, stream, sample_index=1000)
    StoreAlert(alert, (make_item(),), stream).apply(connection)
    mark = AlertMark(Verdict.TRUE, "nurse", NOW_UNIX_S, "seen in the other leads too")
    MarkAlert(alert.alert_id, mark).apply(connection)
    StoreCapsulePart("alert-1", ("alert-1",), 0, False, MAGIC, NOW_UNIX_S).apply(connection)
    ages.heartbeats("ann", 40, [61.0, 63.0, None])
    ages.result("ann", minute_of(40), features='{"st_mv":{"II":0.05}}')
    ages.status("ann", minute_of(40), DeviceStatus(3700, frozenset({"RA"}), 1, 2, 3, "power"))
    for compaction in COMPACTIONS:
        CompactMinutes(compaction, 30.0, NOW_UNIX_S).apply(connection)
    ages.heartbeats("ann", 1, [72.0, None])
    ages.result("ann", NOW_UNIX_S - DAY_S)
    ages.status("ann", NOW_UNIX_S - DAY_S, DeviceStatus(4000))
    StoreHealthEvent("ann", NOW_UNIX_S, "score", "near", "{}").apply(connection)
    StoreNote("ann", NOW_UNIX_S, "nurse", "sleeps").apply(connection)
    SaveAlarmBook("ann", '{"tracks":[]}', NOW_UNIX_S).apply(connection)
    SaveBaseline("ann", '{"st_mv":{}}', NOW_UNIX_S).apply(connection)
    SaveEscalation(alert.alert_id, True, '{"phase":"calling"}', (), (), "", NOW_UNIX_S).apply(
        connection
    )
    SaveEvolution("ann", '{"moments":[]}', NOW_UNIX_S).apply(connection)
    unseen_s = {Danger.STEMI: {"muscle tension": 60.0}}
    AddCoverage("ann", CoverageSum(3600, 3700.0, 300.0, unseen_s), NOW_UNIX_S).apply(connection)
    leads = ("II", "III"), (("II", 0.2),)
    episode = StEpisode("inferior", StReference.BEFORE, 10.0, 41.0, 45.0, 0.15, *leads)
    StoreStEpisode("ann", episode, NOW_UNIX_S).apply(connection)
    SetMark(300.0, NOW_UNIX_S, 30.0).apply(connection)
    Probe(NOW_UNIX_S).apply(connection)
    growing = Stream("growing", "ann", stream.device, "boot", NOW_UNIX_S, 0.0)
    OpenRecording(growing).apply(connection)
    data = connection.execute("SELECT raw_data FROM recordings").fetchone()[0]
    StoreSegment(growing, 0, 1250, NOW_UNIX_S, data, 600.0).apply(connection)
    connection.close()


def dump(path: Path) -> Iterator[str]:
    """Give the statements that make the database again, version included."""
    with closing(connect(path)) as connection:
        yield f"PRAGMA application_id = {APPLICATION_ID};"
        yield f"PRAGMA user_version = {version_of(connection)};"
        yield from connection.iterdump()


def empty_tables(path: Path) -> list[str]:
    """Return the tables without a row."""
    with closing(connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return [name for (name,) in names if not count(connection, name)]


if __name__ == "__main__":
    target = SCHEMAS / f"v{newest_version()}.sql"
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "db"
        write_rows(database)
        if empty_tables(database):
            sys.exit(f"without a row: {', '.join(empty_tables(database))}")
        target.write_text("\n".join(dump(database)) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {target}\n")
