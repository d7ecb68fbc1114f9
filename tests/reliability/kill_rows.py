"""What many kills amount to: the rows of the table."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NamedTuple

from reliability.bench import Bench
from reliability.row import Findings, Row, count, spread

WAVEFORM_LOST_MAX_S = 10.0
RESTART_PAUSE_S = 1.0
"""systemd waits so long before it starts the daemon again (RestartSec in systemd/ecgd.service)."""

FAULT = "`kill -9`"


class Told(NamedTuple):
    """An alert that left the daemon, by its log or its receiver."""

    patient: str
    event_type: str
    unix_s: float


@dataclass
class Lane:
    """What one daemon went through: counts and times over all its lives."""

    kills: dict[str, int] = field(default_factory=dict)
    durable: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unresumed: list[str] = field(default_factory=list)
    resumed: int = 0
    silent: int = 0
    sound_s: list[float] = field(default_factory=list)
    answer_s: list[float] = field(default_factory=list)
    lost_s: list[float] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    stored: dict[str, Told] = field(default_factory=dict)
    undelivered: int = 0
    received: int = 0
    repeated: int = 0
    changed: int = 0

    @property
    def unstored(self) -> dict[str, Told]:
        """Alerts that were told but had not reached the disk when the kill came."""
        return {name: told for name, told in self.told.items() if name not in self.stored}

    @property
    def not_raised_again(self) -> list[str]:
        """Those of them whose kind was never raised again for the same patient."""
        return [
            name
            for name, lost in self.unstored.items()
            if not any(
                later.unix_s > lost.unix_s
                for later in self.stored.values()
                if later[:2] == lost[:2]
            )
        ]


def rows_of(lanes: list[Lane], bench: Bench, took_s: float) -> tuple[Row, ...]:
    """Return one row a promise."""
    kills: dict[str, int] = {}
    for lane in lanes:
        for moment, number in lane.kills.items():
            kills[moment] = kills.get(moment, 0) + number
    moments = ", ".join(f"{number} {moment}" for moment, number in sorted(kills.items()))
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    done = f"{sum(kills.values())} kills in {took_s:.0f} s, {load}, by moment: {moments}"
    return (
        _durable(lanes, done),
        _undurable(lanes, done),
        _database(lanes, done),
        _books(lanes, done),
        _sound(lanes, done, bench.sound_limit_s),
        _waveform(lanes, done, bench.waveform_limit_s),
        _deliveries(lanes, done),
    )


def _durable(lanes: list[Lane], done: str) -> Row:
    found = Findings()
    durable = sum(len(lane.durable) for lane in lanes)
    missing = [name for lane in lanes for name in lane.missing]
    found.say(f"{count(durable, 'alert')} seen on the disk before a kill, {len(missing)} lost")
    found.check(durable > 0, "no alert was ever seen on the disk")
    found.check(not missing, f"lost: {missing[:3]}")
    return found.row(FAULT, "no durable alert is lost", done)


def _undurable(lanes: list[Lane], done: str) -> Row:
    found = Findings()
    told = sum(len(lane.told) for lane in lanes)
    unstored = sum(len(lane.unstored) for lane in lanes)
    never = [name for lane in lanes for name in lane.not_raised_again]
    found.say(
        f"{count(told, 'alert')} raised; {unstored} of them killed before the commit returned, "
        f"{unstored - len(never)} raised again"
    )
    found.check(told > 0, "no alert was raised")
    found.check(not never, f"not raised again: {never[:3]}")
    return found.row(FAULT, "what was raised is on the disk or is raised again", done)


def _database(lanes: list[Lane], done: str) -> Row:
    found = Findings()
    damaged = [problem for lane in lanes for problem in lane.damaged]
    found.say(f"integrity_check after every kill: {len(damaged)} problems")
    found.check(not damaged, "; ".join(damaged[:2]))
    return found.row(FAULT, "the database opens clean", done)


def _books(lanes: list[Lane], done: str) -> Row:
    found = Findings()
    resumed = sum(lane.resumed for lane in lanes)
    lost = [name for lane in lanes for name in lane.unresumed]
    found.say(
        f"{count(resumed, 'standing or latched alarm')} on the disk at a kill, "
        f"{resumed - len(lost)} there again after the restart"
    )
    found.check(resumed > 0, "no kill met a standing alarm")
    found.check(not lost, f"not there: {lost[:3]}")
    return found.row(FAULT, "alarms go on under their ids, unanswered ones unanswered", done)


def _sound(lanes: list[Lane], done: str, limit_s: float) -> Row:
    found = Findings()
    sound_s = [time_s for lane in lanes for time_s in lane.sound_s]
    answer_s = [time_s for lane in lanes for time_s in lane.answer_s]
    silent = sum(lane.silent for lane in lanes)
    found.say(f"first buzzer edge after the start of the process: {spread(sound_s)}")
    found.say(f"`ecgctl` answered: {spread(answer_s)}; systemd waits 1 s more before the start")
    found.check(bool(sound_s), "no restart had to sound")
    found.check(not silent, f"{count(silent, 'restart')} stayed silent")
    worst_s = max(sound_s, default=0.0) + RESTART_PAUSE_S
    found.check(worst_s <= limit_s, f"{worst_s:.1f} s with systemd's pause, limit {limit_s:g} s")
    promise = f"an unanswered alarm sounds again within {limit_s:g} s"
    return found.row(FAULT, promise, done)


def _waveform(lanes: list[Lane], done: str, limit_s: float) -> Row:
    found = Findings()
    lost_s = [time_s for lane in lanes for time_s in lane.lost_s]
    worst_s = max(lost_s, default=0.0)
    found.say(f"from the newest sample on the disk to the kill: {spread(lost_s, digits=1)}")
    found.check(bool(lost_s), "no kill met a device that sent")
    found.check(worst_s <= limit_s, f"more than {limit_s:g} s")
    return found.row(FAULT, f"at most {limit_s:g} s of waveform is lost", done)


def _deliveries(lanes: list[Lane], done: str) -> Row:
    found = Findings()
    received = sum(lane.received for lane in lanes)
    repeated = sum(lane.repeated for lane in lanes)
    undelivered = sum(lane.undelivered for lane in lanes)
    found.say(
        f"{count(received, 'message')} received, {repeated} more were repetitions under the same "
        f"id with the same body; {undelivered} not delivered at the end"
    )
    found.check(received > 0, "the receiver had nothing")
    found.check(not undelivered, "not everything was delivered")
    found.check(not sum(lane.changed for lane in lanes), "one id came with two bodies")
    done += "; the receiver answered 503 in a tenth of the lives"
    return found.row(FAULT, "each alert is delivered at least once, under one id", done)
