"""Frames without a sync word: found, kept, lost and found again."""

from __future__ import annotations

import numpy as np
import pytest
from six_lead_examples import FRAME, decode, frames_of, heart_counts, samples_of, whole_line

from ecgd.errors import ProtocolError
from ecgd.protocol import Fault, FaultKind, SixLeadDecoder, decode_six_lead, encode_six_lead
from ecgd.protocol.phase_search import LOCK_FRAMES, LOCK_FRAMES_BY_SUM
from ecgd.protocol.six_lead import IDENTITIES
from ecgd.protocol.six_lead_decoder import IDENTITY_BROKEN, LOST_FRAMES, PHASE_LOST


def faults_of(events: tuple[object, ...]) -> list[Fault]:
    return [event for event in events if isinstance(event, Fault)]


def test_frames_from_the_first_byte_on_are_all_delivered() -> None:
    counts, line = whole_line()
    events = decode(line)
    np.testing.assert_array_equal(samples_of(events), counts)
    assert faults_of(events) == []


def test_the_phase_is_proved_by_a_few_frames_and_these_are_not_lost() -> None:
    _, line = whole_line()
    decoder = SixLeadDecoder()
    assert decoder.feed(line[: FRAME * LOCK_FRAMES - 1]) == ()
    before = decoder.locked
    assert samples_of(decoder.feed(line[FRAME * LOCK_FRAMES - 1 :][:1])).shape[1] == LOCK_FRAMES
    assert (before, decoder.locked) == (False, True)
    assert decoder.trusted_identities == IDENTITIES


@pytest.mark.parametrize("start", range(1, FRAME))
def test_a_line_that_begins_in_mid_frame_loses_the_rest_of_that_frame(start: int) -> None:
    counts, line = whole_line()
    events = decode(line[start:])
    np.testing.assert_array_equal(samples_of(events), counts[:, 1:])
    assert [fault.discarded for fault in faults_of(events)] == [FRAME - start]


@pytest.mark.parametrize("at", range(FRAME))
def test_a_lost_byte_costs_its_frame_alone(at: int) -> None:
    counts, line = whole_line()
    cut = 20 * FRAME + at
    events = decode(line[:cut] + line[cut + 1 :])
    np.testing.assert_array_equal(samples_of(events), np.delete(counts, 20, axis=1))
    (fault,) = faults_of(events)
    assert (fault.discarded, fault.detail) == (FRAME - 1, PHASE_LOST)


@pytest.mark.parametrize("at", range(FRAME))
def test_an_added_byte_costs_its_frame_alone(at: int) -> None:
    counts, line = whole_line()
    cut = 20 * FRAME + at
    events = decode(line[:cut] + b"\xa5" + line[cut:])
    found = samples_of(events)
    assert found.shape[1] >= counts.shape[1] - 1
    np.testing.assert_array_equal(found[:, -400:], counts[:, -400:])
    assert sum(fault.discarded for fault in faults_of(events)) in (1, FRAME + 1)


@pytest.mark.parametrize("bad", [1, 2, LOST_FRAMES - 1])
def test_a_few_bad_frames_do_not_lose_the_phase(bad: int) -> None:
    counts, line = whole_line()
    frames = frames_of(line)
    for number in range(30, 30 + bad):
        frames[number] = frames[number][:12] + bytes((frames[number][12] ^ 0x40,))
    decoder = SixLeadDecoder()
    events = decoder.feed(b"".join(frames))
    np.testing.assert_array_equal(samples_of(events), np.delete(counts, range(30, 30 + bad), 1))
    (fault,) = faults_of(events)
    assert (fault.discarded, fault.crc_errors, fault.detail) == (FRAME * bad, bad, "")
    assert decoder.statistics.crc_errors == bad


def test_many_bad_frames_lose_it_and_it_must_be_proved_anew() -> None:
    counts, line = whole_line()
    frames = frames_of(line)
    for number in range(30, 30 + LOST_FRAMES):
        frames[number] = bytes(12) + b"\x01"
    decoder = SixLeadDecoder()
    before = decoder.feed(b"".join(frames[: 30 + LOST_FRAMES]))
    after = decoder.feed(frames[30 + LOST_FRAMES])
    assert not decoder.locked
    assert samples_of(before).shape[1] == 30
    assert samples_of(after).shape[1] == 0
    rest = decoder.feed(b"".join(frames[31 + LOST_FRAMES :]))
    np.testing.assert_array_equal(samples_of(rest), counts[:, 30 + LOST_FRAMES :])
    assert [fault.detail for fault in faults_of(rest)] == [PHASE_LOST]


@pytest.mark.parametrize(
    "frame",
    [
        bytes(FRAME),
        bytes([0x5A] * FRAME),
        encode_six_lead(np.array([[118], [251], [133], [-8], [192], [-185]], dtype=np.int32)),
    ],
)
def test_frames_that_never_change_prove_nothing(frame: bytes) -> None:
    decoder = SixLeadDecoder()
    assert samples_of(decoder.feed(frame * 3000)).shape[1] == 0
    now = decoder.statistics
    assert now.bytes_pending <= 520
    assert now.bytes_in == now.bytes_discarded + now.bytes_pending


@pytest.mark.parametrize("value", [0, -1, 257])
def test_a_known_phase_outlives_frames_that_never_change(value: int) -> None:
    counts, line = whole_line()
    still = np.full((6, 700), value, dtype=np.int32)
    decoder = SixLeadDecoder()
    events = decoder.feed(line + encode_six_lead(still) + line)
    np.testing.assert_array_equal(
        samples_of(events), np.concatenate([counts, still, counts], axis=1)
    )


def test_a_phase_lost_among_equal_frames_is_found_when_they_change() -> None:
    counts, line = whole_line()
    zeros = bytes(FRAME * 100)
    decoder = SixLeadDecoder()
    found = samples_of(decoder.feed(line + zeros[5:] + line))
    # The first of them has hardly left zero, and may have passed at the old phase.
    np.testing.assert_array_equal(found[:, 1 - counts.shape[1] :], counts[:, 1:])
    assert np.abs(found[:, counts.shape[1] : 1 - counts.shape[1]]).max() <= 2


def test_a_faulty_channel_is_heard_by_its_sums_alone_but_later() -> None:
    counts = heart_counts(500)
    counts[3] = counts[3] // 2 + 9
    line = encode_six_lead(counts)
    decoder = SixLeadDecoder()
    early = decoder.feed(line[: FRAME * (LOCK_FRAMES_BY_SUM - 1)])
    assert samples_of(early).shape[1] == 0
    late = decoder.feed(line[FRAME * (LOCK_FRAMES_BY_SUM - 1) :])
    np.testing.assert_array_equal(samples_of(late), counts)
    assert decoder.trusted_identities == ("I+III=II", "2aVF=II+III")


def test_a_channel_that_fails_on_the_way_loses_no_frame() -> None:
    counts = heart_counts(2500)
    counts[0, 1000:] = 1999
    decoder = SixLeadDecoder()
    events = decoder.feed(encode_six_lead(counts))
    np.testing.assert_array_equal(samples_of(events), counts)
    assert decoder.trusted_identities == ("aVR+aVL+aVF=0", "2aVF=II+III")


def test_a_mended_channel_is_trusted_again() -> None:
    counts = heart_counts(3000)
    counts[0, :400] = 1999
    decoder = SixLeadDecoder()
    decoder.feed(encode_six_lead(counts))
    assert decoder.trusted_identities == IDENTITIES


def test_a_damaged_frame_with_a_right_sum_is_refused_and_named() -> None:
    counts, line = whole_line()
    frames = frames_of(line)
    bad = bytearray(frames[40])
    low_i, low_avl = bad[0], bad[6]
    bad[0], bad[6] = (low_i + 64) % 256, (low_avl - 64) % 256
    frames[40] = bytes(bad)
    events = decode(b"".join(frames))
    np.testing.assert_array_equal(samples_of(events), np.delete(counts, 40, axis=1))
    assert faults_of(events) == [Fault(FaultKind.CONTENT, FRAME, detail=IDENTITY_BROKEN)]


def test_the_baseline_counts_in_the_identities() -> None:
    counts = heart_counts(300, baseline_counts=2048)
    told, untold = SixLeadDecoder(baseline_counts=2048), SixLeadDecoder()
    for decoder in (told, untold):
        found = samples_of(decoder.feed(encode_six_lead(counts)))
        np.testing.assert_array_equal(found, counts)
    assert told.trusted_identities == IDENTITIES
    assert "I+III=II" not in untold.trusted_identities


def test_the_byte_order_matters() -> None:
    counts = heart_counts(300)
    line = encode_six_lead(counts, "big")
    right = SixLeadDecoder(byte_order="big")
    np.testing.assert_array_equal(samples_of(right.feed(line)), counts)
    wrong = SixLeadDecoder()
    assert not np.array_equal(samples_of(wrong.feed(line)), counts)


def test_a_cut_line_begins_anew() -> None:
    counts, line = whole_line()
    decoder = SixLeadDecoder()
    decoder.feed(line[: FRAME * 50 + 4])
    assert [fault.discarded for fault in faults_of(decoder.reset())] == [4]
    assert not decoder.locked
    again = decoder.feed(line[FRAME * 60 + 7 :])
    np.testing.assert_array_equal(samples_of(again), counts[:, 61:])


def test_long_noise_is_told_as_it_comes() -> None:
    noise = np.random.default_rng(1).bytes(20_000)
    faults = faults_of(decode(noise))
    assert [fault.discarded for fault in faults][:4] == [4096] * 4
    assert sum(fault.discarded for fault in faults) == 20_000


@pytest.mark.parametrize("counts", [np.zeros((2, 3), np.int32), np.full((6, 1), 40_000, np.int32)])
def test_what_the_frame_cannot_carry_is_refused(counts: np.ndarray) -> None:
    with pytest.raises(ProtocolError):
        encode_six_lead(counts)


def test_encoding_and_decoding_are_inverse() -> None:
    counts = np.random.default_rng(2).integers(-32768, 32768, (6, 999), dtype=np.int32)
    np.testing.assert_array_equal(decode_six_lead(encode_six_lead(counts)), counts)
    np.testing.assert_array_equal(decode_six_lead(encode_six_lead(counts, "big"), "big"), counts)
