"""The corpus: who teaches and who validates, and that nobody does both."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgd.evaluation.corpus import (
    FILTERED,
    RAW,
    Entry,
    check_split,
    held_hash,
    patient_of_long,
    read_corpus,
    read_entry,
)

PTBXL = ("ecg_id", "processing", "patient_id", "strat_fold", "super_class", "sub_class", "form")


def write_table(folder: Path, rows: list[dict[str, str]], leads: int) -> None:
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    samples = np.arange(len(rows) * leads * 2500) % 700 - 350
    shaped = samples.reshape(len(rows), leads, 2500).astype(np.int16)
    np.save(folder / ("limb250_uV.npy" if leads == 2 else "ecg250_uV.npy"), shaped)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    ptbxl = [
        {
            "ecg_id": str(number),
            "processing": "raw" if number % 2 else "bp0.5-40Hz_zero-phase_rescaled",
            "patient_id": f"{number // 2}.0",
            "strat_fold": f"{number // 2 % 9 + 1}.0",
            "super_class": "NORM" if number % 3 else "MI",
            "sub_class": "",
            "form": "",
            "rhythm": "SR",
        }
        for number in range(40)
    ]
    write_table(tmp_path / "ptbxl", ptbxl, 2)
    other = [
        {
            "dataset": dataset,
            "record": f"r{k}",
            "patient": f"patient{k % 8}",
            "segment": "0",
            "dx": "MI",
        }
        for k in range(30)
        for dataset in ("ptbdb", "ptbdb_chal2020", "georgia")
    ]
    write_table(tmp_path / "other12lead", other, 2)
    single = [
        {"record": f"A{k // 3}", "segment": str(k % 3), "rhythm": "AF" if k < 6 else "normal"}
        for k in range(30)
    ]
    write_table(tmp_path / "cinc2017", single, 1)
    for name in ("mitdb/201", "mitdb/208", "qtdb/sel208", "qtdb/sele0104", "qtdb/sele0106"):
        path = tmp_path / f"{name}.hea"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_no_patient_is_on_two_sides(data: Path) -> None:
    entries = read_corpus(data)

    check_split(entries)

    teaching = {entry.patient for entry in entries if not entry.validates}
    validating = {entry.patient for entry in entries if entry.validates}
    assert not teaching & validating
    assert teaching and validating
    assert len(entries) == 40 + 90 + 30 + 5


def test_a_patient_on_two_sides_is_refused(data: Path) -> None:
    entries = read_corpus(data)
    crossed = [*entries, replace(entries[0], validates=not entries[0].validates)]

    with pytest.raises(ValueError, match=r"ptbxl 0\.0 would teach and validate"):
        check_split(crossed)


def test_copies_of_one_database_are_of_the_same_patients(data: Path) -> None:
    entries = [entry for entry in read_corpus(data) if entry.collection == "other12lead"]
    of_ptb = {e.patient for e in entries if e.patient.startswith("ptb ")}

    assert of_ptb == {f"ptb patient{k}" for k in range(8)}
    assert {e.patient for e in entries} - of_ptb == {f"georgia patient{k}" for k in range(8)}


@pytest.mark.parametrize(
    ("collection", "name", "patient"),
    [
        ("mitdb", "208", "mitdb 208"),
        ("qtdb", "sel208", "mitdb 208"),
        ("mitdb", "201", "mitdb 201"),
        ("mitdb", "202", "mitdb 201"),
        ("qtdb", "sel100", "mitdb 100"),
        ("qtdb", "sele0104", "edb e01"),
        ("qtdb", "sel306", "qtdb sel306"),
        ("qtdb", "sel16273", "qtdb sel16273"),
        ("vfdb", "418", "vfdb 418"),
        ("cudb", "cu01", "cudb cu01"),
    ],
)
def test_pieces_of_one_patient_are_known(collection: str, name: str, patient: str) -> None:
    assert patient_of_long(collection, name) == patient


def test_ptbxl_is_split_by_its_folds_and_says_what_was_filtered(data: Path) -> None:
    entries = [entry for entry in read_corpus(data) if entry.collection == "ptbxl"]

    assert {e.patient for e in entries if e.validates} == {"ptbxl 8.0", "ptbxl 17.0"}
    assert [e.processing for e in entries[:2]] == [FILTERED, RAW]


def test_a_fifth_of_the_patients_validates() -> None:
    share = np.mean([held_hash(f"somewhere {number}") for number in range(4000)])
    assert share == pytest.approx(0.2, abs=0.03)


def test_single_leads_take_the_place_of_lead_i(data: Path) -> None:
    entry = next(e for e in read_corpus(data) if e.collection == "cinc2017")
    recording = read_entry(data, entry)
    assert recording.leads == ("I",) and recording.counts.shape == (1, 2500)


def test_bedside_leads_keep_their_names_or_take_what_is_free(tmp_path: Path) -> None:
    rows = [
        {"record": "a", "alarm": "Asystole", "alarm_true": "1", "lead0": "V", "lead1": "II"},
        {"record": "b", "alarm": "Asystole", "alarm_true": "0", "lead0": "III", "lead1": "V"},
    ]
    folder = tmp_path / "cinc2015"
    folder.mkdir()
    (folder / "labels.csv").write_text(
        "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]), encoding="utf-8"
    )
    samples = np.stack([np.full(22500, 100), np.full(22500, 200)]).astype(np.int16)
    np.save(folder / "ecg250_uV.npy", np.stack([samples, samples]))

    first, second = (read_entry(tmp_path, entry) for entry in read_corpus(tmp_path))

    assert first.leads == second.leads == ("I", "II")
    assert first.counts[:, 0].tolist() == [100, 200]
    assert second.counts[:, 0].tolist() == [200, 100]
    assert first.sample_count == 5000


def test_an_entry_without_a_row_is_a_long_recording() -> None:
    assert Entry("mitdb", "208", "mitdb 208", False, RAW, {}).is_long
