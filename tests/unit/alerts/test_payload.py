from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import pytest

from ecgd.alerts.payload import alert_body, is_simulated
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, RiskLevel, Severity, Territory

ALERT = Alert(
    alert_id="01J9ZK4C",
    patient_id="anna",
    patient_name="Anna Müller",
    event_type=EventType.STEMI_DETECTED,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.25,
    occurred_mono_s=812.5,
    boot_id="b00t",
    clock_synchronised=True,
    simulated=False,
    description="ST elevation in II, III, aVF",
    recommended_action="Call 112",
    clinical_notes=("reciprocal depression in aVL",),
    evidence=("II +0.21 mV",),
    territory=Territory.INFERIOR,
    not_visible=("anterior",),
    confidence=0.93,
    scores=(("cnn", 0.91),),
    st_risk=RiskLevel.CRITICAL_STEMI,
    st_mv=(("II", 0.21), ("III", 0.25)),
    st_change_mv=(("II", 0.2),),
    heart_rate_bpm=71.0,
    quality=(("II", 0.98),),
    location="Main Street 1",
    sample_index=123456,
    models_hash="m",
    config_hash="c",
)


def test_body_carries_every_fact_of_the_alert() -> None:
    body = json.loads(alert_body(ALERT, include_name=True))
    assert body["type"] == "ecgd.alert"
    assert body["version"] == 1
    assert body["timestamp"] == "2023-11-14T22:13:20.250+00:00"
    assert set(body["data"]) == {field.name for field in fields(Alert)} | {"priority"}
    data = body["data"]
    assert (data["event_type"], data["severity"], data["priority"]) == (
        "STEMI_DETECTED",
        "CRITICAL",
        "high",
    )
    assert data["territory"] == "inferior"
    assert data["st_mv"] == {"II": 0.21, "III": 0.25}
    assert data["evidence"] == ["II +0.21 mV"]
    assert data["patient_name"] == "Anna Müller"
    assert data["location"] == "Main Street 1"


def test_default_body_carries_no_identity() -> None:
    body = alert_body(ALERT)
    data = json.loads(body)["data"]
    assert data["patient_id"] == "anna"
    assert not {"patient_name", "location"} & set(data)
    assert "Müller" not in body.decode()
    assert "Main Street" not in body.decode()


def test_what_is_not_known_is_null_and_what_is_no_number_too() -> None:
    bare = replace(
        ALERT,
        territory=None,
        st_risk=None,
        confidence=None,
        heart_rate_bpm=math.nan,
        st_mv=(("II", math.inf),),
        occurred_unix_s=math.nan,
    )
    body = json.loads(alert_body(bare), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert body["timestamp"] is None
    data = body["data"]
    assert [data[n] for n in ("territory", "st_risk", "confidence", "heart_rate_bpm")] == [None] * 4
    assert data["st_mv"] == {"II": None}


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_is_read_back_from_the_body(simulated: bool) -> None:
    assert is_simulated(alert_body(replace(ALERT, simulated=simulated))) is simulated


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"data": []}', b'{"data": {"simulated": 0}}', b"\xff", b"[" * 9999]
)
def test_anything_else_is_no_alert(body: bytes) -> None:
    assert is_simulated(body) is None
