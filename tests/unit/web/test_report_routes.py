"""Reports over a real socket: bytes as they are, refusals in words."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_examples import PATIENT, stemi_example
from sample_daemon import FakeGateway, serving
from store_examples import make_alert

from ecgd.config.settings import Settings
from ecgd.errors import StoreError
from ecgd.service import picture_desk
from ecgd.service.picture_desk import PictureDesk
from ecgd.service.report_request import HTML, PNG, Report, ReportRequest
from ecgd.web.mark_gateway import UnmarkableAlertError


class Asking(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))

    def ask(self, route: str) -> tuple[int, str, bytes]:
        self.request("GET", route)
        answer = self.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def client(gateway: FakeGateway, short_dir: Path) -> Iterator[Asking]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield Asking(path)


def test_it_answers_with_the_report_itself(client: Asking) -> None:
    assert client.ask("/v1/alerts/a1b2c3/report") == (200, "image/png", b"\x89PNG")
    status, kind, _ = client.ask("/v1/alerts/a1b2c3/report?kind=html")
    assert (status, kind) == (200, "text/html")


def test_what_cannot_be_shown_is_said_in_words(client: Asking, gateway: FakeGateway) -> None:
    for route, expected in (
        ("/v1/alerts/nowhere/report", 404),
        ("/v1/alerts/a1b2c3/report?kind=gif", 400),
        ("/v1/alerts/a1b2c3/report?named=true", 400),
    ):
        status, kind, content = client.ask(route)
        assert (status, kind.partition(";")[0]) == (expected, "application/json")
        assert json.loads(content)["error"]["remedy"]
    gateway.reports.failure = StoreError("no report could be made: no memory")
    status, _, content = client.ask("/v1/alerts/a1b2c3/report")
    assert (status, b"no memory" in content) == (503, True)


def test_the_desk_makes_it_of_the_stored_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = stemi_example(tmp_path, make_alert("abc123", patient_id=PATIENT, sample_index=4750))
    asked: list[ReportRequest] = []

    def draw(request: ReportRequest) -> Report:
        asked.append(request)
        return Report(request.alert_id, request.kind or PNG, b"x")

    async def ask(alert_id: str, kind: str | None = None) -> tuple[str, bytes]:
        desk = PictureDesk(example.database, Settings(), lambda: "c", draw)
        return await desk.report_of(alert_id, kind)

    assert asyncio.run(ask("abc123", HTML)) == (HTML, b"x")
    assert (asked[0].whose, asked[0].config_hash) == ("", "c")
    for unknown in ("abc", "zzz"):
        with pytest.raises(UnmarkableAlertError):
            asyncio.run(ask(unknown))
    monkeypatch.setattr(picture_desk, "can_draw", lambda: False)
    with pytest.raises(StoreError, match="need Pillow"):
        asyncio.run(ask("abc123", PNG))
