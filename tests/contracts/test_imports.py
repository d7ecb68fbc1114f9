"""The floors hold, and what must stay off an import path stays off it."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

OPTIONAL = (
    "wfdb",
    "pandas",
    "matplotlib",
    "dbus_fast",
    "lgpio",
    "systemd",
    "tensorflow",
    "sklearn",
    "neurokit2",
    "sleepecg",
    "PIL",
)
"""Packages of the extras: an installation without extras has none of them."""

IMPORT_ALL = f"""
import pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
import ecgd
for module in pkgutil.walk_packages(ecgd.__path__, "ecgd."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
"""


def modules_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after the statement."""
    report = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_imports_only_go_down(project_root: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [str(linter), "--no-cache"], cwd=project_root, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout


def test_ecgctl_starts_without_heavy_libraries() -> None:
    heavy = {"numpy", "scipy", "aiohttp", "requests", "tensorflow", "pydantic", "ai_edge_litert"}
    heavy |= {"dbus_fast", "asyncio"}
    assert not heavy & modules_after("import ecgd.cli.main")


def test_the_daemon_needs_no_library_of_an_extra() -> None:
    unwanted = {"wfdb", "pandas", "matplotlib", "tensorflow", "dbus_fast"}
    assert not unwanted & modules_after("import ecgd.service.main, ecgd.service.daemon")


def test_every_module_imports_without_the_extras() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("room", ["protocol", "dsp", "features", "ensemble", "decision"])
def test_a_pure_room_brings_no_other_room_along(room: str) -> None:
    statement = f"import sys, pkgutil, ecgd.{room} as room"
    walk = f"for m in pkgutil.walk_packages(room.__path__, 'ecgd.{room}.'): __import__(m.name)"
    listing = "print(*{n.split('.')[1] for n in sys.modules if n.startswith('ecgd.')})"
    answer = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{walk}\n{listing}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(answer.stdout.split()) <= {room, "model", "config", "errors"}


def test_setup_cfg_lists_every_package(project_root: Path) -> None:
    setup = configparser.ConfigParser()
    setup.read(project_root / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    found = {
        ".".join(init.parent.relative_to(project_root).parts)
        for init in (project_root / "ecgd").rglob("__init__.py")
    }
    assert listed == found | {"ecgd_models"}


def test_nothing_waits_in_a_way_that_loses_a_cancellation(project_root: Path) -> None:
    """Python 3.11's wait_for does, in the moment of the answer: then the daemon never ends."""
    for path in sorted((project_root / "ecgd").rglob("*.py")):
        assert "asyncio.wait_for(" not in path.read_text(encoding="utf-8"), path
