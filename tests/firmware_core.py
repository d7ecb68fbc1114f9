"""The firmware's portable core, compiled for this computer with sanitizers, and a bench for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from block_examples import decode, packets_of

from ecgd.model.signal import CountArray
from ecgd.protocol import HelloPacket, Packet, ReplyPacket, SamplesPacket, StatusPacket

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ROOT / "firmware" / "ecg_node" / "src"
PROGRAMS: Final = ROOT / "tests" / "firmware"
FLAGS: Final = (
    *("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-O1"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)

needs_compiler = pytest.mark.debian("gcc", "libc6-dev")
one_worker = pytest.mark.xdist_group("firmware_core")
"""A program is compiled once, so the tests that share it run in one place."""


@cache
def build_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ecgd-core")


@cache
def program(name: str, *settings: str) -> Path:
    """Compile tests/firmware/NAME.c with the core and these settings of config.h."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is missing")
    target = Path(build_directory().name) / "-".join((name, *settings)).replace("/", "_")
    core = sorted((SOURCES / "core").glob("*.c"))
    board = [] if name in ("vectors", "boots") else [PROGRAMS / "fake_board.c"]
    # Whatever key lies beside the sketch of whoever runs this: the tests bring their own.
    defines = ["-DECG_NODE_NO_KEY_FILE", *(f"-D{setting}" for setting in settings)]
    own = [PROGRAMS / f"{name}.c", *board, *chosen(core, name)]
    command = ["gcc", *FLAGS, *defines, f"-I{SOURCES}", f"-I{PROGRAMS}", *map(str, own)]
    subprocess.run([*command, "-o", str(target)], check=True)
    return target


def chosen(core: list[Path], name: str) -> list[Path]:
    """Leave out what needs more of a board than the program has."""
    if name == "vectors":
        wanted = {"crc32", "packet", "messages", "samples", "receiver", "chaskey", "seal"}
        return [path for path in core if path.stem in wanted]
    if name == "boots":
        return [path for path in core if path.stem == "boot_log"]
    return [path for path in core if path.stem != "boot_log"]


def run(command: list[str], words: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of ours; what a sanitizer finds ends it with its own words."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run(
        command, input=words, capture_output=True, text=True, check=False, env=environment
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes as they left the device, with the time at which they had left."""

    time_ms: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """All that the bench said."""

    words: tuple[tuple[str, ...], ...]

    @property
    def sent(self) -> list[Sent]:
        """What went over the line."""
        rows = (words for words in self.words if words[0] == "sent")
        return [Sent(int(words[1]), bytes.fromhex(words[2])) for words in rows]

    @property
    def line(self) -> bytes:
        """The same in one piece."""
        return b"".join(sent.data for sent in self.sent)

    def of(self, kind: str) -> list[tuple[int, ...]]:
        """The numbers of all lines of one kind."""
        return [tuple(map(int, words[1:])) for words in self.words if words[0] == kind]


class Bench:
    """What happens to a node, written down first and run as one."""

    def __init__(self, *settings: str, boot: int = 1, cause: int = 1) -> None:
        self._program = program("node_bench", *settings)
        self._words = [f"boot {boot} {cause}"]

    def say(self, *words: object) -> None:
        """Let something happen (tests/firmware/node_bench.c)."""
        self._words.append(" ".join(str(word) for word in words))

    def samples(self, levels: CountArray, saturated: int = 0, electrodes_off: int = 0) -> None:
        """Convert levels of shape (2, sample)."""
        for lead_i, lead_ii in levels.T:
            self.say("s", lead_i, lead_ii, saturated, electrodes_off)

    def hear(self, data: bytes) -> None:
        """Let bytes from the host arrive."""
        self.say("host", data.hex())

    def run(self) -> Told:
        """Run it all from the start."""
        result = run([str(self._program)], "\n".join([*self._words, "drain"]) + "\n")
        assert result.returncode == 0, result.stderr[-2000:]
        return Told(tuple(tuple(line.split(" ")) for line in result.stdout.splitlines()))


def noise_levels(rng: np.random.Generator, samples: int, limit: int = 8188) -> CountArray:
    """Full-scale noise in quarter counts."""
    return rng.integers(-limit, limit, (2, samples), dtype=np.int32)


def counts_of(levels: CountArray) -> CountArray:
    """What 12-bit counts have to come of quarter counts: the nearest, halves up."""
    counts: CountArray = np.clip((levels + 2) // 4, -2048, 2047)
    return counts


def joined(parts: Iterable[CountArray]) -> CountArray:
    """Counts of packets one after the other."""
    counts: CountArray = np.concatenate(list(parts), axis=1)
    return counts


def packets(told: Told) -> list[Packet]:
    """All that was sent; every byte has to belong to a packet."""
    events = decode(told.line)
    found = packets_of(events)
    assert len(found) == len(events), events
    return list(found)


def samples_of(told: Told) -> list[SamplesPacket]:
    return [packet for packet in packets(told) if isinstance(packet, SamplesPacket)]


def statuses_of(told: Told) -> list[StatusPacket]:
    return [packet for packet in packets(told) if isinstance(packet, StatusPacket)]


def replies_of(told: Told) -> list[ReplyPacket]:
    return [packet for packet in packets(told) if isinstance(packet, ReplyPacket)]


def hellos_of(told: Told) -> list[HelloPacket]:
    return [packet for packet in packets(told) if isinstance(packet, HelloPacket)]


def still(samples: int) -> CountArray:
    return np.zeros((2, samples), dtype=np.int32)
