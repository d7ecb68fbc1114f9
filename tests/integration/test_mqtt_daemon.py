"""The real daemon and a real mosquitto: what Home Assistant would see, from the first second on.

The tests of this module are one story: each takes the scene up where the one before left it.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from daemon_process import STEMI, Daemon, config, node, wait_for
from home_assistant import discovery_problems, shown
from mosquitto_broker import Broker, Listener, brokering, listening

pytestmark = pytest.mark.debian("mosquitto")

BASE = "ecgd/pi"
ANNA = f"{BASE}/patient/anna"
BERT = f"{BASE}/test/bert"
GATEWAY = f"{BASE}/gateway"
AVAILABILITY = f"{BASE}/availability"
COMMAND = f"{BASE}/command"
ANSWER = f"{BASE}/answer"
DISCOVERED = {
    GATEWAY: "homeassistant/device/ecgd-pi-gateway/config",
    ANNA: "homeassistant/device/ecgd-pi-anna/config",
    BERT: "homeassistant/device/ecgd-pi-test-bert/config",
}


@dataclass
class Scene:
    """A daemon with two patients, one at a device and one simulated; a broker and a listener."""

    daemon: Daemon
    broker: Broker
    listener: Listener

    def target(self) -> dict[str, Any]:
        status = self.daemon.status()
        assert status is not None, self.daemon.said()
        found: dict[str, Any] = next(t for t in status["targets"] if t["name"] == "mqtt")
        return found

    def ask(self, sender: str, payload: bytes | str) -> dict[str, Any]:
        """Send a command, return its answer."""
        heard = len(self.listener.bodies(f"{ANSWER}/{sender}"))
        self.listener.say(f"{COMMAND}/{sender}", payload)
        answers = wait_for(
            lambda: self.listener.bodies(f"{ANSWER}/{sender}")[heard:], f"answer to {payload!r}"
        )
        return answers[0]


MORE = """
[mqtt]
enabled = true
host = "127.0.0.1"
port = {port}
gateway = "pi"
allow_commands = true
state_every_s = 2
[[patients]]
id = "bert"
label = "bed 2"
name = "Bert Boone"
source = "replay:{source}?loop=true"
"""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with TemporaryDirectory(prefix="ecgd") as name:
        directory = Path(name)
        with brokering(directory) as broker, listening(broker.port) as listener:
            daemon = Daemon(directory, config(more=MORE.format(port=broker.port, source=STEMI)))
            with node(directory):
                daemon.start()
                try:
                    daemon.wait_until_up()
                    there = {AVAILABILITY, *DISCOVERED.values()}
                    wait_for(lambda: there <= set(listener.kept), "everybody to be announced")
                    yield Scene(daemon, broker, listener)
                finally:
                    daemon.end()


def test_everybody_is_discovered_by_what_home_assistant_documents(scene: Scene) -> None:
    wait_for(lambda: set(DISCOVERED.values()) <= set(scene.listener.kept), "discovery")
    wait_for(lambda: scene.listener.kept.get(AVAILABILITY) == b"online", "the gateway's presence")
    for base, topic in DISCOVERED.items():
        message = scene.listener.newest(topic)
        assert discovery_problems(topic, message) == []
        assert message["availability"] == [{"topic": AVAILABILITY}]
        assert message["state_topic"] == f"{base}/state"
        expiring = [e for e in message["components"].values() if "expire_after" in e]
        assert {e["platform"] for e in expiring} == {"binary_sensor", "sensor"}
    anna, bert = (scene.listener.newest(DISCOVERED[each])["device"] for each in (ANNA, BERT))
    assert anna["name"] == "anna"
    assert bert["name"] == "bed 2 (simulated)"
    assert anna["via_device"] == bert["via_device"] == "ecgd-pi-gateway"


def test_alarm_is_an_event_and_stays_as_a_state(scene: Scene) -> None:
    heard = scene.listener

    def stemi() -> list[dict[str, Any]]:
        return [e for e in heard.bodies(f"{ANNA}/event") if e["event_type"] == "STEMI_DETECTED"]

    event = wait_for(stemi, "the event")[0]
    assert event["severity"] == "CRITICAL"
    assert event["simulated"] is False
    assert event["event_type"] in _entities(scene, ANNA)["event"]["event_types"]
    assert not any(retained for topic, _, retained in heard.heard if topic.endswith("/event"))
    state = wait_for(
        lambda: s if (s := heard.newest(f"{ANNA}/state")).get("alarm_high") == "ON" else None,
        "the state",
    )
    assert event["alert_id"] in {alarm["alert_id"] for alarm in state["alarms"]}
    for key, entity in _entities(scene, ANNA).items():
        if "value_template" in entity:
            value = shown(entity, state)
            options = entity.get("options")
            assert options is None or value is None or value in options, key
            assert entity["platform"] != "binary_sensor" or value in ("ON", "OFF"), key
    assert state["monitored"] == "ON"
    assert 40 < state["heart_rate_bpm"] < 120


def test_simulated_alarm_stays_in_its_own_branch(scene: Scene) -> None:
    event = wait_for(lambda: scene.listener.bodies(f"{BERT}/event"), "the simulated event")[0]
    assert event["simulated"] is True
    assert not [t for t, _, _ in scene.listener.heard if t.startswith(f"{BASE}/patient/bert")]


def test_no_name_leaves_the_house(scene: Scene) -> None:
    everything = b"".join(body for _, body, _ in scene.listener.heard)
    assert everything
    for name in (b"Anna", b"Bert", b"Boone"):
        assert name not in everything


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("{", "no JSON object"),
        (b"\xff\xfe\x00", "no JSON object"),
        ("[]", "no JSON object"),
        ('{"command": "reboot"}', "no such command"),
        ('{"command": "acknowledge"}', "acknowledge what?"),
        ('{"command": "acknowledge", "alert_id": "../../etc"}', "alert_id is no id"),
        ('{"command": "acknowledge", "alert_id": "0badcafe"}', "no such alarm"),
        ('{"command": "acknowledge", "patient_id": "nobody"}', "no such patient"),
        ('{"command": "pause_audio", "for": "ever"}', "unknown key"),
        (b'{"command": "' + b"x" * 5000 + b'"}', "longer than"),
    ],
)
def test_command_that_makes_no_sense_is_answered(
    scene: Scene, payload: bytes | str, words: str
) -> None:
    answer = scene.ask("nurse", payload)
    assert answer["done"] is False
    assert words in answer["error"]


def test_acknowledgement_is_stored_under_the_name_of_its_topic(scene: Scene) -> None:
    wait_for(
        lambda: scene.listener.newest(f"{ANNA}/state").get("alarm_unanswered") == "ON", "an alarm"
    )
    wait_for(lambda: scene.listener.bodies(f"{BERT}/event"), "the other one's")
    asked = json.dumps({"command": "acknowledge", "patient_id": "anna"})
    answer = scene.ask("nurse", asked)
    assert answer["done"] is True
    assert answer["alert_ids"]
    wait_for(
        lambda: scene.listener.newest(f"{ANNA}/state")["alarm_unanswered"] == "OFF", "the answer"
    )
    by = {a["acknowledged_by"] for a in scene.listener.newest(f"{ANNA}/state")["alarms"]}
    assert by == {"mqtt:nurse"}
    stored = scene.daemon.client().get("/v1/alerts")["alerts"]
    assert "mqtt:nurse" in {alert["acknowledged_by"] for alert in stored}
    assert scene.listener.newest(f"{BERT}/state")["alarm_unanswered"] == "ON", "anna's alone"


def test_sound_is_paused_by_a_command(scene: Scene) -> None:
    assert scene.ask("button", '{"command": "pause_audio"}')["pause_s"] == 120.0
    status = scene.daemon.status()
    assert status is not None
    assert status["audio_paused_s"] is not None


def test_commands_that_were_refused_are_counted(scene: Scene) -> None:
    def refused() -> int:
        found = re.search(r"commands refused: (\d+)", scene.target()["detail"])
        return int(found[1]) if found else 0

    before = refused()
    assert scene.ask("nurse", "[]")["done"] is False
    assert refused() == before + 1


def test_who_comes_later_sees_the_states_at_once_and_no_alarm_again(scene: Scene) -> None:
    with listening(scene.broker.port) as later:
        there = {AVAILABILITY, *DISCOVERED.values(), *(f"{base}/state" for base in DISCOVERED)}
        wait_for(lambda: {t for t, _, retained in later.heard if retained} == there, "the states")
        assert not [topic for topic, _, _ in later.heard if topic.endswith(("/event", "/late"))]


def test_archived_patient_disappears(scene: Scene) -> None:
    scene.daemon.client().post("/v1/patients/bert/archive", {"by": "test", "force": True})
    gone = {f"{BERT}/state", DISCOVERED[BERT]}
    wait_for(lambda: not gone & set(scene.listener.kept), "the removal")
    assert f"{ANNA}/state" in scene.listener.kept


def test_broker_that_was_killed_gets_everything_anew(scene: Scene) -> None:
    scene.broker.stop()
    wait_for(lambda: not scene.target()["healthy"], "the trouble in the status")
    scene.listener.kept.clear()
    scene.broker.start()
    kept = {AVAILABILITY, f"{ANNA}/state", DISCOVERED[ANNA], DISCOVERED[GATEWAY]}
    wait_for(lambda: kept <= set(scene.listener.kept), "everything retained")
    wait_for(lambda: scene.target()["healthy"], "health")


def test_dead_daemon_is_told_by_the_broker(scene: Scene) -> None:
    wait_for(lambda: scene.listener.kept.get(AVAILABILITY) == b"online", "online")
    scene.daemon.send(signal.SIGKILL)
    wait_for(lambda: scene.listener.kept[AVAILABILITY] == b"offline", "the last will")


def _entities(scene: Scene, base: str) -> dict[str, dict[str, Any]]:
    entities: dict[str, dict[str, Any]] = scene.listener.newest(DISCOVERED[base])["components"]
    return entities
