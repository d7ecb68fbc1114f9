"""The page of figures, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import nan
from typing import Final

from ecgd import __version__
from ecgd.evaluation.beat_study import OURS, BeatRow, rows_of
from ecgd.evaluation.boundary_study import KINDS, POINTS, BoundaryTally
from ecgd.evaluation.cells import percent
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.noise_study import NoiseRow
from ecgd.evaluation.quality_study import ACCEPTABLE_SQI, QualityRow
from ecgd.evaluation.scores import Spread, average, gross, spread
from ecgd.evaluation.st_study import StRow

NOISE_NAMES: Final = {"em": "electrode motion", "ma": "muscle", "bw": "baseline wander"}
ST_LIMIT_MV: Final = 0.02
WORST: Final = 5

BY_RECORD: Final = (
    "At each point the lead nearest to the expert's mark, which holds for both; the deviation is\n"
    "the mean of the records' own. So do Martinez et al. (2004) and most papers; it leaves out\n"
    "how records differ, and which lead to trust.\n"
)


def page(
    sections: Iterable[str], minutes: float, processes: int, *, is_continued: bool = False
) -> str:
    """Return the whole page; ``is_continued`` says that hours of an earlier run are in it."""
    kept = ", beside the hours of false alarms that an earlier run kept" if is_continued else ""
    head = (
        "# Accuracy\n\n"
        "Written by `scripts/evaluate`: the daemon's own intake and analysis, a window of 5 s\n"
        "at a time, over annotated databases, scored as ANSI/AAMI EC57 does (match window\n"
        "150 ms). No learning period is left out. What cannot be judged counts as missed.\n\n"
        f"ecgd {__version__}; {minutes:.0f} minutes on {processes} processes{kept}.\n\n"
        "```sh\nscripts/evaluate --data DIR\n```\n"
    )
    return "\n".join((head, *sections))


def beat_section(rows: Sequence[BeatRow]) -> str:
    """Return the table of detectors, and our worst records."""
    lines = [
        "## Beats, MIT-BIH Arrhythmia Database\n",
        "The libraries see the whole record at once, first channel. Ventricular flutter is not\n"
        "scored. Our own first channel alone: every second record.\n",
        "| detector | Se gross | +P gross | Se average | +P average | error, ms |",
        "|---|---|---|---|---|---|",
    ]
    for detector in dict.fromkeys(row.detector for row in rows):
        own = [row.match for row in rows_of(rows, detector)]
        total = gross(match.counts for match in own)
        error = spread([1000 * error_s for match in own for error_s in match.errors_s])
        lines.append(
            f"| {detector} | {percent(total.sensitivity)} | {percent(total.predictivity)} "
            f"| {percent(average(match.counts.sensitivity for match in own))} "
            f"| {percent(average(match.counts.predictivity for match in own))} "
            f"| {error.mean:+.1f} ± {error.deviation:.1f} |"
        )
    worst = sorted(rows_of(rows, OURS), key=lambda row: row.match.counts.f1)[:WORST]
    listed = ", ".join(
        f"{row.record} ({row.match.counts.missed} missed, {row.match.counts.extra} extra)"
        for row in worst
    )
    return "\n".join((*lines, f"\nOur worst records: {listed}.\n"))


def noise_section(rows: Sequence[NoiseRow], figures: Figures) -> str:
    """Return the table and the curves of beats in noise."""
    lines = [
        "## Beats in noise\n",
        "Recorded noise of NSTDB, added to both channels as the program nst does, in the two\n"
        "minutes from 5:00 on; they alone are scored. The libraries see the first channel of\n"
        "those three minutes at once.\n",
        "| noise | SNR, dB | detector | Se | +P | F1 | windows called unusable |",
        "|---|---|---|---|---|---|---|",
    ]
    curves: dict[str, list[tuple[float, float]]] = {}
    for kind, snr_db, detector in dict.fromkeys((r.kind, r.snr_db, r.row.detector) for r in rows):
        own = [
            r.row for r in rows if (r.kind, r.snr_db, r.row.detector) == (kind, snr_db, detector)
        ]
        total = gross(row.match.counts for row in own)
        unusable = average(row.unusable_share for row in own) if detector == OURS else nan
        lines.append(
            f"| {NOISE_NAMES[kind]} | {snr_db:g} | {detector} | {percent(total.sensitivity)} "
            f"| {percent(total.predictivity)} | {percent(total.f1)} | {percent(unusable)} |"
        )
        name = f"{detector}, {NOISE_NAMES[kind]}"
        curves.setdefault(name, []).append((snr_db, 100 * total.f1))
    shown = {name: points for name, points in curves.items() if len(points) > 1}
    motion = {name: p for name, p in shown.items() if NOISE_NAMES["em"] in name}
    ours = {name: p for name, p in shown.items() if name.startswith(f"{OURS},")}
    plots = (
        figures.curves("noise-motion", motion, x="SNR, dB", y="F1, %") if motion else "",
        figures.curves("noise-kinds", ours, x="SNR, dB", y="F1, %") if ours else "",
    )
    return "\n".join((*lines, "", *plots))


def boundary_section(
    title: str,
    tallies: Sequence[BoundaryTally],
    *,
    every_beat_marked: bool = True,
    by_record: bool = False,
) -> str:
    """Return the table of waves and their boundaries.

    Where experts have left beats out, what they have not marked says nothing about +P. With
    ``by_record`` the deviation is the mean of the records' own, as Martinez et al. (2004) give it.
    """
    total = BoundaryTally()
    for tally in tallies:
        total.add(tally)
    lines = [
        f"## Boundaries, {title}\n",
        "Cross-validated: no record is judged by a network that has learned from it.\n",
        *([BY_RECORD] if by_record else []),
        "| wave | Se | +P | onset, ms | peak, ms | end, ms |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        counts = total.counts[kind]
        errors = [spread(total.errors_ms[kind, point]) for point in POINTS]
        if by_record:
            errors = [_typical(tallies, kind, point, errors[k]) for k, point in enumerate(POINTS)]
        cells = " | ".join(f"{each.mean:+.1f} ± {each.deviation:.1f}" for each in errors)
        predictivity = counts.predictivity if every_beat_marked else nan
        found = f"{percent(counts.sensitivity)} | {percent(predictivity)}"
        lines.append(f"| {kind} | {found} | {cells} |")
    return "\n".join((*lines, ""))


def _typical(tallies: Sequence[BoundaryTally], kind: str, point: str, overall: Spread) -> Spread:
    """Return the error with the mean of the records' own deviations in place of the overall."""
    own = [spread(tally.errors_ms[kind, point]).deviation for tally in tallies]
    return Spread(overall.mean, average(own), overall.count)


def st_section(rows: Sequence[StRow], figures: Figures) -> str:
    """Return how far our ST is from that at the experts' boundaries."""
    near = [row for row in rows if row.error_mv is not None and abs(row.error_mv) <= ST_LIMIT_MV]
    errors = [row.error_mv for row in rows if row.error_mv is not None]
    covered = [
        row
        for row in rows
        if row.error_mv is not None
        and row.uncertainty_mv is not None
        and abs(row.error_mv) <= row.uncertainty_mv
    ]
    error = spread([1000 * each for each in errors])
    plot = figures.histogram(
        "st-error", [1000 * each for each in errors], x="error of ST, µV", width=5.0
    )
    return (
        "## ST at J+40 ms, LUDB\n\n"
        "Against the same level at the experts' QRS onset and end, median over the marked\n"
        "beats.\n\n"
        "| leads | measured | within 0.02 mV | error, µV | within our own uncertainty |\n"
        "|---|---|---|---|---|\n"
        f"| {len(rows)} | {percent(len(errors) / len(rows))} | {percent(len(near) / len(rows))} "
        f"| {error.mean:+.1f} ± {error.deviation:.1f} | {percent(len(covered) / len(errors))} |\n"
        f"\n{plot}"
    )


def critical_section(rows: Sequence[tuple[dict[str, int], float]]) -> str:
    """Return the CRITICAL alarms on MIT-BIH by kind, true and false ones together."""
    hours = sum(each for _, each in rows)
    kinds = sorted({kind for alarms, _ in rows for kind in alarms})
    return "\n".join(
        (
            "## CRITICAL alarms, MIT-BIH Arrhythmia Database\n",
            f"Both channels as they are, after hold-off, in {hours:.1f} h, true ones included\n"
            "(205 and 207 have ventricular tachycardia and flutter). MLII and V1 are no pair of\n"
            "limb leads: no ST rule applies.\n",
            "| kind | alarms | records | in 24 h |",
            "|---|---|---|---|",
            *(_critical_line(kind, rows, hours) for kind in kinds),
            "",
        )
    )


def _critical_line(kind: str, rows: Sequence[tuple[dict[str, int], float]], hours: float) -> str:
    counts = [alarms.get(kind, 0) for alarms, _ in rows]
    records = sum(count > 0 for count in counts)
    return f"| {kind} | {sum(counts)} | {records} | {24 * sum(counts) / hours:.1f} |"


def quality_section(rows: Sequence[QualityRow]) -> str:
    """Return how our quality agrees with people's."""
    good = [row for row in rows if row.acceptable]
    bad = [row for row in rows if not row.acceptable]
    kept = sum(row.called_usable for row in good) / len(good)
    caught = sum(not row.called_usable for row in bad) / len(bad)
    return (
        "## Quality, Challenge 2011, set a\n\n"
        "Low-cost device, 10 s; people judged all twelve leads, we see I and II. Called\n"
        "acceptable: the worse lead's index, meaned over the daemon's windows, is\n"
        f"{ACCEPTABLE_SQI:g} or more.\n\n"
        "| acceptable ones kept | unacceptable ones caught |\n|---|---|\n"
        f"| {percent(kept)} of {len(good)} | {percent(caught)} of {len(bad)} |\n"
    )
