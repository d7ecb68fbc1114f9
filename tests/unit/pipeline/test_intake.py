"""Intake: the same windows for any split of the bytes, and every sample accounted for."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.link import BytesReceived, SamplesReceived
from ecgd.model.signal import CountArray, SampleBlock, Window
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    Intake,
    IntakeEvent,
    SamplesPlaced,
    StatusSeen,
    WindowReady,
)
from ecgd.protocol import BlockEncoder

FS_HZ = 250.0
DEVICE = DeviceInfo("node-1", FS_HZ, ("I", "II"), counts_per_mv=400.0, protocol="block/1")


def tone(sample_count: int, start: int = 0) -> CountArray:
    """Two leads whose samples differ everywhere, inside 12 bits."""
    index = np.arange(start, start + sample_count)
    rows = [300 * np.sin(index / 7.0), 500 * np.cos(index / 11.0)]
    return np.round(np.stack(rows)).astype(np.int32)


def packets(seconds: float, encoder: BlockEncoder | None = None, *, start: int = 0) -> list[bytes]:
    encoder = encoder or BlockEncoder()
    count = round(seconds * 10)
    return [encoder.samples(tone(25, start + 25 * number)) for number in range(count)]


def feed(intake: Intake, pieces: list[bytes], *, pace_s: float = 0.1) -> list[IntakeEvent]:
    events: list[IntakeEvent] = []
    for number, piece in enumerate(pieces, start=1):
        events += intake.receive(BytesReceived(piece, number * pace_s))
    return events


def windows(events: list[IntakeEvent]) -> list[Window]:
    return [event.window for event in events if isinstance(event, WindowReady)]


def with_hello(pieces: list[bytes]) -> list[bytes]:
    return [BlockEncoder().hello(DEVICE) + pieces[0], *pieces[1:]]


def test_windows_come_once_a_hop_with_six_leads_in_millivolts() -> None:
    found = windows(feed(Intake(AnalysisSettings()), with_hello(packets(8.0))))
    assert [window.end_index for window in found] == [1250, 1500, 1750, 2000]
    first = found[0]
    assert first.leads == LIMB_LEADS
    counts = tone(1250)
    np.testing.assert_allclose(first.row("II"), counts[1] / 400.0, atol=1e-12)
    np.testing.assert_allclose(first.row("III"), (counts[1] - counts[0]) / 400.0, atol=1e-12)
    assert first.valid.all()
    assert first.arrived_s == pytest.approx(5.0)


@pytest.mark.parametrize("seed", range(5))
def test_any_split_of_the_bytes_gives_the_same_windows(seed: int) -> None:
    whole = with_hello(packets(7.0))
    stream = b"".join(whole)
    rng = random.Random(seed)
    cuts = sorted(rng.sample(range(1, len(stream)), 60))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = windows(feed(Intake(AnalysisSettings()), whole))
    found = windows(feed(Intake(AnalysisSettings()), pieces))
    assert [w.end_index for w in found] == [w.end_index for w in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.signal_mv, other.signal_mv)


def test_a_lost_packet_is_a_gap_of_exact_length_and_shifts_nothing() -> None:
    pieces = with_hello(packets(6.0))
    del pieces[20:23]
    events = feed(Intake(AnalysisSettings()), pieces)
    gaps = [e.gap_samples for e in events if isinstance(e, SamplesPlaced) and e.gap_samples]
    assert gaps == [75]
    first = windows(events)[0]
    assert not first.valid[500:575].any()
    assert first.valid[:500].all()
    assert first.valid[575:].all()
    np.testing.assert_allclose(first.row("I")[575:], tone(1250)[0, 575:] / 400.0, atol=1e-12)


def test_samples_before_the_hello_are_kept_until_it_comes() -> None:
    pieces = packets(6.0)
    pieces[20] += BlockEncoder().hello(DEVICE)
    found = windows(feed(Intake(AnalysisSettings()), pieces))
    assert [window.end_index for window in found] == [1250, 1500]
    np.testing.assert_allclose(found[0].row("I"), tone(1250)[0] / 400.0, atol=1e-12)


def test_a_repeated_packet_is_dropped_and_counted() -> None:
    pieces = with_hello(packets(6.0))
    pieces.insert(30, pieces[29])
    intake = Intake(AnalysisSettings())
    found = windows(feed(intake, pieces))
    assert intake.statistics.repeats_dropped == 1
    assert intake.statistics.samples == 1500
    assert found[0].valid.all()


def test_a_reset_begins_a_new_origin_at_index_0() -> None:
    encoder = BlockEncoder()
    before = packets(6.0, encoder)
    again = BlockEncoder(boot=1)
    after = [again.hello(DEVICE), *packets(6.0, again)]
    intake = Intake(AnalysisSettings())
    events = feed(intake, with_hello(before) + after)
    assert [event.origin for event in events if isinstance(event, DeviceReset)] == [1]
    ends = [(window.origin, window.end_index) for window in windows(events)]
    assert ends == [(0, 1250), (0, 1500), (1, 1250), (1, 1500)]
    assert intake.statistics.resets == 1


def test_another_scale_begins_a_new_origin() -> None:
    other = DeviceInfo("node-1", FS_HZ, ("I", "II"), counts_per_mv=200.0, protocol="block/1")
    encoder = BlockEncoder()
    pieces = packets(12.0, encoder)
    pieces[60] = encoder.hello(other) + pieces[60]
    events = feed(Intake(AnalysisSettings()), with_hello(pieces))
    last = windows(events)[-1]
    assert last.origin == 1
    assert last.device.counts_per_mv == 200.0
    assert np.abs(last.row("II")).max() == pytest.approx(2.5, abs=0.01)


def test_status_reaches_windows_and_events() -> None:
    encoder = BlockEncoder()
    pieces = packets(4.0, encoder)
    status = DeviceStatus(battery_mv=3700, electrodes_off=frozenset({"LA"}), uptime_s=5)
    pieces += [encoder.status(status), *packets(2.0, encoder, start=1000)]
    events = feed(Intake(AnalysisSettings()), with_hello(pieces))
    seen = [event.status for event in events if isinstance(event, StatusSeen)]
    assert seen[0].battery_mv == 3700
    assert windows(events)[0].electrodes_off == frozenset({"LA"})


def test_saturated_samples_are_marked_in_their_lead_and_in_what_is_derived_from_it() -> None:
    encoder = BlockEncoder()
    counts = tone(25)
    counts[0, 5:10] = 2047
    pieces = with_hello([encoder.samples(counts), *packets(5.0, encoder, start=25)])
    saturated = windows(feed(Intake(AnalysisSettings()), pieces))[0].saturated
    assert saturated is not None
    marked = {
        lead: np.flatnonzero(row).tolist() for lead, row in zip(LIMB_LEADS, saturated, strict=True)
    }
    assert marked.pop("II") == []
    assert set(map(tuple, marked.values())) == {(5, 6, 7, 8, 9)}


def test_samples_that_no_hello_fits_neither_hang_nor_pile_up() -> None:
    encoder = BlockEncoder()
    stranger = encoder.samples(tone(25)[:1])
    intake = Intake(AnalysisSettings())
    pieces = [encoder.hello(DEVICE), *[stranger] * 200, encoder.hello(DEVICE)]
    events = feed(intake, pieces)
    assert [type(event) for event in events] == [DeviceSeen]
    assert intake.statistics.samples == 0


def test_every_byte_is_accounted_for_after_garbage_and_a_cut() -> None:
    rng = random.Random(3)
    pieces = with_hello(packets(6.0))
    pieces.insert(10, rng.randbytes(500))
    intake = Intake(AnalysisSettings())
    feed(intake, [*pieces, packets(0.1)[0][:40]])
    before = intake.statistics
    assert before.bytes_in == sum(map(len, pieces)) + 40
    assert before.bytes_in == (
        before.bytes_accepted + before.bytes_discarded + before.bytes_pending
    )
    intake.interrupt(7.0)
    after = intake.statistics
    assert after.bytes_pending == 0
    assert after.bytes_in == after.bytes_accepted + after.bytes_discarded
    assert after.samples == 1500


def test_a_long_gap_gives_one_window_not_all_that_were_missed() -> None:
    intake = Intake(AnalysisSettings())
    device = DeviceInfo("r", FS_HZ, ("I", "II"), 1000.0, adc_bits=24, protocol="recording")
    valid = np.ones(1500, dtype=np.bool_)
    intake.receive(SamplesReceived(SampleBlock(0, tone(1500), valid, 1.0), device))
    late = SampleBlock(100_000, tone(100), valid[:100], 2.0)
    found = windows(list(intake.receive(SamplesReceived(late, device))))
    assert len(found) <= 6
    assert all(window.end_index > 98_750 for window in found)


def test_the_remainder_ends_with_the_last_sample() -> None:
    intake = Intake(AnalysisSettings())
    feed(intake, with_hello(packets(5.6)))
    (rest,) = intake.remainder(9.0)
    assert rest.end_index == 1400
    assert Intake(AnalysisSettings()).remainder(0.0) == ()


def test_phases_stagger_the_hops_of_several_patients() -> None:
    shifted = Intake(AnalysisSettings(), phase_s=0.4)
    found = windows(feed(shifted, with_hello(packets(8.0))))
    assert [window.end_index for window in found] == [1350, 1600, 1850]


def test_the_device_is_told_when_it_describes_itself() -> None:
    events = feed(Intake(AnalysisSettings()), with_hello(packets(0.5)))
    assert [e.device.device_id for e in events if isinstance(e, DeviceSeen)] == ["node-1"]
