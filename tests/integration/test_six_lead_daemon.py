"""The real daemon and a six-lead device at 38400 baud: an infarction raises the alarm."""

from __future__ import annotations

import json
from pathlib import Path

from daemon_process import Daemon, config, node, wait_for

from ecgd.config.settings import DeviceSettings
from ecgd.sources.byte_log import ByteLogReader, Direction
from ecgd.sources.byte_log_device import device_from_notes

DEVICE = """[patients.device]
protocol = "six-lead"
counts_per_mv = 400.0
highpass_hz = 0.0
lowpass_hz = 100.0
"""


def six_lead_config() -> str:
    return config(stemi_s=2.0, more=DEVICE).replace("baud=9600", "baud=38400")


def test_an_infarction_on_six_measured_leads_raises_the_alarm(short_dir: Path) -> None:
    log = short_dir / "line.ecgdbytes"
    words = ("--protocol", "six-lead", "--baud", "38400", "--log", str(log))
    with node(short_dir, *words):
        daemon = Daemon(short_dir, six_lead_config())
        daemon.start()
        try:
            daemon.wait_until_up()
            (alarm,) = wait_for(lambda: daemon.alarms("active"), "the alarm")
            assert alarm["event_type"] == "STEMI_DETECTED"
            patient = daemon.patient()
        finally:
            daemon.end()

    device = patient["device"]
    assert (device["device_id"], device["protocol"]) == ("six-lead", "six-lead")
    assert device["leads"] == ["I", "II", "III", "aVL", "aVF", "aVR"]
    assert patient["device_status"] is None
    assert patient["battery"] == {"percent": None, "mv": None, "age_s": None}
    link = patient["link"]["statistics"]
    assert link["samples"] > 1250
    assert (link["samples_lost"], link["crc_errors"]) == (0, 0)
    assert "electrode" not in json.dumps(patient["alarms"])

    reader = ByteLogReader(log)
    assert device_from_notes(reader.header.notes) == DeviceSettings(
        protocol="six-lead", counts_per_mv=400.0, highpass_hz=0.0, lowpass_hz=100.0
    )
    said = [record for record in reader if record.direction is Direction.TO_DEVICE]
    assert said == []


def test_a_line_too_slow_is_refused_with_what_to_set(short_dir: Path) -> None:
    daemon = Daemon(short_dir, six_lead_config().replace("baud=38400", "baud=9600"))
    daemon.start()
    try:
        assert daemon.process is not None
        assert daemon.process.wait(20) != 0
    finally:
        daemon.end()
    assert "patients[0].source: 9600 baud carry 960 bytes a second" in daemon.said()
    assert "set device and URL to baud=38400 or more" in daemon.said()
