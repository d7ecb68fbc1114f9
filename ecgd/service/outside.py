"""What the gateway tells the world outside all the time: a broker, and a sign of life."""

from __future__ import annotations

import platform
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from ecgd.alerts.mqtt.topics import Topics, as_level
from ecgd.alerts.mqtt.worker import NAME, MqttWorker
from ecgd.config.fleet import MqttSettings
from ecgd.config.settings import Settings
from ecgd.model.status import DaemonStatus
from ecgd.service.broker_desk import BrokerDesk
from ecgd.service.dead_man import DeadMan
from ecgd.service.parts import Parts

Call = Callable[..., None]
"""Calls a function in the loop's thread, from any other."""


class Outside:
    """Opens both as configured; ``broker`` is None where none is told."""

    def __init__(
        self, parts: Parts, settings: Settings, call: Call, credentials_dir: str | None
    ) -> None:
        self.broker: BrokerDesk | None = None
        self._worker: MqttWorker | None = None
        self._dead_man = DeadMan(settings.heartbeat, parts.sessions, credentials_dir)
        if self._dead_man.is_configured:
            parts.sign_of_life = self._dead_man.health
        if settings.mqtt.enabled:
            self._open_broker(parts, settings.mqtt, call, credentials_dir)

    def tasks(self, status: Callable[[], DaemonStatus]) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield what has to run beside the watch."""
        yield self._dead_man.run()
        if self.broker is not None:
            yield self.broker.run(status)

    def stop(self) -> None:
        """Tell the broker's thread to end, and return at once."""
        if self._worker is not None:
            self._worker.stop()

    def close(self) -> None:
        """End; the broker hears that the gateway is offline, if it listens."""
        if self._worker is not None:
            self._worker.close()

    def _open_broker(
        self, parts: Parts, settings: MqttSettings, call: Call, credentials_dir: str | None
    ) -> None:
        gateway = settings.gateway or as_level(platform.node())
        topics = Topics(settings.topic_prefix, gateway, settings.discovery_prefix)
        self._worker = worker = MqttWorker(
            settings,
            topics,
            lambda report: call(desk.note, report),
            lambda item: call(desk.note_overflow, item),
            lambda command: call(desk.obey, command),
            credentials_dir=credentials_dir,
        )
        self.broker = desk = BrokerDesk(parts, settings, topics, worker)
        (parts.targets if settings.required else parts.listeners)[NAME] = worker
