"""Brings reports to clinicians, each behind its alert and never in its way; in the loop's thread.

A report's message lies in the outbox beside the alert's from the first moment on, so that a
restart knows of it. Once what follows the decision is on the disk and the alert has come to the
same target, a process of its own makes the report, and a worker of its own brings it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ecgd.alerts.courier import Courier
from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.report_message import ReportFile, report_item, with_file
from ecgd.alerts.reporting import ReportingCourier
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.settings import Settings, WebhookSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import Severity
from ecgd.model.status import PartHealth
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts
from ecgd.service.report_request import Report, ReportRequest
from ecgd.service.report_rules import report_targets
from ecgd.store.report_reader import AlertMessages, ReportReader

_log = logging.getLogger(__name__)

Call = Callable[..., None]
"""Calls a function in the loop's thread, from any other."""

LOOK_S: Final = 0.5
SETTLE_S: Final = 1.0
"""What the analysis' window ended with is on its way to the store for so long."""

AGAIN_S: Final = 5.0
"""The alert itself has not come to the target yet, or the disk does not answer."""

TRIES: Final = 3
FILES_MAX: Final = 8
"""So many reports are in memory at most; what is not made yet takes no room."""

FLUSH_S: Final = 5.0
TIMEOUT_S: Final = 60.0
"""A file takes longer than words: the deadline of one attempt, unless the target's is longer."""

NOT_WANTED: Final = "report: not wanted there any more"
DONE: Final = "report: brought or given up before"
NOT_NEEDED: Final = "report: the alert itself did not get here"
TOO_LATE: Final = "report: given up, it would help nobody any more"


@dataclass(slots=True)
class _Waiting:
    """A report that is not made yet; times are monotonic."""

    item: OutboxItem
    due_s: float
    until_s: float
    failures: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """The newest report of one kind of alarm of one patient to one target."""

    alert_id: str
    severity: Severity
    at_s: float


class ReportDesk:
    """Holds reports until they can be made, and hands them to their targets."""

    def __init__(
        self,
        parts: Parts,
        settings: Settings,
        call: Call,
        credentials_dir: str | None,
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._names = report_targets(settings)
        self._call = call
        self._credentials_dir = credentials_dir
        self._reader = ReportReader(parts.places.database_path)
        self._waiting: dict[str, _Waiting] = {}
        self._couriers: dict[str, ReportingCourier] = {}
        self._files: dict[tuple[str, bytes], ReportFile] = {}
        """Reports that are on their way, by target and message; read by the targets' threads."""
        self._newest: tuple[ReportRequest, Report] | None = None
        self._told: dict[tuple[str, str, str], _Told] = {}
        self._brought = 0
        self._trouble = ""
        parts.reports_health = self.health

    def beside(self, target: WebhookSettings, alerts: Courier) -> Courier:
        """Return what brings alerts to a target, and its reports too.

        A target that gets none any more may have some from before in the outbox.
        """
        courier = ReportingCourier(alerts, lambda: self._worker(target), self.take)
        self._couriers[target.name] = courier
        return courier

    def with_reports(self, items: tuple[OutboxItem, ...]) -> tuple[OutboxItem, ...]:
        """Return messages of an alert with those of the reports that follow them."""
        try:
            made = [report_item(item) for item in items if item.target in self._names]
            return items + tuple(item for item in made if item is not None and self._is_news(item))
        except Exception:  # noqa: BLE001 - no alert may be lost for its report
            _log.exception("no report follows this alert")
            return items

    def take(self, item: OutboxItem) -> None:
        """Take a report's message, which may be known already."""
        if item.message_id in self._waiting or (item.target, item.body) in self._files:
            return
        if item.target not in self._names:
            self._end(item, NOT_WANTED)
            return
        wanted, now_s = self._settings.report, time.monotonic()
        # A clock that was set meanwhile makes an age of any size: at most the whole wait, or none.
        age_s = max(0.0, time.time() - item.created_unix_s)
        wait_s = max(0.0, wanted.after_s + SETTLE_S - age_s)
        self._waiting[item.message_id] = _Waiting(
            item, now_s + wait_s, now_s + wanted.useful_s - age_s
        )

    async def run(self) -> None:
        """Make what is due, one after the other, until cancelled; end if nobody gets any."""
        while self._names:
            await asyncio.sleep(LOOK_S)
            for waiting in self._due(time.monotonic()):
                await self._attend(waiting)

    def health(self) -> PartHealth | None:
        """Say how it goes; whoever gets alerts gets them all the same. None: nobody gets any."""
        if not self._names:
            return None
        count = len(self._waiting) + len(self._files)
        names = ", ".join(sorted(self._names))
        words = f"{self._brought} brought, {count} on their way; for {names}"
        return PartHealth("reports", not self._trouble, self._trouble or words)

    def _is_news(self, item: OutboxItem) -> bool:
        """Return whether a target has had no report of the like a moment ago."""
        data = json.loads(item.body)["data"]
        kind = (item.target, str(data["patient_id"]), str(data["event_type"]))
        told = _Told(item.alert_id, Severity[data["severity"]], time.monotonic())
        before = self._told.get(kind)
        if (
            before is not None
            and before.alert_id != told.alert_id
            and before.severity >= told.severity
            and told.at_s - before.at_s < self._settings.report.apart_s
        ):
            return False
        self._told[kind] = told
        return True

    def _due(self, now_s: float) -> list[_Waiting]:
        """Return what can be made now, the oldest first, as far as there is room for files."""
        due = [each for each in self._waiting.values() if each.due_s <= now_s]
        return due[: max(0, FILES_MAX - len(self._files))]

    async def _attend(self, waiting: _Waiting) -> None:
        if time.monotonic() > waiting.until_s:
            self._end(waiting.item, TOO_LATE)
            return
        if not await self._may_be_made(waiting.item):
            waiting.due_s = time.monotonic() + AGAIN_S
            return
        try:
            report = await asyncio.to_thread(self._make, waiting.item)
        except _NotNeededError as reason:
            self._end(waiting.item, str(reason))
        except StoreError as error:
            self._note_failure(waiting, str(error))
        else:
            self._hand_over(waiting, report)

    async def _may_be_made(self, item: OutboxItem) -> bool:
        """Return whether the alert is no longer on its way, and all that matters on the disk.

        The store is hurried only then: while nobody can be reached, no disk should be worn for it.
        """
        try:
            messages = await asyncio.to_thread(self._messages, item)
        except StoreError:
            return False
        on_its_way = messages.own_waits and messages.waits and not messages.delivered
        return not on_its_way and await self._is_on_disk()

    async def _is_on_disk(self) -> bool:
        """Let the store write what it holds; a disk that does not answer is asked again."""
        flushed = asyncio.wrap_future(self._parts.store.flush())
        flushed.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait((flushed,), timeout=FLUSH_S)
        return bool(done) and not flushed.cancelled() and flushed.exception() is None

    def _make(self, item: OutboxItem) -> Report | None:
        """Make a report; None: its alert is still on its way. In a thread of its own."""
        messages = self._messages(item)
        if not messages.delivered and messages.waits:
            return None
        if not messages.own_waits:
            raise _NotNeededError(DONE)
        if not messages.delivered:
            raise _NotNeededError(NOT_NEEDED)
        settings = self._settings
        request = ReportRequest(
            database=self._parts.places.database_path,
            alert_id=item.alert_id,
            analysis=settings.analysis,
            report=replace(settings.report, targets=()),
            config_hash=self._parts.fan_out.circumstances.config_hash,
            whose=_whose(item.body),
        )
        if self._newest is None or self._newest[0] != request:
            self._newest = request, self._parts.drawing(request)
        return self._newest[1]

    def _messages(self, item: OutboxItem) -> AlertMessages:
        return self._reader.alert_messages(item.alert_id, item.target, item.message_id)

    def _hand_over(self, waiting: _Waiting, report: Report | None) -> None:
        item = waiting.item
        if report is None:
            waiting.due_s = time.monotonic() + AGAIN_S
            return
        file = ReportFile(report.file_name, report.content_type, report.content)
        self._files[item.target, item.body] = file
        self._waiting.pop(item.message_id, None)
        if not self._couriers[item.target].bring(item):
            self._files.pop((item.target, item.body), None)

    def _note_failure(self, waiting: _Waiting, why: str) -> None:
        waiting.failures += 1
        waiting.due_s = time.monotonic() + AGAIN_S
        self._trouble = why
        _log.warning("report of alert %s: %s", waiting.item.alert_id, why)
        if waiting.failures >= TRIES:
            self._end(waiting.item, f"report: {why}")

    def _end(self, item: OutboxItem, why: str) -> None:
        """Take a report off the outbox that nobody will bring."""
        self._waiting.pop(item.message_id, None)
        report = DeliveryReport(item, DeliveryResult.WITHDRAWN, time.time(), 0.0, why)
        self._parts.store.record_delivery(report)
        words = f"report of alert {item.alert_id} to {item.target}: {why}"
        log_event(_log, "report", words, alert_id=item.alert_id, target=item.target)

    def _worker(self, target: WebhookSettings) -> DeliveryWorker:
        return DeliveryWorker(
            replace(target, timeout_s=max(target.timeout_s, TIMEOUT_S)),
            lambda report: self._call(self._note, report),
            lambda item: self._call(self._note_overflow, item),
            credentials_dir=self._credentials_dir,
            emergency_number=self._settings.alarms.emergency_number,
            complete=lambda body: self._complete(target.name, body),
            schedule=RetrySchedule(give_up_s=self._settings.report.useful_s),
        )

    def _complete(self, target: str, body: bytes) -> bytes:
        """Add the file to a report's message; in the target's thread."""
        file = self._files.get((target, body))
        return body if file is None else with_file(body, file)

    def _note(self, report: DeliveryReport) -> None:
        """Take what became of one attempt. That a report is refused is no alarm."""
        result = report.result
        if result is DeliveryResult.GONE:
            result = DeliveryResult.REFUSED
        if result is not DeliveryResult.RETRY:
            self._files.pop((report.item.target, report.item.body), None)
        delivered = result is DeliveryResult.DELIVERED
        self._brought += delivered
        self._trouble = "" if delivered else f"{report.item.target}: {report.detail}"
        told = replace(report, result=result, detail=f"report: {report.detail}")
        self._parts.store.record_delivery(told)
        log_event(
            _log,
            "report",
            f"report of alert {report.item.alert_id} to {report.item.target}: {result.value}, "
            f"{report.detail}",
            level=logging.INFO if delivered else logging.WARNING,
            alert_id=report.item.alert_id,
            target=report.item.target,
            result=result,
        )

    def _note_overflow(self, item: OutboxItem) -> None:
        """It stays in the outbox, and is taken up again as there is room."""
        self._files.pop((item.target, item.body), None)
        self._parts.crowded.add(item.target)


class _NotNeededError(Exception):
    """The alert did not get there, or its report has."""


def _whose(body: bytes) -> str:
    """Return what the patient is called in a message: as it may be told there."""
    data = json.loads(body)["data"]
    called = [data.get("patient_name"), data.get("patient_label")]
    number = data.get("patient_number")
    return ", ".join(str(each) for each in called if each) or str(number or "")
