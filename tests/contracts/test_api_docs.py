"""``docs/api.md`` names every route, every field and every error of the control socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sample_bluetooth import sample_view
from sample_daemon import CLOCK, FakeGateway, sample_alert, sample_diagnostics

from ecgd.config.listing import SettingEntry
from ecgd.model.alarm import AlarmState
from ecgd.model.beat import StLevels
from ecgd.model.bluetooth import BluetoothLink
from ecgd.model.finding import EnsembleScore, Finding
from ecgd.service.latency import KEPT, KEPT_A_PATIENT
from ecgd.service.machine import LOOK_S
from ecgd.service.note_desk import DURABLE_WITHIN_S
from ecgd.web.api import make_app
from ecgd.web.bluetooth_gateway import Forgotten
from ecgd.web.bluetooth_routes import SCAN_MAX_S, SCAN_S, view_shape
from ecgd.web.body import MAX_ALERTS, MAX_BODY_BYTES, MAX_NAME_CHARS
from ecgd.web.config_gateway import ConfigInForce
from ecgd.web.gateway import AlertEntry
from ecgd.web.json_shape import alert_shape, diagnostics_shape
from ecgd.web.note_gateway import NoteEntry
from ecgd.web.note_routes import MAX_NOTE_CHARS
from ecgd.web.patient_routes import device_shape, patient_entry_shape

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))

_BY_NAME = (
    *("queue_depths", "dropped", "discarded_bytes", "latency_ms"),
    *("st_mv", "st_change_mv", "scores", "members"),
)
"""Objects whose keys are names of leads, stages, queues or networks."""


def _routes() -> list[str]:
    app = make_app(FakeGateway())
    return sorted(
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    )


def _field_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            if key not in _BY_NAME and not (key == "quality" and isinstance(item, dict)):
                yield from _field_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _field_names(item)


def test_every_route_is_described() -> None:
    routes = _routes()
    assert len(routes) > 15
    assert [route for route in routes if route not in NAMED] == []
    assert [route for route in routes if f"### {route}\n" not in TEXT] == []


def test_no_route_is_described_that_is_not_there() -> None:
    described = re.findall(r"^### ((?:GET|POST) \S+)$", TEXT, re.MULTILINE)
    assert sorted(described) == _routes()


def test_every_field_is_described() -> None:
    alert = alert_shape(AlertEntry(sample_alert(), AlarmState.ACTIVE), CLOCK)
    answers = [diagnostics_shape(sample_diagnostics(), CLOCK), alert]
    desk = FakeGateway().patient_desk
    answers += [patient_entry_shape(entry) for entry in desk.list_patients()]
    answers += [device_shape(entry) for entry in desk.list_devices()]
    answers.append(view_shape(sample_view()))
    shown = {name for answer in answers for name in _field_names(answer)}
    for part in (
        BluetoothLink,
        Forgotten,
        StLevels,
        EnsembleScore,
        Finding,
        NoteEntry,
        ConfigInForce,
        SettingEntry,
    ):
        shown |= {field.name for field in fields(part)}
    assert len(shown) > 100
    assert sorted(shown - NAMED) == []


@pytest.mark.parametrize("status", [400, 404, 405, 413, 500, 503, 504])
def test_every_error_is_described(status: int) -> None:
    assert f"| {status} |" in TEXT


def test_the_limits_are_the_codes() -> None:
    assert f"1 to {MAX_ALERTS}" in TEXT
    assert f"{MAX_BODY_BYTES} bytes" in TEXT
    assert f"1 to {MAX_NAME_CHARS} printable" in TEXT
    assert f"1 to {MAX_NOTE_CHARS} characters" in TEXT
    assert f"503 after {DURABLE_WITHIN_S:g} s" in TEXT
    assert f"(1 to {SCAN_MAX_S:g}, else {SCAN_S:g})" in TEXT
    assert f"last {KEPT} windows" in TEXT
    assert f"last {KEPT_A_PATIENT} windows" in TEXT
    assert f"every {LOOK_S:g} s" in TEXT
