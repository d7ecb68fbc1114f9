"""The line to a real mosquitto: what it says of passwords, certificates, rules, and of silence."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from daemon_process import wait_for
from mosquitto_broker import Broker, brokering, certificates, listening, password_file, settle
from store_examples import make_alert

from ecgd.alerts.mqtt.commands import Command
from ecgd.alerts.mqtt.topics import Topics
from ecgd.alerts.mqtt.worker import MqttWorker
from ecgd.alerts.payload import alert_body
from ecgd.config.fleet import MqttSettings
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import Severity

pytestmark = pytest.mark.debian("mosquitto")

TOPICS = Topics("ecgd", "pi", "homeassistant")
STATE = TOPICS.state("anna", simulated=False)
EVENT = TOPICS.event("anna", simulated=False, late=False)


class Told:
    """What a worker reported."""

    def __init__(self) -> None:
        self.reports: list[DeliveryReport] = []
        self.lost: list[OutboxItem] = []
        self.commands: list[Command] = []

    def results(self) -> list[DeliveryResult]:
        return [report.result for report in self.reports]


def settings(broker: Broker | int, **more: Any) -> MqttSettings:
    port = broker if isinstance(broker, int) else broker.port
    return MqttSettings(enabled=True, host="127.0.0.1", port=port, gateway="pi", **more)


@contextmanager
def working(chosen: MqttSettings) -> Iterator[tuple[MqttWorker, Told]]:
    told = Told()
    worker = MqttWorker(
        chosen,
        TOPICS,
        told.reports.append,
        told.lost.append,
        told.commands.append,
        waits_s=(0.1,),
    )
    worker.mailbox.put_document(STATE, b'{"alarm":"none"}')
    worker.begin()
    try:
        yield worker, told
    finally:
        worker.close()


def item(number: int = 1, severity: Severity = Severity.HIGH) -> OutboxItem:
    raised = replace(make_alert(), alert_id=f"a{number}", patient_id="anna", simulated=False)
    body = alert_body(raised)
    return OutboxItem(f"msg_{number}", f"a{number}", "mqtt", severity, body, 1.8e9)


def test_wrong_password_is_told_once_and_a_right_one_is_taken_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = password_file(tmp_path, "ecgd", "right")
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    with brokering(tmp_path, f"password_file {passwords}", anonymous=False) as broker:
        chosen = settings(broker, user="ecgd", password_file=str(secret))
        with caplog.at_level(logging.INFO), working(chosen) as (worker, _):
            wait_for(lambda: worker.health().failed_attempts >= 4, "four attempts")
            said = [r for r in caplog.records if r.levelno >= logging.WARNING]
            assert len(said) == 1, [r.getMessage() for r in said]
            assert "mqtt.password_file" in said[0].getMessage()
            assert worker.health().detail.startswith("the broker refuses user 'ecgd'")
            assert not worker.health().healthy
            secret.write_text("right\n")
            wait_for(lambda: worker.health().healthy, "the right password")
        assert "wrong" not in caplog.text
        assert "right" not in caplog.text


def test_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open\n")
    secret.chmod(0o644)
    with working(settings(9, user="ecgd", password_file=str(secret))) as (worker, _):
        wait_for(lambda: "chmod 0600" in worker.health().detail, "the refusal")


def test_certificate_of_the_right_authority_alone_is_trusted(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    lines = (f"certfile {made['broker']}", f"keyfile {tmp_path / 'broker.key'}")
    with brokering(tmp_path, *lines) as broker:
        chosen = settings(broker, tls=True, ca_file=str(made["ca"]))
        with working(chosen) as (worker, _):
            wait_for(lambda: worker.health().healthy, "TLS")
        with working(replace(chosen, ca_file=str(made["other"]))) as (worker, _):
            wait_for(lambda: "certificate was refused" in worker.health().detail, "the refusal")
            assert not worker.health().healthy
        with working(replace(chosen, ca_file=str(tmp_path / "none.pem"))) as (worker, _):
            wait_for(lambda: "mqtt.ca_file" in worker.health().detail, "the missing authority")


def test_alarms_wait_for_a_broker_that_is_away_gravest_first_and_each_arrives(
    tmp_path: Path,
) -> None:
    broker = Broker(tmp_path)
    with working(settings(broker)) as (worker, told):
        wait_for(lambda: worker.health().failed_attempts, "a failed attempt")
        for number, severity in enumerate((Severity.LOW, Severity.CRITICAL, Severity.HIGH)):
            worker.submit(item(number, severity))
        assert worker.health().pending == 3
        broker.start()
        try:
            with listening(broker.port) as listener:
                wait_for(lambda: len(told.reports) == 3, "three reports")
                assert [r.item.alert_id for r in told.reports] == ["a1", "a2", "a0"]
                wait_for(lambda: listener.kept.get(STATE), "the retained state")
        finally:
            broker.stop()


def test_broker_that_stops_answering_is_left_and_delays_nobody(tmp_path: Path) -> None:
    with brokering(tmp_path) as broker, working(settings(broker)) as (worker, told):
        wait_for(lambda: worker.health().healthy, "the connection")
        broker.send(signal.SIGSTOP)
        calls_s = []
        for number in range(300):
            began_s = os.times().elapsed
            worker.submit(item(number, Severity.HIGH))
            worker.mailbox.put_document(STATE, b"x" * 20_000)
            calls_s.append(os.times().elapsed - began_s)
        assert max(calls_s) < 0.5
        assert worker.health().pending <= 256 + 16
        assert told.lost, "what found no room is told"
        assert len(told.lost) + worker.health().pending == 300
        broker.send(signal.SIGCONT)
        wait_for(lambda: worker.health().pending == 0, "the rest to go out")


def test_last_will_speaks_for_a_dead_gateway_and_a_goodbye_for_a_stopped_one(
    tmp_path: Path,
) -> None:
    with brokering(tmp_path) as broker, listening(broker.port) as listener:
        with working(settings(broker)):
            wait_for(lambda: listener.kept.get(TOPICS.availability) == b"online", "online")
        wait_for(lambda: listener.kept.get(TOPICS.availability) == b"offline", "the goodbye")


def test_required_broker_has_an_alarm_only_when_somebody_hears_it(tmp_path: Path) -> None:
    with (
        brokering(tmp_path) as broker,
        working(settings(broker, required=True)) as (worker, told),
    ):
        wait_for(lambda: worker.health().healthy, "the connection")
        worker.submit(item())
        wait_for(lambda: told.reports, "the first attempt")
        assert told.results() == [DeliveryResult.RETRY]
        assert told.reports[0].detail == "nobody is subscribed"
        assert worker.health().pending == 1
        with listening(broker.port) as listener:
            wait_for(lambda: told.results()[-1] is DeliveryResult.DELIVERED, "the delivery")
            assert [body["alert_id"] for body in listener.bodies(EVENT)] == ["a1"]
            assert told.reports[-1].item.attempts == 2


def test_broker_whose_rules_forbid_a_topic_is_seen(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite ecgd/pi/availability\n")
    with (
        brokering(tmp_path, f"acl_file {rules}") as broker,
        working(settings(broker, required=True)) as (worker, told),
    ):
        worker.submit(item())
        wait_for(lambda: told.reports, "an attempt")
        assert told.results()[0] is DeliveryResult.RETRY
        assert "check its rules" in worker.health().detail
        assert not worker.health().healthy


def test_another_client_with_the_same_name_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with brokering(tmp_path) as broker, working(settings(broker)) as (first, _):
        wait_for(lambda: first.health().healthy, "the first")
        with working(settings(broker)):
            wait_for(lambda: "another client's name too?" in caplog.text, "the words")
            assert caplog.text.count("the connection broke") == 2, "once each, not each time"


def test_what_an_earlier_run_left_at_the_broker_is_removed(tmp_path: Path) -> None:
    stale = (
        TOPICS.state("bert", simulated=False),
        TOPICS.discovery("bert", simulated=False),
        TOPICS.state("carl", simulated=True),
        TOPICS.discovery("carl", simulated=True),
    )
    others = "homeassistant/device/another/config"
    with brokering(tmp_path) as broker, listening(broker.port) as listener:
        for topic in (*stale, others):
            listener.say(topic, b"{}", retain=True)
        wait_for(lambda: len(listener.kept) == 5, "the old documents")
        with working(settings(broker)):
            wait_for(lambda: not set(stale) & set(listener.kept), "their removal")
            assert others in listener.kept
            assert listener.kept[STATE]


def test_peer_that_is_no_broker_and_one_that_is_silent_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet_wrongly() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                peer.close()

        threading.Thread(target=greet_wrongly, daemon=True).start()
        with working(settings(server.getsockname()[1])) as (worker, _):
            wait_for(lambda: worker.health().failed_attempts >= 3, "attempts")
            assert not worker.health().healthy
            assert worker.health().detail


def test_no_descriptor_is_left_behind_by_attempts(tmp_path: Path) -> None:
    def count() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    with brokering(tmp_path) as broker:
        refusing = settings(broker, tls=True)
        with working(refusing) as (worker, _):
            wait_for(lambda: worker.health().failed_attempts >= 3, "attempts")
            before = count()
            wait_for(lambda: worker.health().failed_attempts >= 8, "more attempts")
            settle(0.05)
            assert count() <= before + 4


def test_command_is_heard_only_where_it_is_allowed_and_fresh(tmp_path: Path) -> None:
    pause = b'{"command": "pause_audio"}'
    with brokering(tmp_path) as broker, listening(broker.port) as speaker:
        speaker.say(TOPICS.command("old"), pause, retain=True)
        with working(settings(broker)) as (worker, told):
            wait_for(lambda: worker.health().healthy, "the connection")
            speaker.say(TOPICS.command("nurse"), pause)
            settle(0.3)
            assert told.commands == []
        with working(settings(broker, allow_commands=True)) as (worker, told):
            wait_for(lambda: speaker.bodies(TOPICS.answer("old")), "the refusal of the old one")
            assert "kept by the broker" in speaker.bodies(TOPICS.answer("old"))[0]["error"]
            speaker.say(TOPICS.command("no good name"), pause)
            speaker.say(TOPICS.command("nurse"), pause)
            wait_for(lambda: told.commands, "the fresh one")
            assert [command.by for command in told.commands] == ["mqtt:nurse"]
            assert "commands refused: 2" in worker.health().detail


def test_flood_of_commands_is_cut_off(tmp_path: Path) -> None:
    pause = b'{"command": "pause_audio"}'
    with (
        brokering(tmp_path) as broker,
        listening(broker.port) as speaker,
        working(settings(broker, allow_commands=True)) as (worker, told),
    ):
        wait_for(lambda: worker.health().healthy, "the connection")
        speaker.say(TOPICS.command("first"), pause)
        wait_for(lambda: told.commands, "the first one")
        for _ in range(100):
            speaker.say(TOPICS.command("flood"), pause)
        wait_for(lambda: "commands refused: " in worker.health().detail, "the refusal")
        assert len(told.commands) < 50
