"""What a byte recording's notes say of the device: its protocol, and what it cannot say itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from ecgd.config.settings import DeviceSettings
from ecgd.errors import RecordingError

PROTOCOL: Final = "protocol"
"""Note with the protocol's name, for people."""

DEVICE: Final = "device_settings"
"""Note with the device's settings as JSON, named as in the configuration."""

_CHOICES: Final = {"protocol": ("block", "six-lead"), "byte_order": ("little", "big")}
_OWN: Final = "key_file"
"""Setting of this gateway, not of the device: a recording says nothing of it."""

_REMEDY: Final = f"The note {DEVICE!r} of its header holds the settings of [patients.device]."


def device_notes(device: DeviceSettings) -> dict[str, str]:
    """Return the notes that a byte recording of this device needs to be read again."""
    settings = {name: value for name, value in asdict(device).items() if name != _OWN}
    return {PROTOCOL: device.protocol, DEVICE: json.dumps(settings, sort_keys=True)}


def device_from_notes(notes: Mapping[str, str]) -> DeviceSettings:
    """Return the device that a byte recording's notes describe; a ``block`` device without them.

    Raises RecordingError where they are damaged, or leave a ``six-lead`` device without a scale.
    """
    text = notes.get(DEVICE)
    if text is None:
        if notes.get(PROTOCOL, "block") != "block":
            raise RecordingError(f"a {notes[PROTOCOL]} recording without device settings", _REMEDY)
        return DeviceSettings()
    try:
        given = json.loads(text)
        device = DeviceSettings(**{name: _read(name, value) for name, value in given.items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise RecordingError(f"its device settings are damaged ({error})", _REMEDY) from error
    if device.protocol == "six-lead" and not (device.counts_per_mv > 0 and device.fs_hz > 0):
        raise RecordingError("its device settings name no scale or sampling rate", _REMEDY)
    return device


def _read(name: str, value: Any) -> Any:
    """Return one setting in its own type. Raises ValueError."""
    defaults = {field.name: field.default for field in fields(DeviceSettings)}
    defaults.pop(_OWN)
    if name not in defaults or isinstance(value, bool):
        raise ValueError(f"{name} = {value!r} is no setting of a device")
    match defaults[name], value:
        case str(), str() if value in _CHOICES[name]:
            return value
        case int(), int():
            return value
        case float(), int() | float() if math.isfinite(value):
            return float(value)
    raise ValueError(f"{name} cannot be {value!r}")
