"""ST episodes on their way into the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from ecgd.model.st_episode import EpisodeEnd, StEpisode
from ecgd.store.operations import user_id
from ecgd.store.rows import insert, to_json

SAME_S: Final = 2.0
"""An episode that began within so much of another in the same leads is the same one."""


@dataclass(frozen=True, slots=True)
class StoreStEpisode:
    """An episode as it was confirmed, or as it ended; ``unix_s`` is the wall time of its time 0."""

    patient_id: str
    episode: StEpisode
    unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        row = self._row()
        user = user_id(connection, self.patient_id, row["timestamp"])
        found = connection.execute(
            "SELECT id FROM st_episodes WHERE user_id = ? AND lead_group = ?"
            " AND abs(timestamp - ?) <= ? ORDER BY id DESC LIMIT 1",
            (user, self.episode.group, row["timestamp"], SAME_S),
        ).fetchone()
        if found is None:
            return insert(connection, "st_episodes", {"user_id": user, **row})
        names = [name for name in row if name not in ("timestamp", "confirmed_unix_s")]
        connection.execute(
            f"UPDATE st_episodes SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
            (*(row[name] for name in names), found[0]),
        )
        return int(found[0])

    def _row(self) -> dict[str, Any]:
        episode = self.episode
        return {
            "timestamp": self.unix_s + episode.start_s,
            "lead_group": episode.group,
            "direction": episode.direction,
            "reference": episode.reference.value,
            "confirmed_unix_s": self.unix_s + episode.confirmed_s,
            "extremum_unix_s": self.unix_s + episode.extremum_s,
            "change_mv": round(episode.change_mv, 4),
            "leads": to_json(episode.leads),
            "st_mv": to_json({lead: round(mv, 4) for lead, mv in episode.st_mv}),
            "ended_unix_s": None if episode.end_s is None else self.unix_s + episode.end_s,
            "end_reason": None if episode.end is None else episode.end.value,
        }


@dataclass(frozen=True, slots=True)
class InterruptStEpisodes:
    """A patient's episodes whose end nobody saw, because the monitor stopped; returns how many."""

    patient_id: str

    def apply(self, connection: sqlite3.Connection) -> int:
        changed = connection.execute(
            "UPDATE st_episodes SET end_reason = ? WHERE end_reason IS NULL"
            " AND user_id = (SELECT id FROM users WHERE patient_id = ?)",
            (EpisodeEnd.INTERRUPTED.value, self.patient_id),
        )
        return changed.rowcount
