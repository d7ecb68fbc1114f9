"""What befalls the wall clock: it jumps, while samples and alarms go by the monotonic one."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from reliability.bench import Bench, NotPossibleHereError
from reliability.rig import STEMI, Stage, staged
from reliability.row import Findings, Row

JUMPS = ("+1h", "-1h", "+10y", "-10y")
HOLD_OFF_S = 4.0
ALARM_LIMIT_S = 30.0


def try_jump(bench: Bench) -> tuple[Row, ...]:
    """Let the clock jump while the hold-off of an alarm runs, in each direction."""
    library = library_of()
    return tuple(_jump(bench, library, jump) for jump in (JUMPS[2:3] if bench.quick else JUMPS))


def _jump(bench: Bench, library: Path, jump: str) -> Row:
    found = Findings()
    more = "\n[store]\nwaveform_days = 1\n"
    with bench.place() as directory, staged(directory, more=more, stemi_s=HOLD_OFF_S) as stage:
        clock = directory / "clock"
        set_clock(clock, "+0")
        # An infarction from the first beat on: its hold-off runs when the clock jumps.
        stage.plug(STEMI)
        stage.rig.start(**faketime(library, clock))
        stage.rig.wait_until_fed()
        kept = stage.rig.wait_for(lambda: _segments(stage), "waveform on the disk")
        found.check(not stage.heard(), "the alarm was raised before the jump")
        set_clock(clock, jump)
        jumped_s = time.monotonic()
        stage.rig.wait_for(lambda: _saw_jump(stage), "the daemon to see the jump")
        stage.wait_for_alert(patience_s=ALARM_LIMIT_S)
        found.say(f"alarm on pins and receiver {time.monotonic() - jumped_s:.1f} s later")
        time.sleep(1.0 if bench.quick else 12.0)
        statistics = stage.rig.patient()["link"]["statistics"]
        lost, gaps = statistics["samples_lost"], statistics["gaps"]
        found.say(f"{lost} samples lost, {gaps} gaps")
        found.check(not lost and not gaps, "samples were lost")
        told = {a["event_type"] for a in stage.rig.all_alarms()}
        # Where a time service keeps the clock, the jump itself is an alarm.
        others = told - _OF_AN_INFARCTION - {"CLOCK_STEPPED"}
        found.check(not others, f"raised too: {others}")
        found.check(set(kept) <= set(_segments(stage)), "waveform was deleted")
        found.say(f"all {len(kept)} pieces of waveform from before the jump still there")
        found.check(stage.rig.stop() == 0, "it did not end well")
    done = f"{jump}, by libfaketime, the monotonic clock untouched; waveform kept for one day"
    promise = "alarms keep their time, nothing is deleted because of it"
    return found.row("clock jumps", promise, done)


_OF_AN_INFARCTION = {"STEMI_DETECTED", "ACUTE_MI_RISK", "CARDIAC_ISCHEMIA"}


def library_of() -> Path:
    """Return libfaketime for programs with threads."""
    for folder in Path("/usr/lib").glob("*/faketime"):
        library = folder / "libfaketimeMT.so.1"
        if library.exists():
            return library
    raise NotPossibleHereError("libfaketime is missing: apt-get install faketime")


def faketime(library: Path, clock: Path) -> dict[str, str]:
    """Return the environment in which a program reads its wall clock through a file."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def set_clock(clock: Path, offset: str) -> None:
    """Change the offset in one step: the library reads the file at any moment."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(offset)
    fresh.replace(clock)


def _segments(stage: Stage) -> list[int]:
    """Return the pieces of waveform on the disk."""
    place = f"file:{stage.rig.database}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM waveform_segments")]


def _saw_jump(stage: Stage) -> bool:
    """Tell whether the daemon's clock is far from ours: its log says."""
    log = (stage.rig.state_dir / "ecgd.log").read_text(errors="replace").splitlines()
    here = time.strftime("%Y-%m-%d %H")
    return bool(log) and (len({line[:13] for line in log if line[:2] == "20"} - {here}) > 0)
