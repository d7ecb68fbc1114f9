"""The keeper: what cannot be written is said and tried again, what was lost is an alarm."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.model.device import DeviceInfo
from ecgd.service import roster as rosters
from ecgd.service import roster_keeper
from ecgd.service.binding import Binding
from ecgd.service.roster_file import FILE_NAME, RosterFileError, load_roster
from ecgd.service.roster_keeper import RosterKeeper

ANNA = PatientSettings(id="anna", source="serial:///dev/rfcomm0")
BOUND = {"anna": Binding(DeviceInfo("n", 250.0, ("I", "II"), 400.0), DeviceSettings(), 1.0)}


def test_a_change_is_on_the_disk_when_it_is_kept(tmp_path: Path) -> None:
    keeper = RosterKeeper(tmp_path, Settings())
    roster = rosters.added(keeper.roster, ANNA, 1.0, "nurse")
    asyncio.run(keeper.keep(roster))
    assert keeper.roster == roster
    assert load_roster(tmp_path / FILE_NAME, Settings()).roster == roster
    assert keeper.health(()).detail == "1 watched"


def test_a_damaged_file_is_a_problem_until_a_person_has_changed_something(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\x00" * 100)
    keeper = RosterKeeper(tmp_path, Settings(patients=(ANNA,)))
    health = keeper.health((ANNA,))
    assert not health.healthy
    assert "put aside" in health.detail
    assert rosters.watched(keeper.roster, (ANNA,)) == (ANNA,)
    asyncio.run(keeper.keep(keeper.roster))
    assert keeper.health((ANNA,)).healthy


def test_what_the_disk_refuses_is_not_in_force_and_is_said(tmp_path: Path) -> None:
    keeper = RosterKeeper(tmp_path, Settings())
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    before = keeper.roster
    with pytest.raises(RosterFileError, match="cannot write"):
        asyncio.run(keeper.keep(rosters.added(before, ANNA, 1.0, "nurse")))
    assert keeper.roster == before
    assert not keeper.health(()).healthy
    (tmp_path / f"{FILE_NAME}.new").rmdir()
    asyncio.run(keeper.keep(before))
    assert keeper.health(()).healthy


def test_bindings_are_written_by_themselves_and_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_keeper, "AGAIN_S", 0.02)

    async def story() -> None:
        keeper = RosterKeeper(tmp_path, Settings(patients=(ANNA,)))
        blocker = tmp_path / f"{FILE_NAME}.new"
        blocker.mkdir()
        task = asyncio.create_task(keeper.run(lambda: BOUND))
        keeper.want_bindings_kept()
        for _ in range(100):
            await asyncio.sleep(0.01)
            if keeper.problem:
                break
        assert "cannot write" in keeper.problem
        blocker.rmdir()
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not keeper.problem:
                break
        task.cancel()
        kept = load_roster(tmp_path / FILE_NAME, Settings(patients=(ANNA,)))
        assert kept.roster.bindings == BOUND

    asyncio.run(story())


def test_an_added_patient_who_finds_no_room_any_more_is_an_alarm(tmp_path: Path) -> None:
    keeper = RosterKeeper(tmp_path, Settings())
    asyncio.run(keeper.keep(rosters.added(keeper.roster, ANNA, 1.0, "nurse")))
    bert = PatientSettings(id="bert", source=ANNA.source)
    again = RosterKeeper(tmp_path, Settings(patients=(bert,)))
    assert rosters.watched(again.roster, (bert,)) == (bert,)
    assert "anna is archived" in again.problem


def test_the_end_is_heard_even_in_the_moment_of_a_change(tmp_path: Path) -> None:
    async def story() -> bool:
        keeper = RosterKeeper(tmp_path, Settings())
        task = asyncio.create_task(keeper.run(dict))
        await asyncio.sleep(0.01)
        keeper.want_bindings_kept()
        task.cancel()
        done, _ = await asyncio.wait((task,), timeout=2.0)
        task.cancel()
        return bool(done)

    assert asyncio.run(story())
