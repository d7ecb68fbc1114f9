"""Beat classes N, S, V and Q (ANSI/AAMI EC57), each with its reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from ecgd.features.class_model import ANSWERS, trained
from ecgd.features.usual_beats import SAME_FAMILY, TRAITS, SeenBeats
from ecgd.model.beat import BeatClass

CLASSES: Final = (BeatClass.N, BeatClass.S, BeatClass.V, BeatClass.Q)
"""What each of the networks' answers means."""

FIBRILLATING_P: Final = 0.4
IRREGULAR: Final = 0.08
"""The atria fibrillate where P is less alike, and RR more irregular (median change)."""

RUN_EARLY: Final = -0.2
RUN_CHANGE: Final = 0.12
"""Logarithms: how early a run of early beats stays, and how much its interval may change."""

EARLY: Final = 0.92
LATE: Final = 1.15
ALIKE: Final = 0.85
P_ALIKE: Final = 0.6
STEADY_P: Final = 0.6
WIDE_S: Final = 0.12
"""Where the words change; no class depends on these."""

assert len(CLASSES) == len(ANSWERS)


@dataclass(frozen=True, slots=True)
class Classed:
    """A beat's class, how sure it is (0 to 1), and why."""

    beat_class: BeatClass
    confidence: float
    reason: str


def classify(
    seen: SeenBeats, widths_s: Sequence[float | None], *, after_early: bool
) -> tuple[Classed, ...]:
    """Return the class of each beat, in order.

    ``widths_s`` are the QRS durations, None: not measured. ``after_early``: the beat before the
    first is of class S.
    """
    shares = trained().probabilities(seen.traits).tolist()
    classed: list[Classed] = []
    for share, row, rr_s, width_s in zip(
        shares, seen.traits.tolist(), seen.rr_s, widths_s, strict=True
    ):
        traits = dict(zip(TRAITS, row, strict=True))
        beat_class = _class_of(share, traits, after_early=after_early)
        after_early = beat_class is BeatClass.S
        reason = ", ".join(_reasons(beat_class, traits, rr_s, width_s))
        classed.append(Classed(beat_class, share[CLASSES.index(beat_class)], reason))
    return tuple(classed)


def _class_of(shares: Sequence[float], traits: dict[str, float], *, after_early: bool) -> BeatClass:
    """Return the likeliest class.

    Atria that fibrillate have no early beats: without a steady P wave, and with irregular
    intervals, none is told. A run of early beats lasts until its rate changes, though each
    of them comes no sooner than the one before. What looks like the usual beat is a beat.
    """
    likely = sorted(zip(shares, CLASSES, strict=True), reverse=True)
    fibrillating = traits["p_steady"] < FIBRILLATING_P and traits["irregular"] > IRREGULAR
    barred = {
        *((BeatClass.S,) if fibrillating else ()),
        *((BeatClass.Q,) if traits["like"] >= SAME_FAMILY else ()),
    }
    best = next(each for _, each in likely if each not in barred)
    in_run = after_early and traits["to_settled"] < RUN_EARLY and abs(traits["change"]) < RUN_CHANGE
    return BeatClass.S if best is BeatClass.N and in_run and not fibrillating else best


def _reasons(
    beat_class: BeatClass, traits: dict[str, float], rr_s: float | None, width_s: float | None
) -> Iterator[str]:
    if beat_class is BeatClass.Q:
        yield "too much noise to tell its class"
    yield _timing(traits, rr_s, beat_class is BeatClass.S)
    if width_s is not None and (beat_class is BeatClass.V or width_s >= WIDE_S):
        yield f"{1000 * width_s:.0f} ms wide"
    like = traits["like"]
    yield f"{'like' if like >= ALIKE else 'unlike'} the usual beat ({like:.2f})"
    p_like = traits["p_like_moved"]
    if beat_class is BeatClass.S and p_like < P_ALIKE and traits["p_steady"] >= STEADY_P:
        yield f"P wave unlike the usual one ({p_like:.2f})"


def _timing(traits: dict[str, float], rr_s: float | None, in_run: bool) -> str:
    if rr_s is None:
        return "interval before it unknown"
    share, settled = exp(traits["early"]), exp(traits["to_settled"])
    if share < EARLY:
        return f"early by {100 * (1 - share):.0f} %"
    if in_run and settled < EARLY:
        return f"in a run early by {100 * (1 - settled):.0f} %"
    return f"late by {100 * (share - 1):.0f} %" if share > LATE else "on time"
