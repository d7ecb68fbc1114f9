"""Capsules in the database: their pieces come one by one, the oldest capsules go for the newest."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from ecgd.errors import CapsuleError
from ecgd.store.capsule_stream import read_stream
from ecgd.store.rows import insert

PARTS_AT_ONCE: Final = 4
"""So many pieces go in one step of retention."""


@dataclass(frozen=True, slots=True)
class StoreCapsulePart:
    """One piece of a capsule and the alerts that it tells of; repeating it changes nothing."""

    capsule_id: str
    alert_ids: tuple[str, ...]
    part: int
    is_last: bool
    data: bytes
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        for alert_id in self.alert_ids:
            named = {"alert_id": alert_id, "capsule_id": self.capsule_id}
            insert(connection, "capsules", named | {"timestamp": self.at_unix_s}, once="alert_id")
        row: dict[str, Any] = {"capsule_id": self.capsule_id, "part": self.part}
        row["data"] = self.data
        insert(
            connection, "capsule_parts", row | {"is_last": self.is_last}, once="capsule_id, part"
        )
        return 1


@dataclass(frozen=True, slots=True)
class RemoveCapsule:
    """Bring the capsules back to ``keep_bytes``: a few pieces, or the next name; 0: they fit.

    First the oldest capsule loses its name, then its pieces go: none is ever found half there.
    """

    keep_bytes: float

    def apply(self, connection: sqlite3.Connection) -> int:
        nameless = connection.execute(
            "DELETE FROM capsule_parts WHERE id IN (SELECT id FROM capsule_parts WHERE capsule_id"
            " NOT IN (SELECT capsule_id FROM capsules) ORDER BY id LIMIT ?)",
            (PARTS_AT_ONCE,),
        ).rowcount
        if nameless:
            return nameless
        size = connection.execute("SELECT sum(length(data)) FROM capsule_parts").fetchone()[0]
        if (size or 0) <= self.keep_bytes:
            return 0
        oldest = "SELECT capsule_id FROM capsule_parts ORDER BY id LIMIT 1"
        return connection.execute(f"DELETE FROM capsules WHERE capsule_id = ({oldest})").rowcount


@dataclass(frozen=True, slots=True)
class StoredCapsule:
    """A capsule as far as it is on the disk."""

    capsule_id: str
    alert_ids: tuple[str, ...]
    data: bytes
    has_end: bool


def read_capsule(connection: sqlite3.Connection, alert_id: str) -> StoredCapsule | None:
    """Return the capsule that tells of an alert; None: there is none.

    Of one with a hole, what comes before the hole.
    """
    row = connection.execute(
        "SELECT capsule_id FROM capsules WHERE alert_id = ?", (alert_id,)
    ).fetchone()
    return None if row is None else _capsule(connection, str(row[0]))


def damaged_capsules(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the ids of capsules that are not what was written; a beginning is not damage."""
    found = connection.execute("SELECT DISTINCT capsule_id FROM capsules ORDER BY 1").fetchall()
    return tuple(str(name) for (name,) in found if _is_damaged(_capsule(connection, str(name))))


def _is_damaged(capsule: StoredCapsule) -> bool:
    try:
        content = read_stream(capsule.data)
    except CapsuleError:
        return True
    return (
        bool(capsule.data)
        and not content.is_complete
        and (capsule.has_end or "damaged" in content.problem)
    )


def _capsule(connection: sqlite3.Connection, capsule_id: str) -> StoredCapsule:
    alerts = connection.execute(
        "SELECT alert_id FROM capsules WHERE capsule_id = ? ORDER BY timestamp", (capsule_id,)
    ).fetchall()
    rows = connection.execute(
        "SELECT part, is_last, data FROM capsule_parts WHERE capsule_id = ? ORDER BY part",
        (capsule_id,),
    ).fetchall()
    whole = [row for number, row in enumerate(rows) if row[0] == number]
    return StoredCapsule(
        capsule_id=capsule_id,
        alert_ids=tuple(str(name) for (name,) in alerts),
        data=b"".join(bytes(row[2]) for row in whole),
        has_end=bool(whole) and bool(whole[-1][1]),
    )
