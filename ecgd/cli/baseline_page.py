"""What is usual for a patient, in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ecgd.cli.moments import local_time
from ecgd.cli.words import age, clean, duration, signed_mv

Json = dict[str, Any]


def baseline_lines(entry: Json) -> Iterator[str]:
    """Yield what is usual, what ST is compared with now, and what was confirmed."""
    patient = clean(entry["patient_id"])
    if entry["confirmed"] is not None:
        yield f"{patient}: as it was confirmed"
    elif entry["is_complete"]:
        yield f"{patient}: learned from {duration(entry['learned_s'])} of quiet signal"
        yield f"  usual ST: {_levels(entry['st_mv'])}"
    elif entry["learned_s"]:
        yield f"{patient}: being learned, {duration(entry['learned_s'])} of quiet signal so far"
    else:
        yield f"{patient}: nothing learned yet"
    for posture in entry["postures"]:
        yield f"  {_posture(posture)}"
    session = entry["session"]
    if session is not None and not session["is_firm"]:
        yield f"  compared for now with the first minutes: {_levels(session['st_mv'])}"
    yield from _change(entry["change"])
    yield from _confirmed(entry["confirmed"])


def _levels(st_mv: Json) -> str:
    return ", ".join(f"{lead} {signed_mv(mv)}" for lead, mv in st_mv.items()) + " mV"


def _posture(posture: Json) -> str:
    turn = posture["turn_deg"]
    where = f"heart turned by {turn:+d}°" if turn else "usual posture"
    return (
        f"{where}: {_levels(posture['st_mv'])}, varies by ±{posture['drift_mv']:.3f} mV "
        f"({duration(posture['learned_s'])})"
    )


def _change(change: Json | None) -> Iterator[str]:
    if change is not None:
        yield (
            f"  ST has changed by {change['size_mv']:.2f} mV for {duration(change['lasted_s'])}: "
            f"{_levels(change['leads_mv'])} (counts from {change['threshold_mv']:.2f} mV)"
        )


def _confirmed(confirmed: Json | None) -> Iterator[str]:
    if confirmed is not None:
        until = local_time(confirmed["until_unix_s"], seconds=False)
        yield (
            f"  confirmed as chronic by {clean(confirmed['by'])} {age(confirmed['age_s'])}, "
            f"until {until}: {_levels(confirmed['st_mv'])}"
        )
