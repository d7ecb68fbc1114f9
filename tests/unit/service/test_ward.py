"""The turns of those who are watched, when their number changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.model.baseline import BEAT_POINTS, LEARNED_S, Baseline, MedianBeat
from ecgd.pipeline.history import History
from ecgd.service.coverage import CoverageLedger
from ecgd.service.link_marks import LinkMarks
from ecgd.service.live import LiveHub
from ecgd.service.occurrence import Circumstances
from ecgd.service.restart import load_baseline
from ecgd.service.roster_keeper import RosterKeeper
from ecgd.service.ward import Ward, free_phase_s
from ecgd.service.worker import AnalysisWorker
from ecgd.store.writer import StoreWriter

BEAT = MedianBeat(np.ones((2, BEAT_POINTS)), 70, 95, (9.0, 9.0), None, None, 0.8, 5)
USUAL = Baseline(BEAT, (("II", 0.05),), LEARNED_S)
ANNA = PatientSettings(id="anna", source="synthetic:?rate=70")
BERT = PatientSettings(id="bert", source="synthetic:?rate=80")


class House:
    """A ward with a real worker and store, and nothing on its lines."""

    def __init__(self, folder: Path) -> None:
        self.store = StoreWriter(folder / "ecgd.sqlite3", Settings().store, boot_id="boot")
        self.store.start()
        self.parts = SimpleNamespace(
            settings=Settings(),
            sessions={},
            links={},
            worker=AnalysisWorker(cast(Any, None), lambda _, __: None),
            store=self.store,
            live=LiveHub(),
            coverage=SimpleNamespace(ledger=CoverageLedger()),
            radio=None,
            marks=LinkMarks(folder),
            met=lambda session: None,
            capsules=None,
            fan_out=SimpleNamespace(circumstances=None),
            circumstances=Circumstances("boot", True, "rules", "", "before"),
        )
        self.ward = Ward(cast(Any, self.parts), RosterKeeper(folder, Settings()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def test_a_patient_who_leaves_leaves_nothing_behind_and_what_is_usual_waits(house: House) -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            house.ward.admit_all((BERT,))
            house.ward.begin(group)
            house.ward.admit(ANNA, USUAL)
            assert house.parts.sessions["anna"].phase_s == 0.5
            assert house.parts.worker.baseline("anna") is USUAL
            while house.store._streams.keys() != {"anna", "bert"}:
                await asyncio.sleep(0.01)
            await house.ward.discharge("anna")
            assert set(house.parts.sessions) == set(house.parts.links) == {"bert"}
            assert set(house.store._streams) == {"bert"}
            assert [patient.id for patient in house.parts.settings.patients] == ["bert"]
            assert set(house.ward._tasks) == {"bert"}
            house.ward.admit(ANNA)
            assert house.parts.worker.baseline("anna") is USUAL
            house.ward.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_another_source_begins_the_link_anew_and_another_name_does_not(house: House) -> None:
    async def story() -> None:
        house.ward.admit_all((ANNA,))
        link, session = house.parts.links["anna"], house.parts.sessions["anna"]
        hash_before = house.parts.fan_out.circumstances.config_hash
        await house.ward.renew(replace(ANNA, name="Anna"), relink=False)
        assert house.parts.links["anna"] is link
        assert session.name == "Anna"
        assert house.parts.fan_out.circumstances.config_hash != hash_before
        house.parts.worker.adopt_baseline("anna", USUAL)
        device = DeviceSettings(protocol="six-lead", counts_per_mv=200.0)
        patient = replace(ANNA, source="serial:///dev/x", device=device)
        await house.ward.renew(patient, relink=True)
        assert house.parts.links["anna"] is not link
        assert house.parts.sessions["anna"] is session
        assert not session.simulated
        assert session.intake.device is not None
        assert session.intake.device.counts_per_mv == 200.0
        assert house.parts.worker.baseline("anna") is USUAL

    asyncio.run(story())


def test_nothing_is_usual_where_nothing_was_kept(tmp_path: Path) -> None:
    assert load_baseline(tmp_path / "none.sqlite3", "anna") is None
    assert History().baseline is None


@pytest.mark.parametrize(
    ("taken_s", "expected_s"),
    [
        ([], 0.0),
        ([0.0], 0.5),
        ([0.4], 0.9),
        ([0.0, 0.5], 0.25),
        ([0.0, 0.25, 0.5], 0.75),
        ([0.9, 0.1], 0.5),
    ],
)
def test_a_new_patient_s_turn_is_amid_the_largest_gap(
    taken_s: list[float], expected_s: float
) -> None:
    assert free_phase_s(taken_s, 1.0) == pytest.approx(expected_s)


@given(
    taken=st.lists(st.floats(0.0, 0.999), min_size=1, max_size=6),
    hop_s=st.sampled_from((0.5, 1.0, 5.0)),
)
def test_nobody_is_nearer_than_half_of_the_largest_gap(taken: list[float], hop_s: float) -> None:
    taken_s = [hop_s * share for share in taken]
    phase_s = free_phase_s(taken_s, hop_s)
    assert 0.0 <= phase_s < hop_s
    around = (abs(phase_s - each) % hop_s for each in taken_s)
    nearest_s = min(min(distance, hop_s - distance) for distance in around)
    assert nearest_s >= hop_s / len(taken_s) / 2 - 1e-9
