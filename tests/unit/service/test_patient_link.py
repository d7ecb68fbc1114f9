"""One patient's link: a bad source is its own trouble, an unexpected failure is everybody's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.errors import RecordingError
from ecgd.model.link import LinkState, Received
from ecgd.service import patient_link
from ecgd.service.live import LiveHub
from ecgd.service.patient_link import PatientLink
from ecgd.service.session import PatientSession
from ecgd.store.writer import StoreWriter


@dataclass
class Playing:
    """A source that does what the next of ``acts`` says."""

    acts: list[Exception | None]
    runs: int = 0
    told: list[Received] = field(default_factory=list)

    async def run(self, deliver: Callable[[Received], None]) -> None:
        self.runs += 1
        act = self.acts.pop(0)
        if act is not None:
            raise act

    def send(self, data: bytes) -> bool:
        return False


@pytest.fixture
def session() -> PatientSession:
    patient = PatientSettings(id="anna", source="synthetic:")
    return PatientSession(patient, Settings(), phase_s=0.0, new_alert_id=lambda: "a", now_s=0.0)


@pytest.fixture
def link(
    session: PatientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PatientLink]:
    monkeypatch.setattr(patient_link, "OPEN_AGAIN_S", 0.01)
    store = StoreWriter(tmp_path / "x.sqlite3", Settings().store, boot_id="b")
    yield PatientLink(
        session,
        store,
        lambda patient_id, window: None,
        random.Random(0),
        LiveHub(),
        met=lambda session: None,
    )
    store.close()


def play(monkeypatch: pytest.MonkeyPatch, *acts: Exception | None) -> Playing:
    source = Playing(list(acts))
    monkeypatch.setattr(patient_link, "open_source", lambda *_, **__: source)
    return source


def test_a_source_that_cannot_be_read_is_said_and_tried_again(
    link: PatientLink,
    session: PatientSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = RecordingError("torn", "mend it")
    source = play(monkeypatch, wrong, wrong, None)
    asyncio.run(asyncio.wait_for(link.run(), 5))
    assert source.runs == 3
    state, _ = session.link(0.0)
    assert state is LinkState.LOST
    status = session.status(0.0, analysed=0, replaced=0)
    assert status.link_reason == "torn. mend it"


def test_a_source_that_cannot_be_opened_is_told_once_however_often_it_is_tried(
    link: PatientLink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    def refuse(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        raise RecordingError("no such file")

    monkeypatch.setattr(patient_link, "open_source", refuse)

    async def story() -> None:
        task = asyncio.create_task(link.run())
        while tries < 4:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(story(), 5))
    told = [record for record in caplog.records if "no such file" in record.getMessage()]
    assert len(told) == 1


def test_an_unexpected_failure_is_not_swallowed(
    link: PatientLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError, match="a defect"):
        asyncio.run(asyncio.wait_for(link.run(), 5))


def test_without_its_key_nothing_of_a_sealed_device_is_taken(
    session: PatientSession, link: PatientLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "anna.key"
    key_file.write_text("00" * 16, encoding="ascii")
    key_file.chmod(0o644)
    device = DeviceSettings(key_file=str(key_file))
    session.renew(replace(session.patient, device=device), simulated=False)
    source = play(monkeypatch, None)

    async def story() -> None:
        running = asyncio.ensure_future(link.run())
        await asyncio.sleep(0.05)
        assert source.runs == 0
        assert "can be read by others" in session.status(1.0, analysed=0, replaced=0).link_reason
        key_file.chmod(0o600)
        await asyncio.wait_for(running, 5)

    asyncio.run(story())
    assert source.runs == 1
    assert session.status(1.0, analysed=0, replaced=0).authenticated is False
