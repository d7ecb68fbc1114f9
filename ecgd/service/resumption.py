"""Takes up what the last run left: alarms at once, undelivered alerts as there is room for them."""

from __future__ import annotations

import asyncio
import logging
import time

from ecgd.alerts.courier import Courier
from ecgd.alerts.payload import is_test
from ecgd.decision.alarm import AlarmBook
from ecgd.decision.alarm_book import merge
from ecgd.errors import StoreError
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem
from ecgd.service.parts import Parts
from ecgd.service.restart import load_books, load_outbox

_log = logging.getLogger(__name__)

RETRY_S = 1.0
"""A database that could not be read is read again, and room in a queue looked for, this often."""

FLUSH_S = 5.0
"""So long is waited until the reports of deliveries are on the disk, before the outbox is read."""

UNREADABLE_TRIES = 30
"""After so many tries beside a writer that works, the last run's alarms are given up."""


class Resumption:
    """What follows from the database that the last run left, now and as soon as it can be read.

    Until it has been read, no book of alarms is kept: it would take the place of the old one.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tries = 0
        parts.crowded |= set(parts.targets)

    def begin(self) -> None:
        """Take up what can be read before anything else begins; what cannot waits for ``run``."""
        self._parts.fan_out.holds_books = True
        try:
            self._take_books(self._load_books())
            items = load_outbox(self._parts.places.database_path)
            self._end_tests(items)
            self._fill(items)
        except StoreError as error:
            _log.warning("alarms and alerts of the last run are not known yet: %s", error)
        self._parts.sound()

    async def run(self) -> None:
        """Take up the rest: books that could not be read, alerts that found no room."""
        while True:
            await asyncio.sleep(RETRY_S)
            if self._parts.fan_out.holds_books:
                await self._retry_books()
            if any(target.has_room for target in self._waiting_targets()):
                await self._refill()

    async def _retry_books(self) -> None:
        self._tries += self._parts.store.health.healthy
        try:
            books = await asyncio.to_thread(self._load_books)
        except StoreError as error:
            if self._tries < UNREADABLE_TRIES:
                return
            _log.error("alarms of the last run are given up: %s", error)
            self._parts.lost_alarms = f"alarms of the last run are given up: {error}"
            books = {}
        self._take_books(books)
        self._parts.sound()

    def _load_books(self) -> dict[str, AlarmBook]:
        return load_books(
            self._parts.places.database_path,
            boot_id=self._parts.circumstances.boot_id,
            mono_s=time.monotonic(),
            unix_s=time.time(),
        )

    def _take_books(self, books: dict[str, AlarmBook]) -> None:
        parts = self._parts
        parts.fan_out.holds_books = False
        for subject in parts.subjects():
            if subject.patient_id in books:
                self._note_damage(subject.name, books[subject.patient_id])
                subject.alarms.book = merge(subject.alarms.book, books[subject.patient_id])
            if subject.alarms.book.tracks:
                # Also what was raised while no book could be kept.
                parts.fan_out.keep_book(subject)

    def _note_damage(self, name: str, book: AlarmBook) -> None:
        """Tell a person of alarms that could not be read back: somebody may be in danger."""
        lost = [words for words in book.unreadable if words.startswith(("alarm ", "tracks"))]
        if lost:
            self._parts.lost_alarms += f"alarms of the last run are damaged, {name}: {lost[0]}; "

    async def _refill(self) -> None:
        parts = self._parts
        # What is delivered but not yet noted as such would be sent a second time.
        flushed = asyncio.wrap_future(parts.store.flush())
        flushed.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait((flushed,), timeout=FLUSH_S)
        try:
            self._fill(await asyncio.to_thread(load_outbox, parts.places.database_path))
        except StoreError as error:
            _log.debug("the outbox cannot be read: %s", error)

    def _waiting_targets(self) -> list[Courier]:
        return [self._parts.targets[name] for name in self._parts.crowded]

    def _end_tests(self, items: tuple[OutboxItem, ...]) -> None:
        """Take a test that the last run did not end out of the outbox."""
        for item in items:
            if is_test(item.body):
                words = "the daemon was restarted in the middle of the test"
                report = DeliveryReport(item, DeliveryResult.WITHDRAWN, time.time(), 0.0, words)
                self._parts.store.record_delivery(report)

    def _fill(self, items: tuple[OutboxItem, ...]) -> None:
        """Hand over what waits, the gravest first, as far as there is room.

        A test is not taken up again: whoever ran it has long stopped waiting.
        """
        items = tuple(item for item in items if not is_test(item.body))
        for name in tuple(self._parts.crowded):
            target = self._parts.targets[name]
            for item in (each for each in items if each.target == name):
                if not target.submit_if_room(item):
                    break
            else:
                self._parts.crowded.discard(name)
