"""The clockwork and the networks: a technical alarm while something is wrong, and not after."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any, cast

from idle_gateway import idle_parts

from ecgd.config.settings import AlarmSettings
from ecgd.model.alarm import AlarmState, ChangeKind
from ecgd.model.finding import EventType, Severity
from ecgd.service.occurrence import Circumstances
from ecgd.service.subject import Alarms
from ecgd.service.watch import Watch


class House:
    """The clockwork with the gateway's own alarms, and networks that do as they are told."""

    def __init__(self) -> None:
        ids = count(1)
        self.alarms = Alarms(AlarmSettings(), lambda: f"{next(ids)}")
        self.opinions = SimpleNamespace(troubles=(), scoring="cnn (weights 1)")
        circumstances = Circumstances("boot", False, "cnn being loaded", "hash", "config")
        self.parts = idle_parts(
            self.alarms,
            opinions=self.opinions,
            fan_out=SimpleNamespace(circumstances=circumstances),
        )
        self.watch = Watch(cast(Any, self.parts))

    def look(self, now_s: float) -> list[tuple[ChangeKind, EventType]]:
        findings = tuple(self.watch._own_findings(now_s))
        changes = (*self.alarms.report(findings, now_s), *self.alarms.tick(now_s))
        return [(each.kind, each.alarm.event_type) for each in changes]

    @property
    def scoring(self) -> str:
        self.watch._note_scoring()
        scoring: str = self.parts.fan_out.circumstances.scoring
        return scoring


def test_a_demoted_network_is_a_technical_alarm_until_it_is_back() -> None:
    house = House()
    assert house.look(0.0) == []
    house.opinions.troubles = ("lstm: too slow", "rnn: gone")
    assert house.look(1.0) == [(ChangeKind.RAISED, EventType.MODEL_DEMOTED)]
    (alarm,) = house.alarms.book.alarms
    assert alarm.severity is Severity.LOW
    assert alarm.evidence == ("lstm: too slow", "rnn: gone")
    assert house.look(2.0) == []
    house.opinions.troubles = ()
    told = [change for second in range(3, 20) for change in house.look(float(second))]
    assert told == [(ChangeKind.LATCHED, EventType.MODEL_DEMOTED)]
    house.alarms.acknowledge(None, "Bert", 20.0)
    assert [alarm.state for alarm in house.alarms.book.alarms] in ([], [AlarmState.CLEARED])


def test_alerts_say_how_the_networks_stand_now() -> None:
    house = House()
    assert house.scoring == "cnn (weights 1)"
    house.opinions.scoring = "rnn (weights 1); cnn demoted: too slow"
    assert house.scoring == "rnn (weights 1); cnn demoted: too slow"
    before = house.parts.fan_out.circumstances
    assert house.scoring == before.scoring
    assert house.parts.fan_out.circumstances is before
    assert (before.boot_id, before.models_hash) == ("boot", "hash")
