"""The daemon's side of the fault light."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from ecgd.alerts.beat import BeatListener
from ecgd.config.fault_light import FaultLightSettings
from ecgd.service import fault_beat
from ecgd.service.fault_beat import FaultBeat


async def answer() -> None:
    return


async def hang() -> None:
    await asyncio.Event().wait()


def run(beat: FaultBeat, seconds: float = 0.1) -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(beat.run(), seconds))


def test_beats_name_this_process_and_this_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_beat, "BEAT_S", 0.01)
    listener = BeatListener(str(tmp_path / "beat"))
    before_s = time.monotonic()
    run(FaultBeat(FaultLightSettings(socket=str(tmp_path / "beat")), answer))
    beats = [each for each in listener.receive(0.0) if each is not None]
    assert len(beats) > 1
    assert {each.pid for each in beats} == {os.getpid()}
    assert all(before_s - 0.001 <= each.at_s <= time.monotonic() + 0.001 for each in beats)
    listener.close()


def test_analysis_that_hangs_silences_the_beat(tmp_path: Path) -> None:
    listener = BeatListener(str(tmp_path / "beat"))
    run(FaultBeat(FaultLightSettings(socket=str(tmp_path / "beat")), hang))
    assert not list(listener.receive(0.0))
    listener.close()


def test_missing_fault_light_is_told_once_and_so_is_its_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fault_beat, "BEAT_S", 0.01)
    caplog.set_level("INFO")
    beat = FaultBeat(FaultLightSettings(pin=24, socket=str(tmp_path / "beat")), answer)
    assert beat.health() is None, "nothing is known yet"
    run(beat)
    health = beat.health()
    assert health is not None
    assert (health.healthy, health.detail) == (False, "its program does not run")
    listener = BeatListener(str(tmp_path / "beat"))
    run(beat)
    health = beat.health()
    assert health is not None
    assert health.healthy
    listener.close()
    assert [each.message for each in caplog.records] == [
        "no fault light: its program does not run",
        "the fault light watches again",
    ]


def test_without_a_pin_nothing_is_missed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    beat = FaultBeat(FaultLightSettings(socket=str(tmp_path / "beat")), answer)
    run(beat)
    assert beat.health() is None
    assert not caplog.records
