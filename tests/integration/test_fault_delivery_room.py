"""A target's queue when more waits than it holds, and a thread of its own that hangs."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import SECRET, wait_for

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.retry import RetrySchedule
from ecgd.alerts.webhook import WebhookTarget
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity

NOBODY = "http://127.0.0.1:9/"
LIMIT = 4
LATER_UNIX_S = 4e9


def item(name: str, *, attempts: int = 1) -> OutboxItem:
    """Return an item that was tried before, and is not due for a while."""
    return OutboxItem(name, name, "home", Severity.MEDIUM, b"{}", 0.0, attempts, LATER_UNIX_S)


@pytest.fixture
def overflowed() -> list[OutboxItem]:
    return []


@pytest.fixture
def worker(tmp_path: Path, overflowed: list[OutboxItem]) -> Iterator[DeliveryWorker]:
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + base64.b64encode(SECRET).decode())
    secret.chmod(0o600)
    settings = WebhookSettings(name="home", url=NOBODY, secret_file=str(secret), timeout_s=1.0)
    made = DeliveryWorker(settings, lambda _: None, overflowed.append, limit=LIMIT)
    yield made
    made.close()


def test_what_is_taken_from_the_disk_takes_nobody_s_place(
    worker: DeliveryWorker, overflowed: list[OutboxItem]
) -> None:
    taken = [worker.submit_if_room(item(f"m{n}")) for n in range(LIMIT + 2)]
    assert taken == [True] * LIMIT + [False] * 2
    assert worker.health().pending == LIMIT
    assert worker.submit_if_room(item("m0")), "it is there already"
    assert not overflowed


def test_a_queue_that_is_half_empty_has_room(worker: DeliveryWorker) -> None:
    rooms = []
    for n in range(LIMIT):
        worker.submit(item(f"m{n}"))
        rooms.append(worker.has_room)
    assert rooms == [True, True, False, False]


def test_a_clock_behind_makes_no_repetition_wait_longer_than_the_cap(
    worker: DeliveryWorker,
) -> None:
    began_s = time.monotonic()
    worker.submit(item("m0"))
    ready_s = worker._backlog.next_ready_s(0.0)
    assert ready_s is not None
    assert ready_s - began_s <= RetrySchedule().cap_s + 5.0


def test_an_attempt_whose_thread_never_began_is_told(
    worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(30)
        raise RuntimeError("no thread")

    monkeypatch.setattr(WebhookTarget, "start", hang)
    assert worker.overdue_s == 0.0
    worker.submit(OutboxItem("m0", "m0", "home", Severity.HIGH, _BODY, 0.0))
    wait_for(lambda: worker.overdue_s > 0.0, "the deadline to pass")
    released.set()
    wait_for(lambda: worker.overdue_s == 0.0, "the thread to come back")


_BODY = b'{"data": {"simulated": false}}'
