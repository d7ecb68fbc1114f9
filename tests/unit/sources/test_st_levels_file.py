"""Tables of ST levels: any order, missing leads and cells, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.sources.st_levels_file import read_st_levels


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "levels.csv"


def test_columns_come_in_any_order_and_cells_may_be_missing(table: Path) -> None:
    table.write_text(
        "aVF,time_s,remark,II,I,III,aVR,aVL\n"
        "0.15,0.8,,0.2,0.1,0.1,-0.15,0\n"
        "\n"
        "# a remark\n"
        ",1.6,x,0.2,,0.1,NaN,\n"
        ",2.4,,0.2,,,,\n"
    )
    read = read_st_levels(table)
    assert read.times_s.tolist() == [0.8, 1.6, 2.4]
    assert read.leads == ("I", "II", "III", "aVL", "aVF", "aVR")
    np.testing.assert_allclose(read.pair_mv[:2], [[0.1, 0.2], [0.1, 0.2]], atol=1e-12)
    assert np.isnan(read.pair_mv[2]).all()
    assert read.notes == ("1 of 3 beats have fewer than two measured leads: passed over",)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("time_s,aVR,aVL\n1,-0.15,0.0\n", (0.1, 0.2)),
        ("time_s;III;aVF\n1;0,1;0,15\n", (0.1, 0.2)),
        ("t [ms]\tI [µV]\tII [uV]\n1000\t100\t200\n", (0.1, 0.2)),
    ],
)
def test_two_leads_are_enough(table: Path, text: str, pair: tuple[float, float]) -> None:
    table.write_text(text, encoding="utf-8")
    read = read_st_levels(table)
    np.testing.assert_allclose(read.pair_mv, [pair], atol=1e-12)
    assert read.times_s.tolist() == [1.0]
    assert any("derived from the other leads" in note for note in read.notes)


def test_leads_that_contradict_each_other_are_told(table: Path) -> None:
    table.write_text("time_s,I,II,III\n1,0.1,0.2,0.1\n2,0.1,0.2,-0.1\n3,0.1,0.2,0.12\n")
    (note,) = (n for n in read_st_levels(table).notes if "contradict" in n)
    assert "in 1 of 3 beats" in note
    assert "first in line 3" in note


def test_a_level_that_no_heart_has_is_not_measured(table: Path) -> None:
    table.write_text("time_s,I,II,III\n1,0.1,0.2,0.1\n2,0.1,0.2,900\n3,0.1,0.2,0.1\n")
    read = read_st_levels(table)
    np.testing.assert_allclose(read.pair_mv, [[0.1, 0.2]] * 3, atol=1e-12)
    assert "1 levels beyond 5 mV" in " ".join(read.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("time_s,I,II\n", "has no beats"),
        ("0.8,0.1,0.2\n", "line 1: no column is called time_s"),
        ("time_s,I\n1,0.1\n", "line 1: a vector needs two limb leads, found: I"),
        ("time_s,I,V1\n1,0.1,0.2\n", "found: I"),
        ("time_s,I,I,II\n1,0.1,0.1,0.2\n", "two columns are I"),
        ("time_s,I,II\n1,0.1,0.2\n2,oops,0.2\n", "line 3: 'oops' is no number"),
        ("time_s,I,II\n1,0.1,0.2\n2,0.1\n", "line 3: has 2 cells where the heading has 3"),
        ("time_s,I,II\n2,0.1,0.2\n1,0.1,0.2\n", "line 3: 1 s comes after 2 s"),
        ("time_s,I,II\n,0.1,0.2\n", "line 2: has no time"),
        ("time_s,I,II\n1,120,80\n2,130,90\n", "line 2: ST of 120 mV is not a heart's"),
        ("time_s,I,II\n1,,0.1\n2,,\n", "no beat has two measured leads"),
        ("PK\x03\x04junk", "Excel"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(table: Path, text: str, said: str) -> None:
    table.write_bytes(text.encode())
    with pytest.raises(RecordingError, match=r"levels\.csv") as refused:
        read_st_levels(table)
    assert said in str(refused.value)
    assert refused.value.remedy


def test_a_file_that_is_not_there_is_told(table: Path) -> None:
    with pytest.raises(RecordingError, match=r"levels\.csv"):
        read_st_levels(table)
