"""The route for a patient's ST: now, minute by minute, and its episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ecgd.model.st_episode import KeptStEpisode
from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, check_query
from ecgd.web.clock import Clock
from ecgd.web.json_shape import Shape, plain
from ecgd.web.st_gateway import StGateway

MOST_MINUTES: Final = 24 * 60
MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class StRoutes:
    """Showing ST."""

    gateway: StGateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get("/v1/patients/{patient_id}/st", self.course)]

    async def course(self, request: web.Request) -> web.Response:
        """Answer with ST now, of the last minutes, and the episodes of the last days."""
        query = check_query(request, ("days", "minutes"))
        minutes = _whole(query, "minutes", 60, MOST_MINUTES)
        since_unix_s = self.clock.unix_s() - 86400.0 * _whole(query, "days", 7, MOST_DAYS)
        named = request.match_info["patient_id"]
        course = await self.gateway.st_course(named, minutes, since_unix_s)
        if course is None:
            raise RefusedError(
                404, f"no patient is called {named!r:.60}", "GET /v1/patients names them"
            )
        return json_answer(
            {
                "patient_id": named,
                "age_s": plain(course.age_s),
                "leads": plain(course.now),
                "minutes": plain(course.minutes),
                "episodes": [self._episode(each) for each in course.episodes],
            }
        )

    def _episode(self, episode: KeptStEpisode) -> Shape:
        shape: Shape = plain(episode)
        ended_s = episode.ended_unix_s
        lasted_s = None if ended_s is None else max(0.0, ended_s - episode.started_unix_s)
        return shape | {
            "age_s": plain(self.clock.wall_age_s(episode.started_unix_s)),
            "duration_s": plain(lasted_s),
        }


def _whole(query: Mapping[str, str], key: str, usual: int, most: int) -> int:
    text = query.get(key, str(usual))
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most:
        return int(text)
    raise RefusedError(
        400, f"{key}={text[:40]!r} makes no sense", f"give a whole number from 1 to {most}"
    )
