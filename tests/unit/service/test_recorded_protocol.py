"""A byte recording is read in the protocol that its notes name, whatever is configured."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.errors import RecordingError
from ecgd.model.link import BytesReceived, LinkOpened
from ecgd.service.session import PatientSession
from ecgd.sources.byte_log import ByteLogHeader, ByteLogReader, ByteLogWriter
from ecgd.sources.byte_log_device import DEVICE
from ecgd.sources.replay import ByteLogSource

LOG = Path(__file__).resolve().parents[2] / "replay" / "six_lead_clean.ecgdbytes"


def test_a_session_reads_a_recording_as_its_notes_say() -> None:
    patient = PatientSettings(id="anna", source=f"replay:{LOG}")
    session = PatientSession(patient, Settings(), phase_s=0.0, new_alert_id=lambda: "a", now_s=0.0)
    reader = ByteLogReader(LOG)
    source = ByteLogSource(reader, speed=1.0, clock=time.monotonic)
    assert source.device is not None
    assert source.device.protocol == "six-lead"
    configured = session.intake
    session.read_as(source.device)
    assert (configured.takes_commands, session.intake.takes_commands) == (True, False)
    session.receive(LinkOpened(0.0))
    for record in reader:
        session.receive(BytesReceived(record.data, record.time_s))
    assert session.intake.statistics.samples > 8000
    before = session.intake
    session.read_as(DeviceSettings())
    assert session.intake is before


def test_a_recording_with_damaged_notes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn.ecgdbytes"
    ByteLogWriter.create(path, ByteLogHeader(9600, {DEVICE: "{"})).close()
    with pytest.raises(RecordingError, match="device settings are damaged"):
        ByteLogSource(ByteLogReader(path), speed=1.0, clock=time.monotonic)
