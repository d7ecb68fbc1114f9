"""Reading what ST did: minute by minute, and its episodes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from ecgd.model.st_episode import KeptStEpisode
from ecgd.store.reader import LIMIT, StoreReader
from ecgd.store.results import RULES

_MINUTES: Final = """
WITH levels AS (
    SELECT CAST(results.timestamp / 60 AS INTEGER) * 60 AS minute, lead.key AS lead,
        lead.value AS mv, row_number() OVER place AS rank, count(*) OVER minute AS total
    FROM analysis_results AS results JOIN users ON users.id = results.user_id,
        json_each(iif(json_valid(results.features), results.features, '{}'), '$.st_mv') AS lead
    WHERE users.patient_id = :patient AND results.model_name = :rules
        AND results.timestamp >= :start AND results.timestamp < :end
        AND lead.type IN ('real', 'integer')
    WINDOW minute AS (PARTITION BY CAST(results.timestamp / 60 AS INTEGER), lead.key),
        place AS (minute ORDER BY lead.value)
)
SELECT minute, lead, min(mv) AS low_mv,
    avg(iif(rank IN ((total + 1) / 2, (total + 2) / 2), mv, NULL)) AS median_mv,
    max(mv) AS high_mv
FROM levels GROUP BY minute, lead
UNION ALL
SELECT CAST(trends.timestamp AS INTEGER), lead.key, json_extract(lead.value, '$[0]'),
    json_extract(lead.value, '$[1]'), json_extract(lead.value, '$[2]')
FROM trends JOIN users ON users.id = trends.user_id,
    json_each(iif(json_valid(trends.st_mv), trends.st_mv, '{}')) AS lead
WHERE users.patient_id = :patient AND trends.timestamp >= :start AND trends.timestamp < :end
    AND lead.type = 'array'
ORDER BY 1, 2
"""
"""One row a minute and lead, of detail while there is any, else of ``trends``."""

_EPISODES: Final = """
SELECT st_episodes.* FROM st_episodes JOIN users ON users.id = user_id
WHERE users.patient_id = :patient AND st_episodes.timestamp >= :since
ORDER BY st_episodes.timestamp DESC, st_episodes.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class StMinute:
    """One lead's ST in one minute, in mV."""

    at_unix_s: int
    lead: str
    low_mv: float
    median_mv: float
    high_mv: float


class StReader(StoreReader):
    """Reads ST. Raises StoreError as every reader does."""

    def st_minutes(
        self, patient_id: str, start_unix_s: float, end_unix_s: float
    ) -> tuple[StMinute, ...]:
        """Return each minute and lead in which ST was measured, oldest first."""
        values = {"patient": patient_id, "rules": RULES, "start": start_unix_s, "end": end_unix_s}
        return tuple(StMinute(*row) for row in self._rows(_MINUTES, values))

    def st_episodes(
        self, patient_id: str, since_unix_s: float = 0.0, limit: int = LIMIT
    ) -> tuple[KeptStEpisode, ...]:
        """Return the episodes that began since then, the newest first."""
        values = {"patient": patient_id, "since": since_unix_s, "limit": limit}
        return tuple(_episode(row) for row in self._rows(_EPISODES, values))


def _episode(row: Any) -> KeptStEpisode:
    return KeptStEpisode(
        episode_id=row["id"],
        started_unix_s=row["timestamp"],
        group=row["lead_group"],
        direction=row["direction"],
        reference=row["reference"],
        confirmed_unix_s=row["confirmed_unix_s"],
        extremum_unix_s=row["extremum_unix_s"],
        change_mv=row["change_mv"],
        leads=tuple(json.loads(row["leads"])),
        st_mv=dict(json.loads(row["st_mv"])),
        ended_unix_s=row["ended_unix_s"],
        end_reason=row["end_reason"],
    )
