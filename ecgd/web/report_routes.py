"""The route for the report of an alert, as a picture or a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ecgd.web.answers import lift_deadline
from ecgd.web.body import RefusedError, check_query
from ecgd.web.report_gateway import ReportGateway

KINDS: Final = {"png": "image/png", "html": "text/html"}


@dataclass(frozen=True, slots=True)
class ReportRoutes:
    """Showing reports."""

    gateway: ReportGateway

    def table(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get("/v1/alerts/{alert_id}/report", self.report)]

    async def report(self, request: web.Request) -> web.Response:
        """Answer with the report itself, once it is made."""
        kind = check_query(request, ("kind",)).get("kind")
        if kind is not None and kind not in KINDS:
            known = ", ".join(KINDS)
            raise RefusedError(400, f"kind={kind[:40]!r} makes no sense", f"give one of {known}")
        # It is made by a process that gives way to everything, and has a deadline of its own.
        lift_deadline(request)
        wanted = None if kind is None else KINDS[kind]
        found, content = await self.gateway.report_of(request.match_info["alert_id"], wanted)
        headers = {"Cache-Control": "no-store", "Content-Type": found}
        return web.Response(body=content, headers=headers)
