"""Command line of the node."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgd.config.settings import DeviceSettings
from ecgd.model.leads import LIMB_LEADS
from ecgd.node.device import ADC_BITS, COUNTS_PER_MV, FS_HZ, Battery
from ecgd.node.feed import FeedPart
from ecgd.node.impairment import Impairment
from ecgd.node.six_lead_device import ChannelFaults
from ecgd.sources.options import Options, read_number
from ecgd.sources.patient import ElectrodeOff
from ecgd.sources.patient_options import read_electrodes_off
from ecgd.sources.url import BAUD_RATES

_DESCRIPTION = (
    "A simulated HC-05 heart monitor: speaks the block protocol, or sends six-lead frames, "
    "on a pseudo terminal."
)
_EPILOG = """example:
  python -m ecgd.node --link /run/user/1000/hc05 \\
      --source 'synthetic:?rate=72' --for 30 --source 'synthetic:?st=inferior:0.3' \\
      --loss 0.01 --drift-ppm 3000 --stall 20,1.5 --reset-at 45
  python -m ecgd.node --link /run/user/1000/hc05 --protocol six-lead --baud 38400 \\
      --source 'synthetic:?rate=72' --channel-fault aVL=0.5 --byte-loss 0.0001
"""


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What the command line says. Times are seconds since the start."""

    parts: tuple[FeedPart, ...]
    link: Path
    baud: int
    seed: int
    impairment: Impairment
    drift_ppm: float
    reset_at_s: tuple[float, ...]
    battery: Battery
    electrodes_off: tuple[ElectrodeOff, ...]
    duration_s: float
    device_id: str
    boot: int | None
    key_file: Path | None
    log: Path | None
    device: DeviceSettings
    channel_faults: ChannelFaults


class _AddSource(argparse.Action):
    """``--source URL`` begins a part; ``--for SECONDS`` after it says how long it lasts."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        parts: list[FeedPart] = list(namespace.parts or ())
        if option_string == "--source":
            if parts and math.isinf(parts[-1].duration_s):
                parser.error(f"--source {parts[-1].url} needs --for before another --source")
            parts.append(FeedPart(values))
        elif not parts:
            parser.error("--for comes after the --source that it is about")
        else:
            parts[-1] = FeedPart(parts[-1].url, values)
        namespace.parts = tuple(parts)


def read_options(arguments: Sequence[str]) -> NodeOptions:
    """Read the command line; a wrong one ends the program with status 2 and says why."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.key_file is not None and given.protocol != "block":
        parser.error("--key-file goes with --protocol block: six-lead frames cannot be sealed")
    if given.key_file is not None and given.boot is None:
        parser.error("--key-file needs --boot N, a greater N at each start: no run may come twice")
    stall_every_s, stall_length_s = given.stall
    impairment = Impairment(
        packet_loss=given.loss,
        byte_loss=given.byte_loss,
        bit_errors=given.bit_errors,
        stall_every_s=stall_every_s,
        stall_length_s=stall_length_s,
        garbage_at_start=given.garbage_at_start,
    )
    return NodeOptions(
        parts=given.parts,
        link=given.link,
        baud=given.baud,
        seed=given.seed,
        impairment=impairment,
        drift_ppm=given.drift_ppm,
        reset_at_s=given.reset_at,
        battery=given.battery,
        electrodes_off=given.electrode_off,
        duration_s=given.duration,
        device_id=given.device_id,
        boot=given.boot,
        key_file=given.key_file,
        log=given.log,
        device=_device(given),
        channel_faults=ChannelFaults(dict(given.channel_fault), given.exchange),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ecgd.node",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--source",
        dest="parts",
        action=_AddSource,
        required=True,
        metavar="URL",
        help="what the electrodes see: replay: or synthetic: (see --for)",
    )
    add(
        "--for",
        dest="parts",
        action=_AddSource,
        type=_between("seconds", 0.1, 1e9),
        metavar="SECONDS",
        help="after this time the next --source begins",
    )
    add("--link", type=Path, required=True, help="name of the port, a symbolic link")
    add("--baud", type=int, default=9600, choices=BAUD_RATES, metavar="RATE", help="default 9600")
    add("--seed", type=int, default=0, help="seed of everything random (default 0)")
    _add_impairments(add)
    _add_protocol(add)
    add("--device-id", default="node-1", help="default node-1")
    add(
        "--boot",
        type=_whole(0, 0xFFFF),
        metavar="N",
        help="number of the device's first run (default: another one at each start)",
    )
    add("--key-file", type=Path, help="seal the packets with the key in this file (block only)")
    add("--duration", type=_between("seconds", 0.1, 1e9), default=math.inf, metavar="SECONDS")
    add("--log", type=Path, help="write what is transmitted and heard as .ecgdbytes")
    return parser


def _add_protocol(add: Callable[..., Any]) -> None:
    add("--protocol", choices=("block", "six-lead"), default="block", help="default block")
    add(
        "--byte-order",
        choices=("little", "big"),
        default="little",
        help="six-lead: which byte of a sample comes first (default little)",
    )
    add(
        "--baseline",
        type=int,
        choices=range(-0x4000, 0x4000),
        default=0,
        metavar="COUNTS",
        help="six-lead: counts at 0 mV (default 0); 2048: a converter that counts from 0",
    )
    add(
        "--channel-fault",
        type=_channel_fault,
        action="append",
        default=[],
        metavar="LEAD=GAIN",
        help="six-lead: a channel whose gain is wrong; may be given again",
    )
    add(
        "--exchange",
        type=_exchange,
        metavar="LEAD,LEAD",
        help="six-lead: two channels that are exchanged",
    )


def _add_impairments(add: Callable[..., Any]) -> None:
    share = _between("a share", 0.0, 1.0)
    add("--loss", type=share, default=0.0, metavar="P", help="share of packets lost")
    add("--byte-loss", type=share, default=0.0, metavar="P", help="share of bytes lost")
    add("--bit-errors", type=share, default=0.0, metavar="P", help="share of bits flipped")
    add(
        "--stall",
        type=_stall,
        default=(math.inf, 0.0),
        metavar="EVERY,LENGTH",
        help="every so many seconds hold everything back for LENGTH seconds",
    )
    add("--drift-ppm", type=_between("ppm", -50000, 50000), default=0.0, metavar="X")
    add("--reset-at", type=_times, default=(), metavar="S,…", help="resets, in mid packet")
    add(
        "--battery",
        type=_battery,
        default=Battery(),
        metavar="FULL:EMPTY/SECONDS",
        help="decline in mV (default 4100:3300/28800)",
    )
    add("--garbage-at-start", type=_whole(0, 8192), default=0, metavar="N", help="random bytes")
    add(
        "--electrode-off",
        type=_electrodes_off,
        default=(),
        metavar="NAME@FROM-TO,…",
        help="loose electrodes: RA, LA, LL, RL",
    )


def _device(given: argparse.Namespace) -> DeviceSettings:
    if given.protocol == "block":
        return DeviceSettings()
    return DeviceSettings(
        protocol=given.protocol,
        fs_hz=FS_HZ,
        byte_order=given.byte_order,
        counts_per_mv=COUNTS_PER_MV,
        baseline_counts=given.baseline,
        adc_bits=ADC_BITS,
        highpass_hz=0.0,
        lowpass_hz=100.0,
    )


def _channel_fault(text: str) -> tuple[str, float]:
    lead, _, gain_text = text.partition("=")
    gain = read_number(gain_text)
    if lead not in LIMB_LEADS or gain is None or not -10.0 <= gain <= 10.0:
        raise argparse.ArgumentTypeError(f"{text}: must be LEAD=GAIN, as in aVL=0.5")
    return lead, gain


def _exchange(text: str) -> tuple[str, str]:
    first, _, second = text.partition(",")
    if first == second or not {first, second} <= set(LIMB_LEADS):
        raise argparse.ArgumentTypeError(f"{text}: must be two leads, as in I,II")
    return first, second


def _between(what: str, low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = read_number(text)
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text}: must be {what} from {low:g} to {high:g}")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number {low} to {high}")
        return int(text)

    return read


def _stall(text: str) -> tuple[float, float]:
    every_s, _, length_s = text.partition(",")
    every, length = read_number(every_s), read_number(length_s)
    if every is None or length is None or not 0 < length < every:
        raise argparse.ArgumentTypeError(f"{text}: must be EVERY,LENGTH with 0 < LENGTH < EVERY")
    return every, length


def _times(text: str) -> tuple[float, ...]:
    times = [read_number(part) for part in text.split(",")]
    known = tuple(sorted(time for time in times if time is not None and time > 0))
    if len(known) != len(times):
        raise argparse.ArgumentTypeError(f"{text}: must be seconds with commas between them")
    return known


def _battery(text: str) -> Battery:
    levels, _, decline = text.partition("/")
    figures = [read_number(part) for part in (*levels.split(":"), decline)]
    full_mv, empty_mv, decline_s = (*figures, None, None, None)[:3]
    if len(figures) != 3 or full_mv is None or empty_mv is None or decline_s is None:
        raise argparse.ArgumentTypeError(f"{text}: must be FULL:EMPTY/SECONDS in mV")
    if not (0 < empty_mv <= full_mv <= 60000 and decline_s > 0):
        raise argparse.ArgumentTypeError(f"{text}: must fall, from at most 60000 mV")
    return Battery(full_mv, empty_mv, decline_s)


def _electrodes_off(text: str) -> tuple[ElectrodeOff, ...]:
    options = Options(f"electrode_off={text}", ("electrode_off",))
    spans = read_electrodes_off(options, "electrode_off")
    if options.problems:
        raise argparse.ArgumentTypeError("; ".join(options.problems))
    return spans
