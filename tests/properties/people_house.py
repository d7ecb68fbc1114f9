"""The house with all that tells people: contacts, a broker, and a patient of a demonstration.

The desks are the product's own. A model is only what they read back from the disk.
"""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import alarm_house
from alarm_house import ALARMS, PATIENTS, Disk, House, done

from ecgd.alerts.mqtt.topics import Topics
from ecgd.config.fleet import MqttSettings
from ecgd.config.people import ContactSettings, EscalationSettings
from ecgd.config.settings import GpioSettings, Settings, WebhookSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import Alert, OutboxItem
from ecgd.service import escalation_desk as desk_module
from ecgd.service.broker_desk import BrokerDesk
from ecgd.service.escalation_desk import EscalationDesk, open_people

DEMO = "dora"
"""A patient who is not ill."""

BROKER = "mqtt"
FIRST, SECOND = "phone", "call"
"""Channels of the first contact and of the second."""

DELAY_S = 30.0
ANSWER_S = 60.0
CONTACTS = (
    ContactSettings(id="berta", name="Berta", channels=(FIRST,), order=1, least_severity="LOW"),
    ContactSettings(id="carl", channels=(SECOND,), order=2, delay_s=DELAY_S),
)
WEBHOOKS = (
    *(WebhookSettings(name=each, url="https://x.example") for each in (FIRST, SECOND)),
    WebhookSettings(
        name="ward", url="https://ward.example", least_severity="LOW", test_target=True
    ),
)


@dataclass
class PeopleDisk(Disk):
    """Keeps alerts and escalations too."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    escalations: dict[str, tuple[bool, dict[str, Any]]] = field(default_factory=dict)

    def store_alert(self, alert: Alert, items: tuple[OutboxItem, ...]) -> Future[int]:
        self._write("stored", alert)
        return super().store_alert(alert, items)

    def save_escalation(
        self,
        alert_id: str,
        record: dict[str, Any],
        items: tuple[OutboxItem, ...] = (),
        *,
        is_open: bool,
        withdrawn: tuple[str, ...] = (),
        why: str = "",
    ) -> Future[int]:
        kept = json.loads(json.dumps(record))
        return self._write("escalation", (alert_id, is_open, kept, items, withdrawn, why))

    def _write(self, kind: str, what: Any) -> Future[int]:
        if self.fails or kind not in ("stored", "escalation"):
            return super()._write(kind, what)
        if kind == "stored":
            self.alerts[what.alert_id] = what
            return done()
        alert_id, is_open, record, items, withdrawn, _ = what
        self.escalations[alert_id] = (is_open, record)
        self.outbox.update({item.message_id: item for item in items})
        for message_id in withdrawn:
            self.outbox.pop(message_id, None)
        return done()


class PeopleHouse(House):
    """Two contacts, a broker that has to be told, a ward that is nobody's channel."""

    disk_type = PeopleDisk
    patients = (*PATIENTS, DEMO)
    simulated = frozenset({DEMO})
    webhooks = WEBHOOKS
    target_names = (*(each.name for each in WEBHOOKS), BROKER)
    desk: EscalationDesk
    readable = True

    def __init__(self) -> None:
        self._real_reader = cast(Any, desk_module).EscalationReader
        cast(Any, desk_module).EscalationReader = lambda _path: self
        super().__init__()

    def close(self) -> None:
        super().close()
        cast(Any, desk_module).EscalationReader = self._real_reader

    def settings(self) -> Settings:
        return Settings(
            alarms=ALARMS,
            webhooks=self.webhooks,
            gpio=GpioSettings(factory="lgpio"),
            contacts=CONTACTS,
            escalation=EscalationSettings(answer_s=ANSWER_S, repeat_s=300.0),
        )

    def join(self, settings: Settings) -> None:
        parts = self.parts
        parts.places = SimpleNamespace(database_path="")
        desk = open_people(parts, settings)
        assert desk is not None
        self.desk = desk
        broker = MqttSettings(enabled=True, required=True)
        topics = Topics(broker.topic_prefix, "house", broker.discovery_prefix)
        self.fan_out.broker = BrokerDesk(parts, broker, topics, cast(Any, SimpleNamespace()))

    def begin(self, *, readable: bool) -> None:
        self.readable = readable
        super().begin(readable=readable)
        if not readable:
            self.desk.begin()

    def read_back(self) -> None:
        super().read_back()
        self.readable = True
        self.desk.begin()

    def second(self, step_s: float = 1.0) -> None:
        super().second(step_s)
        self.desk.end_strays(self.clock.mono_s)
        self.desk.tick(self.clock.mono_s)

    def open_escalations(self) -> dict[str, dict[str, Any]]:
        """Answer as the database's reader does."""
        if not self.readable:
            raise StoreError("the database is locked")
        disk = cast(PeopleDisk, self.disk)
        return {key: record for key, (is_open, record) in disk.escalations.items() if is_open}

    def alert(self, alert_id: str) -> SimpleNamespace | None:
        found = cast(PeopleDisk, self.disk).alerts.get(alert_id)
        return None if found is None else SimpleNamespace(alert=found)

    def direct(self) -> tuple[str, ...]:
        return tuple(name for name in self.target_names if name not in (FIRST, SECOND))


alarm_house.MODULES = (*alarm_house.MODULES, desk_module)
