"""What befalls the daemon while people are told one after the other: kills, a clock that jumps."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon_process import Receiver, receiving

from reliability.bench import Bench
from reliability.clock import faketime, library_of, set_clock
from reliability.rig import Rig, Stage, staged, webhook
from reliability.row import Findings, Row, spread

DELAY_S = 10.0
ANSWER_S = 10.0
"""The shortest that the settings allow."""

LATE_S = 15.0
"""Allowed beyond the time that is configured and the time without a daemon: a busy machine."""

START_LIMIT_S = 90.0
"""On a machine that is very busy."""

TURNS, QUICK_TURNS = 24, 1

PEOPLE = f"""
[escalation]
answer_s = {ANSWER_S}
repeat_s = 3600.0
[[contacts]]
id = "berta"
channels = ["berta"]
[[contacts]]
id = "carl"
order = 2
delay_s = {DELAY_S}
channels = ["carl"]
"""


@dataclass
class Told:
    """What happened over all turns."""

    kills: Counter[str] = field(default_factory=Counter)
    second_s: list[float] = field(default_factory=list)
    nobody_s: list[float] = field(default_factory=list)
    down_s: list[float] = field(default_factory=list)
    messages: int = 0
    repeated: int = 0
    answered: int = 0
    wrong: list[str] = field(default_factory=list)


def try_kills(bench: Bench) -> tuple[Row, ...]:
    """Kill the daemon at any moment of the course, in half of the turns with an answer."""
    turns = QUICK_TURNS if bench.quick else TURNS
    told = Told()
    with ThreadPoolExecutor(bench.lanes) as pool:
        list(pool.map(lambda turn: _turn(bench, turn, told), range(turns)))
    found = Findings()
    found.say(
        f"second contact told {spread(told.second_s, digits=1)} after the first (configured "
        f"{DELAY_S:g} s); that nobody answers, {spread(told.nobody_s, digits=1)} after that "
        f"({ANSWER_S:g} s)"
    )
    found.say(f"each kill cost {spread(told.down_s, digits=1)} until it answered again")
    found.say(f"{told.messages} messages, {told.repeated} of them repetitions under the same id")
    found.say(f"{told.answered} answered: nobody else was told, who was told heard it")
    found.check(not told.wrong, "; ".join(told.wrong[:3]))
    found.check(told.repeated <= sum(told.kills.values()), "more repetitions than kills")
    moments = ", ".join(f"{number} {moment}" for moment, number in sorted(told.kills.items()))
    load = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    done = f"{turns} courses of two contacts, {load}, kill -9 at moments of chance: {moments}"
    promise = "after the restart it goes on: nobody is forgotten, nobody told without reason"
    return (found.row("killed while contacts are told", promise, done),)


def try_jump(bench: Bench) -> tuple[Row, ...]:
    """Let the wall clock jump while the second contact is waited for, and into quiet hours."""
    library = library_of()
    rows = []
    for jump in ("-1h",) if bench.quick else ("+1h", "-1h", "+10y"):
        found = Findings()
        with bench.place() as directory, _peopled(directory) as house:
            clock = directory / "clock"
            set_clock(clock, "+0")
            house.stage.plug()
            house.stage.rig.start(**faketime(library, clock))
            first_s = house.wait_for("berta")
            set_clock(clock, jump)
            second_s = house.wait_for("carl") - first_s
            nobody_s = house.wait_for_nobody() - first_s - second_s
            found.say(f"second contact {second_s:.1f} s after the first")
            found.say(f"that nobody answers {nobody_s:.1f} s after that")
            found.check(DELAY_S - 1.5 <= second_s <= DELAY_S + LATE_S, "not at its time")
            found.check(ANSWER_S - 1.5 <= nobody_s <= ANSWER_S + LATE_S, "not at its time")
            found.check(len(house.ids("berta")) == 1, "the first was told anew")
        done = f"{jump}, by libfaketime, after the first contact was told"
        rows.append(found.row("clock jumps", "contacts are told at their time", done))
    return tuple(rows)


class _House:
    """A daemon and two people."""

    def __init__(self, stage: Stage, receivers: dict[str, Receiver]) -> None:
        self.stage = stage
        self.receivers = receivers

    def heard(self, who: str, kind: str = "STEMI_DETECTED") -> list[tuple[str, dict[str, Any]]]:
        """Return what somebody was told of the infarction: message ids and bodies."""
        messages = tuple(self.receivers[who].received)
        bodies = [(headers["webhook-id"], json.loads(body)) for headers, body in messages]
        return [pair for pair in bodies if pair[1]["data"]["event_type"] == kind]

    def alarms(self, who: str) -> list[str]:
        return [name for name, body in self.heard(who) if body["type"] != "ecgd.alert.answered"]

    def notices(self, who: str) -> list[str]:
        return [name for name, body in self.heard(who) if body["type"] == "ecgd.alert.answered"]

    def ids(self, who: str) -> set[str]:
        return set(self.alarms(who))

    def wait_for(self, who: str, patience_s: float = 60.0) -> float:
        self.stage.rig.wait_for(lambda: self.alarms(who), f"{who} to be told", patience_s)
        return time.monotonic()

    def wait_for_nobody(self, patience_s: float = 60.0) -> float:
        self.stage.rig.wait_for(self.nobody, "the alarm that nobody answers", patience_s)
        return time.monotonic()

    def nobody(self) -> bool:
        kinds = [alarm["event_type"] for alarm in self.stage.rig.all_alarms()]
        return "NOBODY_ANSWERED" in kinds


@contextmanager
def _peopled(directory: Path) -> Iterator[_House]:
    with ExitStack() as stack:
        receivers = {who: stack.enter_context(receiving()) for who in ("berta", "carl")}
        stage = stack.enter_context(staged(directory))
        text = stage.rig.config.read_text()
        targets = "".join(webhook(who, each.url) for who, each in receivers.items())
        stage.rig.config.write_text(text + targets + PEOPLE)
        yield _House(stage, receivers)


def _turn(bench: Bench, turn: int, told: Told) -> None:
    """One course: two kills at moments of chance, and an answer after one of them or none."""
    chance = bench.chance(f"contacts {turn}")
    with bench.place() as directory, _peopled(directory) as house:
        house.stage.plug()
        house.stage.rig.start()
        first_s = house.wait_for("berta")
        answers = turn % 2 == 1
        kill_s = sorted(chance.uniform(0.0, DELAY_S + ANSWER_S) for _ in range(2))
        if answers:
            _answered(house, chance, first_s, told)
        else:
            _unanswered(house, kill_s, first_s, told)
        for who in house.receivers:
            messages = house.alarms(who)
            told.messages += len(messages)
            told.repeated += len(messages) - len(set(messages))
            if len(set(messages)) > 1:
                told.wrong.append(f"{who} was told under {len(set(messages))} ids of one alarm")


def _unanswered(house: _House, kill_s: list[float], first_s: float, told: Told) -> None:
    """Nobody answers: the second is told, then the gateway says so, in time."""
    rig, second_s, nobody_s, down_s = house.stage.rig, 0.0, 0.0, 0.0
    end_s = first_s + DELAY_S + ANSWER_S + 3 * LATE_S
    while time.monotonic() < end_s and not nobody_s:
        now_s = time.monotonic()
        second_s = second_s or (now_s if house.alarms("carl") else 0.0)
        nobody_s = now_s if house.nobody() else 0.0
        if kill_s and now_s - first_s >= kill_s[0]:
            kill_s.pop(0)
            moment = "while the first was told" if not second_s else "while the second was told"
            told.kills[moment] += 1
            down_s += _restart(rig, told)
            end_s += down_s
        time.sleep(0.02)
    if not second_s or not nobody_s:
        told.wrong.append("the second was never told" if not second_s else "nobody said so")
        return
    told.second_s.append(second_s - first_s)
    told.nobody_s.append(nobody_s - second_s)
    if second_s - first_s < DELAY_S - 2.0:
        told.wrong.append(f"the second was told after {second_s - first_s:.1f} s")
    late_s = down_s + LATE_S
    if second_s - first_s > DELAY_S + late_s or nobody_s - second_s > ANSWER_S + late_s:
        told.wrong.append(f"late: {second_s - first_s:.1f} and {nobody_s - second_s:.1f} s")
    told.kills["after everybody was told"] += 1
    _restart(rig, told)
    rig.wait_for(house.nobody, "that nobody answers, after the last kill")


def _answered(house: _House, chance: random.Random, first_s: float, told: Told) -> None:
    """Somebody answers, before the second is told or after it, and the kill comes then."""
    rig, early = house.stage.rig, chance.random() < 0.5
    if not early:
        house.wait_for("carl")
    (alert_id,) = {body["data"]["alert_id"] for _, body in house.heard("berta")}
    done = rig.client().post(f"/v1/alerts/{alert_id}/acknowledge", {"by": "trial"})
    if done["acknowledged"] != [alert_id]:
        told.wrong.append(f"the answer was not taken: {done}")
    who = ["berta"] if early else ["berta", "carl"]
    rig.wait_for(lambda: all(house.notices(each) for each in who), "the word of the answer")
    time.sleep(chance.uniform(0.0, 0.5))
    told.kills["after the answer"] += 1
    _restart(rig, told)
    time.sleep(max(0.0, first_s + DELAY_S + 6.0 - time.monotonic()))
    told.answered += 1
    if early and house.heard("carl"):
        told.wrong.append("the second was told after the answer")
    if house.nobody():
        told.wrong.append("that nobody answers was told after the answer")


def _restart(rig: Rig, told: Told) -> float:
    """Kill the daemon and start it anew; return how long nobody was there."""
    killed_s = time.monotonic()
    rig.stop(signal.SIGKILL)
    rig.start()
    rig.wait_for(rig.status, "the daemon", START_LIMIT_S)
    told.down_s.append(time.monotonic() - killed_s)
    return told.down_s[-1]
