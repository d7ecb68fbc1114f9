"""Patients who come and go while the real daemon runs; devices that are swapped; bad neighbours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from daemon_process import STEMI, Daemon, wait_for

from ecgd.config.settings import Settings
from ecgd.errors import ControlError
from ecgd.service.roster_file import FILE_NAME, load_roster

CONFIG = """
[daemon]
log_file = "ecgd.log"
[gpio]
factory = "mock"
pulse_log = "pins.log"
[alarms.hold_off]
stemi_s = 2.0
link_lost_s = 1.0
"""
BY = {"by": "nurse"}


def patient_table(name: str) -> str:
    return f'[[patients]]\nid = "{name}"\nname = "{name.title()}"\nsource = "serial:{name}"\n'


@contextmanager
def device(
    daemon: Daemon, port: str, device_id: str, *words: str, source: str = "synthetic:?rate=72"
) -> Iterator[None]:
    """Run a simulated device on a port of the state directory."""
    link = daemon.state_dir / port
    command = [sys.executable, "-m", "ecgd.node", "--source", source, "--link", str(link)]
    with subprocess.Popen(
        [*command, "--device-id", device_id, *words], stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def wait_for_port(daemon: Daemon, port: str) -> None:
    link = daemon.state_dir / port
    wait_for(lambda: link.is_symlink() or None, f"the port {port}")


def wait_for_own_device(daemon: Daemon, patient_id: str) -> None:
    wait_for(
        lambda: patients(daemon).get(patient_id, {}).get("device_standing") == "bound",
        f"{patient_id}'s device",
    )


def wait_for_window(daemon: Daemon, patient_id: str) -> None:
    wait_for(lambda: patients(daemon)[patient_id]["assessment"], f"{patient_id}'s first window")


def wait_for_stemi(daemon: Daemon, patient_id: str) -> None:
    wait_for(lambda: raised(daemon, patient_id, "STEMI_DETECTED"), f"{patient_id}'s alarm")


@contextmanager
def flood(daemon: Daemon, port: str, garbage: bytes) -> Iterator[list[int]]:
    """Be a port that is always readable; yield the count of bytes that were taken."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    link = daemon.state_dir / port
    link.symlink_to(os.ttyname(theirs))
    taken, ended = [0], threading.Event()

    def pour() -> None:
        while not ended.is_set():
            try:
                taken[0] += os.write(ours, garbage)
            except OSError:
                return

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        os.close(theirs)
        os.close(ours)
        link.unlink()


@pytest.fixture
def daemon(short_dir: Path) -> Iterator[Daemon]:
    made = Daemon(short_dir, CONFIG)
    yield made
    made.end()


def patients(daemon: Daemon) -> dict[str, dict[str, Any]]:
    status = daemon.status()
    return {each["patient_id"]: each for each in status["patients"]} if status else {}


def link_state(daemon: Daemon, patient_id: str) -> str:
    return str(patients(daemon)[patient_id]["link"]["state"])


def alerts(daemon: Daemon, event_type: str) -> list[dict[str, Any]]:
    found = daemon.client().get("/v1/alerts")["alerts"]
    return [alert for alert in found if alert["event_type"] == event_type]


def raised(daemon: Daemon, patient_id: str, event_type: str) -> dict[str, Any] | None:
    alarms = patients(daemon).get(patient_id, {}).get("alarms", [])
    found = (a for a in alarms if a["event_type"] == event_type and a["state"] == "active")
    return next(found, None)


def test_a_patient_who_was_added_is_watched_and_survives_a_kill(daemon: Daemon) -> None:
    with device(daemon, "hc05", "node-a", source=f"replay:{STEMI}?loop=true"):
        daemon.start()
        daemon.wait_until_up()
        assert patients(daemon) == {}
        body = {"id": "anna", "name": "Anna", "source": "serial:hc05"}
        daemon.client().post("/v1/patients", body | BY)
        daemon.stop(signal.SIGKILL)
        daemon.start()
        wait_for(lambda: raised(daemon, "anna", "STEMI_DETECTED"), "the added patient's alarm")
        with pytest.raises(ControlError, match="acknowledged by nobody"):
            daemon.client().post("/v1/patients/anna/archive", BY)
        daemon.client().post("/v1/patients/anna/edit", {"name": "Anna Berta"} | BY)
        anna = patients(daemon)["anna"]
        assert (anna["name"], anna["link"]["state"]) == ("Anna Berta", "up")
        assert raised(daemon, "anna", "STEMI_DETECTED")
        answer = daemon.client().post("/v1/patients/anna/archive", {"force": True} | BY)
        assert answer["patient"]["archived"]
        assert patients(daemon) == {}
        status = daemon.status()
        assert status is not None
        assert status["sounding"] is None
        (alert, *_) = daemon.client().get("/v1/alerts", {"patient": "anna"})["alerts"]
        assert alert["state"] == "cleared"
        daemon.stop(signal.SIGKILL)
        daemon.start()
        daemon.wait_until_up()
        assert patients(daemon) == {}
        daemon.client().post("/v1/patients/anna/restore", BY)
        wait_for(lambda: link_state(daemon, "anna") == "up", "the restored patient's link")
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.said()


def test_a_bad_source_is_one_patient_s_trouble_and_can_be_mended(
    short_dir: Path, daemon: Daemon
) -> None:
    wrong = '[[patients]]\nid = "bad"\nsource = "replay:nothing.hea"\n'
    good = '[[patients]]\nid = "good"\nsource = "synthetic:?rate=72"\n'
    daemon.config.write_text(CONFIG + wrong + good)
    daemon.start()
    wait_for(lambda: patients(daemon).get("good", {}).get("assessment"), "the other patient")
    bad = patients(daemon)["bad"]
    assert bad["link"]["state"] == "lost"
    assert "nothing.hea" in bad["link"]["reason"]
    analysed = patients(daemon)["good"]["windows"]["analysed"]
    daemon.client().post("/v1/patients/bad/edit", {"source": f"replay:{STEMI}?loop=true"} | BY)
    wait_for(lambda: link_state(daemon, "bad") == "up", "the mended patient's link")
    wait_for(
        lambda: patients(daemon)["good"]["windows"]["analysed"] >= analysed + 2, "further windows"
    )
    assert patients(daemon)["good"]["windows"]["replaced"] == 0
    listed = {p["patient_id"]: p for p in daemon.client().get("/v1/patients")["patients"]}
    assert listed["bad"]["origin"] == "configuration, edited"
    (daemon.state_dir / "patients.json").write_bytes(b"torn {")
    daemon.stop(signal.SIGKILL)
    daemon.start()
    daemon.wait_until_up()
    status = daemon.status()
    assert status is not None
    (roster,) = (part for part in status["parts"] if part["part"] == "patients")
    assert "put aside as patients.json.damaged-" in roster["detail"]
    assert set(patients(daemon)) == {"bad", "good"}
    (alert,) = wait_for(lambda: alerts(daemon, "ROSTER_FAULT"), "the roster's alarm")
    assert "ecgctl status" in alert["description"]
    assert "bad" not in alert["description"], "an alarm goes outside, and names nobody"


def test_two_devices_that_are_swapped_are_foreign_until_a_person_accepts_it(
    daemon: Daemon,
) -> None:
    daemon.config.write_text(CONFIG + patient_table("anna") + patient_table("bert"))
    with device(daemon, "anna", "node-a"), device(daemon, "bert", "node-b"):
        for name in ("anna", "bert"):
            wait_for_port(daemon, name)
        daemon.start()
        for name in ("anna", "bert"):
            wait_for_own_device(daemon, name)
    with device(daemon, "anna", "node-b"), device(daemon, "bert", "node-a"):
        alarm = wait_for(lambda: raised(daemon, "anna", "DEVICE_FOREIGN"), "the foreign device")
        wait_for(lambda: raised(daemon, "bert", "DEVICE_FOREIGN"), "the other one")
        words = "; ".join(patients(daemon)["anna"]["device_words"])
        assert "the devices of Anna and Bert are swapped" in words
        assert "ecgctl device accept anna node-b" in words
        evidence = "; ".join(alarm["evidence"])
        assert "'node-b', which is another patient's, is on this patient's line" in evidence
        assert "anna" not in evidence.lower(), "an alarm goes outside, and names nobody"
        assert patients(daemon)["anna"]["assessment"] is None
        answer = daemon.client().post(
            "/v1/devices/accept", {"patient": "anna", "device": "node-b"} | BY
        )
        assert "Bert has no device now" in answer["notes"][0]
        for name in ("anna", "bert"):
            wait_for_window(daemon, name)
            assert patients(daemon)[name]["device_standing"] == "bound"
        assert daemon.stop() == 0
    kept = load_roster(daemon.state_dir / FILE_NAME, Settings()).roster.bindings
    devices = {name: (binding.device.device_id, binding.by) for name, binding in kept.items()}
    assert devices == {"anna": ("node-b", "nurse"), "bert": ("node-a", "")}


def test_seven_devices_of_which_three_behave_badly(daemon: Daemon) -> None:
    names = [f"p{number}" for number in range(7)]
    daemon.config.write_text(CONFIG + "".join(patient_table(name) for name in names))
    stemi = f"replay:{STEMI}?loop=true"
    with ExitStack() as stack:
        for name in names[:4]:
            stack.enter_context(device(daemon, name, f"node-{name}", source=stemi))
        stack.enter_context(device(daemon, "p4", "node-p4", "--stall", "4,3.9"))
        stack.enter_context(device(daemon, "p5", "node-p5", "--byte-loss", "0.02"))
        taken = stack.enter_context(flood(daemon, "p6", b"\xa5\x5a" * 2048))
        for name in names:
            wait_for_port(daemon, name)
        daemon.start()
        for name in names[:4]:
            wait_for_stemi(daemon, name)
        before, began_s, began_bytes = patients(daemon), time.monotonic(), taken[0]
        time.sleep(3.0)
        after, passed_s = patients(daemon), time.monotonic() - began_s
        for name in names[:4]:
            windows = (before[name]["windows"], after[name]["windows"])
            assert windows[1]["analysed"] - windows[0]["analysed"] >= passed_s - 2.0
            assert windows[1]["replaced"] == windows[0]["replaced"]
        assert 0 < taken[0] - began_bytes < 64 * 1024 * passed_s
        figures = {f["stage"]: f for f in daemon.client().get("/v1/diagnostics")["latency"]}
        assert figures["total"]["p50_ms"] < figures["total"]["budget_ms"]
        assert after["p6"]["device"] is None
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.said()
