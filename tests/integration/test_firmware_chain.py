"""The whole chain: voltages, the firmware's ELF file in its processor, the real daemon, ecgctl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from avr_device import AvrDevice, Signal, needs_simulator
from daemon_process import Daemon, config
from daemon_process import wait_for as wait_with_patience
from firmware_boards import (
    ad8232,
    ads1292r,
    put_electrodes,
    recorded_uv,
    set_battery,
    within_swing,
)

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]

T = TypeVar("T")

PATIENCE_S = 90.0
"""A simulated processor needs a good part of a real one: on a busy machine all goes slowly."""

ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    return wait_with_patience(look, what, PATIENCE_S)


def alarm_of(daemon: Daemon, kind: str) -> dict[str, Any] | None:
    found = [alarm for alarm in daemon.alarms("active") if alarm["event_type"] == kind]
    return found[0] if found else None


def heart_rate_bpm(lead: Signal, fs_hz: float) -> float:
    """Return the rate of the R waves, each the highest sample above 60 % of the highest."""
    (high,) = np.nonzero(lead > 0.6 * lead.max())
    beats = np.split(high, np.nonzero(np.diff(high) > 0.2 * fs_hz)[0] + 1)
    peaks = [beat[np.argmax(lead[beat])] for beat in beats]
    return float(60.0 * fs_hz / np.median(np.diff(peaks)))


def status_json(daemon: Daemon) -> dict[str, Any]:
    """Return the patient as ``ecgctl status --json`` prints it."""
    environ = {**os.environ, "ECGD_SOCKET": str(daemon.state_dir / "control.sock")}
    command = [*ECGCTL, "status", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    patient: dict[str, Any] = json.loads(done.stdout)["patients"][0]
    return patient


def judged_rate(daemon: Daemon) -> float | None:
    rhythm = (daemon.patient().get("assessment") or {}).get("rhythm") or {}
    rate: float | None = rhythm.get("heart_rate_bpm")
    return rate


def check_patient(patient: dict[str, Any], true_rate_bpm: float) -> None:
    device = patient["device"]
    assert (device["device_id"], device["fs_hz"], device["leads"]) == ("ecg-node", 250, ["I", "II"])
    assert (device["highpass_hz"], device["lowpass_hz"]) == (0.5, 40.0)
    assert patient["device_status"]["reset_cause"] == "power_on"
    assert patient["device_status"]["electrodes_sensed"] == ["LA", "LL", "RA"]
    assert patient["battery"]["mv"] == pytest.approx(3900, abs=10)
    rate_bpm = patient["assessment"]["rhythm"]["heart_rate_bpm"]
    assert rate_bpm == pytest.approx(true_rate_bpm, abs=2.0)
    link = patient["link"]["statistics"]
    assert (link["samples_lost"], link["gaps"]) == (0, 0)
    assert link["crc_errors"] <= 1, "the first packet may be heard from its middle"


def test_a_heart_is_seen_through_firmware_and_line(short_dir: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    daemon = Daemon(short_dir, config(stemi_s=2.0).replace("stemi_s", "battery_s = 1.0\nstemi_s"))
    link = daemon.state_dir / "hc05"
    with ad8232(short_dir / "device") as device:
        device.noise(3000.0, seed=1)
        device.play(within_swing(signal_uv), fs_hz)
        device.plug(link)
        device.pace(True)
        daemon.start()
        try:
            daemon.wait_until_up()
            wait_for(lambda: judged_rate(daemon), "a heart rate")
            check_patient(status_json(daemon), heart_rate_bpm(signal_uv[1], fs_hz))
            lose_and_find(daemon, device, link)
        finally:
            daemon.end()


def lose_and_find(daemon: Daemon, device: AvrDevice, link: Path) -> None:
    """An electrode, the battery and the line go, and come back."""
    put_electrodes(device, "LA")
    set_battery(device, 3.2)
    wait_for(lambda: daemon.patient()["device_status"]["electrodes_off"] == ["LA"], "LA to be off")
    device.unplug(link)
    wait_for(lambda: daemon.patient()["link"]["state"] != "up", "the line to be down")
    put_electrodes(device)
    device.plug(link)
    wait_for(lambda: daemon.patient()["device_status"]["electrodes_off"] == [], "LA to be on")
    patient = daemon.patient()
    # The device ran on: what was lost is a gap, and not a new beginning.
    assert patient["link"]["statistics"]["resets"] == 0
    assert patient["link"]["statistics"]["samples_lost"] > 0
    wait_for(lambda: daemon.patient()["battery"]["mv"] < 3400, "the battery to be low")
    wait_for(lambda: alarm_of(daemon, "BATTERY_CRITICAL"), "its alarm")
    figures = device.figures()
    assert (figures.lost_writes, figures.receive_overruns) == (0, 0)


def test_an_infarction_is_seen_through_an_ads1292r(short_dir: Path, recordings: Path) -> None:
    signal_uv, fs_hz = recorded_uv(recordings / "inferior_stemi")
    daemon = Daemon(short_dir, config(stemi_s=2.0))
    with ads1292r(short_dir / "device") as device:
        device.drift(3000.0)
        device.play(signal_uv, fs_hz)
        device.plug(daemon.state_dir / "hc05")
        device.pace(True)
        daemon.start()
        try:
            wait_for(lambda: alarm_of(daemon, "STEMI_DETECTED"), "the alarm")
            statistics = daemon.patient()["link"]["statistics"]
        finally:
            daemon.end()
    assert (statistics["samples_lost"], statistics["crc_errors"]) == (0, 0)
