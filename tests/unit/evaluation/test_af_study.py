"""Fibrillation is counted by record, over 10 s and over 30 s."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ecg_shapes import beat_times, ecg

from ecgd.evaluation.af_study import AfRow, af_section, study_challenge_2017, study_ptbxl
from ecgd.model.signal import FloatArray


def heart(irregular: bool, duration_s: float) -> FloatArray:
    """Return leads I and II in µV; an irregular heart has no P wave of its own."""
    rng = np.random.default_rng(7)
    at_s = beat_times(duration_s, 0.8)
    if irregular:
        at_s = np.cumsum(rng.uniform(0.45, 1.1, at_s.size)) + 0.3
        at_s = at_s[at_s < duration_s - 0.4]
    signal_mv = ecg(at_s, duration_s)[:2]
    if irregular:
        clock_s = np.arange(signal_mv.shape[1]) / 250.0
        for r_s in at_s:
            before = (clock_s > r_s - 0.3) & (clock_s < r_s - 0.06)
            signal_mv[:, before] = 0.015 * np.sin(2 * np.pi * 6 * clock_s[before])
    return np.rint(1000 * (signal_mv + rng.normal(scale=0.005, size=signal_mv.shape)))


def test_short_records(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("ecg_id,rhythm\n1,AFIB\n2,SR\n3,PACE\n")
    signals = [heart(irregular, 10.0) for irregular in (True, False, False)]
    np.save(tmp_path / "limb250_uV.npy", np.stack(signals).astype(np.int16))
    rows = study_ptbxl(tmp_path, 0, 1)
    assert [(row.rhythm, row.told) for row in rows] == [("AFIB", True), ("SR", False)]


def test_pieces_are_joined(tmp_path: Path) -> None:
    lines = [
        f"{name},{k},2500,{rhythm}"
        for name, rhythm in (("A1", "AF"), ("A2", "normal"), ("A3", "noisy"))
        for k in range(4)
    ]
    (tmp_path / "labels.csv").write_text("\n".join(("record,segment,valid_len,rhythm", *lines)))
    signals = [heart(irregular, 40.0)[0] for irregular in (True, False, False)]
    np.save(tmp_path / "ecg250_uV.npy", np.concatenate(signals).reshape(-1, 2500).astype(np.int16))
    rows = study_challenge_2017(tmp_path, 0, 1)
    assert [(row.rhythm, row.span_s, row.told) for row in rows] == [
        ("AF", 10.0, True),
        ("AF", 30.0, True),
        ("normal", 10.0, False),
        ("normal", 30.0, False),
    ]


def test_the_table_counts_by_span_and_database() -> None:
    rows = [
        AfRow("PTB-XL", "AFIB", 10.0, True),
        AfRow("PTB-XL", "SR", 10.0, True),
        AfRow("Challenge 2017", "AF", 30.0, False),
    ]
    section = af_section(rows)
    assert "| 10 s | PTB-XL | 1 | 100.0 % | 1 | 0.0 % |" in section
    assert "| 30 s | **all** | 1 | 0.0 % | 0 | – |" in section
