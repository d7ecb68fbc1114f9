"""Intake of a six-lead device: configuration instead of a hello, and nothing made up."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from six_lead_examples import FRAME, heart_counts

from ecgd.config.settings import AnalysisSettings, DeviceSettings
from ecgd.errors import SourceError
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.link import BytesReceived, SamplesReceived
from ecgd.model.signal import CountArray, SampleBlock, Window
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    FaultSeen,
    Intake,
    IntakeEvent,
    SamplesPlaced,
    StatusSeen,
    WindowReady,
)
from ecgd.protocol import encode_six_lead

SETTINGS = DeviceSettings(
    protocol="six-lead", counts_per_mv=400.0, highpass_hz=0.05, lowpass_hz=150.0
)
COUNTS = heart_counts(2500)
PIECE = 25 * FRAME


def make_intake(settings: DeviceSettings = SETTINGS) -> Intake:
    return Intake(AnalysisSettings(), settings)


def feed(intake: Intake, counts: CountArray, *, start_s: float = 0.0) -> list[IntakeEvent]:
    """Deliver frames as they would come, 100 ms a piece."""
    line = encode_six_lead(counts)
    events: list[IntakeEvent] = []
    for number, at in enumerate(range(0, len(line), PIECE), start=1):
        piece = line[at : at + PIECE]
        events += intake.receive(BytesReceived(piece, start_s + 0.1 * number))
    return events


def windows(events: list[IntakeEvent]) -> list[Window]:
    return [event.window for event in events if isinstance(event, WindowReady)]


def test_the_device_is_known_before_its_first_byte() -> None:
    intake = make_intake()
    device = intake.device
    assert device == DeviceInfo(
        device_id="six-lead",
        fs_hz=250.0,
        leads=LIMB_LEADS,
        counts_per_mv=400.0,
        protocol="six-lead",
        highpass_hz=0.05,
        lowpass_hz=150.0,
    )
    assert not intake.takes_commands
    events = feed(intake, COUNTS)
    seen = [event.device for event in events if isinstance(event, DeviceSeen)]
    assert seen == [device]
    assert seen[0] is device
    assert all(e.device is device for e in events if isinstance(e, SamplesPlaced))


def test_six_measured_leads_reach_the_windows_as_they_were_measured() -> None:
    counts = COUNTS.copy()
    counts[3] = counts[3] // 2 + 30
    found = windows(feed(make_intake(), counts))
    assert [window.end_index for window in found] == [1250, 1500, 1750, 2000, 2250, 2500]
    assert found[0].leads == LIMB_LEADS
    np.testing.assert_allclose(found[0].signal_mv, counts[:, :1250] / 400.0, atol=1e-12)
    assert found[0].valid.all()


def test_nothing_is_made_up_of_battery_and_electrodes() -> None:
    events = feed(make_intake(), COUNTS)
    assert not [event for event in events if isinstance(event, StatusSeen)]
    assert all(window.electrodes_off is None for window in windows(events))


@pytest.mark.parametrize("seed", range(3))
def test_any_split_of_the_bytes_gives_the_same_windows(seed: int) -> None:
    line = encode_six_lead(COUNTS)
    rng = random.Random(seed)
    cuts = [0, *sorted(rng.sample(range(1, len(line)), 200)), len(line)]
    intake = make_intake()
    events: list[IntakeEvent] = []
    for a, b in pairwise(cuts):
        events += intake.receive(BytesReceived(line[a:b], b / FRAME / 250.0))
    events += intake.interrupt(10.0)
    expected = windows(feed(make_intake(), COUNTS))
    found = windows(events)
    assert [window.end_index for window in found] == [window.end_index for window in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.signal_mv, other.signal_mv)


def test_one_big_piece_gives_every_window_too() -> None:
    intake = make_intake()
    events = list(intake.receive(BytesReceived(encode_six_lead(COUNTS), 10.0)))
    assert [window.end_index for window in windows(events)][:2] == [1250, 1500]
    blocks = [event.block for event in events if isinstance(event, SamplesPlaced)]
    assert {block.counts.shape[1] for block in blocks} == {25}


def test_a_damaged_frame_is_a_hole_in_what_is_kept_and_bridged_in_what_is_judged() -> None:
    line = bytearray(encode_six_lead(COUNTS))
    line[800 * FRAME + 3] ^= 0x55
    intake = make_intake()
    events: list[IntakeEvent] = []
    for number, at in enumerate(range(0, len(line), PIECE), start=1):
        events += intake.receive(BytesReceived(bytes(line[at : at + PIECE]), 0.1 * number))
    gaps = [e.gap_samples for e in events if isinstance(e, SamplesPlaced) and e.gap_samples]
    assert gaps == [1]
    assert [e.fault.discarded for e in events if isinstance(e, FaultSeen)] == [FRAME]
    statistics = intake.statistics
    assert (statistics.samples_lost, statistics.crc_errors, statistics.gaps) == (1, 1, 1)
    first = windows(events)[0]
    assert first.valid.all()
    np.testing.assert_allclose(first.signal_mv[:, 801:], COUNTS[:, 801:1250] / 400.0, atol=1e-12)
    np.testing.assert_allclose(first.signal_mv[:, 800], COUNTS[:, 800] / 400.0, atol=0.05)


def test_every_byte_is_accounted_for_after_noise_and_a_cut() -> None:
    intake = make_intake()
    noise = random.Random(1).randbytes(700)
    intake.receive(BytesReceived(noise, 0.0))
    feed(intake, COUNTS)
    intake.receive(BytesReceived(b"12345", 10.1))
    now = intake.statistics
    assert now.bytes_in == 700 + COUNTS.shape[1] * FRAME + 5
    assert now.bytes_in == now.bytes_accepted + now.bytes_discarded + now.bytes_pending
    intake.interrupt(10.2)
    after = intake.statistics
    assert (after.bytes_pending, after.bytes_discarded) == (0, 705)
    assert after.samples == after.packets == COUNTS.shape[1]


def test_a_cut_is_a_gap_and_a_long_one_a_new_origin() -> None:
    intake = make_intake()
    feed(intake, COUNTS)
    intake.interrupt(10.0)
    events = feed(intake, COUNTS[:, :500], start_s=14.0)
    gaps = [e.gap_samples for e in events if isinstance(e, SamplesPlaced) and e.gap_samples]
    assert gaps == [pytest.approx(1000, abs=25)]
    intake.interrupt(16.0)
    again = feed(intake, COUNTS[:, :500], start_s=900.0)
    assert [e.origin for e in again if isinstance(e, DeviceReset)] == [1]
    assert intake.statistics.resets == 1


def test_a_converter_that_counts_from_zero_saturates_at_both_its_ends() -> None:
    settings = replace(SETTINGS, baseline_counts=512, adc_bits=10)
    counts = heart_counts(1250, baseline_counts=512)
    assert counts.min() > 0
    counts[1, 100:105], counts[2, 200:203] = 1023, 0
    found = windows(feed(make_intake(settings), np.clip(counts, 0, 1023)))[0].saturated
    assert found is not None
    assert {int(n) for n in np.flatnonzero(found[1, :300])} >= set(range(100, 105))
    assert {int(n) for n in np.flatnonzero(found[2, :300])} == set(range(200, 203))
    assert not found[0].any()


def test_a_sampling_rate_that_is_not_the_configured_one_is_told_and_nothing_is_judged() -> None:
    intake = make_intake()
    line = encode_six_lead(heart_counts(30_000))
    events: list[IntakeEvent] = []
    for number, at in enumerate(range(0, len(line), 2 * PIECE), start=1):
        piece = line[at : at + 2 * PIECE]
        events += intake.receive(BytesReceived(piece, 0.12 * number))
    (fault,) = [event.fault for event in events if isinstance(event, FaultSeen)]
    assert fault.detail.startswith("frames come at 417 Hz, but fs_hz of [patients.device] is 250")
    blocks = [event.block for event in events if isinstance(event, SamplesPlaced)]
    assert not windows(events)[-1].valid.any()
    assert [block.valid.all() for block in blocks[:900]] == [True] * len(blocks[:900])


def test_a_held_up_line_is_no_wrong_sampling_rate() -> None:
    intake = make_intake()
    line = encode_six_lead(heart_counts(25_000))
    for number, at in enumerate(range(0, len(line), PIECE), start=1):
        time_s = 0.1 * number
        late_s = 12.0 - time_s % 25.0 if 7.0 < time_s % 25.0 < 12.0 else 0.0
        for event in intake.receive(BytesReceived(line[at : at + PIECE], time_s + late_s)):
            assert not isinstance(event, FaultSeen)


def test_a_device_without_a_scale_is_refused() -> None:
    with pytest.raises(SourceError, match=r"counts_per_mv"):
        make_intake(DeviceSettings(protocol="six-lead"))


def test_a_recording_needs_no_protocol() -> None:
    intake = make_intake()
    device = DeviceInfo("record", 360.0, ("I", "II"), 1000.0, protocol="recording")
    valid = np.ones(100, dtype=np.bool_)
    block = SampleBlock(0, COUNTS[:2, :100], valid, 1.0)
    events = list(intake.receive(SamplesReceived(block, device)))
    assert not [event for event in events if isinstance(event, DeviceReset)]
    assert intake.device is not None
    assert (intake.device.fs_hz, intake.device.highpass_hz) == (360.0, 0.05)
    again = list(intake.receive(SamplesReceived(replace(block, start_index=100), device)))
    assert [type(event) for event in again] == [SamplesPlaced]
