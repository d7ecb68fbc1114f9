"""What befalls a gateway that was offline for a week, and is back."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

from daemon_process import Receiver

from ecgd.alerts.delivery import LIMIT
from ecgd.alerts.payload import alert_body
from ecgd.config.settings import StoreSettings
from ecgd.model.alarm import Alert, OutboxItem
from ecgd.model.finding import EventType, Severity
from ecgd.store.writer import StoreWriter
from reliability.bench import Bench
from reliability.rig import Rig, staged
from reliability.row import Findings, Row

PATIENTS = tuple(f"patient-{number}" for number in range(1, 8))
WEEK_S = 7 * 86_400.0
A_DAY_AND_PATIENT = 100
"""A patient with ectopic beats and an electrode that comes off."""

KINDS = (
    (EventType.STEMI_DETECTED, Severity.CRITICAL, 1),
    (EventType.EXTREME_TACHYCARDIA, Severity.HIGH, 3),
    (EventType.LINK_LOST, Severity.MEDIUM, 36),
    (EventType.FREQUENT_ECTOPY, Severity.LOW, 60),
)
AT_ONCE = 1000
"""So many alerts the writer is given before it is waited for: it takes 4096."""

DRAIN_S = 400.0
NEW_LIMIT_S = 10.0


def try_week(bench: Bench) -> tuple[Row, ...]:
    """Let a week's alerts of seven patients wait for a receiver, then let it come back."""
    found, chance = Findings(), bench.chance("week")
    number = 7 * 7 * (2 if bench.quick else A_DAY_AND_PATIENT)
    with bench.place() as directory, staged(directory) as stage:
        stage.receiver.status = 503
        alerts = _pile_up(stage.rig, number, chance)
        stage.rig.start()
        stage.rig.wait_for(lambda: len(stage.receiver.received) >= 3, "attempts")
        status = stage.rig.wait_for(stage.rig.status, "the status")
        pending = status["targets"][0]["pending"]
        found.say(f"{pending} waited in memory, the others on the disk")
        found.check(pending <= LIMIT, f"limit {LIMIT}")
        kinds = {alarm["event_type"] for alarm in stage.rig.all_alarms()}
        found.check("ALARM_OVERFLOW" not in kinds, "what waits on the disk was told as lost")
        stage.receiver.received.clear()
        stage.receiver.status = 200
        began_s = time.monotonic()
        quarter = number // 4
        stage.rig.wait_for(lambda: _count(stage.receiver) >= quarter, "a quarter", DRAIN_S)
        stage.plug()
        data = stage.rig.wait_for(lambda: _new(stage.receiver), "the new infarction", DRAIN_S)
        left, delay_s = number - _count(stage.receiver), time.time() - data["occurred_unix_s"]
        found.say(f"a new infarction was there {delay_s:.2f} s after it, before {left} old ones")
        found.check(delay_s <= NEW_LIMIT_S, f"limit {NEW_LIMIT_S:g} s")
        found.check(bench.quick or left > 0, "nothing was left to be overtaken")
        with suppress(AssertionError):
            everything = alerts.keys()
            stage.rig.wait_for(lambda: set(_old(stage.receiver)) >= everything, "all", DRAIN_S)
        took_s = time.monotonic() - began_s
        came = list(dict.fromkeys(_old(stage.receiver)))
        missing = len(alerts.keys() - set(came))
        found.say(f"{len(came)} of {number} delivered within {took_s:.0f} s of its return")
        found.check(not missing, f"{missing} never came")
        grades = [alerts[each] for each in came]
        # The one by which it was found that the receiver is back may be any.
        turned = sum(later > earlier for earlier, later in pairwise(grades[1:]))
        found.check(not turned, f"{turned} came after a lighter one")
        found.say(f"the gravest first, after one {grades[0].name} that found the receiver back")
        found.check(stage.rig.stop() == 0, "it did not end well")
    done = (
        f"a week's {number} alerts of seven patients in the outbox, the receiver answering 503, "
        "then 200; a new infarction while they go out"
    )
    promise = "nothing is lost, the gravest goes first, a new one overtakes all that is lighter"
    return (found.row("offline for a week", promise, done),)


def _pile_up(rig: Rig, number: int, chance: random.Random) -> dict[str, Severity]:
    """Store alerts with the daemon's own writer; return their messages' ids and severities."""
    writer = StoreWriter(rig.database, StoreSettings(), boot_id="before")
    writer.start()
    now_unix_s = time.time()
    weights = [weight for _, _, weight in KINDS]
    alerts: dict[str, Severity] = {}
    last = None
    for n in range(number):
        kind, severity, _ = chance.choices(KINDS, weights)[0]
        # The first of them at least is grave, so that there is an order to be kept.
        kind, severity = KINDS[0][:2] if n == number // 2 else (kind, severity)
        at_unix_s = now_unix_s - WEEK_S * (1.0 - n / number)
        alert = Alert(
            alert_id=f"week-{n}",
            patient_id=chance.choice(PATIENTS),
            patient_name="",
            event_type=kind,
            severity=severity,
            occurred_unix_s=at_unix_s,
            occurred_mono_s=float(n),
            boot_id="before",
            clock_synchronised=True,
            simulated=False,
            description="",
            recommended_action="",
        )
        item = OutboxItem(
            f"msg_{n}", alert.alert_id, "target0", severity, alert_body(alert), at_unix_s
        )
        last = writer.store_alert(alert, (item,))
        if n % AT_ONCE == 0:
            last.result(60)
        alerts[item.message_id] = severity
    assert last is not None
    last.result(60)
    assert writer.close()
    return alerts


def _old(receiver: Receiver) -> list[str]:
    """Return the messages of the week, in the order in which they came."""
    names = (headers["webhook-id"] for headers, _ in tuple(receiver.received))
    return [name for name in names if len(name) < len("msg_") + 8]


def _count(receiver: Receiver) -> int:
    return len(set(_old(receiver)))


def _new(receiver: Receiver) -> dict[str, Any] | None:
    """Return what was told of the new infarction."""
    for _, body in tuple(receiver.received):
        data: dict[str, Any] = json.loads(body)["data"]
        if data["event_type"] == "STEMI_DETECTED" and data["patient_id"] == "anna":
            return data
    return None
