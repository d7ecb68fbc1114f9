"""The routes that test the alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.model.proof import Trial
from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, check_query, person, read_object
from ecgd.web.json_shape import Shape, plain
from ecgd.web.trial_gateway import TrialGateway, TrialRefusedError

LIMIT_S: Final = 30.0
LIMIT_MAX_S: Final = 300.0
ANSWER_MAX_S: Final = 600.0
"""Canaries wait meanwhile, and a way must not come to count as unproven by that."""


@dataclass(frozen=True, slots=True)
class TrialRoutes:
    """Beginning a test, and asking how it goes."""

    gateway: TrialGateway

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        route = "/v1/alerts/test"
        return [web.post(route, self.start), web.get(route, self.show)]

    async def start(self, request: web.Request) -> web.Response:
        """Begin a test, and answer at once."""
        check_query(request, ())
        body = await read_object(request, ("by", "sound", "timeout_s", "wait_answer_s"))
        sounding = body.get("sound")
        if sounding is not None and not isinstance(sounding, bool):
            raise RefusedError(400, "sound makes no sense", "give true, false, or leave it out")
        try:
            trial = self.gateway.start_test(
                person(body),
                sounding=sounding,
                limit_s=_seconds(body, "timeout_s", LIMIT_S, 1.0, LIMIT_MAX_S),
                answer_s=_seconds(body, "wait_answer_s", 0.0, 0.0, ANSWER_MAX_S),
            )
        except TrialRefusedError as refused:
            status = 429 if refused.is_soon else 409
            raise RefusedError(status, refused.what, refused.remedy) from refused
        return json_answer({"test": trial_shape(trial)}, 202)

    async def show(self, request: web.Request) -> web.Response:
        """Answer with the newest test."""
        check_query(request, ())
        trial = self.gateway.newest_test()
        if trial is None:
            what = "no test was run since the daemon started"
            raise RefusedError(404, what, "POST /v1/alerts/test (ecgctl alerts test) begins one")
        return json_answer({"test": trial_shape(trial)})


def trial_shape(trial: Trial) -> Shape:
    """Shape of a test; its steps in the order in which they are listed, not in which they came."""
    return {
        "test_id": trial.trial_id,
        "by": trial.by,
        "begun_unix_s": plain(trial.begun_unix_s),
        "ended_s": plain(trial.ended_s),
        "is_proven": trial.is_proven,
        "remarks": list(trial.remarks),
        "steps": [plain(step) for step in trial.steps],
    }


def _seconds(
    body: Mapping[str, Any], name: str, default_s: float, low_s: float, high_s: float
) -> float:
    value = body.get(name, default_s)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and low_s <= value <= high_s:
        return float(value)
    raise RefusedError(400, f"{name} makes no sense", f"give seconds, {low_s:g} to {high_s:g}")
