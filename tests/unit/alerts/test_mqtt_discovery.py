"""What Home Assistant is told, against what it documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from home_assistant import discovery_problems

from ecgd.alerts.mqtt.discovery import Told, discovery_payload
from ecgd.alerts.mqtt.states import TEXT_LIMIT, alarm_state, iso_time
from ecgd.alerts.mqtt.topics import GATEWAY_ID, Topics, as_level
from ecgd.model.alarm import Alarm, AlarmState
from ecgd.model.finding import Domain, EventType, Severity
from ecgd.service import settings_rules

TOPICS = Topics("house/ecgd", "pi", "homeassistant")


def message(told: Told, *, every_s: float = 10.0, commands: bool = True) -> dict[str, Any]:
    payload = discovery_payload(told, TOPICS, state_every_s=every_s, allow_commands=commands)
    decoded: dict[str, Any] = json.loads(payload)
    return decoded


@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("commands", [False, True])
@pytest.mark.parametrize("subject_id", [GATEWAY_ID, "anna"])
def test_message_is_what_home_assistant_documents(
    subject_id: str, commands: bool, simulated: bool
) -> None:
    told = Told(subject_id, "Somebody", simulated, via="" if subject_id == GATEWAY_ID else "gw")
    topic = TOPICS.discovery(subject_id, simulated=simulated)
    made = message(told, commands=commands)
    assert discovery_problems(topic, made) == []
    buttons = [e for e in made["components"].values() if e["platform"] == "button"]
    assert bool(buttons) == commands


def test_checker_sees_slips_of_the_pen() -> None:
    topic = TOPICS.discovery("anna", simulated=False)
    good = message(Told("anna", "anna", False))
    entity = good["components"]["heart_rate_bpm"]
    for spoil in (
        {"unit_of_mesurement": "bpm"},
        {"device_class": "heartbeat"},
        {"expire_after": "30"},
        {"platform": "gauge"},
        {"unique_id": good["components"]["link"]["unique_id"]},
    ):
        components = {**good["components"], "heart_rate_bpm": {**entity, **spoil}}
        assert discovery_problems(topic, {**good, "components": components}), spoil
    assert discovery_problems("homeassistant/config", good)
    assert discovery_problems(topic, {k: v for k, v in good.items() if k != "origin"})


def test_simulated_patient_is_another_device_at_other_topics() -> None:
    real, test = (message(Told("anna", "anna", simulated)) for simulated in (False, True))
    assert real["device"]["identifiers"] != test["device"]["identifiers"]
    assert test["device"]["name"] == "anna (simulated)"
    ids = [{e["unique_id"] for e in m["components"].values()} for m in (real, test)]
    assert not ids[0] & ids[1]
    topics = [{m["state_topic"], m["components"]["event"]["state_topic"]} for m in (real, test)]
    assert not topics[0] & topics[1]


def test_what_is_not_told_anew_becomes_unavailable() -> None:
    assert message(Told("a", "a", False))["components"]["alarm_high"]["expire_after"] == 30
    slow = message(Told("a", "a", False), every_s=60.0)
    assert slow["components"]["alarm_high"]["expire_after"] == 180


def test_what_belongs_to_a_state_is_found_from_its_topic() -> None:
    for subject_id, simulated in ((GATEWAY_ID, False), ("anna", False), ("anna", True)):
        state = TOPICS.state(subject_id, simulated=simulated)
        assert tuple(TOPICS.belonging(state)) == (
            TOPICS.discovery(subject_id, simulated=simulated),
            state,
        )


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a#", "ä", "x" * 65])
def test_sender_is_a_plain_word(name: str) -> None:
    assert TOPICS.sender(TOPICS.command(name)) is None
    assert TOPICS.sender(TOPICS.command("home-assistant")) == "home-assistant"
    assert TOPICS.sender("other/topic") is None


def test_names_agree() -> None:
    assert settings_rules.GATEWAY_ID == GATEWAY_ID
    assert as_level("///") == "ecgd"


def alarm(state: AlarmState, severity: Severity, evidence: tuple[str, ...] = ()) -> Alarm:
    return Alarm(
        EventType.ASYSTOLE, Domain.HEART, state, severity, 0.0, 0.0, "a1", 0.0, evidence=evidence
    )


@pytest.mark.parametrize(
    ("state", "shown", "unanswered"),
    [
        (AlarmState.PENDING, "OFF", "OFF"),
        (AlarmState.ACTIVE, "ON", "ON"),
        (AlarmState.ACKNOWLEDGED, "ON", "OFF"),
        (AlarmState.LATCHED, "ON", "ON"),
        (AlarmState.CLEARED, "OFF", "OFF"),
    ],
)
def test_alarm_is_on_from_its_raise_to_its_end(
    state: AlarmState, shown: str, unanswered: str
) -> None:
    said = alarm_state([alarm(state, Severity.CRITICAL)])
    assert (said["alarm_high"], said["alarm_unanswered"]) == (shown, unanswered)
    assert said["alarm_low"] == "OFF"


def test_text_fits_into_a_state() -> None:
    said = alarm_state([alarm(AlarmState.ACTIVE, Severity.CRITICAL, ("long " * 100,))])
    assert len(said["alarm_text"]) == TEXT_LIMIT
    assert alarm_state([])["alarm_text"] == "none"


def test_time_that_no_clock_shows_is_unknown() -> None:
    assert iso_time(float("inf")) is None
    assert iso_time(0.0) == "1970-01-01T00:00:00+00:00"
