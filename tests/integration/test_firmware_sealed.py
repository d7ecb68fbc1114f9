"""The firmware's ELF file built with a key: every packet carries a tag that the gateway checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from avr_device import CPU_HZ, AvrDevice, needs_simulator
from firmware_boards import ad8232, ad8232_counts, ads1292r, conversions, recorded_uv, within_swing
from firmware_figures import KEY, KEY_DEFINE, measure
from heard_packets import Heard

from ecgd.protocol import Command, HelloPacket, ReplyPacket, SamplesPacket, encode_command
from ecgd.protocol.seal import LinkKey
from ecgd.protocol.seal_guard import SealGuard

pytestmark = [needs_simulator, pytest.mark.xdist_group("firmware")]


def guard(key: bytes = KEY) -> SealGuard:
    return SealGuard(LinkKey(key))


@pytest.fixture
def device(tmp_path: Path, recordings: Path) -> AvrDevice:
    signal_uv, fs_hz = recorded_uv(recordings / "normal")
    made = ad8232(tmp_path / "device", KEY_DEFINE)
    made.noise(3000.0, seed=8)
    made.play(within_swing(signal_uv), fs_hz)
    return made


def test_sealed_samples_are_bit_exact(device: AvrDevice) -> None:
    heard = Heard(device.run(20.0), guard())
    assert heard.faults == []
    expected, _ = ad8232_counts(conversions(device))
    _, counts = heard.samples()
    assert counts.shape[1] > 4900
    assert counts.tolist() == expected[:, : counts.shape[1]].tolist()


def test_only_the_key_opens_it(device: AvrDevice) -> None:
    said = device.run(3.0)
    assert Heard(said).packets == []
    assert Heard(said, guard(KEY[::-1])).packets == []
    device.send(encode_command(Command.HELLO, sequence=3))
    # The reply is no secret: a gateway without the key learns why all is noise.
    (reply,) = Heard(device.run(1.0)).of(ReplyPacket)
    assert reply.value == 1


def test_what_was_heard_is_not_believed_again(device: AvrDevice) -> None:
    heard = Heard(guard=guard())
    first = device.run(3.0)
    heard.feed(first)
    before = len(heard.of(SamplesPacket))
    heard.feed(first)
    assert len(heard.of(SamplesPacket)) == before
    assert heard.faults


def test_a_reset_goes_on_under_the_next_number(device: AvrDevice) -> None:
    heard = Heard(device.run(3.0), guard())
    device.reset("external")
    heard.feed(device.run(3.0))
    assert [hello.boot for hello in heard.of(HelloPacket)] == [0, 1]
    counters = [packet.counter for packet in heard.of(SamplesPacket)]
    assert counters.count(0) == 2
    assert (np.diff(counters) == 25).sum() == len(counters) - 2


def test_the_tag_costs_no_sample_of_an_ads1292r(tmp_path: Path) -> None:
    """The chip keeps one sample for 2 ms: whatever the program does, it is fetched before."""
    defines = ("SAMPLING_RATE=500", "BAUD_RATE=19200", KEY_DEFINE)
    with ads1292r(tmp_path / "device", *defines) as fast:
        heard = Heard(fast.run(5.0), guard())
        faults = fast.figures().spi_faults
    assert set(faults.values()) == {0}
    counters = [packet.counter for packet in heard.of(SamplesPacket)]
    assert len(counters) > 30
    assert (np.diff(counters) == 50).all()


def test_the_tag_leaves_time_and_memory() -> None:
    plain, sealed = measure("ad8232"), measure("ad8232", KEY_DEFINE)
    # Ten packets of samples and one status a second, each in less than 1.5 ms.
    more_cycles = (sealed.busy_percent - plain.busy_percent) / 100 * CPU_HZ
    assert 0 < more_cycles / 10 < 0.0015 * CPU_HZ
    assert sealed.untouched_bytes >= 200
    assert sealed.load_percent == plain.load_percent
