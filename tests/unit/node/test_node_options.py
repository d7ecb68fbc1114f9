"""The node's command line."""

from __future__ import annotations

import math
import shlex
from pathlib import Path

import pytest

from ecgd.node.device import Battery
from ecgd.node.feed import FeedPart
from ecgd.node.options import read_options
from ecgd.sources.patient import ElectrodeOff

NEEDED = ["--link", "port", "--source", "synthetic:"]


def test_defaults() -> None:
    options = read_options(NEEDED)
    assert options.parts == (FeedPart("synthetic:"),)
    assert (options.link, options.baud, options.seed) == (Path("port"), 9600, 0)
    assert options.impairment.packet_loss == 0
    assert not options.impairment.stalled(1e6)
    assert options.duration_s == math.inf
    assert options.reset_at_s == ()
    assert options.boot is None


def test_everything() -> None:
    options = read_options(
        shlex.split(
            "--link p --source a: --for 30 --source b: --baud 57600 --seed 9 "
            "--loss 0.1 --byte-loss 0.01 --bit-errors 1e-4 --stall 20,1.5 --drift-ppm -4000 "
            "--reset-at 45,12.5 --battery 4000:3100/600 --garbage-at-start 99 --duration 60 "
            "--electrode-off LA@10-20,RL@30 --device-id bed-7 --boot 3 --log x.ecgdbytes"
        )
    )
    assert options.parts == (FeedPart("a:", 30.0), FeedPart("b:"))
    assert (options.baud, options.seed, options.device_id) == (57600, 9, "bed-7")
    assert options.boot == 3
    bad = options.impairment
    assert (bad.packet_loss, bad.byte_loss, bad.bit_errors) == (0.1, 0.01, 1e-4)
    assert (bad.stall_every_s, bad.stall_length_s, bad.garbage_at_start) == (20.0, 1.5, 99)
    assert (options.drift_ppm, options.reset_at_s) == (-4000.0, (12.5, 45.0))
    assert options.battery == Battery(4000.0, 3100.0, 600.0)
    assert options.electrodes_off == (
        ElectrodeOff("LA", 10.0, 20.0),
        ElectrodeOff("RL", 30.0, math.inf),
    )
    assert (options.duration_s, options.log) == (60.0, Path("x.ecgdbytes"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--link", "p"], "--source"),
        (["--source", "a:"], "--link"),
        (["--link", "p", "--for", "3", "--source", "a:"], "comes after"),
        ([*NEEDED, "--source", "b:"], "needs --for"),
        ([*NEEDED, "--baud", "9601"], "--baud"),
        ([*NEEDED, "--loss", "1.5"], "from 0 to 1"),
        ([*NEEDED, "--loss", "nan"], "from 0 to 1"),
        ([*NEEDED, "--stall", "5"], "EVERY,LENGTH"),
        ([*NEEDED, "--stall", "5,6"], "LENGTH < EVERY"),
        ([*NEEDED, "--reset-at", "5,x"], "seconds"),
        ([*NEEDED, "--battery", "4000"], "FULL:EMPTY/SECONDS"),
        ([*NEEDED, "--battery", "3000:4000/60"], "must fall"),
        ([*NEEDED, "--electrode-off", "V1@3-4"], "RA, LA, LL, RL"),
        ([*NEEDED, "--garbage-at-start", "-1"], "whole number"),
        ([*NEEDED, "--drift-ppm", "1e9"], "ppm"),
        ([*NEEDED, "--duration", "0"], "seconds"),
        ([*NEEDED, "--noise", "3"], "--noise"),
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        read_options(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err
