"""The firmware's core, compiled for this computer: the shared vectors, and any bytes at all."""

from __future__ import annotations

import collections
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from firmware_core import FLAGS, PROGRAMS, ROOT, SOURCES, needs_compiler, one_worker, program, run

from ecgd.protocol import BlockDecoder

pytestmark = [needs_compiler, one_worker]

VECTORS = ROOT / "tests" / "vectors"
FUZZ_RUNS = os.environ.get("ECGD_FIRMWARE_FUZZ_RUNS", "1500")
"""Half a second; for a long search set it to a million, or run the libFuzzer test for a time."""

FUZZ_S = int(os.environ.get("ECGD_FIRMWARE_FUZZ_S", "0"))


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text("ascii").splitlines() if not line.startswith("#")]


def kinds_in(*paths: Path) -> dict[str, int]:
    """How many vectors of each kind a device has to hold; sealed streams are a gateway's."""
    kinds = collections.Counter[str]()
    for path in paths:
        found = [line.split(" ", 1)[0] for line in lines_of(path)]
        kinds.update(kind for kind in found if path.stem == "block" or kind != "stream")
    return dict(kinds)


def test_every_vector_holds_in_both_directions() -> None:
    paths = (VECTORS / "block.txt", VECTORS / "block_sealed.txt")
    result = run([str(program("vectors")), *map(str, paths)])
    assert result.returncode == 0, result.stdout + result.stderr
    held = dict(line.split("=") for line in result.stdout.split())
    assert {kind: int(count) for kind, count in held.items() if count != "0"} == kinds_in(*paths)


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("crc", lambda line: line[:-1] + ("0" if line[-1] != "0" else "1")),
        ("packet", lambda line: line.replace("battery_mv=3700", "battery_mv=3701")),
        ("packet", lambda line: line.replace("counts=2047,", "counts=2046,")),
        ("stream", lambda line: line.replace("discarded=40", "discarded=41")),
        ("mac", lambda line: line[:-1] + ("0" if line[-1] != "0" else "1")),
        ("seal", lambda line: line.replace("boot=", "boot=1")),
    ],
)
def test_a_vector_that_is_wrong_is_found(tmp_path: Path, kind: str, damage: object) -> None:
    assert callable(damage)
    source = VECTORS / ("block.txt" if kind in {"crc", "packet", "stream"} else "block_sealed.txt")
    lines = lines_of(source)
    (at, *_) = [
        at for at, line in enumerate(lines) if line.startswith(kind) and damage(line) != line
    ]
    lines[at] = damage(lines[at])
    wrong = tmp_path / source.name
    wrong.write_text("\n".join(lines) + "\n")
    result = run([str(program("vectors")), str(wrong)])
    assert result.returncode == 1
    assert lines[at].split(" ")[1] in result.stdout


def resealed(packet: bytes) -> bytes:
    return packet[:-4] + zlib.crc32(packet[:-4]).to_bytes(4, "little")


def altered_packets(rng: np.random.Generator) -> Iterator[bytes]:
    """Every packet of the vectors with bytes of its body changed, and its CRC right again."""
    for line in lines_of(VECTORS / "block.txt"):
        kind, name, text, *_ = line.split(" ")
        if kind != "packet":
            continue
        telling = np.array([0, 1, 7, 0x20, 0x7E, 0x7F, 0x80, 0xFF])
        for _ in range(150 if name.startswith("hello") else 20):
            packet = bytearray.fromhex(text)
            for at in rng.integers(4, len(packet) - 4, rng.integers(1, 3)):
                packet[at] = int(rng.choice(telling))
            yield resealed(bytes(packet))


def test_the_core_and_the_gateway_refuse_the_same_content(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    lines = []
    for number, packet in enumerate(altered_packets(rng)):
        decoder = BlockDecoder()
        decoder.feed(packet)
        decoder.reset()
        told = decoder.statistics
        found = f"packets={told.packets} accepted={told.bytes_accepted} "
        found += f"discarded={told.bytes_discarded} refused={told.refused}"
        lines.append(f"stream altered_{number} {packet.hex()} {found}")
    assert sum("refused=1" in line for line in lines) > 100
    assert sum("refused=0" in line for line in lines) > 500
    vectors = tmp_path / "altered.txt"
    vectors.write_text("\n".join(lines) + "\n")
    result = run([str(program("vectors")), str(vectors)])
    assert result.returncode == 0, result.stdout[:2000]
    assert f"stream={len(lines)}" in result.stdout


def test_nothing_that_is_heard_confuses_the_node() -> None:
    result = run([str(program("fuzz_node")), FUZZ_RUNS, "7"])
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == f"{FUZZ_RUNS} runs\n"


if FUZZ_S > 0:

    def test_a_search_finds_nothing_that_confuses_the_node(tmp_path: Path) -> None:
        clang = shutil.which("clang")
        assert clang is not None, "libFuzzer comes with clang: apt-get install clang"
        target = tmp_path / "fuzz"
        flags = [flag for flag in FLAGS if flag not in {"-Werror"}]
        core = [path for path in (SOURCES / "core").glob("*.c") if path.stem != "boot_log"]
        own = [PROGRAMS / "fuzz_node.c", PROGRAMS / "fake_board.c", *core]
        words = [clang, *flags, "-fsanitize=fuzzer", "-DWITH_LIBFUZZER", "-DECG_NODE_NO_KEY_FILE"]
        words += [f"-I{SOURCES}", f"-I{PROGRAMS}", *map(str, own), "-o", str(target)]
        subprocess.run(words, check=True)
        subprocess.run([target, f"-max_total_time={FUZZ_S}", "-max_len=4096"], check=True)


class Runs:
    """Boots in a row over one EEPROM."""

    def __init__(self) -> None:
        self._words: list[str] = []

    def say(self, word: str) -> None:
        self._words.append(word)

    def told(self) -> list[str]:
        result = run([str(program("boots"))], "\n".join(self._words) + "\n")
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()


def test_each_run_has_the_next_number_and_no_cell_is_worn() -> None:
    runs = Runs()
    for _ in range(1280):
        runs.say("boot 0 -1")
    runs.say("wear")
    *numbers, wear = runs.told()
    assert [int(number) for number in numbers] == list(range(1280))
    most, outside = map(int, wear.split())
    assert most <= 10
    assert outside == 0


def test_a_number_is_never_used_twice_when_power_goes_while_it_is_written() -> None:
    runs = Runs()
    for _ in range(40):
        for written in range(4):
            runs.say(f"boot 0 {written}")
        runs.say("boot 0 -1")
    told = [int(word) for word in runs.told() if word != "lost"]
    assert len(told) >= 40
    assert len(set(told)) == len(told)
    assert told == sorted(told)


@pytest.mark.parametrize(("stays", "after"), [(0, "0"), (1, "65535")])
def test_behind_the_last_number_a_node_with_a_key_keeps_it(stays: int, after: str) -> None:
    runs = Runs()
    for word in ("put 65533", *[f"boot {stays} -1"] * 4):
        runs.say(word)
    assert runs.told() == ["65534", "65535", after, "1" if after == "0" else "65535"]


def test_what_another_program_left_in_the_eeprom_is_no_run() -> None:
    runs = Runs()
    for word in ("poke 5 700", "poke 127 254", "boot 0 -1", "boot 0 -1"):
        runs.say(word)
    assert runs.told() == ["0", "1"]


def test_an_erased_log_begins_anew() -> None:
    runs = Runs()
    for word in ("put 900", "boot 0 -1", "erase", "boot 0 -1", "boot 0 -1"):
        runs.say(word)
    assert runs.told() == ["901", "0", "1"]
