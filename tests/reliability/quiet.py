"""What befalls quiet hours: a wall clock that jumps into them while an alarm sounds."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from reliability.bench import Bench, NotPossibleHereError
from reliability.clock import faketime, library_of, set_clock
from reliability.rig import STEMI, Stage, staged
from reliability.row import Findings, Row

KEPT_CLOCK = "int adjtimex(void *clock) { (void)clock; return 0; }\n"
"""Says what the kernel says where a time service keeps the clock; else there are no quiet hours."""

JUMP_H = 7
BURST_S = 7.0
"""A burst of medium priority, its pause, and a second more."""


def try_quiet_hours(bench: Bench) -> tuple[Row, ...]:
    """Let the clock jump into quiet hours while a medium alarm sounds; then raise a grave one."""
    library, found = library_of(), Findings()
    hour = time.localtime().tm_hour
    begin, end = (hour + JUMP_H - 1) % 24, (hour + JUMP_H + 2) % 24
    with bench.place() as directory, staged(directory) as stage:
        rig, clock = stage.rig, directory / "clock"
        hours = f'[alarms]\nquiet_hours = "{begin:02}:00-{end:02}:00"\n[alarms.hold_off]'
        rig.config.write_text(rig.config.read_text().replace("[alarms.hold_off]", hours))
        set_clock(clock, "+0")
        environ = faketime(library, clock)
        rig.start(**environ | {"LD_PRELOAD": f"{_kept_clock(directory)} {library}"})
        rig.wait_for(lambda: rig.pulses(rig.started_s), "the sound of the lost link")
        found.say("the lost link sounds")
        set_clock(clock, f"+{JUMP_H}h")
        rig.wait_for(lambda: "(now)" in rig.part("sound").get("detail", ""), "quiet hours")
        quiet_s = time.monotonic()
        time.sleep(BURST_S)
        late = [pulse for pulse in rig.pulses(quiet_s) if pulse.time_s > quiet_s + 1.0]
        found.check(not late, f"{len(late)} pulses in quiet hours")
        found.check(_lights(stage, quiet_s), "the light went out too")
        found.say(f"silent for {BURST_S:g} s in quiet hours, its light is lit")
        stage.plug(STEMI)
        rig.wait_for(stage.heard, "the infarction", 60.0)
        rig.wait_for(lambda: rig.pulses(quiet_s + BURST_S), "the sound of the infarction")
        found.say("an infarction sounds in them")
        found.check(rig.stop() == 0, "it did not end well")
    done = f"+{JUMP_H}h into quiet hours, by libfaketime, while the alarm of a lost link sounds"
    promise = "medium is silent and shines, high sounds"
    return (found.row("clock jumps", promise, done),)


def _kept_clock(directory: Path) -> Path:
    """Return a library by which the daemon believes its clock."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotPossibleHereError("a C compiler is missing: apt-get install gcc")
    source, built = directory / "kept.c", directory / "kept.so"
    source.write_text(KEPT_CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, source], check=True)
    return built


def _lights(stage: Stage, since_s: float) -> bool:
    """Tell whether the yellow light flashed since then."""
    return bool(stage.rig.pulses(since_s, "yellow"))
