"""Every trial by its name, and running them: several at once, each kept as soon as it is done."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from reliability import (
    answers,
    broker,
    clock,
    computer,
    disk,
    kills,
    link,
    people,
    process,
    quiet,
    receiver,
    stopped,
    surroundings,
    week,
)
from reliability.bench import Bench, NotPossibleHereError, Trial
from reliability.row import Row

TRIALS: dict[str, Trial] = {
    "kills": kills.try_kills,
    "disk-full": disk.try_full,
    "disk-read-only": disk.try_read_only,
    "database-locked": disk.try_locked,
    "database-locked-at-start": disk.try_locked_at_start,
    "database-damaged": disk.try_damaged,
    "database-deleted": disk.try_deleted,
    "clock": clock.try_jump,
    "device-away": link.try_away,
    "device-flapping": link.try_flapping,
    "receiver-away": receiver.try_day,
    "receiver-bad": receiver.try_bad_receivers,
    "week-offline": week.try_week,
    "contacts-killed": people.try_kills,
    "contacts-clock": people.try_jump,
    "quiet-hours": quiet.try_quiet_hours,
    "answers-away": answers.try_answers,
    "broker": broker.try_broker,
    "computer": computer.try_computer,
    "log": surroundings.try_log,
    "models": surroundings.try_models,
    "second-daemon": surroundings.try_second,
    "socket": surroundings.try_socket,
    "configuration": surroundings.try_configuration,
    "latched": surroundings.try_latched,
    "end": process.try_end,
    "stray-signals": process.try_stray_signals,
    "frozen": process.try_frozen,
    "stopped": stopped.try_stopped,
    "descriptors": process.try_descriptors,
    "memory": process.try_memory,
    "load": process.try_load,
}

ALONE = frozenset({"kills", "load"})
"""They need the machine for themselves."""

Keep = Callable[[str, tuple[Row, ...]], None]


def run_trials(names: Sequence[str], bench: Bench, keep: Keep) -> list[str]:
    """Run trials, hand each one's rows to ``keep``; return why some were not possible here."""
    impossible: list[str] = []

    def run(name: str) -> None:
        began_s = time.monotonic()
        bench.tell(f"{name}: begins")
        try:
            rows = run_trial(name, bench)
        except NotPossibleHereError as reason:
            impossible.append(f"{name}: {reason}")
            bench.tell(f"{name}: not possible here, {reason}")
            return
        keep(name, rows)
        words = "kept" if all(row.kept for row in rows) else "NOT KEPT"
        bench.tell(f"{name}: {words}, {time.monotonic() - began_s:.0f} s")

    for name in (each for each in names if each in ALONE):
        run(name)
    with ThreadPoolExecutor(bench.lanes) as pool:
        list(pool.map(run, (each for each in names if each not in ALONE)))
    return impossible


def run_trial(name: str, bench: Bench) -> tuple[Row, ...]:
    """Run one trial; one that breaks off gives a row that says where."""
    try:
        return TRIALS[name](bench)
    except NotPossibleHereError:
        raise
    except Exception as error:  # noqa: BLE001 - the other trials have still to be run
        bench.tell(traceback.format_exc())
        return (Row(name, "the trial runs to its end", "", f"broke off: {error}", False),)
