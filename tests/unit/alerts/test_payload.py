from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import pytest

from ecgd.alerts.payload import alert_body, answer_body, is_simulated, with_position
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, RiskLevel, Severity, Territory
from ecgd.model.position import Position

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
    body = json.loads(alert_body(ALERT, include_name=True, include_location=True))
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


def test_a_name_brings_no_place_with_it() -> None:
    data = json.loads(alert_body(ALERT, include_name=True))["data"]
    assert data["patient_name"] == "Anna Müller"
    assert "location" not in data


SEEN = Position(52.52, 13.405, accuracy_m=17.1, age_s=3.24)


def test_a_position_is_added_to_what_tells_the_place() -> None:
    told = alert_body(ALERT, include_location=True)
    data = json.loads(with_position(told, SEEN, "https://map/{latitude}/{longitude}"))["data"]
    assert data["position"] == {
        "latitude_deg": 52.52,
        "longitude_deg": 13.405,
        "accuracy_m": 17.1,
        "age_s": 3.2,
        "geo_uri": "geo:52.52000,13.40500;u=17",
        "map_url": "https://map/52.52000/13.40500",
    }
    assert data["location"] == "Main Street 1"


@pytest.mark.parametrize(
    "body",
    [alert_body(ALERT, include_name=True), answer_body(ALERT, "Berta"), b"{", b"[]", b"\xff"],
)
def test_no_other_message_gets_a_position(body: bytes) -> None:
    assert with_position(body, SEEN, "https://map/") == body


def test_a_position_of_unknown_accuracy_claims_none() -> None:
    told = with_position(alert_body(ALERT, include_location=True), replace(SEEN, accuracy_m=None))
    position = json.loads(told)["data"]["position"]
    assert (position["accuracy_m"], position["geo_uri"]) == (None, "geo:52.52000,13.40500")


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
