"""Parts of a daemon for tests of trials: the real analysis, and edges that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ecgd.config.settings import GpioSettings, Settings, WebhookSettings
from ecgd.inference.scorer import NoModels
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem, Priority
from ecgd.model.signal import Window
from ecgd.model.status import MachineState, PartHealth, TargetHealth
from ecgd.pipeline.analysis import Analysis, Assessed
from ecgd.pipeline.history import History
from ecgd.service.occurrence import Circumstances
from ecgd.service.proof_desk import ProofDesk
from ecgd.service.settings_rules import GATEWAY_ID
from ecgd.service.subject import Alarms, Subject


class FakeCourier:
    """Takes items; ``answer`` says at once what became of them, None: nothing for now."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[OutboxItem] = []
        self.withdrawn: list[str] = []
        self.has_place = True

    def submit_if_room(self, item: OutboxItem) -> bool:
        self.taken.append(item)
        return self.has_place

    def withdraw(self, message_id: str) -> None:
        self.withdrawn.append(message_id)

    def health(self) -> TargetHealth:
        return TargetHealth(self.name, True, 0, 0, 0, None, "not connected yet")


class FakeStore:
    """Commits at once, or as told by ``error``."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.rows: list[OutboxItem] = []
        self.acknowledged: list[str] = []
        self.cleared: list[str] = []
        self.recorded: list[DeliveryReport] = []
        self.books: list[str] = []
        self.error: Exception | None = None
        self.health = PartHealth("database", True, "writing")

    def _done(self) -> Future[int]:
        future: Future[int] = Future()
        if self.error is None:
            future.set_result(1)
        else:
            future.set_exception(self.error)
        return future

    def store_alert(self, alert: Alert, items: tuple[OutboxItem, ...]) -> Future[int]:
        self.alerts.append(alert)
        self.rows += items
        return self._done()

    def acknowledge_alert(self, alert_id: str, by: str) -> Future[int]:
        self.acknowledged.append(alert_id)
        return self._done()

    def clear_alert(self, alert_id: str) -> Future[int]:
        self.cleared.append(alert_id)
        return self._done()

    def record_delivery(self, report: DeliveryReport) -> Future[int]:
        self.recorded.append(report)
        return self._done()

    def save_alarm_book(self, patient_id: str, record: object) -> Future[int]:
        self.books.append(patient_id)
        return self._done()


class FakePins:
    """``shows_alarm``: a real alarm has the pins."""

    def __init__(self) -> None:
        self.shows_alarm = False
        self.is_mute = False
        self.sounded: list[bool] = []
        self.pinged = 0
        self.told: Callable[[float], None] | None = None
        self.state = PartHealth("gpio", True, "ready")

    def health(self) -> PartHealth:
        return self.state

    def try_out(self, *, sounding: bool, told: Callable[[float], None]) -> bool:
        if self.shows_alarm:
            return False
        self.sounded.append(sounding)
        if not self.is_mute:
            told(asyncio.get_running_loop().time())
        return True

    def ping(self, told: Callable[[], None]) -> None:
        self.pinged += 1
        if not self.is_mute:
            told()


_JUDGED: dict[int, Assessed] = {}
"""By the window's end: the heart and the settings are the same in every test."""


class _Worker:
    def __init__(self, settings: Settings) -> None:
        scorer = NoModels("none")
        self._analysis = Analysis(settings.analysis, settings.ensemble, scorer, lambda: 0.0)
        self.sees_only_beats = False

    async def assess_beside(self, window: Window, history: History) -> Assessed:
        end = window.end_index
        if end not in _JUDGED:
            _JUDGED[end] = self._analysis.assess(window, history)
        return _JUDGED[min(_JUDGED)] if self.sees_only_beats else _JUDGED[end]


def trial_parts(settings: Settings, state_dir: Path, *, simulated: bool = False) -> Any:
    """Return parts with a courier for each target; call it in a running loop."""
    book = Alarms(settings.alarms, lambda: "alert")
    return SimpleNamespace(
        settings=settings,
        places=SimpleNamespace(state_dir=state_dir),
        circumstances=Circumstances("boot", simulated, "rules", "", "hash"),
        fan_out=SimpleNamespace(
            prover=None,
            replies=None,
            holds_books=False,
            book_record=lambda subject: {"of": subject.patient_id},
        ),
        targets={target.name: FakeCourier(target.name) for target in settings.webhooks},
        listeners={"mqtt": FakeCourier("mqtt")} if settings.mqtt.enabled else {},
        quiet=None,
        quiet_hours=SimpleNamespace(least_priority=lambda: None),
        annunciator=FakePins(),
        machine=SimpleNamespace(state=MachineState()),
        worker=_Worker(settings),
        store=FakeStore(),
        loop=asyncio.get_running_loop(),
        gateway=Subject(GATEWAY_ID, "Gateway", book, simulated),
        unproven=None,
        proof=None,
    )


def quiet_now(parts: Any) -> None:
    """Let quiet hours begin."""
    parts.quiet_hours = SimpleNamespace(least_priority=lambda: Priority.HIGH)


def target(name: str, profile: str = "standard", **more: Any) -> WebhookSettings:
    return WebhookSettings(name=name, profile=profile, url="http://h/", **more)


def report(
    item: OutboxItem,
    result: DeliveryResult = DeliveryResult.DELIVERED,
    detail: str = "HTTP 200 OK",
    retry_after_s: float | None = None,
) -> DeliveryReport:
    return DeliveryReport(item, result, 1.7e9, 0.2, detail, retry_after_s)


HOME, MAMA = target("home", test_target=True), target("mama")
SETTINGS = Settings(gpio=GpioSettings(factory="mock"), webhooks=(HOME, MAMA))

Course = Callable[[ProofDesk, Any], Awaitable[None]]


def on(
    tmp_path: Path, course: Course, settings: Settings = SETTINGS, *, simulated: bool = False
) -> None:
    """Run a course of events with a desk and its parts."""

    async def run() -> None:
        parts = trial_parts(settings, tmp_path, simulated=simulated)
        await course(ProofDesk(parts, settings), parts)

    asyncio.run(run())


async def settled(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10.0):
        while not holds():
            await asyncio.sleep(0.005)


async def sent(parts: Any, name: str = "home") -> OutboxItem:
    courier = parts.targets.get(name) or parts.listeners[name]
    await settled(lambda: courier.taken)
    item: OutboxItem = courier.taken[-1]
    return item
