"""What befalls the computer itself: power, heat, room on the disk, in the kernel's own files."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from pathlib import Path

from reliability.bench import Bench, NotPossibleHereError
from reliability.disk import small_disk
from reliability.rig import Stage, staged
from reliability.row import Findings, Row

LOOK_S = 30.0
"""The daemon looks at the computer this often; heat and a full disk have to last for 60 s more."""

TOLD_LIMIT_S = 2 * LOOK_S + 75.0
KINDS = ("GATEWAY_POWER", "GATEWAY_HOT", "STORAGE_NEARLY_FULL")
CLEARED_S = {"GATEWAY_POWER": 600.0, "GATEWAY_HOT": 60.0, "STORAGE_NEARLY_FULL": 60.0}
ROOM, LITTLE_ROOM = "700m", "400m"


def try_computer(bench: Bench) -> tuple[Row, ...]:
    """Let the kernel's own files tell of low voltage, heat and a disk that is nearly full."""
    found = Findings()
    with (
        bench.place() as directory,
        small_disk(directory / "state", ROOM),
        staged(directory) as stage,
    ):
        kernel = _Kernel(directory / "class")
        stage.plug("synthetic:?rate=72")
        stage.rig.start(*kernel.before)
        stage.rig.wait_until_fed()
        found.check(not _told(stage), f"told of a computer that is well: {_told(stage)}")
        kernel.suffer()
        _resize(directory / "state", LITTLE_ROOM)
        began_s = time.monotonic()
        for kind in KINDS:
            stage.rig.wait_for(partial(stage.heard, kind), kind, TOLD_LIMIT_S)
            found.say(f"{kind} delivered {time.monotonic() - began_s:.0f} s after")
        _answer(stage)
        kernel.recover()
        _resize(directory / "state", ROOM)
        began_s = time.monotonic()
        for kind in sorted(KINDS, key=CLEARED_S.__getitem__):
            patience_s = CLEARED_S[kind] + TOLD_LIMIT_S
            stage.rig.wait_for(partial(_is_over, stage, kind), kind, patience_s)
            found.say(f"{kind} over {time.monotonic() - began_s:.0f} s after its cause")
        found.check(stage.heard(KINDS[0]) == 1, "one fault was told more than once")
        found.check(stage.rig.stop() == 0, "it did not end well")
    done = (
        "files of the trial in the place of the kernel's below /sys/class, and a real disk: "
        "undervoltage, 85 °C, less than 500 MB free; then all well again"
    )
    promise = "each is an alarm that is delivered, and over when its cause is"
    return (found.row("the computer suffers", promise, done),)


class _Kernel:
    """What the kernel says of the computer, put in the place of its own words for one process."""

    def __init__(self, classes: Path) -> None:
        probe = subprocess.run(
            ["unshare", "-m", "mount", "--bind", "/sys/class", "/sys/class"],
            capture_output=True,
            check=False,
        )
        if probe.returncode:
            raise NotPossibleHereError("mounting over /sys/class is not permitted")
        self._power = classes / "hwmon" / "hwmon0"
        self._zone = classes / "thermal" / "thermal_zone0"
        for place in (self._power, self._zone):
            place.mkdir(parents=True)
        (self._power / "name").write_text("rpi_volt\n")
        self.recover()
        script = 'mount --bind "$0" /sys/class && exec "$@"'
        self.before = ("unshare", "-m", "sh", "-c", script, str(classes))

    def suffer(self) -> None:
        (self._power / "in0_lcrit_alarm").write_text("1\n")
        (self._zone / "temp").write_text("85000\n")

    def recover(self) -> None:
        (self._power / "in0_lcrit_alarm").write_text("0\n")
        (self._zone / "temp").write_text("55000\n")


def _told(stage: Stage) -> set[str]:
    return {alarm["event_type"] for alarm in stage.rig.all_alarms()} & set(KINDS)


def _is_over(stage: Stage, kind: str) -> bool:
    return kind not in _told(stage)


def _answer(stage: Stage) -> None:
    stage.rig.client().post("/v1/alerts/acknowledge", {"patient": "gateway", "by": "trial"})


def _resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
