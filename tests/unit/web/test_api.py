"""The routes, over a real server on a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sample_daemon import CLOCK, FakeGateway

from ecgd.errors import StoreError
from ecgd.service import settings_rules
from ecgd.web import answers
from ecgd.web.body import MAX_BODY_BYTES
from ecgd.web.gateway import GATEWAY_ID
from ecgd.web.server import serve

Answer = tuple[int, Any, dict[str, str]]
Ask = Callable[..., Awaitable[Answer]]


def _asking(short_dir: Path, gateway: FakeGateway, talk: Callable[[Ask], Awaitable[None]]) -> None:
    async def run() -> None:
        path = short_dir / "control.sock"
        server = await serve(gateway, path, CLOCK)
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask(method: str, route: str, **more: Any) -> Answer:
                async with session.request(method, f"http://ecgd{route}", **more) as response:
                    assert response.content_type == "application/json"
                    body = json.loads(await response.text())
                    return response.status, body, dict(response.headers)

            await talk(ask)
        await server.close()

    asyncio.run(run())


def test_every_reading_route_answers_with_the_gateways_values(short_dir: Path) -> None:
    async def talk(ask: Ask) -> None:
        status, body, headers = await ask("GET", "/v1/status")
        assert (status, body["pid"]) == (200, 4711)
        assert headers["Cache-Control"] == "no-store"
        assert (await ask("GET", "/v1/diagnostics"))[1]["memory_mb"] == 88.5
        patients = (await ask("GET", "/v1/patients"))[1]["patients"]
        assert [patient["patient_id"] for patient in patients] == ["p1", "p2", "old"]
        health = (await ask("GET", "/v1/health"))[1]
        assert health["healthy"] is False
        assert health["unhealthy_parts"] == ["gpio"]
        assert health["api_version"] == 1

    _asking(short_dir, FakeGateway(), talk)


def test_alerts_are_filtered_by_the_query(short_dir: Path) -> None:
    gateway = FakeGateway()

    async def talk(ask: Ask) -> None:
        everything = (await ask("GET", "/v1/alerts"))[1]["alerts"]
        assert [alert["alert_id"] for alert in everything] == ["a1b2c3", "d4e5f6"]
        assert everything[1]["acknowledged_age_s"] == 60.0
        route = "/v1/alerts?limit=5&patient=p1&unacknowledged=true"
        waiting = (await ask("GET", route))[1]["alerts"]
        assert [alert["alert_id"] for alert in waiting] == ["a1b2c3"]

    _asking(short_dir, gateway, talk)
    assert gateway.calls == [("list", 20, None, False), ("list", 5, "p1", True)]


def test_acknowledging_names_the_person_and_is_idempotent(short_dir: Path) -> None:
    gateway = FakeGateway()

    async def talk(ask: Ask) -> None:
        route = "/v1/alerts/a1b2c3/acknowledge"
        status, body, _ = await ask("POST", route, json={"by": "Dr. Grey"})
        assert (status, body) == (200, {"acknowledged": ["a1b2c3"], "by": "Dr. Grey"})
        status, body, _ = await ask("POST", route, json={"by": "Dr. Grey"})
        assert (status, body["acknowledged"]) == (200, [])

    _asking(short_dir, gateway, talk)
    assert gateway.entries[0].acknowledged_by == "Dr. Grey"


@pytest.mark.parametrize("whose", ["p1", GATEWAY_ID])
def test_all_alarms_of_one_are_acknowledged_together(short_dir: Path, whose: str) -> None:
    gateway = FakeGateway()

    async def talk(ask: Ask) -> None:
        status, body, _ = await ask(
            "POST", "/v1/alerts/acknowledge", json={"by": "nurse", "patient": whose}
        )
        assert (status, body["acknowledged"]) == (200, ["a1b2c3"] if whose == "p1" else [])

    _asking(short_dir, gateway, talk)
    assert gateway.calls == [("acknowledge", None, whose, "nurse")]


def test_the_gateways_alarms_have_one_name_everywhere() -> None:
    assert settings_rules.GATEWAY_ID == GATEWAY_ID


def test_audio_pause_says_when_the_sound_comes_back(short_dir: Path) -> None:
    async def talk(ask: Ask) -> None:
        status, body, _ = await ask("POST", "/v1/audio/pause", json={"by": "nurse"})
        assert (status, body["audio_paused_s"]) == (200, 120.0)
        assert (await ask("GET", "/v1/status"))[1]["audio_paused_s"] == 120.0

    _asking(short_dir, FakeGateway(), talk)


@pytest.mark.parametrize(
    ("method", "route", "body", "status", "hint"),
    [
        ("GET", "/", None, 404, "/v1/status"),
        ("GET", "/v2/status", None, 404, "/v1/status"),
        ("DELETE", "/v1/status", None, 405, "GET"),
        ("GET", "/v1/audio/pause", None, 405, "POST"),
        ("GET", "/v1/status?verbose=1", None, 400, "knows: none"),
        ("GET", "/v1/alerts?limit=0", None, 400, "1 to 500"),
        ("GET", "/v1/alerts?limit=501", None, 400, "1 to 500"),
        ("GET", "/v1/alerts?limit=%C2%B2", None, 400, "1 to 500"),
        ("GET", "/v1/alerts?unacknowledged=maybe", None, 400, "true or false"),
        ("GET", "/v1/alerts?patient=nobody", None, 404, "p1, p2"),
        ("POST", "/v1/alerts/none/acknowledge", b'{"by": "me"}', 404, "unacknowledged=true"),
        ("POST", "/v1/alerts/a1b2c3/acknowledge", b"", 400, '"by"'),
        ("POST", "/v1/alerts/a1b2c3/acknowledge", b'{"by": " "}', 400, '"by"'),
        ("POST", "/v1/alerts/a1b2c3/acknowledge", b'{"by": "a\\u001b[2J"}', 400, '"by"'),
        ("POST", "/v1/alerts/a1b2c3/acknowledge", b'{"by": 7}', 400, '"by"'),
        ("POST", "/v1/alerts/a1b2c3/acknowledge", b'{"by": "me", "x": 1}', 400, '"by"'),
        ("POST", "/v1/alerts/acknowledge", b'{"by": "me"}', 400, '"patient"'),
        ("POST", "/v1/alerts/acknowledge", b'{"by": "me", "patient": ["p1"]}', 404, "p1, p2"),
        ("POST", "/v1/audio/pause", b"[1]", 400, '"by"'),
        ("POST", "/v1/audio/pause", b"{", 400, '"by"'),
        ("POST", "/v1/audio/pause", b"\xff\xfe", 400, "UTF-8"),
        ("POST", "/v1/audio/pause", b"[" * 9_000, 400, '"by"'),
        ("POST", "/v1/audio/pause", b"x" * (MAX_BODY_BYTES + 1), 413, str(MAX_BODY_BYTES)),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_to_do(
    *, short_dir: Path, method: str, route: str, body: bytes | None, status: int, hint: str
) -> None:
    gateway = FakeGateway()

    async def talk(ask: Ask) -> None:
        answered, shape, _ = await ask(method, route, data=body)
        assert answered == status == shape["error"]["status"]
        assert shape["error"]["what"]
        assert hint in shape["error"]["remedy"]

    _asking(short_dir, gateway, talk)
    assert all(entry.acknowledged_by != "me" for entry in gateway.entries)


def test_a_defect_is_logged_answered_in_json_and_the_next_request_works(
    short_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = FakeGateway()
    gateway.failure = ZeroDivisionError("secret detail")

    async def talk(ask: Ask) -> None:
        status, body, _ = await ask("GET", "/v1/status")
        assert status == 500
        assert "secret detail" not in json.dumps(body)
        gateway.failure = None
        assert (await ask("GET", "/v1/status"))[0] == 200

    with caplog.at_level(logging.ERROR):
        _asking(short_dir, gateway, talk)
    assert any(r.exc_info and r.exc_info[0] is ZeroDivisionError for r in caplog.records)


def test_a_known_failure_says_what_to_do(short_dir: Path) -> None:
    gateway = FakeGateway()
    gateway.failure = StoreError("the database is locked", "close the other program")

    async def talk(ask: Ask) -> None:
        status, body, _ = await ask("GET", "/v1/status")
        assert (status, body["error"]["remedy"]) == (503, "close the other program")

    _asking(short_dir, gateway, talk)


def test_a_gateway_that_hangs_gets_a_deadline(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "REQUEST_DEADLINE_S", 0.05)

    class Hanging(FakeGateway):
        async def list_alerts(self, *_: object) -> Any:
            await asyncio.Event().wait()

    async def talk(ask: Ask) -> None:
        assert (await ask("GET", "/v1/alerts"))[0] == 504
        assert (await ask("GET", "/v1/status"))[0] == 200

    _asking(short_dir, Hanging(), talk)
