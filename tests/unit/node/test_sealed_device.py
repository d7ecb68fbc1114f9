"""A simulated device with a key seals what it sends, and says in the clear that it does."""

from __future__ import annotations

from typing import cast

import pytest
from chaos.numbers import NumberedFeed

from ecgd.node.device import BOOT_S, Battery, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.options import read_options
from ecgd.protocol import (
    BlockDecoder,
    Command,
    Fault,
    HelloPacket,
    LinkKey,
    Mark,
    ReplyPacket,
    SealGuard,
    encode_command,
)

KEY = LinkKey(bytes(16))


def device(key: LinkKey | None) -> SimulatedDevice:
    return SimulatedDevice(cast(Feed, NumberedFeed()), "bench", Battery(), boot=7, key=key)


def test_what_it_sends_is_taken_with_its_key_only_and_over_a_reset() -> None:
    node, guard = device(KEY), SealGuard(KEY)
    decoder, keyless = BlockDecoder(guard), BlockDecoder()
    line = b"".join(node.advance(10.0))
    node.reset(10.0)
    line += b"".join(node.advance(15.0 + BOOT_S))
    events = decoder.feed(line)

    assert not [event for event in events if isinstance(event, Fault)]
    assert [e.boot for e in events if isinstance(e, HelloPacket)] == [7, 8]
    assert guard.mark == Mark(8, 1250)
    assert not [event for event in keyless.feed(line) if not isinstance(event, Fault)]


@pytest.mark.parametrize(("key", "value"), [(KEY, 1), (None, 0)])
def test_its_reply_says_whether_it_seals(key: LinkKey | None, value: int) -> None:
    node = device(key)
    node.advance(1.0)
    answers = node.receive(encode_command(Command.HELLO))
    (reply, *_) = BlockDecoder().feed(b"".join(answers))
    assert isinstance(reply, ReplyPacket)
    assert reply.value == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--key-file", "k"), "--key-file needs --boot"),
        (("--key-file", "k", "--boot", "1", "--protocol", "six-lead"), "cannot be sealed"),
    ],
)
def test_a_key_needs_a_run_number_and_the_block_protocol(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_options(["--link", "x", "--source", "synthetic:", *words])
    assert said in capsys.readouterr().err
