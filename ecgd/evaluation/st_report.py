"""ST in noise, by place in the window, and ST episodes, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np

from ecgd.evaluation.cells import percent_of
from ecgd.evaluation.scores import Counts, spread
from ecgd.evaluation.st_episode_study import EpisodeRow
from ecgd.evaluation.st_study import ALL_NOISES, SNR_DB, StRow

LIMIT_MV: Final = 0.02
COUNTED_MV: Final = 0.05
"""What is less certain decides nothing by itself (docs/adr/0009)."""

NAMES: Final = {
    "": "none",
    "bw": "baseline wander",
    "em": "electrode motion",
    "ma": "muscle",
    ALL_NOISES: "all three",
}


def noisy_st_section(rows: Sequence[StRow]) -> str:
    """Return how far ST in noise is from that of the clean recording at the experts' marks."""
    lines = [
        "## ST in noise, LUDB\n",
        f"Recorded noise of NSTDB, added to leads I and II {SNR_DB:g} dB below their power, as\n"
        "electrodes would give it; against ST of the recording without it at the experts'\n"
        "boundaries. Steady: an uncertainty up to 0.05 mV, so that the level decides alone.\n",
        "| noise | leads | within 0.02 mV | of those measured | steady | of these within 0.02 mV "
        "| within our own uncertainty |",
        "|---|---|---|---|---|---|---|",
    ]
    for noise in dict.fromkeys(row.noise for row in rows):
        own = [row for row in rows if row.noise == noise]
        errors = [
            (abs(row.error_mv), row.uncertainty_mv)
            for row in own
            if row.error_mv is not None and row.uncertainty_mv is not None
        ]
        steady = [error_mv for error_mv, doubt_mv in errors if doubt_mv <= COUNTED_MV]
        near = sum(error_mv <= LIMIT_MV for error_mv, _ in errors)
        covered = sum(error_mv <= doubt_mv for error_mv, doubt_mv in errors)
        lines.append(
            f"| {NAMES[noise]} | {len(own)} | {percent_of(near, len(own))} "
            f"| {percent_of(near, len(errors))} | {percent_of(len(steady), len(own))} "
            f"| {percent_of(sum(each <= LIMIT_MV for each in steady), len(steady))} "
            f"| {percent_of(covered, len(errors))} |"
        )
    return "\n".join((*lines, ""))


def place_section(rows: Sequence[Sequence[float]]) -> str:
    """Return by how much a beat's ST depends on its place in the window."""
    deviations_mv = np.array(list(chain(*rows)))
    if deviations_mv.size == 0:
        return ""
    return (
        "## ST and the place in the window, LUDB\n\n"
        "Every beat measured in windows that begin 0.19 s apart; how far J+40 ms lies from the\n"
        "beat's median, the largest of all leads.\n\n"
        "| records | beats and places | median, µV | p99, µV | largest, µV |\n"
        "|---|---|---|---|---|\n"
        f"| {len(rows)} | {deviations_mv.size} | {1000 * np.median(deviations_mv):.2f} "
        f"| {1000 * np.quantile(deviations_mv, 0.99):.2f} | {1000 * deviations_mv.max():.2f} |\n"
    )


def episode_section(ramps: Sequence[EpisodeRow], as_they_are: Sequence[EpisodeRow]) -> str:
    """Return how changes that were put in are found, and what unmarked recordings show."""
    pairs = [pair for row in ramps for pair in row.hits()]
    put_in = sum(len(row.put_in) for row in ramps)
    extra = sum(len(row.extra()) for row in ramps)
    counts = Counts(len(pairs), put_in - len(pairs), extra)
    starts = spread([found.start_s - marked.start_s for marked, found in pairs])
    ends = spread([found.end_s - marked.end_s for marked, found in pairs])
    before = sum(len(row.before) for row in ramps)
    shown = sum(len(row.found) for row in as_they_are)
    listed = ", ".join(f"{row.record} {len(row.found)}" for row in as_they_are if row.found)
    return (
        "## ST episodes\n\n"
        "An elevation and a depression of 0.2 mV, 40 s up, 40 s long, 40 s down, put into the\n"
        "first lead of recordings of the QT Database. Their own ST changes count as extra.\n\n"
        "| recordings | Se | +P | begin, s | end, s | found in them as they are |\n"
        "|---|---|---|---|---|---|\n"
        f"| {len(ramps)} | {100 * counts.sensitivity:.1f} % | {100 * counts.predictivity:.1f} % "
        f"| {starts.mean:+.1f} ± {starts.deviation:.1f} | {ends.mean:+.1f} ± {ends.deviation:.1f} "
        f"| {before} |\n\n"
        f"In {len(as_they_are)} recordings of the European ST-T Database (15 min each, whose\n"
        f"episodes nobody has marked here) {shown} episodes are told"
        + (f": {listed}.\n" if listed else ".\n")
    )
