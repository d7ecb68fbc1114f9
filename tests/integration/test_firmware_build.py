"""scripts/build-firmware: what it builds and refuses, and the figures of docs/firmware.md."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from firmware_core import FLAGS, ROOT, SOURCES, needs_compiler

SCRIPT = ROOT / "scripts" / "build-firmware"
DOCUMENT = (ROOT / "docs" / "firmware.md").read_text(encoding="utf-8")
needs_avr = pytest.mark.debian("gcc-avr", "avr-libc", "arduino-core-avr")


def the_script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("build_firmware", str(SCRIPT))
    spec = importlib.util.spec_from_loader("build_firmware", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_firmware"] = module
    loader.exec_module(module)
    return module


def document_sizes() -> dict[str, list[int]]:
    rows = DOCUMENT.split("<!-- table: sizes -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]
    return {name: [int(cell.split(" ")[0]) for cell in numbers] for name, *numbers in cells}


@needs_avr
def test_every_image_is_built_with_room_to_spare_as_the_document_says(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--output", str(tmp_path)]
    result = subprocess.run(
        [*command, "--define", "ECG_NODE_NO_KEY_FILE=1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    told = re.findall(
        r"^(\w+) +(\d+) \(\d+%\) +(\d+) \(\d+%\) +(\d+) +(\d+)$", result.stdout, re.MULTILINE
    )
    sizes = {name: list(map(int, numbers)) for name, *numbers in told}
    documented = document_sizes()
    assert set(sizes) == set(documented) == set(the_script().VARIANTS)
    for name, numbers in sizes.items():
        assert numbers == pytest.approx(documented[name], rel=0.03), name
        assert (tmp_path / f"{name}.hex").read_text("ascii").startswith(":")
        assert (tmp_path / f"{name}.elf").read_bytes().startswith(b"\x7fELF")


@needs_avr
def test_a_key_beside_the_sketch_seals_the_image(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    header = tmp_path / "firmware" / "ecg_node" / "ecg_key.h"
    header.write_text(f"#pragma once\n#define ECG_KEY {', '.join(['0x5a'] * 16)}\n")
    command = [sys.executable, str(tmp_path / "scripts" / SCRIPT.name), "ad8232"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"block images are sealed with the key in {header}" in result.stdout
    (size,) = re.findall(r"^ad8232 +(\d+) ", result.stdout, re.MULTILINE)
    assert int(size) > document_sizes()["ad8232"][0] + 1000
    image = tmp_path / "build" / "firmware" / "ad8232.elf"
    assert b"\x5a" * 16 in image.read_bytes()


@needs_avr
def test_a_setting_that_cannot_work_is_refused_in_words(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--output", str(tmp_path)]
    result = subprocess.run(
        [*command, "--define", "SAMPLING_RATE=500", "ads1292r"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "BAUD_RATE is too low" in result.stderr
    assert not list(tmp_path.glob("*.hex"))


@needs_compiler
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("NUM_LEADS=12",), "NUM_LEADS: 6"),
        (("ADC_RESOLUTION=16",), "ADC_RESOLUTION: 12 with AD8232"),
        (("SAMPLING_RATE=500", "BAUD_RATE=115200"), "two AD8232 reach 250"),
        (("SAMPLING_RATE=300",), "SAMPLING_RATE: 125, 250 or 500"),
        (("FRAME_FORMAT=FRAME_SIX_LEAD",), "38400 or more: 13 bytes a sample"),
        (("FRAME_FORMAT=FRAME_SIX_LEAD", "BAUD_RATE=19200"), "38400 or more"),
        (("MAINS_NOTCH_HZ=55",), "MAINS_NOTCH_HZ: 0"),
        (("MAINS_NOTCH_HZ=60", "SAMPLING_RATE=125"), "MAINS_NOTCH_HZ 60 needs"),
        (("BAUD_RATE=4800",), "BAUD_RATE is too low"),
        (("FRONT_END=7",), "FRONT_END: FRONT_END_AD8232 or"),
        (("FRONT_END=FRONT_END_ADS1292R", "ADC_RESOLUTION=16"), "BAUD_RATE is too low"),
        (("FRONT_END=FRONT_END_ADS1292R", "ADS1292R_DC_COUPLED=1"), "cannot hold the electrodes"),
        (("AREF_MV=12000",), "AREF_MV"),
        (("BATTERY_BOTTOM_KOHM=0",), "BATTERY_TOP_KOHM"),
        (("FRAME_FORMAT=FRAME_SIX_LEAD", "BAUD_RATE=38400"), None),
        (("FRONT_END=FRONT_END_ADS1292R", "ADC_RESOLUTION=16", "BAUD_RATE=19200"), None),
        ((), None),
    ],
)
def test_what_does_not_fit_together_does_not_compile(
    settings: tuple[str, ...], message: str | None
) -> None:
    defines = [f"-D{setting}" for setting in settings]
    command = ["gcc", "-fsyntax-only", "-x", "c", *FLAGS[:4], *defines]
    result = subprocess.run(
        [*command, str(SOURCES / "settings.h")], capture_output=True, text=True, check=False
    )
    assert (result.returncode == 0) is (message is None)
    assert (message or "") in result.stderr


def test_an_image_too_large_is_named() -> None:
    script = the_script()
    fine = script.Sizes(flash_bytes=8000, static_ram_bytes=1000, stack_bytes=300)
    assert fine.complaints == []
    assert fine.free_ram_bytes == 748
    assert "flash" in script.Sizes(30_000, 1000, 300).complaints[0]
    assert "RAM" in script.Sizes(8000, 1500, 300).complaints[0]


DISASSEMBLY = """
00000100 <main>:
     100:\tcf 93       \tpush\tr28
     102:\tcd b7       \tin\tr28, 0x3d\t; 61
     104:\tde b7       \tin\tr29, 0x3e\t; 62
     106:\t6e 97       \tsbiw\tr28, 0x1e\t; 30
     108:\t0e 94 90 00 \tcall\t0x120\t; 0x120 <helper>

00000120 <helper>:
     120:\tcf 93       \tpush\tr28
     122:\tcd b7       \tin\tr28, 0x3d\t; 61
     124:\tde b7       \tin\tr29, 0x3e\t; 62
     126:\tc4 52       \tsubi\tr28, 0x24\t; 36
     128:\td1 40       \tsbci\tr29, 0x01\t; 1
     12a:\t{call}

00000140 <__vector_11>:
     140:\t1f 92       \tpush\tr1
     142:\t0f 92       \tpush\tr0
     144:\t18 95       \treti
"""


def test_the_deepest_stack_is_all_frames_return_addresses_and_an_interrupt() -> None:
    script = the_script()
    ends = DISASSEMBLY.format(call="08 95       \tret")
    main, helper, interrupt = 2 + 1 + 0x1E, 2 + 1 + 0x124, 2 + 2
    assert script.deepest_stack_bytes(ends) == main + helper + interrupt
    circle = DISASSEMBLY.format(call="0e 94 80 00 \tcall\t0x100\t; 0x100 <main>")
    with pytest.raises(SystemExit, match="main -> helper -> main is a circle"):
        script.deepest_stack_bytes(circle)


def test_every_setting_of_the_node_is_in_the_document_with_its_default() -> None:
    header = (ROOT / "firmware" / "ecg_node" / "config.h").read_text(encoding="utf-8")
    defined = dict(re.findall(r"^#ifndef (\w+)\n#define \1 (.+)$", header, re.MULTILINE))
    rows = DOCUMENT.split("<!-- table: settings -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    documented = {name.strip("`"): default.strip("`") for name, default, *_ in cells}
    defined.pop("ECG_NODE_CONFIG_H", None)
    assert set(documented) == set(defined)
    for name, default in defined.items():
        as_sold = re.search(r"== AD8232_AS_SOLD \? (\d+) :", default)
        assert documented[name] == (as_sold[1] if as_sold else default), name
