"""What befalls the receiver of alerts: gone for long, hanging, dripping."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from daemon_process import Receiver, receiving

from ecgd.alerts.payload import alert_body
from ecgd.config.settings import StoreSettings
from ecgd.model.alarm import Alert, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.store.writer import StoreWriter
from reliability.bench import Bench
from reliability.rig import STEMI, Rig, settings, staged, webhook
from reliability.row import Findings, Row

AWAY_S = 30.0
DRAIN_S = 120.0


def try_day(bench: Bench) -> tuple[Row, ...]:
    """Let a receiver be away while alerts pile up, beyond what the daemon holds in memory."""
    found = Findings()
    number = 300 if bench.quick else 1000
    kills, away_s = (1, 1.0) if bench.quick else (5, AWAY_S)
    expected = _expected(number)
    with bench.place() as directory, staged(directory) as stage:
        stage.receiver.status = 503
        _pile_up(stage.rig, number)
        stage.rig.start()
        stage.rig.wait_for(
            lambda: len(stage.receiver.received) >= 3, "attempts at the dead receiver"
        )
        time.sleep(away_s)
        alarms = {alarm["event_type"] for alarm in stage.rig.all_alarms()}
        found.check("ALARM_OVERFLOW" not in alarms, "what waits on the disk was told as lost")
        tried = len(stage.receiver.received)
        stage.receiver.received.clear()
        stage.receiver.status = 200
        began_s = time.monotonic()
        for kill in range(kills):
            stage.rig.wait_for(
                _at_least(stage.receiver, number * (kill + 1) // (10 * kills)),
                "deliveries",
                DRAIN_S,
            )
            stage.rig.stop(signal.SIGKILL)
            stage.rig.start()
        with suppress(AssertionError):
            stage.rig.wait_for(lambda: _ids(stage.receiver).keys() >= expected, "all", DRAIN_S)
        ids = _ids(stage.receiver)
        missing = len(expected - ids.keys())
        repeated = sum(ids[name] - 1 for name in expected & ids.keys())
        found.say(
            f"{tried} attempts failed; then {number - missing} of {number} delivered within "
            f"{time.monotonic() - began_s:.0f} s, {repeated} of them twice under the same id"
        )
        found.check(not missing, f"{missing} never came")
    done = (
        f"{number} alerts put into the outbox, the receiver answering 503 for {away_s:.0f} s in "
        f"place of a day, {kills} kill -9 while they go out"
    )
    promise = "every alert is delivered at least once, always under its id"
    return (found.row("receiver away for a day", promise, done),)


def try_bad_receivers(bench: Bench) -> tuple[Row, ...]:
    """Put a receiver that never answers, and one that drips, beside one that works."""
    found = Findings()
    with (
        bench.place() as directory,
        _bad(drips=False) as silent,
        _bad(drips=True) as dripping,
        receiving() as good,
        staged(directory) as stage,
    ):
        urls = (silent, dripping, good.url)
        targets = "".join(webhook(f"t{n}", url, timeout_s=2.0) for n, url in enumerate(urls))
        stage.rig.config.write_text(settings() + targets)
        stage.receiver = good
        stage.plug(STEMI)
        stage.rig.start()
        stage.rig.wait_until_fed()
        stage.wait_for_alert()
        pulse_s = stage.rig.pulses(stage.rig.started_s)[0].time_s
        status = stage.rig.wait_for(stage.rig.status, "the status")
        health = {target["name"]: target for target in status["targets"]}
        found.check(health["t2"]["delivered"] >= 1, "the good one was not served")
        delay_s = delivery_s(stage.rig)
        found.say(f"the good receiver had it {delay_s * 1000:.0f} ms after the alarm")
        found.check(delay_s < 2.0, "it waited for the bad ones")
        found.check(pulse_s > 0, "no sound")
        tries = stage.rig.wait_for(
            lambda: _failures(stage.rig), "failed attempts at the bad ones", 30
        )
        found.say(f"attempts cut off at their deadline: {tries[0]} (silent), {tries[1]} (dripping)")
        began_s = time.monotonic()
        found.check(stage.rig.stop() == 0, "it did not end well")
        found.say(f"ended {time.monotonic() - began_s:.1f} s after SIGTERM")
        found.check(time.monotonic() - began_s < 10, "systemd would have killed it")
    done = "three targets: one takes the request and never answers, one sends a byte a second"
    return (found.row("receiver hangs or drips", "no receiver delays another", done),)


def _expected(number: int) -> set[str]:
    return {f"msg_{n}" for n in range(number)}


def _ids(receiver: Receiver) -> Counter[str]:
    return Counter(headers["webhook-id"] for headers, _ in tuple(receiver.received))


def _at_least(receiver: Receiver, number: int) -> Callable[[], bool]:
    return lambda: len(_ids(receiver)) >= number


def _pile_up(rig: Rig, number: int) -> None:
    """Store alerts with the daemon's own writer, as a day without a receiver leaves them."""
    writer = StoreWriter(rig.database, StoreSettings(), boot_id="before")
    writer.start()
    now_unix_s = time.time()
    last = None
    for n in range(number):
        alert = Alert(
            alert_id=f"day-{n}",
            patient_id="anna",
            patient_name="Anna",
            event_type=EventType.LINK_LOST,
            severity=Severity.MEDIUM if n % 10 else Severity.CRITICAL,
            occurred_unix_s=now_unix_s - number + n,
            occurred_mono_s=float(n),
            boot_id="before",
            clock_synchronised=True,
            simulated=False,
            description="",
            recommended_action="",
        )
        body = alert_body(alert)
        at_s = alert.occurred_unix_s
        item = OutboxItem(f"msg_{n}", alert.alert_id, "target0", alert.severity, body, at_s)
        last = writer.store_alert(alert, (item,))
    assert last is not None
    last.result(60)
    assert writer.close()


@contextmanager
def _bad(*, drips: bool) -> Iterator[str]:
    """Run a receiver that takes requests and never comes to an end of its answer."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        held = []
        while not ended.is_set():
            with suppress(OSError):
                held.append(listener.accept()[0])
            for each in held if drips else ():
                with suppress(OSError):
                    each.send(b"H")
        for each in held:
            each.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1.0)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        ended.set()
        thread.join()


def delivery_s(rig: Rig) -> float:
    """Return the longest time from an alarm to its delivery at the first attempt."""
    figures = rig.client().get("/v1/diagnostics")["latency"]
    return max((f["max_ms"] / 1000 for f in figures if f["stage"] == "delivery"), default=99.0)


def _failures(rig: Rig) -> tuple[int, int] | None:
    status = rig.status()
    targets = {t["name"]: t for t in status["targets"]} if status else {}
    failed = tuple(targets[name]["failed_attempts"] for name in ("t0", "t1") if name in targets)
    return (failed[0], failed[1]) if len(failed) == 2 and all(failed) else None
