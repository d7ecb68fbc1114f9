"""What holds for every stream of six-lead bytes: splits, account, bounds, no false phase."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from six_lead_examples import FRAME, frames_of, heart_counts, samples_of, whole_line

from ecgd.protocol import Fault, SixLeadDecoder, encode_six_lead
from ecgd.protocol.phase_search import PhaseSearch
from ecgd.protocol.six_lead_decoder import SixLeadEvent

COUNTS, LINE = whole_line(400)
FAULTY_COUNTS = heart_counts(400)
FAULTY_COUNTS[3] //= 2
FAULTY = encode_six_lead(FAULTY_COUNTS)
PENDING_MAX = 520 + FRAME

DAMAGED_FRAMES = int(os.environ.get("ECGD_CORRUPTED_FRAMES", "30000"))
"""docs/protocol.md tells of a run with more."""


@st.composite
def piece(draw: st.DrawFn) -> bytes:
    """A stretch of a good line, whole or not, or something that is none."""
    start = draw(st.integers(0, len(LINE) - FRAME))
    size = draw(st.integers(0, 60 * FRAME))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return bytes([draw(st.integers(0, 255))]) * draw(st.integers(1, 900))
    if kind == 2:
        return LINE[start : start + FRAME] * draw(st.integers(1, 60))
    if kind == 3:
        return FAULTY[start : start + size]
    return LINE[start : start + size]


STREAMS = st.lists(piece(), max_size=8).map(b"".join)


def joined(events: list[SixLeadEvent]) -> list[object]:
    """Events with neighbouring samples joined, as values."""
    told: list[object] = []
    rows: list[bytes] = []
    for event in events:
        if isinstance(event, Fault):
            told += [b"".join(rows), event]
            rows = []
        else:
            rows.append(event.counts.T.tobytes())
    return [*told, b"".join(rows)]


@settings(max_examples=150)
@given(STREAMS, st.lists(st.integers(0, 120), max_size=40))
def test_any_split_gives_the_same_events_and_account(line: bytes, sizes: list[int]) -> None:
    whole, split = SixLeadDecoder(), SixLeadDecoder()
    expected = list(whole.feed(line))
    events: list[SixLeadEvent] = []
    rest = line
    for size in [*sizes, len(line)]:
        events += split.feed(rest[:size])
        rest = rest[size:]

    assert joined(events) == joined(expected)
    assert split.statistics == whole.statistics
    assert split.reset() == whole.reset()
    assert split.statistics == whole.statistics


@settings(max_examples=40)
@given(STREAMS)
def test_every_byte_is_accounted_for_at_every_moment(line: bytes) -> None:
    decoder = SixLeadDecoder()
    events: list[SixLeadEvent] = []
    for byte in line:
        events += decoder.feed(bytes((byte,)))
        now = decoder.statistics
        assert now.bytes_in == now.bytes_accepted + now.bytes_discarded + now.bytes_pending
        assert now.bytes_pending <= PENDING_MAX
    events += decoder.reset()
    now = decoder.statistics
    assert now.bytes_pending == 0
    assert now.bytes_discarded == sum(e.discarded for e in events if isinstance(e, Fault))
    assert now.bytes_accepted == FRAME * samples_of(events).shape[1]


@settings(max_examples=150)
@given(st.binary(max_size=1500), st.integers(0, FRAME * 300), st.sampled_from([LINE, FAULTY]))
def test_no_garbage_hides_a_good_line_for_long(garbage: bytes, start: int, line: bytes) -> None:
    """Behind anything, the phase is found within 40 frames, and no sample is wrong from then on."""
    counts = COUNTS if line is LINE else FAULTY_COUNTS
    good = line[start:]
    decoder = SixLeadDecoder()
    found = samples_of([*decoder.feed(garbage), *decoder.feed(good)])
    sure = len(good) // FRAME - 40
    assert sure > 0
    np.testing.assert_array_equal(found[:, -sure:], counts[:, -sure:])


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, len(LINE) - 1), st.integers(0, 2)), max_size=6))
def test_lost_and_added_bytes_and_flipped_bits_put_no_wrong_sample(
    damages: list[tuple[int, int]],
) -> None:
    line = bytearray(LINE)
    for at, kind in sorted(damages, reverse=True):
        if kind == 0:
            del line[at : at + 1]
        elif kind == 1:
            line.insert(at, 0x5A)
        else:
            line[at % len(line)] ^= 1 << at % 8
    known = {column.tobytes() for column in COUNTS.T}
    found = samples_of(list(SixLeadDecoder().feed(bytes(line))))
    strange = [column for column in found.T if column.tobytes() not in known]
    assert strange == []
    assert found.shape[1] >= COUNTS.shape[1] - 8 * (len(damages) + 1)


def damage(rng: np.random.Generator, frames: np.ndarray) -> np.ndarray:
    """Damage rows in one of four ways: two flipped bits, a burst, random bytes, 5 % of all bits."""
    damaged = frames.copy()
    count = len(frames)
    way = rng.integers(0, 4, count)
    for _ in range(2):
        bits = rng.integers(0, 8 * FRAME, count)
        rows = np.flatnonzero(way == 0)
        np.bitwise_xor.at(damaged, (rows, bits[rows] // 8), (1 << bits[rows] % 8).astype(np.uint8))
    rows = np.flatnonzero(way == 1)
    starts = rng.integers(0, FRAME - 3, count)[rows]
    for offset in range(3):
        damaged[rows, starts + offset] = rng.integers(0, 256, len(rows))
    rows = np.flatnonzero(way == 2)
    damaged[rows] = rng.integers(0, 256, (len(rows), FRAME))
    rows = np.flatnonzero(way == 3)
    damaged[rows] ^= np.packbits(rng.random((len(rows), FRAME, 8)) < 0.05, axis=2)[:, :, 0]
    return damaged


@pytest.mark.parametrize(
    ("faulty", "most_per_million"), [(False, 1_500), (True, 9_000)], ids=["sound", "faulty"]
)
def test_damaged_frames_pass_as_seldom_as_the_specification_says(
    faulty: bool, most_per_million: int
) -> None:
    rng = np.random.default_rng(3)
    counts = heart_counts(6000)
    if faulty:
        counts[3] //= 2
        counts[0] = counts[0] * 3 // 4
    clean = np.frombuffer(encode_six_lead(counts), dtype=np.uint8).reshape(-1, FRAME)
    decoder = SixLeadDecoder()
    decoder.feed(clean.tobytes())
    hit = np.arange(20, len(clean), 3)
    damaged_count = accepted = sums = 0
    while damaged_count < DAMAGED_FRAMES:
        sent = clean.copy()
        sent[hit] = damage(rng, clean[hit])
        changed = (sent != clean).any(axis=1)
        before = decoder.statistics.packets
        decoder.feed(sent.tobytes())
        decoder.feed(clean[:100].tobytes())
        good = int(np.count_nonzero(~changed)) + 100
        damaged_count += int(changed.sum())
        accepted += decoder.statistics.packets - before - good
        right = sent[changed, :12].sum(axis=1, dtype=np.uint8) == sent[changed, 12]
        sums += int(right.sum())
    assert 0.015 < sums / damaged_count < 0.035
    assert accepted / damaged_count * 1e6 < most_per_million


@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_no_phase_but_the_true_one_ever_gathers_evidence(gain: float) -> None:
    """Every sum of the true phase is destroyed: whatever passes now passes by chance."""
    rng = np.random.default_rng(4)
    counts = np.rint(heart_counts(4000) * gain).astype(np.int32)
    frames = np.frombuffer(encode_six_lead(counts), dtype=np.uint8).reshape(-1, FRAME).copy()
    frames[:, 12] += rng.integers(1, 256, len(frames), dtype=np.uint8)
    line = bytearray(frames.tobytes())
    decoder = SixLeadDecoder()
    assert samples_of(list(decoder.feed(bytes(line)))).shape[1] == 0
    search = PhaseSearch("little", 0)
    longest = 0
    for _ in line:
        if search.scan_next(line):
            longest = max(longest, search.run(search.scanned % FRAME))
    assert longest <= 6


def test_the_work_is_linear() -> None:
    rng = np.random.default_rng(5)
    noise = rng.bytes(60_000)
    spoiled = b"".join(
        frame if number % 2 else frame[:12] + b"\x00"
        for number, frame in enumerate(frames_of(LINE))
    )
    for line in (noise, bytes(60_000), spoiled * 10, LINE * 10):
        decoder = SixLeadDecoder()
        began_s = time.process_time()
        decoder.feed(line)
        assert decoder.statistics.bytes_checked <= 3 * len(line)
        assert time.process_time() - began_s < 5.0
