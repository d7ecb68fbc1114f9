"""What Home Assistant documents of MQTT discovery, written down by hand to check messages against.

Read in November 2026 at https://www.home-assistant.io/integrations/mqtt/ ("Device discovery
payload", "Using availability topics") and at binary_sensor.mqtt, sensor.mqtt, event.mqtt and
button.mqtt beside it; device classes at /integrations/binary_sensor/ and /integrations/sensor/. A
key that is not there is an error here, although Home Assistant would pass over it: a slip of the
pen must not look like an entity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

TEXT: Final = str
FLAG: Final = bool
WHOLE: Final = int
LIST: Final = list

DEVICE_KEYS: Final[dict[str, type]] = {
    "configuration_url": TEXT,
    "connections": LIST,
    "hw_version": TEXT,
    "identifiers": LIST,
    "manufacturer": TEXT,
    "model": TEXT,
    "model_id": TEXT,
    "name": TEXT,
    "serial_number": TEXT,
    "suggested_area": TEXT,
    "sw_version": TEXT,
    "via_device": TEXT,
}
ORIGIN_KEYS: Final[dict[str, type]] = {"name": TEXT, "sw_version": TEXT, "support_url": TEXT}

SHARED: Final[dict[str, type]] = {
    "availability": LIST,
    "availability_mode": TEXT,
    "encoding": TEXT,
    "qos": WHOLE,
    "state_topic": TEXT,
}
"""Beside device, origin and components at the root; a component may have its own."""

ENTITY: Final[dict[str, type]] = SHARED | {
    "default_entity_id": TEXT,
    "enabled_by_default": FLAG,
    "entity_category": TEXT,
    "entity_picture": TEXT,
    "icon": TEXT,
    "json_attributes_template": TEXT,
    "json_attributes_topic": TEXT,
    "name": TEXT,
    "platform": TEXT,
    "unique_id": TEXT,
}

PLATFORMS: Final[dict[str, dict[str, type]]] = {
    "binary_sensor": ENTITY
    | {
        "device_class": TEXT,
        "expire_after": WHOLE,
        "force_update": FLAG,
        "off_delay": WHOLE,
        "payload_off": TEXT,
        "payload_on": TEXT,
        "value_template": TEXT,
    },
    "sensor": ENTITY
    | {
        "device_class": TEXT,
        "expire_after": WHOLE,
        "force_update": FLAG,
        "last_reset_value_template": TEXT,
        "options": LIST,
        "state_class": TEXT,
        "suggested_display_precision": WHOLE,
        "unit_of_measurement": TEXT,
        "value_template": TEXT,
    },
    "event": ENTITY | {"device_class": TEXT, "event_types": LIST, "value_template": TEXT},
    "button": ENTITY
    | {
        "command_template": TEXT,
        "command_topic": TEXT,
        "device_class": TEXT,
        "payload_press": TEXT,
        "retain": FLAG,
    },
}
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "binary_sensor": frozenset(),
    "sensor": frozenset(),
    "event": frozenset({"event_types"}),
    "button": frozenset({"command_topic"}),
}
DEVICE_CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "binary_sensor": frozenset(
        {"battery", "connectivity", "problem", "running", "safety", "sound"}
    ),
    "sensor": frozenset({"battery", "duration", "enum", "signal_strength", "timestamp"}),
    "event": frozenset({"button", "doorbell", "motion"}),
    "button": frozenset({"identify", "restart", "update"}),
}
"""Those that could be meant here."""

_TOPIC: Final = re.compile(r"[^#+\0]+")
_DISCOVERY: Final = re.compile(r"[A-Za-z0-9_/-]+/device/[A-Za-z0-9_-]+/config")


def discovery_problems(topic: str, message: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with a device's discovery message."""
    found = [] if _DISCOVERY.fullmatch(topic) else [f"{topic} is no discovery topic"]
    root = {"device": dict, "origin": dict, "components": dict, **SHARED}
    found += _typed("message", message, root)
    found += [f"no {key}" for key in ("device", "origin", "components") if key not in message]
    device, origin = message.get("device", {}), message.get("origin", {})
    found += _typed("device", device, DEVICE_KEYS) + _typed("origin", origin, ORIGIN_KEYS)
    if not device.get("identifiers") and not device.get("connections"):
        found.append("a device needs identifiers or connections")
    if not origin.get("name"):
        found.append("an origin needs a name")
    for entry in message.get("availability", ()):
        found += _typed("availability", entry, _AVAILABILITY)
    components = message.get("components", {})
    ids = [entity.get("unique_id") for entity in components.values()]
    if len(set(ids)) != len(ids):
        found.append("a unique_id twice")
    for key, entity in components.items():
        found += [f"{key}: {what}" for what in _entity_problems(entity, message)]
    return found


_AVAILABILITY: Final[dict[str, type]] = {
    "topic": TEXT,
    "payload_available": TEXT,
    "payload_not_available": TEXT,
    "value_template": TEXT,
}


def _entity_problems(entity: Mapping[str, Any], message: Mapping[str, Any]) -> list[str]:
    platform = entity.get("platform", "")
    if platform not in PLATFORMS:
        return [f"unknown platform {platform!r}"]
    found = _typed(platform, entity, PLATFORMS[platform])
    found += [f"no {key}" for key in NEEDED[platform] | {"unique_id"} if not entity.get(key)]
    if platform != "button" and not (entity.get("state_topic") or message.get("state_topic")):
        found.append("no state_topic")
    for key in ("state_topic", "command_topic", "json_attributes_topic"):
        if key in entity and not _TOPIC.fullmatch(entity[key]):
            found.append(f"{key} is no topic")
    kind = entity.get("device_class")
    if kind is not None and kind not in DEVICE_CLASSES[platform]:
        found.append(f"no such device_class: {kind}")
    if entity.get("entity_category", "diagnostic") not in ("diagnostic", "config"):
        found.append("no such entity_category")
    if (kind == "enum") != ("options" in entity):
        found.append("options belong to enum and enum needs them")
    if kind in ("enum", "timestamp") and {"state_class", "unit_of_measurement"} & set(entity):
        found.append(f"{kind} has neither state_class nor unit_of_measurement")
    return found


def _typed(where: str, found: Mapping[str, Any], known: Mapping[str, type]) -> list[str]:
    wrong = [f"{where}: unknown key {key}" for key in found if key not in known]
    for key, value in found.items():
        if key in known and (not isinstance(value, known[key]) or value == ""):
            wrong.append(f"{where}: {key} should be {known[key].__name__}, not {value!r}")
    return wrong


def shown(entity: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    """Return what a template of the form ``{{ value_json.key }}`` gives; None is "unknown"."""
    found = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", entity["value_template"])
    assert found is not None, entity["value_template"]
    return state[found[1]]
