"""The routes of the control socket, version 1. ``docs/api.md`` is checked against this file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ecgd.web.answers import answer_in_json, json_answer
from ecgd.web.baseline_routes import BaselineRoutes
from ecgd.web.bluetooth_routes import BluetoothRoutes
from ecgd.web.body import (
    MAX_BODY_BYTES,
    RefusedError,
    alert_limit,
    check_query,
    known_patient,
    person,
    read_object,
    yes_or_no,
)
from ecgd.web.clock import Clock
from ecgd.web.config_routes import ConfigRoutes
from ecgd.web.coverage_routes import CoverageRoutes
from ecgd.web.gateway import Gateway
from ecgd.web.json_shape import alert_shape, diagnostics_shape, status_shape
from ecgd.web.mark_routes import MarkRoutes
from ecgd.web.note_routes import NoteRoutes
from ecgd.web.patient_routes import PatientRoutes
from ecgd.web.report_routes import ReportRoutes
from ecgd.web.st_routes import StRoutes
from ecgd.web.stream_routes import StreamRoutes
from ecgd.web.trial_routes import TrialRoutes

API_VERSION: Final = 1

_log = logging.getLogger(__name__)


def make_app(gateway: Gateway, clock: Clock | None = None) -> web.Application:
    """Return the application that serves ``gateway``."""
    app = web.Application(middlewares=[answer_in_json], client_max_size=MAX_BODY_BYTES, logger=_log)
    app.add_routes(_Routes(gateway, clock or Clock()).table())
    return app


@dataclass(frozen=True, slots=True)
class _Routes:
    gateway: Gateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/health", self.health),
            web.get("/v1/status", self.status),
            web.get("/v1/diagnostics", self.diagnostics),
            web.get("/v1/alerts", self.alerts),
            web.post("/v1/alerts/acknowledge", self.acknowledge_all),
            web.post("/v1/alerts/{alert_id}/acknowledge", self.acknowledge_one),
            web.post("/v1/audio/pause", self.pause_audio),
            *PatientRoutes(self.gateway.patient_desk).table(),
            *BluetoothRoutes(self.gateway.bluetooth).table(),
            *StreamRoutes(self.gateway, self.clock).table(),
            *TrialRoutes(self.gateway.trials).table(),
            *ReportRoutes(self.gateway.reports).table(),
            *MarkRoutes(self.gateway.marks, self.clock).table(),
            *NoteRoutes(self.gateway.notes, self.clock).table(),
            *BaselineRoutes(self.gateway.baselines, self.clock).table(),
            *CoverageRoutes(self.gateway.coverage).table(),
            *StRoutes(self.gateway.st, self.clock).table(),
            *ConfigRoutes(self.gateway.config).table(),
        ]

    async def health(self, request: web.Request) -> web.Response:
        check_query(request, ())
        status = self.gateway.status()
        unhealthy = [part.part for part in status.parts if not part.healthy]
        return json_answer(
            {
                "api_version": API_VERSION,
                "version": status.version,
                "uptime_s": status.uptime_s,
                "healthy": not unhealthy,
                "unhealthy_parts": unhealthy,
            }
        )

    async def status(self, request: web.Request) -> web.Response:
        check_query(request, ())
        return json_answer(status_shape(self.gateway.status(), self.clock))

    async def diagnostics(self, request: web.Request) -> web.Response:
        check_query(request, ())
        return json_answer(diagnostics_shape(self.gateway.diagnostics(), self.clock))

    async def alerts(self, request: web.Request) -> web.Response:
        query = check_query(request, ("limit", "patient", "unacknowledged"))
        patient = known_patient(
            self.gateway, query.get("patient"), archived_too=True, gateway_too=True
        )
        entries = await self.gateway.list_alerts(
            alert_limit(query), patient, yes_or_no(query, "unacknowledged")
        )
        return json_answer({"alerts": [alert_shape(entry, self.clock) for entry in entries]})

    async def acknowledge_one(self, request: web.Request) -> web.Response:
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        done = await self.gateway.acknowledge(request.match_info["alert_id"], None, by)
        return json_answer({"acknowledged": list(done), "by": by})

    async def acknowledge_all(self, request: web.Request) -> web.Response:
        check_query(request, ())
        body = await read_object(request, ("by", "patient"))
        by = person(body)
        patient = known_patient(self.gateway, body.get("patient"), gateway_too=True)
        if patient is None:
            raise RefusedError(400, "no patient is named", 'give "patient": the patient\'s id')
        done = await self.gateway.acknowledge(None, patient, by)
        return json_answer({"acknowledged": list(done), "by": by, "patient": patient})

    async def pause_audio(self, request: web.Request) -> web.Response:
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        return json_answer({"audio_paused_s": self.gateway.pause_audio(by), "by": by})
