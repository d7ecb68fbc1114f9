"""Parts of a gateway in which nothing is wrong, for tests of the clockwork."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from ecgd.config.settings import AlarmSettings, GpioSettings, Settings
from ecgd.model.status import MachineState, PartHealth
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.subject import Alarms, Subject

FINE = PartHealth("part", True, "")


def idle_parts(alarms: Alarms | None = None, **more: Any) -> SimpleNamespace:
    """Return parts as ``Watch`` and ``GatewayWatch`` look at them."""
    book = alarms or Alarms(AlarmSettings(), lambda: "alert")
    parts = SimpleNamespace(
        settings=Settings(gpio=GpioSettings(factory="mock")),
        store=SimpleNamespace(health=FINE, correct_alert_times=lambda offset_s: Future()),
        roster_health=lambda: FINE,
        targets={},
        overflowed=0,
        lost_deliveries=deque(),
        lost_alarms="",
        unanswered=tuple,
        unproven=lambda now_s: (),
        fault_light=lambda: None,
        replies_health=lambda: None,
        opinions=SimpleNamespace(troubles=()),
        machine=SimpleNamespace(state=MachineState(), power_problems=()),
        annunciator=SimpleNamespace(health=lambda: FINE),
        gateway=Subject(GATEWAY_ID, "Gateway", book, False),
    )
    parts.__dict__.update(more)
    return parts
