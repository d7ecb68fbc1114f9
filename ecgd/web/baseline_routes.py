"""The routes for what is usual for a patient: showing, resetting, confirming as chronic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.model.st_change import StChange, StReference
from ecgd.web.answers import json_answer
from ecgd.web.baseline_gateway import BaselineEntry, BaselineGateway, BaselineRefusedError
from ecgd.web.body import RefusedError, check_query, person, read_object
from ecgd.web.clock import Clock

HOURS_MAX: Final = 24.0 * 90
"""A confirmation is renewed at least every three months."""

HOURS_USUAL: Final = 24.0 * 7


@dataclass(frozen=True, slots=True)
class BaselineRoutes:
    """Showing and changing the own baseline."""

    gateway: BaselineGateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        route = "/v1/patients/{patient_id}/baseline"
        return [
            web.get(route, self.show),
            web.post(f"{route}/reset", self.reset),
            web.post(f"{route}/confirm", self.confirm),
            web.post(f"{route}/revoke", self.revoke),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with what is usual, and how ST has changed from it."""
        check_query(request, ())
        return self._answer(self._known(request))

    async def reset(self, request: web.Request) -> web.Response:
        """Forget what is usual, and answer when that is on the disk."""
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        known = self._known(request)
        return self._answer(await self.gateway.reset_baseline(known.patient_id, by))

    async def confirm(self, request: web.Request) -> web.Response:
        """Take ST as it is now for chronic, in a person's name and for a time."""
        check_query(request, ())
        body = await read_object(request, ("by", "hours"))
        by, valid_s = person(body), _hours(body) * 3600.0
        known = self._known(request)
        try:
            return self._answer(await self.gateway.confirm_baseline(known.patient_id, by, valid_s))
        except BaselineRefusedError as refused:
            raise RefusedError(409, refused.what, refused.remedy) from refused

    async def revoke(self, request: web.Request) -> web.Response:
        """End a confirmation now."""
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        known = self._known(request)
        return self._answer(await self.gateway.revoke_confirmation(known.patient_id, by))

    def _known(self, request: web.Request) -> BaselineEntry:
        named = request.match_info["patient_id"]
        entry = self.gateway.baseline_of(named)
        if entry is None:
            raise RefusedError(
                404, f"no patient is called {named!r:.60}", "GET /v1/patients names them"
            )
        return entry

    def _answer(self, entry: BaselineEntry) -> web.Response:
        return json_answer({"baseline": baseline_shape(entry, self.clock)})


def baseline_shape(entry: BaselineEntry, clock: Clock) -> dict[str, Any]:
    """Shape of what is usual for one patient."""
    confirmed = entry.confirmed
    return {
        "patient_id": entry.patient_id,
        "is_complete": entry.is_complete,
        "learned_s": round(entry.learned_s, 1),
        "st_mv": _figures(entry.st_mv),
        "qrs_ms": None if entry.qrs_s is None else round(entry.qrs_s * 1000),
        "postures": [_posture(posture) for posture in entry.postures],
        "session": None if entry.session is None else _posture(entry.session),
        "change": None if entry.change is None else _change(entry.change),
        "confirmed": None
        if confirmed is None
        else {
            "by": confirmed.by,
            "at_unix_s": confirmed.at_unix_s,
            "age_s": clock.wall_age_s(confirmed.at_unix_s),
            "until_unix_s": confirmed.until_unix_s,
            "st_mv": _figures(confirmed.level.leads_mv),
        },
    }


def _posture(posture: StReference) -> dict[str, Any]:
    return {
        "turn_deg": posture.turn_deg,
        "st_mv": _figures(posture.level.leads_mv),
        "drift_mv": round(posture.drift_mv, 4),
        "learned_s": round(posture.learned_s, 1),
        "is_firm": posture.is_firm,
    }


def _change(change: StChange) -> dict[str, Any]:
    return {
        "size_mv": round(change.vector.size_mv, 4),
        "axis_deg": round(change.vector.axis_deg, 1),
        "leads_mv": _figures(change.vector.leads_mv),
        "usual_variation_mv": round(change.usual_mv, 4),
        "threshold_mv": round(change.threshold_mv, 4),
        "lasted_s": round(change.lasted_s, 1),
    }


def _figures(leads_mv: tuple[tuple[str, float], ...]) -> dict[str, float]:
    return {lead: round(mv, 4) for lead, mv in leads_mv}


def _hours(body: Mapping[str, Any]) -> float:
    hours = body.get("hours", HOURS_USUAL)
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if is_number and math.isfinite(hours) and 0 < hours <= HOURS_MAX:
        return float(hours)
    raise RefusedError(
        400, f"hours={str(hours)[:40]!r} makes no sense", f"give hours up to {HOURS_MAX:g}"
    )
