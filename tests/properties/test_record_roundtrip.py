"""Whatever the scale, the gaps and the counts: an export read back is what was stored."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from record_material import recording_into
from store_examples import NOW_UNIX_S

from ecgd.cli.record_excerpt import TimeSpan, choose_time
from ecgd.cli.record_export import export
from ecgd.cli.wfdb_annotations import encode_notes
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray
from ecgd.store.reader import StoreReader

wfdb = pytest.importorskip("wfdb", reason="wfdb is missing")

NARROW = st.integers(-(2**15) + 1, 2**15 - 1)
ANY = st.integers(-(2**31) + 1, 2**31 - 1)


@dataclass(frozen=True)
class Story:
    """Blocks of one stream with the gap, in samples, before each."""

    device: DeviceInfo
    blocks: list[tuple[int, CountArray, BoolArray]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    leads = draw(st.sampled_from([("I", "II"), ("II",), ("I", "II", "V1"), ("x, y",)]))
    device = DeviceInfo(
        "node",
        draw(st.sampled_from([100.0, 250.0, 360.5, 1000.0])),
        leads,
        counts_per_mv=draw(st.floats(0.01, 1e6, allow_subnormal=False)),
        baseline_counts=draw(st.integers(-40_000, 40_000)),
    )
    elements = draw(st.sampled_from([NARROW, ANY]))
    blocks = []
    for _ in range(draw(st.integers(1, 4))):
        samples = draw(st.integers(1, 60))
        counts = draw(hnp.arrays(np.int32, (len(leads), samples), elements=elements))
        valid = draw(hnp.arrays(np.bool_, samples))
        blocks.append((draw(st.sampled_from([0, 1, 40, 3_000, 20_000])), counts, valid))
    return Story(device, blocks)


def _store(story: Story, path: Path) -> tuple[CountArray, BoolArray]:
    """Store a story; return counts and validity at every position, unstored ones invalid."""
    positions = []
    index = 7
    with recording_into(path) as recorder:
        recorder.open("p", story.device, NOW_UNIX_S)
        for gap, counts, valid in story.blocks:
            index += gap
            begun_s = NOW_UNIX_S + index / story.device.fs_hz
            recorder.add("p", story.device, index, counts, valid, begun_unix_s=begun_s)
            positions.append(index)
            index += counts.shape[1]
    first = positions[0]
    whole = np.zeros((len(story.device.leads), index - first), np.int32)
    there = np.zeros(index - first, np.bool_)
    for begin, (_, counts, valid) in zip(positions, story.blocks, strict=True):
        part = slice(begin - first, begin - first + counts.shape[1])
        whole[:, part], there[part] = counts, valid
    return whole, there


@settings(max_examples=25)
@given(stories())
def test_wfdb_reads_the_counts_that_were_stored(story: Story) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts, valid = _store(story, folder / "db")
        excerpt = choose_time(StoreReader(folder / "db"), "p", TimeSpan())
        account = export(excerpt, "wfdb", folder / "r", all_leads=False, name=False, force=False)
        record = wfdb.rdrecord(str(folder / "r"), physical=False)
        header = wfdb.rdheader(str(folder / "r"))
    fits = bool((np.abs(counts[:, valid].astype(np.int64)) < 2**15).all())
    missing = -(2**15) if fits else -(2**31)
    assert np.array_equal(record.d_signal.T, np.where(valid, counts, missing))
    assert record.adc_gain == [story.device.counts_per_mv] * len(counts)
    assert record.baseline == [story.device.baseline_counts] * len(counts)
    assert header.fs == story.device.fs_hz
    assert account["valid_samples"] == valid.sum()
    assert account["missing_samples"] == (~valid).sum()


@settings(max_examples=25)
@given(stories())
def test_csv_reads_the_counts_that_were_stored(story: Story) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts, valid = _store(story, folder / "db")
        reader = StoreReader(folder / "db")
        excerpt = choose_time(reader, "p", TimeSpan())
        account = export(excerpt, "csv", folder / "r", all_leads=False, name=False, force=False)
        read = np.genfromtxt(folder / "r", delimiter=",", skip_header=2, ndmin=2)
        coverage = reader.coverage(reader.streams("p")[0])
    positions = np.rint(read[:, 0] * story.device.fs_hz).astype(int)
    found = np.full(counts.shape, np.nan)
    found[:, positions] = read[:, 1:].T * story.device.counts_per_mv + story.device.baseline_counts
    assert np.array_equal(~np.isnan(found[0]), valid)
    assert np.array_equal(np.rint(found[:, valid]), counts[:, valid])
    assert coverage.gap_count == account["gaps"]
    assert coverage.valid_samples == account["valid_samples"]
    assert coverage.missing_samples == account["missing_samples"]


@given(
    st.lists(
        st.tuples(st.integers(1, 2**40), st.text(st.characters(exclude_characters="\0"))),
        max_size=8,
    )
)
def test_annotations_are_read_where_they_were_put(notes: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "r.alerts").write_bytes(encode_notes(notes))
        marks = wfdb.rdann(f"{name}/r", "alerts")
    assert marks.sample.tolist() == sorted(sample for sample, _ in notes)
