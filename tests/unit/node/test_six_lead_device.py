"""The simulated six-lead device, and the node that runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from six_lead_examples import samples_of

from ecgd.config.settings import DeviceSettings
from ecgd.errors import SourceError
from ecgd.model.signal import CountArray
from ecgd.node.device import BOOT_S
from ecgd.node.feed import Feed, FeedPart
from ecgd.node.options import read_options
from ecgd.node.program import main
from ecgd.node.six_lead_device import ChannelFaults, SixLeadDevice
from ecgd.protocol import SixLeadDecoder, decode_six_lead
from ecgd.protocol.six_lead import IDENTITIES, ByteOrder

SETTINGS = DeviceSettings(protocol="six-lead", counts_per_mv=400.0)
NEEDED = ["--link", "port", "--source", "synthetic:", "--protocol", "six-lead"]


def device(
    settings: DeviceSettings = SETTINGS,
    faults: ChannelFaults | None = None,
    url: str = "synthetic:",
) -> SixLeadDevice:
    feed = Feed((FeedPart(url),), (), 250.0)
    return SixLeadDevice(feed, settings, faults or ChannelFaults())


def counts_of(frames: list[bytes], order: ByteOrder = "little") -> CountArray:
    return decode_six_lead(b"".join(frames), order)


def test_it_sends_one_frame_a_sample_and_the_leads_agree() -> None:
    frames = device().advance(4.0)
    assert len(frames) == 1000
    assert {len(frame) for frame in frames} == {13}
    decoder = SixLeadDecoder()
    assert samples_of(decoder.feed(b"".join(frames))).shape == (6, 1000)
    assert decoder.trusted_identities == IDENTITIES


def test_order_and_baseline_are_as_configured() -> None:
    plain = counts_of(device().advance(2.0))
    other = DeviceSettings(
        protocol="six-lead", counts_per_mv=400.0, byte_order="big", baseline_counts=2048
    )
    np.testing.assert_array_equal(counts_of(device(other).advance(2.0), "big"), plain + 2048)


def test_faults_befall_their_channels_alone() -> None:
    plain = counts_of(device().advance(2.0))
    faulty = counts_of(device(faults=ChannelFaults({"aVL": 0.5})).advance(2.0))
    np.testing.assert_array_equal(np.delete(faulty, 3, 0), np.delete(plain, 3, 0))
    np.testing.assert_array_equal(faulty[3], np.rint(plain[3] * 0.5))
    exchanged = counts_of(device(faults=ChannelFaults(exchanged=("I", "aVF"))).advance(2.0))
    np.testing.assert_array_equal(exchanged, plain[[4, 1, 2, 3, 0, 5]])


def test_a_converter_clips() -> None:
    settings = DeviceSettings(protocol="six-lead", counts_per_mv=30_000.0)
    low_high = counts_of(device(settings).advance(2.0))
    assert (low_high.min(), low_high.max()) == (-2048, 2047)
    from_zero = DeviceSettings(protocol="six-lead", counts_per_mv=30_000.0, baseline_counts=2048)
    found = counts_of(device(from_zero).advance(2.0))
    assert (found.min(), found.max()) == (0, 4095)


def test_a_reset_is_a_pause_and_nothing_else() -> None:
    bench = device()
    before = bench.advance(2.0)
    bench.reset(2.0)
    assert bench.advance(2.0 + BOOT_S - 0.01) == []
    after = bench.advance(4.0)
    assert len(before) + len(after) == 1000 - round(BOOT_S * 250)
    whole = counts_of(device().advance(4.0))
    np.testing.assert_array_equal(counts_of(after), whole[:, -len(after) :])


def test_it_hears_nothing_and_ends_with_its_source() -> None:
    bench = device(url="replay:tests/fixtures/recordings/normal.hea")
    assert bench.receive(b"\xa5\x50\x05\x00\x01") == []
    for second in range(1, 40):
        bench.advance(float(second))
    assert bench.ended
    assert bench.advance(50.0) == []


def test_six_leads_need_two_limb_leads() -> None:
    url = "replay:tests/fixtures/recordings/normal.hea?leads=II"
    with pytest.raises(SourceError, match="six leads cannot be made of II"):
        device(url=url)


def test_the_command_line() -> None:
    words = "--baud 38400 --byte-order big --baseline 2048 --channel-fault aVL=0.5"
    more = "--channel-fault I=-1 --exchange II,III"
    options = read_options([*NEEDED, *words.split(), *more.split()])
    assert options.device.protocol == "six-lead"
    assert (options.device.byte_order, options.device.baseline_counts) == ("big", 2048)
    assert options.channel_faults == ChannelFaults({"aVL": 0.5, "I": -1.0}, ("II", "III"))
    assert read_options(NEEDED[:4]).device == DeviceSettings()


@pytest.mark.parametrize(
    "words",
    [
        ["--protocol", "morse"],
        ["--channel-fault", "V1=2"],
        ["--channel-fault", "aVL"],
        ["--channel-fault", "aVL=1e9"],
        ["--exchange", "I,I"],
        ["--exchange", "I"],
        ["--baseline", "99999"],
    ],
)
def test_a_wrong_command_line_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read_options([*NEEDED, *words])
    assert caught.value.code == 2


def test_a_line_too_slow_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--protocol", "six-lead", "--source", "synthetic:", "--link", str(tmp_path / "port")]
    assert main([*words, "--baud", "19200"]) == 2
    assert "19200 baud is too slow: the samples take 169% of the line" in capsys.readouterr().err
