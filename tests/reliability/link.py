"""What befalls the device: away for long, coming and going."""

from __future__ import annotations

import time
from collections.abc import Callable

from reliability.bench import Bench
from reliability.rig import SOUND_HEART, Stage, staged
from reliability.row import Findings, Row, spread

HOUR_S = 3600.0
RECONNECT_LIMIT_S = 5.0
"""The longest pause between two tries of a cable is 2 s and a fifth of it."""


def try_away(bench: Bench) -> tuple[Row, ...]:
    """Take the device away for long; nobody restarts anything; bring it back."""
    found = Findings()
    away_s = HOUR_S if bench.hour else (4.0 if bench.quick else 60.0)
    with bench.place() as directory, staged(directory) as stage:
        stage.plug(SOUND_HEART)
        stage.rig.start()
        stage.rig.wait_until_fed()
        pid, memory_kb = stage.rig.pid, _memory_kb(stage)
        stage.unplug()
        gone_s = time.monotonic()
        stage.rig.wait_for(lambda: stage.heard("LINK_LOST"), "the alarm about the link")
        found.say(f"alarm after {time.monotonic() - gone_s:.1f} s")
        time.sleep(max(0.0, gone_s + away_s - time.monotonic()))
        found.check(stage.heard("LINK_LOST") == 1, f"{stage.heard('LINK_LOST')} alarms for one")
        found.check(stage.rig.is_running and stage.rig.pid == pid, "the daemon has ended")
        found.say(f"memory grew by {(_memory_kb(stage) - memory_kb) / 1024:.1f} MB meanwhile")
        samples = stage.rig.samples()
        stage.plug(SOUND_HEART)
        back_s = time.monotonic()
        stage.rig.wait_for(lambda: stage.rig.samples() > samples, "samples again", 60)
        reconnect_s = time.monotonic() - back_s
        stage.rig.wait_for(lambda: _is_judged(stage), "a judgement again", 60)
        judged_s = time.monotonic() - back_s
        found.say(f"samples {reconnect_s:.1f} s after its return, judged after {judged_s:.1f} s")
        found.check(reconnect_s <= RECONNECT_LIMIT_S, f"limit {RECONNECT_LIMIT_S:g} s")
    done = f"its port removed for {away_s:.0f} s" + ("" if bench.hour else ", standing for an hour")
    return (found.row("device away", "it is taken up again without a restart", done),)


def try_flapping(bench: Bench) -> tuple[Row, ...]:
    """Let the device come and go."""
    found, chance = Findings(), bench.chance("flapping")
    turns = 2 if bench.quick else 8
    back_s: list[float] = []
    with bench.place() as directory, staged(directory, link_lost_s=10.0) as stage:
        stage.plug(SOUND_HEART)
        stage.rig.start()
        stage.rig.wait_until_fed()
        for _ in range(turns):
            stage.unplug()
            time.sleep(chance.uniform(0.1, 2.0))
            samples = stage.rig.samples()
            stage.plug(SOUND_HEART)
            came_s = time.monotonic()
            stage.rig.wait_for(_more_than(stage, samples), "samples again", 60)
            back_s.append(time.monotonic() - came_s)
            time.sleep(chance.uniform(0.1, 1.0))
        found.say(f"samples after its return: {spread(back_s)}")
        found.check(max(back_s) <= RECONNECT_LIMIT_S, f"limit {RECONNECT_LIMIT_S:g} s")
        found.check(stage.rig.stop() == 0, "it did not end well")
        found.check("Traceback" not in stage.rig.said(), "a traceback")
    done = f"{turns} times its port removed for 0.1 to 2 s, back for 0.1 to 1 s"
    return (found.row("device comes and goes", "each return is taken up", done),)


def _more_than(stage: Stage, samples: int) -> Callable[[], bool]:
    return lambda: stage.rig.samples() > samples


def _is_judged(stage: Stage) -> bool:
    assessment = stage.rig.patient()["assessment"]
    link = stage.rig.patient()["link"]["state"]
    return link == "up" and assessment is not None and assessment["outcome"] == "normal"


def _memory_kb(stage: Stage) -> int:
    with open(f"/proc/{stage.rig.pid}/status", encoding="ascii") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1])
