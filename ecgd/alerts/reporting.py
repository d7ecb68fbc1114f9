"""A target that also gets reports: they go their own way, so that no alert ever waits for one."""

from __future__ import annotations

from collections.abc import Callable

from ecgd.alerts.courier import Courier
from ecgd.alerts.report_message import is_report
from ecgd.model.alarm import OutboxItem
from ecgd.model.status import TargetHealth


class ReportingCourier:
    """Hands alerts to a target's worker as they are, and reports to ``take``, which makes them.

    ``reports`` brings those that were made, by a thread and a connection of its own: it is begun
    with the first.
    """

    def __init__(
        self, alerts: Courier, reports: Callable[[], Courier], take: Callable[[OutboxItem], None]
    ) -> None:
        self._alerts = alerts
        self._begin = reports
        self._take = take
        self._reports: Courier | None = None
        self._is_stopped = False

    def submit(self, item: OutboxItem) -> bool:
        """Queue an item; False: it was not taken, and stays in the outbox."""
        return self._report(item) if is_report(item.body) else self._alerts.submit(item)

    def submit_if_room(self, item: OutboxItem) -> bool:
        """Queue an item that takes nobody's place; False: it is left where it is."""
        if is_report(item.body):
            return self._report(item)
        return self._alerts.submit_if_room(item)

    def bring(self, item: OutboxItem) -> bool:
        """Queue a report that was made; False: not taken."""
        if self._is_stopped:
            return False
        if self._reports is None:
            self._reports = self._begin()
        return self._reports.submit(item)

    def withdraw(self, message_id: str) -> None:
        """Try an item no more, as far as that is still possible."""
        self._alerts.withdraw(message_id)

    @property
    def has_room(self) -> bool:
        """Whether half of the queue of alerts is free."""
        return self._alerts.has_room

    @property
    def overdue_s(self) -> float:
        """For how long the alerts' thread has hung; a report is worth no restart."""
        return self._alerts.overdue_s

    def health(self) -> TargetHealth:
        """Return how the alerts fare: reports are told of elsewhere, and raise no alarm."""
        return self._alerts.health()

    def stop(self, grace_s: float = 0.75) -> None:
        """Take nothing more, and return at once."""
        self._is_stopped = True
        self._alerts.stop(grace_s)
        if self._reports is not None:
            self._reports.stop(grace_s)

    def close(self, timeout_s: float = 1.5) -> None:
        """Stop, and wait for ``timeout_s`` at most for each."""
        self.stop(timeout_s / 2.0)
        self._alerts.close(timeout_s)
        if self._reports is not None:
            self._reports.close(timeout_s)

    def _report(self, item: OutboxItem) -> bool:
        if not self._is_stopped:
            self._take(item)
        return not self._is_stopped
