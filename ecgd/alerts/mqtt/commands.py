"""Commands from the broker: what was asked, by whom."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ecgd.errors import EcgdError

MOST_BYTES: Final = 4096
"""No command is longer."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class CommandKind(StrEnum):
    """What may be asked."""

    ACKNOWLEDGE = "acknowledge"
    PAUSE_AUDIO = "pause_audio"


class CommandError(EcgdError):
    """A command that was not understood, or may not be done."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. An acknowledgement names an alert, or a patient whose alarms are all meant."""

    kind: CommandKind
    sender: str
    alert_id: str | None = None
    patient_id: str | None = None

    @property
    def by(self) -> str:
        """Who answered, as it is stored."""
        return f"mqtt:{self.sender}"


def read_command(sender: str, payload: bytes) -> Command:
    """Return what a payload asks for. Raises CommandError."""
    asked = _object(payload)
    unknown = sorted(asked.keys() - {"command", "alert_id", "patient_id"})
    if unknown:
        raise CommandError(
            f"unknown key {unknown[0][:32]!r}", "Known: command, alert_id, patient_id"
        )
    known = ", ".join(CommandKind)
    try:
        kind = CommandKind(str(asked.get("command")))
    except ValueError:
        raise CommandError("no such command", f"Known: {known}") from None
    command = Command(kind, sender, _name(asked, "alert_id"), _name(asked, "patient_id"))
    named = command.alert_id is not None or command.patient_id is not None
    if kind is CommandKind.ACKNOWLEDGE and not named:
        raise CommandError("acknowledge what?", "Name an alert_id or a patient_id")
    return command


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > MOST_BYTES:
        raise CommandError(f"longer than {MOST_BYTES} bytes", "Send the command alone")
    try:
        asked = json.loads(payload)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise CommandError("no JSON object", 'For example {"command": "pause_audio"}')
    return asked


def _name(asked: dict[str, Any], key: str) -> str | None:
    value = asked.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise CommandError(f"{key} is no id", "Take it from the state or the event")
    return value
