"""Reading tables: the dialects that spreadsheets, watches and databases write."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecgd.model.signal import FloatArray
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.recording import Recording, read_recording

SAMPLES = 1000


@cache
def ecg_mv() -> FloatArray:
    """Leads I and II, as a file with four decimals holds them."""
    return np.round(PatientSignal(Patient(), 250.0).take(SAMPLES).signal_mv, 4)


def rows(pattern: str = "{time:.3f},{i:.4f},{ii:.4f}") -> list[str]:
    first, second = ecg_mv()
    return [
        pattern.format(n=n, time=n / 250, ms=4 * n, i=first[n], ii=second[n])
        for n in range(SAMPLES)
    ]


def write(folder: Path, lines: Iterable[str], encoding: str = "utf-8", end: str = "\n") -> Path:
    path = folder / "table.csv"
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def german(lines: Iterable[str]) -> list[str]:
    return [line.replace(",", ";").replace(".", ",") for line in lines]


def check(recording: Recording, leads: tuple[str, ...] = ("I", "II")) -> None:
    """Every sample is there under its name."""
    assert recording.leads == leads
    assert recording.fs_hz == 250.0
    assert recording.valid.all()
    expected = ecg_mv()[-len(leads) :] if leads[0] != "I" else ecg_mv()[: len(leads)]
    assert np.abs(recording.counts / 1000.0 - expected).max() <= 0.00051


def test_what_ecgctl_exports(tmp_path: Path) -> None:
    facts = 'patient="anna" device="n 1" fs_hz=250.0 counts_per_mv=200.0 highpass_hz=0.5'
    lines = [f"# ecgd 1.0 {facts}", "time_s,I [mV],II [mV]", *rows()]
    lines[102] = "0.400,,"
    recording = read_recording(write(tmp_path, lines))
    assert np.flatnonzero(~recording.valid).tolist() == [100]
    assert recording.notes == ()
    assert (recording.device.highpass_hz, recording.device.lowpass_hz) == (0.5, None)
    lines[102] = rows()[100]
    check(read_recording(write(tmp_path, lines)))


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_a_german_spreadsheet(tmp_path: Path, encoding: str) -> None:
    heading = "Zeit [ms];EKG I (µV);Ableitung II (µV);Bemerkung;"
    body = german(rows("{ms},{i:.4f},{ii:.4f}"))
    first, second = ecg_mv() * 1000
    body = [
        f"{4 * n};{first[n]:.1f};{second[n]:.1f};{'Schwindel, stark' if n == 9 else ''};".replace(
            ".", ","
        )
        for n in range(SAMPLES)
    ]
    path = write(tmp_path, [heading, *body, ";;;;", ";;;;"], encoding, "\r\n")
    recording = read_recording(path)
    check(recording)
    assert recording.notes == ("left out: Bemerkung",)


@pytest.mark.parametrize(
    ("heading", "body"),
    [
        ("Zeit [s];I [mV];II [mV]", german(rows())),
        ("time\tI mV\tII mV", [line.replace(",", "\t") for line in rows()]),
        ('"t/s","lead_I","lead_II"', ['"' + r.replace(",", '","') + '"' for r in rows()]),
        ('"t","i","ii"', ['"' + r.replace(",", '","').replace(".", ",") + '"' for r in rows()]),
        ("Time (s), ECG I, ECG-II", [row.replace(",", " , ") for row in rows()]),
        ("seconds,Lead I,Lead II,", [row + "," for row in rows()]),
        ("seconds,Lead I,Lead II", [row + "," for row in rows()]),
        ("milliseconds,DI,DII", rows("{ms},{i:.4f},{ii:.4f}")),
        ("'Elapsed time','I','II'\n'seconds','mV','mV'", rows()),
        ("time,I,II\n(s),(mV),(mV)\n", rows("{time:.3f},{i:.4e},{ii:+.4f}")),
        ("# time,I,II", rows()),
    ],
)
def test_dialects(tmp_path: Path, heading: str, body: list[str]) -> None:
    check(read_recording(write(tmp_path, [heading, *body])))


def test_clock_times_of_physionet(tmp_path: Path) -> None:
    lines = [
        "'Elapsed time','I','II'",
        "'hh:mm:ss.mmm','mV','mV'",
        *rows("'0:{time:06.3f}',{i},{ii}"),
    ]
    check(read_recording(write(tmp_path, lines)))


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%d %H:%M:%S.%fZ",
        "%Y-%m-%dT%H:%M:%S.%f+02:00",
        "%d.%m.%Y %H:%M:%S.%f",
        "%H:%M:%S.%f",
    ],
)
def test_dates_and_clocks_over_midnight(tmp_path: Path, form: str) -> None:
    begin = datetime(2024, 2, 28, 23, 59, 58)  # noqa: DTZ001 (a zone is in the form or nowhere)
    moments = [(begin + timedelta(milliseconds=4 * n)).strftime(form) for n in range(SAMPLES)]
    body = [f"{moment},{row.split(',', 1)[1]}" for moment, row in zip(moments, rows(), strict=True)]
    check(read_recording(write(tmp_path, ["timestamp,I,II", *body])))


@pytest.mark.parametrize("country", ["us", "de"])
def test_a_watch(tmp_path: Path, country: str) -> None:
    """One lead, its name, unit and rate in lines before the numbers."""
    if country == "us":
        words = 'Name,A B\nDevice,"Watch4,2"\nSoftware Version,1.2\nSample Rate,250 hertz'
        words += "\n\n\nLead,Lead I\nUnit,µV\n"
    else:
        words = 'Name,A B\nSoftwareversion,"1,2"\nMessrate,250 Hertz\n\nAbleitung,Ableitung I'
        words += "\nEinheit,µV\n"
    body = [f"{1000 * value:.3f}" for value in ecg_mv()[0]]
    if country == "de":
        body = [line.replace(".", ",") for line in body]
    check(read_recording(write(tmp_path, [words, *body])), ("I",))


def test_columns_that_are_no_leads_are_said(tmp_path: Path) -> None:
    lines = ["sample,time,I,II,SpO2 [%],annotation", *rows("{n},{time:.3f},{i},{ii},97,N")]
    recording = read_recording(write(tmp_path, lines))
    check(recording)
    assert recording.notes[0] == "left out: sample, SpO2 [%], annotation"


def test_without_a_header_leads_and_rate_are_given(tmp_path: Path) -> None:
    bare = write(tmp_path, rows("{i:.4f},{ii:.4f}"))
    check(read_recording(bare, leads=["i", "ii"], fs_hz=250.0))
    check(read_recording(write(tmp_path, rows()), leads=["I", "II"]))
    check(read_recording(write(tmp_path, german(rows())), leads=["I", "II"]))
    one = write(tmp_path, [line.replace(".", ",") for line in rows("{ii:.4f}")])
    check(read_recording(one, leads=["II"], fs_hz=250.0), ("II",))


def test_a_rate_may_stand_in_a_comment(tmp_path: Path) -> None:
    lines = ["# sampling rate: 0.25 kHz", "I,II", *rows("{i:.4f},{ii:.4f}")]
    check(read_recording(write(tmp_path, lines)))


def test_leads_are_chosen_or_named(tmp_path: Path) -> None:
    path = write(tmp_path, ["time,I,II", *rows()])
    check(read_recording(path, leads=["II"]), ("II",))
    named = write(tmp_path, ["time,ch1,ch2", *rows()])
    check(read_recording(named, leads=["I", "II"]))


def test_the_unit_is_said_by_heading_option_or_kind_of_number(tmp_path: Path) -> None:
    whole = rows("{time:.3f},{i},{ii}")
    microvolts = [
        f"{n / 250:.3f},{1000 * first:.0f},{1000 * second:.0f}"
        for n, (first, second) in enumerate(ecg_mv().T)
    ]
    taken = read_recording(write(tmp_path, ["time,I,II", *microvolts]))
    check(taken)
    assert taken.notes == ("no unit is given: taken as µV, as whole numbers are",)
    assert read_recording(write(tmp_path, ["time,I,II", *whole])).notes == (
        "no unit is given: taken as mV, as fractions are",
    )
    wrong = write(tmp_path, ["time,I [mV],II [mV]", *microvolts])
    check(read_recording(wrong, unit="uV"))


def test_missing_cells_are_invalid_samples(tmp_path: Path) -> None:
    body = rows()
    for row, cells in ((10, ",0.1"), (20, "NaN,0.1"), (30, "0.1,n/a"), (40, ","), (50, " ,inf")):
        body[row] = f"{row / 250:.3f},{cells}"
    recording = read_recording(write(tmp_path, ["time,I,II", *body]))
    assert np.flatnonzero(~recording.valid).tolist() == [10, 20, 30, 40, 50]


def test_missing_rows_are_invalid_samples(tmp_path: Path) -> None:
    body = rows()
    del body[300:320], body[700:701]
    recording = read_recording(write(tmp_path, ["time_s,I [mV],II [mV]", *body]))
    assert recording.sample_count == SAMPLES
    assert np.flatnonzero(~recording.valid).tolist() == [*range(300, 320), 720]
    assert recording.notes == ("21 rows are missing in 2 gap(s): invalid samples",)
    signal = ecg_mv()[:, recording.valid]
    assert np.abs(recording.counts[:, recording.valid] / 1000.0 - signal).max() <= 0.00051


def test_times_that_are_rounded_or_jitter_give_the_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    steady = np.arange(SAMPLES) / 360
    for times_s, decimals in ((steady, 3), (steady + rng.normal(0, 0.0003, SAMPLES), 6)):
        body = [f"{t:.{decimals}f},{v}" for t, v in zip(times_s, ecg_mv()[1], strict=True)]
        recording = read_recording(write(tmp_path, ["time,II", *body]))
        assert recording.fs_hz == pytest.approx(360.0, rel=1e-3)
        assert recording.sample_count == SAMPLES
        assert recording.valid.all()


def test_coarse_times_do_with_a_given_rate(tmp_path: Path) -> None:
    body = [f"{n // 250},{value}" for n, value in enumerate(ecg_mv()[1])]
    recording = read_recording(write(tmp_path, ["time,II", *body]), fs_hz=250.0)
    check(recording, ("II",))
    assert "its times are too coarse: rows are counted" in recording.notes


def test_a_line_that_was_cut_off_at_the_end_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, ["time,I,II", *rows()])
    path.write_bytes(path.read_bytes() + b"4.000,0.0")
    check(read_recording(path))


def test_comments_and_empty_lines_between_rows(tmp_path: Path) -> None:
    body = rows()
    body[500:500] = ["# electrode moved", "", "   "]
    check(read_recording(write(tmp_path, ["time,I,II", *body], end="\r\n")))


@pytest.mark.parametrize("name", ["table.CSV", "table.tsv", "table.Txt"])
def test_the_suffix_in_any_case(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, ["time,I,II", *rows()])
    path = path.rename(tmp_path / name)
    check(read_recording(path))


def test_many_blocks_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecgd.sources.table_text._BLOCK_CHARS", 3000)
    body = rows()
    body[900] = body[900].replace(",", ' ,"', 1).replace(",0", '",0', 1)
    body[901] = body[901].split(",", 1)[0] + ",,"
    recording = read_recording(write(tmp_path, ["time,I,II", *rows()]))
    check(recording)
    bom = tmp_path / "bom.csv"
    bom.write_bytes(codecs.BOM_UTF8 + "\n".join(["time,I,II", *body[:900]]).encode())
    assert read_recording(bom).sample_count == 900
