"""A session with a key: what it takes, what it remembers, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from chaos.numbers import NumberedFeed

from ecgd.config.settings import PatientSettings, Settings
from ecgd.errors import RecordingError
from ecgd.model.link import BytesReceived, LinkOpened, LinkState
from ecgd.node.device import Battery, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.protocol import Command, LinkKey, Mark, encode_command
from ecgd.service.link_marks import LinkMarks
from ecgd.service.offline import AnalysisRequest, analyse_recording
from ecgd.service.session import PatientSession
from ecgd.sources.byte_log import ByteLogHeader, ByteLogWriter, Direction

KEY = LinkKey(bytes(16))


def line_of(key: LinkKey | None, seconds: float = 5.0) -> bytes:
    node = SimulatedDevice(cast(Feed, NumberedFeed()), "bench", Battery(), boot=7, key=key)
    began = node.advance(0.01)
    return b"".join([*began, *node.receive(encode_command(Command.HELLO)), *node.advance(seconds)])


def session_of(
    marks: LinkMarks, key: LinkKey | None, source: str = "serial:/dev/x"
) -> PatientSession:
    patient = PatientSettings(id="anna", source=source)
    session = PatientSession(
        patient, Settings(), phase_s=0.0, new_alert_id=lambda: "a", now_s=0.0, marks=marks
    )
    session.secure(key)
    session.receive(LinkOpened(0.0))
    return session


def hear(session: PatientSession, line: bytes) -> tuple[int, str]:
    """Return how many samples were taken, and what is said 3 s later where there were none."""
    session.receive(BytesReceived(line, 0.1))
    session.watch(3.5)
    status = session.status(3.5, analysed=0, replaced=0)
    return status.link.samples, status.link_reason


def test_sealed_samples_are_taken_once_by_all_sessions_of_a_life(tmp_path: Path) -> None:
    marks, line = LinkMarks(tmp_path), line_of(KEY)
    first = session_of(marks, KEY)
    assert hear(first, line)[0] == 1250
    assert first.status(0.2, analysed=0, replaced=0).authenticated is True
    assert marks.mark(KEY.fingerprint) == Mark(7, 1250)
    marks.keep()

    samples, words = hear(session_of(LinkMarks(tmp_path), KEY), line)
    assert samples == 0
    assert "a recording is played" in words


def test_a_recording_that_is_played_on_purpose_may_be_played_again(tmp_path: Path) -> None:
    marks, line = LinkMarks(tmp_path), line_of(KEY)
    for _ in range(2):
        assert hear(session_of(marks, KEY, "replay:x.ecgdbytes"), line)[0] == 1250
    assert marks.mark(KEY.fingerprint) is None
    assert hear(session_of(marks, KEY), line)[0] == 1250
    assert hear(session_of(marks, KEY, "replay:x.ecgdbytes"), line)[0] == 1250


@pytest.mark.parametrize(
    ("own", "devices", "words"),
    [
        (None, KEY, "set key_file in [patients.device]"),
        (KEY, None, "packets without authentication are refused"),
        (KEY, LinkKey(bytes(15) + b"x"), "another key than that of key_file"),
    ],
)
def test_a_device_that_does_not_fit_is_silent_and_says_why(
    tmp_path: Path, own: LinkKey | None, devices: LinkKey | None, words: str
) -> None:
    session = session_of(LinkMarks(tmp_path), own)
    samples, said = hear(session, line_of(devices))
    assert samples == 0
    assert session.link(3.5)[0] is LinkState.SILENT
    assert words in said


def test_a_sealed_recording_is_analysed_with_its_key_only(tmp_path: Path) -> None:
    log, key_file = tmp_path / "line.ecgdbytes", tmp_path / "k"
    writer = ByteLogWriter.create(log, ByteLogHeader(9600, {}))
    writer.write(line_of(KEY), Direction.FROM_DEVICE, 1.0)
    writer.close()
    key_file.write_text("00" * 16, encoding="ascii")
    key_file.chmod(0o600)

    with pytest.raises(RecordingError, match="--key-file"):
        list(analyse_recording(AnalysisRequest(log), Settings()))
    assert len(list(analyse_recording(AnalysisRequest(log, key_file=key_file), Settings()))) >= 3
