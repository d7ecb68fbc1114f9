"""The route for what could have been seen, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.model.coverage import total_of
from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, check_query
from ecgd.web.coverage_gateway import CoverageGateway, PatientCoverage
from ecgd.web.coverage_shape import coverage_shape

MOST_HOURS: Final = 24 * 31


@dataclass(frozen=True, slots=True)
class CoverageRoutes:
    """Showing the account."""

    gateway: CoverageGateway

    def table(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get("/v1/coverage", self.covered_hours)]

    async def covered_hours(self, request: web.Request) -> web.Response:
        """Answer with the hours of one patient, or of everybody."""
        query = check_query(request, ("hours", "patient"))
        hours, patient_id = _hours(query), query.get("patient")
        found = await self.gateway.covered_hours(patient_id, hours)
        if patient_id is not None and not found:
            raise RefusedError(
                404, f"no patient is called {patient_id!r:.60}", "GET /v1/patients names them"
            )
        return json_answer({"patients": [_patient_shape(each) for each in found]})


def _patient_shape(patient: PatientCoverage) -> dict[str, Any]:
    total = total_of(patient.hours)
    return {
        "patient_id": patient.patient_id,
        "hours": [
            {"hour_unix_s": each.hour_unix_s, **coverage_shape(each)} for each in patient.hours
        ],
        "total": None if total is None else coverage_shape(total),
    }


def _hours(query: Mapping[str, str]) -> int:
    text = query.get("hours", "24")
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_HOURS:
        return int(text)
    raise RefusedError(
        400, f"hours={text[:40]!r} makes no sense", f"give a whole number from 1 to {MOST_HOURS}"
    )
