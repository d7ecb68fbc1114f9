"""What befalls the MQTT broker: killed, stopped in its tracks; wanted and only told."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mosquitto_broker import MOSQUITTO, Broker, listening

from reliability.bench import Bench, NotPossibleHereError
from reliability.receiver import delivery_s
from reliability.rig import Stage, staged
from reliability.row import Findings, Row

GOOD_LIMIT_S = 2.0
BACK_LIMIT_S = 100.0
"""The gateway tries again after 60 s at the latest."""

TOLD_LIMIT_S = 130.0
ANNA = "ecgd/trial/patient/anna"
SECTION = """
[mqtt]
enabled = true
required = {required}
host = "127.0.0.1"
port = {port}
gateway = "trial"
state_every_s = 2
"""
AWAY = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


def try_broker(bench: Bench) -> tuple[Row, ...]:
    """Take the broker away before an alarm, in two ways, wanted and only told."""
    if not Path(MOSQUITTO).exists():
        raise NotPossibleHereError("mosquitto is missing: apt-get install mosquitto")
    return tuple(_away(bench, how, required=required) for required in (True, False) for how in AWAY)


def _away(bench: Bench, how: str, *, required: bool) -> Row:
    found = Findings()
    with bench.place() as directory, ExitStack() as stack:
        broker = Broker(directory)
        stack.callback(broker.stop)
        broker.start()
        text = SECTION.format(required=str(required).lower(), port=broker.port)
        stage = stack.enter_context(staged(directory, more=text))
        rig = stage.rig
        rig.start()
        rig.wait_for(lambda: _health(stage).get("healthy"), "the broker to be told")
        _take_away(broker, how)
        stage.plug()
        rig.wait_until_fed()
        stage.wait_for_alert()
        delay_s = delivery_s(rig)
        found.say(f"pins, and the other target within {1000 * delay_s:.0f} ms")
        found.check(delay_s <= GOOD_LIMIT_S, "the other target waited for the broker")
        if required and not bench.quick:
            began_s = time.monotonic()
            rig.wait_for(lambda: stage.heard("DELIVERY_FAILING"), "the alarm of it", TOLD_LIMIT_S)
            found.say(f"DELIVERY_FAILING delivered {time.monotonic() - began_s:.0f} s later")
        late_ms = rig.client().get("/v1/diagnostics")["loop"]["late_max_ms"]
        found.say(f"the loop at most {late_ms:.0f} ms late")
        _bring_back(broker, how)
        _told_again(stage, broker, found, required=required)
        found.check(rig.stop() == 0, "it did not end well")
    done = f"mosquitto {how} before an alarm, then back; required = {str(required).lower()}"
    promise = "nothing waits for it; what was required comes, else how everybody stands"
    return found.row("broker away", promise, done)


def _told_again(stage: Stage, broker: Broker, found: Findings, *, required: bool) -> None:
    """Wait until the broker knows what it should; a listener is there before the gateway is."""
    began_s = time.monotonic()
    with listening(broker.port) as listener:

        def events() -> list[dict[str, Any]]:
            return [
                event
                for word in ("event", "late")
                for event in listener.bodies(f"{ANNA}/{word}")
                if event["event_type"] == "STEMI_DETECTED"
            ]

        def knows() -> bool:
            return listener.newest(f"{ANNA}/state").get("alarm") == "high"

        stage.rig.wait_for(knows, "the state at the broker", BACK_LIMIT_S)
        found.say(f"the patient's state {time.monotonic() - began_s:.0f} s after its return")
        if required:
            stage.rig.wait_for(events, "the alarm at the broker", BACK_LIMIT_S)
            found.say(f"the alarm {time.monotonic() - began_s:.0f} s after it")
            stage.rig.wait_for(lambda: not _health(stage)["pending"], "nothing to wait any more")


def _take_away(broker: Broker, how: str) -> None:
    broker.send(AWAY[how])
    if how == "killed" and broker.process is not None:
        broker.process.wait(5)


def _bring_back(broker: Broker, how: str) -> None:
    if how == "killed":
        broker.process = None
        broker.start()
    else:
        broker.send(signal.SIGCONT)


def _health(stage: Stage) -> dict[str, Any]:
    status = stage.rig.status()
    targets: list[dict[str, Any]] = status["targets"] if status else []
    return next((each for each in targets if each["name"] == "mqtt"), {})
