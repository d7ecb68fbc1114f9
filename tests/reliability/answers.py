"""What befalls the way back of answers: a service that is away, drips, or talks nonsense."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import phone_schemas as schemas
from phone_services import Got, Reaction, Service, serving, told

from ecgd.alerts.profiles.acknowledge import acknowledge_word
from reliability.bench import Bench
from reliability.receiver import delivery_s
from reliability.rig import Stage, staged
from reliability.row import Findings, Row

TOPIC, REPLY, TOKEN = schemas.NTFY_TOPIC, schemas.NTFY_REPLY, schemas.NTFY_TOKEN
GOOD_LIMIT_S = 2.0
TOLD_LIMIT_S = 150.0
"""A minute that it lasts, and the attempts before it counts."""

PHONES = """
[[webhooks]]
name = "ntfy"
profile = "ntfy"
url = "{ntfy}"
secret_file = "ntfy"
acknowledge = true
[[webhooks]]
name = "pushover"
profile = "pushover"
url = "{pushover}"
secret_file = "pushover"
"""


class _Phones:
    """ntfy and Pushover that take every message; ``way`` is how the way back behaves."""

    def __init__(self, stack: ExitStack) -> None:
        self.way = "drips"
        self.answers: list[str] = []
        self.asked = {"ntfy": 0, "pushover": 0}
        self.ntfy = stack.enter_context(serving(self._ntfy))
        self.pushover = stack.enter_context(serving(self._pushover))

    def _back(self, service: Service, name: str, good: Reaction) -> Reaction:
        self.asked[name] += 1
        service.drips = self.way == "drips"
        if self.way == "away":
            return told({"error": "away"}, 503)
        return (200, {}, b"\xff" * 100_000) if self.way == "nonsense" else good

    def _ntfy(self, service: Service, got: Got) -> Reaction:
        if not urlsplit(got.path).path.endswith("/json"):
            service.drips = False
            return told({"id": "m1", "event": "message", "topic": TOPIC})
        lines = [
            {"id": f"r{n}", "event": "message", "topic": REPLY, "message": word}
            for n, word in enumerate(self.answers)
        ]
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        return self._back(service, "ntfy", (200, {}, body))

    def _pushover(self, service: Service, got: Got) -> Reaction:
        if got.method == "GET":
            return self._back(service, "pushover", told({"status": 1, "acknowledged": 0}))
        service.drips = False
        return told({"status": 1, "request": "q", "receipt": "r" * 30})


def try_answers(bench: Bench) -> tuple[Row, ...]:
    """Let the ways back fail in each way while an alarm waits for an answer; then let them work."""
    found = Findings()
    ways = ("drips",) if bench.quick else ("drips", "away", "nonsense")
    with bench.place() as directory, ExitStack() as stack:
        phones = _Phones(stack)
        stage = stack.enter_context(staged(directory))
        rig = stage.rig
        text = rig.config.read_text()
        urls = {"ntfy": phones.ntfy.url, "pushover": phones.pushover.url}
        rig.config.write_text(text + PHONES.format(**urls))
        secrets = {
            "ntfy": f"topic={TOPIC}\nreply={REPLY}\ntoken={TOKEN}\n",
            "pushover": f"token={schemas.PUSHOVER_TOKEN}\nuser={schemas.PUSHOVER_USER}\n",
        }
        for name, words in secrets.items():
            (rig.state_dir / name).write_text(words)
            (rig.state_dir / name).chmod(0o600)
        stage.plug()
        rig.start()
        stage.wait_for_alert()
        delay_s = delivery_s(rig)
        found.say(f"the good receiver had the alarm within {1000 * delay_s:.0f} ms")
        found.check(delay_s <= GOOD_LIMIT_S, "it waited for the others")
        rig.wait_for(lambda: all(phones.asked.values()), "questions to both services")
        if not bench.quick:
            _told_while_away(stage, phones, ways, found)
        heard = stage.heard("LINK_LOST")
        began_s = time.monotonic()
        stage.unplug()
        rig.wait_for(lambda: stage.heard("LINK_LOST") > heard, "another alarm meanwhile")
        found.say(f"another alarm meanwhile after {time.monotonic() - began_s:.1f} s")
        phones.way = "works"
        alarms = [each for each in rig.all_alarms() if each["event_type"] == "STEMI_DETECTED"]
        phones.answers.append(acknowledge_word(alarms[0]["alert_id"], "ntfy"))
        began_s = time.monotonic()
        rig.wait_for(lambda: _answered_by(stage, alarms[0]["alert_id"]), "the answer", 90.0)
        found.say(f"once they work, the answer counted after {time.monotonic() - began_s:.0f} s")
        found.check(rig.stop() == 0, "it did not end well")
    done = "ntfy's reply topic and Pushover's receipts: " + ", ".join(WAYS[way] for way in ways)
    promise = "nothing else is delayed; it is told; answers count as soon as they come"
    return (found.row("answers do not come", promise, done),)


WAYS = {
    "drips": "a byte now and then",
    "away": "HTTP 503",
    "nonsense": "100 kB of what is no answer",
}


def _told_while_away(stage: Stage, phones: _Phones, ways: tuple[str, ...], found: Findings) -> None:
    """Wait for the technical alarm; meanwhile the services fail in one way after the other."""
    began_s = time.monotonic()
    end_s = began_s + TOLD_LIMIT_S
    while time.monotonic() < end_s and not stage.heard("ANSWERS_FAILING"):
        phones.way = ways[int((time.monotonic() - began_s) // 30.0) % len(ways)]
        time.sleep(0.2)
    told_s = time.monotonic() - began_s
    found.say(f"ANSWERS_FAILING delivered after {told_s:.0f} s")
    found.check(told_s < TOLD_LIMIT_S, "nobody was told")


def _answered_by(stage: Stage, alert_id: str) -> bool:
    alarms = stage.rig.all_alarms()
    return any(
        each["alert_id"] == alert_id and str(each["acknowledged_by"]).startswith("ntfy")
        for each in alarms
    )
