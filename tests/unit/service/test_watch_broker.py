"""The clockwork and a target that does not deliver, a broker or any other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from idle_gateway import idle_parts

from ecgd.config.hold_off import HoldOffSettings
from ecgd.decision.hold_off import hold_off_s
from ecgd.model.finding import EventType
from ecgd.model.status import MachineState, TargetHealth
from ecgd.service import watch as watch_module
from ecgd.service.watch import Watch


@pytest.mark.parametrize(
    ("name", "healthy", "pending", "alarms"),
    [
        ("mqtt", False, 0, True),
        ("mqtt", True, 3, False),
        ("home", False, 1, True),
    ],
)
def test_target_that_is_away_is_an_alarm_before_anything_waits_for_it(
    name: str, healthy: bool, pending: int, alarms: bool
) -> None:
    target = TargetHealth(name, healthy, pending, 0, 0, None, "it does not answer")
    parts = idle_parts(targets={name: SimpleNamespace(health=lambda: target)})
    (found,) = (*Watch(cast(Any, parts))._own_findings(0.0), None)[:1]
    assert (found is not None and found.event_type is EventType.DELIVERY_FAILING) == alarms
    assert hold_off_s(EventType.DELIVERY_FAILING, HoldOffSettings()) == 60.0, "a short one is none"


def test_a_round_that_takes_long_is_no_step_of_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(mono_s=100.0)
    clock.monotonic = lambda: clock.mono_s
    clock.time = lambda: 1_700_000_000.0 + clock.mono_s
    monkeypatch.setattr(watch_module, "time", clock)
    state = MachineState(clock_synchronised=True)
    machine = SimpleNamespace(state=state, power_problems=())
    watch = Watch(cast(Any, idle_parts(machine=machine)))
    for late_s in (0.0, 5.0, 0.0):
        began_s = clock.mono_s
        clock.mono_s += late_s
        assert not tuple(watch._own_findings(began_s)), f"{late_s:g} s late"
