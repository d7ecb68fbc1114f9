"""What the simulated electrodes see."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecgd.errors import EcgdError, SourceError
from ecgd.model.leads import DERIVATION
from ecgd.model.signal import FloatArray
from ecgd.node.feed import Feed, FeedPart
from ecgd.sources.patient import ElectrodeOff, Patient, PatientSignal

FS_HZ = 250.0


def _take(feed: Feed, samples: int) -> FloatArray:
    block = feed.take(samples)
    assert block is not None
    return block.signal_mv


def _record(folder: Path, names: list[str], seconds: float = 10.0, fs_hz: float = 250.0) -> str:
    """A record with these leads; unknown names get lead II."""
    lead_i, lead_ii = PatientSignal(Patient(), fs_hz).take(round(seconds * fs_hz)).signal_mv
    rows = []
    for name in names:
        of_i, of_ii = DERIVATION.get(name, (0.0, 1.0))
        rows.append(of_i * lead_i + of_ii * lead_ii)
    wfdb.wrsamp(
        "rec",
        fs=fs_hz,
        units=["mV"] * len(names),
        sig_name=names,
        p_signal=np.array(rows).T,
        fmt=["16"] * len(names),
        adc_gain=[1000.0] * len(names),
        baseline=[0] * len(names),
        write_dir=str(folder),
    )
    return f"replay:{folder / 'rec.hea'}"


def test_parts_play_in_turn_to_the_sample() -> None:
    parts = (FeedPart("synthetic:?seed=1", 2.02), FeedPart("synthetic:?seed=2"))
    feed = Feed(parts, (), FS_HZ)
    played = np.concatenate([_take(feed, 25) for _ in range(40)], axis=1)
    first = Feed((FeedPart("synthetic:?seed=1"),), (), FS_HZ)
    second = Feed((FeedPart("synthetic:?seed=2"),), (), FS_HZ)
    assert (played[:, :505] == _take(first, 505)).all()
    assert (played[:, 505:] == _take(second, 495)).all()


def test_it_ends_with_its_last_source(tmp_path: Path) -> None:
    feed = Feed((FeedPart(_record(tmp_path, ["I", "II"])),), (), FS_HZ)
    assert [feed.take(1000) is None for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    "names",
    [
        ["I", "II"],
        ["V1", "II", "I"],
        ["II", "III"],
        ["aVL", "aVF"],
        ["aVR", "I"],
        ["III", "V5", "aVL"],
    ],
)
def test_leads_one_and_two_are_derived_from_any_pair(tmp_path: Path, names: list[str]) -> None:
    feed = Feed((FeedPart(_record(tmp_path, names)),), (), FS_HZ)
    assert feed.leads == ("I", "II")
    truth = PatientSignal(Patient(), FS_HZ).take(2000).signal_mv
    assert np.abs(_take(feed, 2000) - truth).max() < 0.004


def test_a_holter_record_sends_its_monitoring_lead_as_ii(tmp_path: Path) -> None:
    feed = Feed((FeedPart(_record(tmp_path, ["MLII", "V1"], fs_hz=360.0)),), (), FS_HZ)
    assert feed.leads == ("II", "V1")
    truth = PatientSignal(Patient(), FS_HZ).take(2000).signal_mv[1]
    assert np.abs(_take(feed, 2000)[0] - truth)[50:].max() < 0.05


def test_leads_without_a_code_are_refused(tmp_path: Path) -> None:
    url = _record(tmp_path, ["ECG"])
    with pytest.raises(SourceError, match="no code for the leads ECG"):
        Feed((FeedPart(url),), (), FS_HZ)
    assert Feed((FeedPart(f"{url}?leads=II"),), (), FS_HZ).leads == ("II",)


def test_sources_with_different_leads_are_refused(tmp_path: Path) -> None:
    parts = (FeedPart("synthetic:", 1.0), FeedPart(_record(tmp_path, ["V1", "V2"])))
    with pytest.raises(SourceError, match="sends the same leads"):
        Feed(parts, (), FS_HZ)


@pytest.mark.parametrize("url", ["serial:///dev/null", "replay:/none.npy?fs=250&leads=I", "x:"])
def test_wrong_sources_are_refused(url: str) -> None:
    with pytest.raises(EcgdError):
        Feed((FeedPart(url),), (), FS_HZ)


def test_electrodes_come_loose_over_any_source(tmp_path: Path) -> None:
    off = (ElectrodeOff("LL", 1.0, 2.0), ElectrodeOff("RL", 3.0, math.inf))
    feed = Feed((FeedPart(_record(tmp_path, ["I", "II"])),), off, FS_HZ)
    plain = Feed((FeedPart(f"replay:{tmp_path / 'rec.hea'}"),), (), FS_HZ)
    blocks = [feed.take(250) for _ in range(5)]
    seen = [block.electrodes_off for block in blocks if block]
    assert seen == [set(), {"LL"}, set(), {"RL"}, {"RL"}]
    changed = np.concatenate([block.signal_mv for block in blocks if block], axis=1)
    difference = np.abs(changed - _take(plain, 1250)).reshape(2, 5, 250).max(axis=2)
    assert (difference[0] == 0).tolist() == [True, True, True, False, False]
    assert (difference[1] == 0).tolist() == [True, False, True, False, False]


def test_missing_samples_stay_missing(tmp_path: Path) -> None:
    signal_mv = PatientSignal(Patient(), FS_HZ).take(2500).signal_mv
    signal_mv[:, 500:600] = np.nan
    np.save(tmp_path / "a.npy", signal_mv)
    url = f"replay:{tmp_path / 'a.npy'}?fs=250&leads=I,II"
    block = Feed((FeedPart(url),), (), FS_HZ).take(1000)
    assert block is not None
    assert np.flatnonzero(~block.valid).tolist() == list(range(500, 600))
