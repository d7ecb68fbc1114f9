"""Properties of reading tables and EDF: every dialect, and no garbage that escapes."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import edfio
import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ecgd.errors import RecordingError
from ecgd.model.signal import IntArray
from ecgd.sources.recording import Recording, read_recording

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V6")
CELLS = st.sampled_from(("0", "1.5", "", "x", "nan", "-", "1e9", "10:00", "#", '"'))


def _read(name: str, content: bytes, **how: object) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_recording(path, **how)  # type: ignore[arg-type]


@st.composite
def dialects(draw: st.DrawFn) -> tuple[bytes, IntArray, tuple[str, ...], float]:
    """A table as bytes, and its samples in µV, leads and rate."""
    leads = tuple(draw(st.lists(st.sampled_from(LEADS), min_size=1, max_size=4, unique=True)))
    fs_hz = float(draw(st.sampled_from((100, 125, 250, 360, 500, 512, 1000))))
    count = draw(st.integers(20, 120))
    seed = draw(st.integers(0, 2**32 - 1))
    microvolts = np.random.default_rng(seed).integers(-1500, 1500, (len(leads), count))
    separator = draw(st.sampled_from((",", ";", "\t")))
    mark = "." if separator == "," else draw(st.sampled_from((".", ",")))
    quote = draw(st.sampled_from(("", '"')))
    unit, pattern, scale = draw(
        st.sampled_from((("mV", "{:.3f}", 0.001), ("µV", "{:.0f}", 1.0), ("V", "{:.6f}", 1e-6)))
    )
    spelling = draw(st.sampled_from(("{}", "ECG {}", "lead_{}", "EKG-{}")))
    form = draw(st.sampled_from(("{} [{}]", "{} ({})", "{}/{}")))
    in_ms = draw(st.booleans())
    heads = [
        "t [ms]" if in_ms else "time_s",
        *(form.format(spelling.format(x), unit) for x in leads),
    ]
    rows = [
        [f"{(1000 if in_ms else 1) * n / fs_hz:.6f}", *(pattern.format(v * scale) for v in column)]
        for n, column in enumerate(microvolts.T.tolist())
    ]
    body = [[cell.replace(".", mark) for cell in row] for row in rows]
    lines = [separator.join(f"{quote}{cell}{quote}" for cell in row) for row in (heads, *body)]
    tail = draw(st.sampled_from(("", separator)))
    end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    comment = draw(st.sampled_from(("", "# made by hand" + end)))
    text = comment + "".join(line + tail + end for line in lines)
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", "cp1252", "utf-16")))
    return text.encode(encoding), microvolts, leads, fs_hz


@given(table=dialects())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_dialect_reads_back_equal(
    table: tuple[bytes, IntArray, tuple[str, ...], float],
) -> None:
    content, microvolts, leads, fs_hz = table
    recording = _read("table.csv", content)
    assert recording.leads == leads
    assert recording.fs_hz == fs_hz
    assert recording.valid.all()
    assert (recording.counts == microvolts).all()


@given(
    table=dialects(),
    hits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=3)), max_size=4),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_damaged_table_is_read_or_refused(
    table: tuple[bytes, IntArray, tuple[str, ...], float], hits: list[tuple[float, bytes]]
) -> None:
    content = bytearray(table[0])
    for place, damage in hits:
        at = int(place * (len(content) - 1))
        content[at : at + len(damage)] = damage
    _read_or_refused("table.csv", bytes(content))


@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
@example(content=b"time,I\n0,1\n0.004,2\n0.008,\n")
@example(content=b"#\n,\n;")
@example(content=b'"')
@settings(max_examples=200, deadline=None, derandomize=True)
def test_garbage_is_no_table(content: bytes) -> None:
    _read_or_refused("garbage.csv", content)
    _read_or_refused("garbage.edf", content)


@given(cells=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_odd_cells_are_read_or_refused(cells: list[tuple[str, ...]]) -> None:
    text = "\n".join(["time,I,II", *(",".join(row) for row in cells)])
    _read_or_refused("odd.csv", text.encode(), fs_hz=250.0)


@cache
def _holter() -> bytes:
    rng = np.random.default_rng(1)
    signals = [
        edfio.EdfSignal(
            rng.normal(0, 0.3, 1000),
            250.0,
            label=label,
            physical_dimension="mV",
            physical_range=(-5, 5),
            prefiltering="HP:0.05Hz LP:100Hz",
        )
        for label in ("ECG I", "ECG II")
    ]
    file = edfio.Edf(signals, annotations=[edfio.EdfAnnotation(1, None, "x")])
    return file.to_bytes().replace(b"EDF+C", b"EDF+D")


@given(
    hits=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 7)), max_size=6),
    cut=st.none() | st.integers(0, 6000),
)
@settings(max_examples=250, deadline=None, derandomize=True)
def test_an_edf_file_with_flipped_bits_is_read_or_refused(
    hits: list[tuple[int, int]], cut: int | None
) -> None:
    content = bytearray(_holter())
    for at, bit in hits:
        content[at] ^= 1 << bit
    _read_or_refused("holter.edf", bytes(content[:cut]))


@given(step=st.integers(2, 40), missing=st.integers(1, 300), at=st.integers(30, 170))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_missing_rows_leave_the_others_in_place(step: int, missing: int, at: int) -> None:
    fs_hz = 1000.0 / step
    assume(fs_hz >= 100)
    kept = [n for n in range(200 + missing) if not at <= n < at + missing]
    text = "\n".join(["time [ms],I [uV]", *(f"{n * step},{n % 97 * 10}" for n in kept)])
    recording = _read("gaps.csv", text.encode())
    assert np.flatnonzero(recording.valid).tolist() == kept
    assert recording.counts[0, kept].tolist() == [n % 97 * 10 for n in kept]


def _read_or_refused(name: str, content: bytes, **how: object) -> None:
    """Read it to something that makes sense, or get an error that says what to do."""
    try:
        recording = _read(name, content, **how)
    except RecordingError as error:
        assert name in error.what
        assert error.remedy
        return
    assert recording.counts.shape == (len(recording.leads), recording.valid.size)
    assert 100.0 <= recording.fs_hz <= 1000.0
    assert recording.valid.any()
