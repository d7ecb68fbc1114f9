"""What Home Assistant is told of a patient and of the gateway.

One retained message a device, "Device discovery payload" of
https://www.home-assistant.io/integrations/mqtt/ (Home Assistant 2024.11 or later). The keys of
each kind of entity stand in https://www.home-assistant.io/integrations/binary_sensor.mqtt/ and its
neighbours sensor, event and button.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ecgd import __version__
from ecgd.alerts.mqtt.states import to_json
from ecgd.alerts.mqtt.topics import GATEWAY_ID, Topics
from ecgd.model.finding import EventType, RiskLevel, Severity

Entity = dict[str, Any]

EXPIRY_SHARE: Final = 3.0
"""A state that was not told anew for so many periods is unavailable."""

LEAST_EXPIRY_S: Final = 30

BUTTON_SENDER: Final = "home-assistant"
"""Who a button's command says it is from: the last level of its topic."""

_RISKS: Final = [risk.value for risk in RiskLevel]
_SEVERITIES: Final = ["none", *(severity.name for severity in Severity)]


@dataclass(frozen=True, slots=True)
class Told:
    """A patient, or the gateway, as Home Assistant gets to know it.

    ``via``: the device that it is connected by, a patient's gateway; empty: none.
    """

    subject_id: str
    name: str
    simulated: bool
    via: str = ""


def discovery_payload(
    told: Told, topics: Topics, *, state_every_s: float, allow_commands: bool
) -> bytes:
    """Return the retained message that makes one device with all its entities."""
    state = topics.state(told.subject_id, simulated=told.simulated)
    device = topics.device(told.subject_id, told.simulated)
    expiry_s = max(LEAST_EXPIRY_S, round(EXPIRY_SHARE * state_every_s))
    entities = dict(_entities(told, topics, expiry_s))
    if allow_commands:
        entities |= dict(_buttons(told, topics))
    for key, entity in entities.items():
        entity["unique_id"] = f"{device}-{key}"
        if entity["platform"] in ("binary_sensor", "sensor"):
            entity["value_template"] = f"{{{{ value_json.{key} }}}}"
    return to_json(
        {
            "device": _device(told, device),
            "origin": {"name": "ecgd", "sw_version": __version__},
            "availability": [{"topic": topics.availability}],
            "state_topic": state,
            "qos": 1,
            "components": entities,
        }
    )


def _device(told: Told, device: str) -> Entity:
    of_gateway = told.subject_id == GATEWAY_ID
    about: Entity = {
        "identifiers": [device],
        "name": f"{told.name} (simulated)" if told.simulated else told.name,
        "manufacturer": "ecgd",
        "model": "ECG gateway" if of_gateway else "ECG patient",
        "sw_version": __version__,
    }
    return about | {"via_device": told.via} if told.via else about


def _entities(told: Told, topics: Topics, expiry_s: int) -> Iterator[tuple[str, Entity]]:
    own = _gateway_entities() if told.subject_id == GATEWAY_ID else _patient_entities()
    for key, entity in (*_alarm_entities(topics, told), *own):
        yield key, entity | {"expire_after": expiry_s}
    for key, name, late in (("event", "Alarm event", False), ("late", "Late alarm event", True)):
        yield (
            key,
            {
                "platform": "event",
                "name": name,
                "state_topic": topics.event(told.subject_id, simulated=told.simulated, late=late),
                "event_types": [kind.value for kind in EventType],
                "icon": "mdi:heart-pulse",
            },
        )


def _alarm_entities(topics: Topics, told: Told) -> Iterator[tuple[str, Entity]]:
    for priority in ("high", "medium", "low"):
        yield f"alarm_{priority}", _problem(f"Alarm {priority}")
    yield "alarm_unanswered", _problem("Alarm unanswered")
    yield (
        "alarm_text",
        {
            "platform": "sensor",
            "name": "Alarm",
            "icon": "mdi:alarm-light",
            "json_attributes_topic": topics.state(told.subject_id, simulated=told.simulated),
            "json_attributes_template": "{{ {'alarms': value_json.alarms} | tojson }}",
        },
    )
    yield (
        "alarm_severity",
        {
            "platform": "sensor",
            "name": "Alarm severity",
            "device_class": "enum",
            "options": _SEVERITIES,
        },
    )


def _patient_entities() -> Iterator[tuple[str, Entity]]:
    yield "monitored", {"platform": "binary_sensor", "name": "Monitored", "icon": "mdi:eye"}
    yield "heart_rate_bpm", _measured("Heart rate", "bpm", icon="mdi:heart-pulse")
    yield (
        "st_risk",
        {"platform": "sensor", "name": "ST risk", "device_class": "enum", "options": _RISKS},
    )
    yield (
        "signal_quality_percent",
        _measured("Signal quality", "%", icon="mdi:signal", entity_category="diagnostic"),
    )
    yield (
        "battery_percent",
        _measured("Battery", "%", device_class="battery", entity_category="diagnostic"),
    )
    yield (
        "link",
        {
            "platform": "sensor",
            "name": "Link",
            "icon": "mdi:bluetooth",
            "entity_category": "diagnostic",
        },
    )


def _gateway_entities() -> Iterator[tuple[str, Entity]]:
    yield "problem", _problem("Problem") | {"entity_category": "diagnostic"}
    yield (
        "problem_text",
        {"platform": "sensor", "name": "Problem text", "entity_category": "diagnostic"},
    )
    yield "patients", _counted("Patients")
    yield "monitored", _counted("Patients monitored")
    yield "sounding", {"platform": "binary_sensor", "name": "Sounding", "device_class": "sound"}
    yield "sound_paused", {"platform": "binary_sensor", "name": "Sound paused"}
    yield (
        "last_delivery",
        {
            "platform": "sensor",
            "name": "Last delivery",
            "device_class": "timestamp",
            "entity_category": "diagnostic",
        },
    )
    yield (
        "last_proven",
        {
            "platform": "sensor",
            "name": "Last proven",
            "device_class": "timestamp",
            "entity_category": "diagnostic",
        },
    )


def _buttons(told: Told, topics: Topics) -> Iterator[tuple[str, Entity]]:
    common: Entity = {
        "platform": "button",
        "command_topic": topics.command(BUTTON_SENDER),
        "qos": 1,
        "retain": False,
    }
    answer = {"command": "acknowledge", "patient_id": told.subject_id}
    yield (
        "acknowledge",
        common | {"name": "Acknowledge alarms", "payload_press": to_json(answer).decode()},
    )
    if told.subject_id == GATEWAY_ID:
        pause = to_json({"command": "pause_audio"}).decode()
        yield "pause_audio", common | {"name": "Pause sound", "payload_press": pause}


def _problem(name: str) -> Entity:
    return {"platform": "binary_sensor", "name": name, "device_class": "problem"}


def _measured(name: str, unit: str, **more: str) -> Entity:
    return {
        "platform": "sensor",
        "name": name,
        "unit_of_measurement": unit,
        "state_class": "measurement",
        "suggested_display_precision": 0,
        **more,
    }


def _counted(name: str) -> Entity:
    return {
        "platform": "sensor",
        "name": name,
        "state_class": "measurement",
        "suggested_display_precision": 0,
        "entity_category": "diagnostic",
    }
