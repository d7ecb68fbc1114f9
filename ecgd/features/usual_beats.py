"""What the beats of the last minutes looked like, and how a new one compares.

Beats that look alike form a family. The usual one is the family with most beats, where those that
come early count less: in bigeminy every second beat is ventricular, and early. Nothing here
depends on the classes that were given: one wrong class leads to no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

import numpy as np

from ecgd.features.beat_shape import counted_leads, kept_of, match_shapes, most_alike, qrs_of
from ecgd.features.beat_times import TIMES, Pace, Times, time_beats
from ecgd.features.beat_traits import SHAPES, Forms, compare_forms
from ecgd.model.signal import BoolArray, FloatArray, IntArray

FAMILIES: Final = 6
SAME_FAMILY: Final = 0.90
FOLLOW: Final = 0.06
FADE: Final = 0.998
"""How many families are kept, how alike their beats are, the least share that a new beat has in
its family, and how a family's count fades with each beat: by half in five minutes."""

EARLY_COST: Final = 4.0
RR_KEPT: Final = 60
NOISE_FOLLOW: Final = 0.1
FIRST_NOISE_MV: Final = 0.05
LONGEST_RR_S: Final = 6.0
"""A longer interval is a gap: beats were missed."""

P_KEPT: Final = 24
UNREST_KEPT: Final = 12
LEAST_KEPT: Final = 8
"""Of how many beats P is remembered, and from how many on they tell without the newest."""

FAMILY: Final = (
    *("other_like", "family_share", "family_early", "family_breadth", "unknown_family"),
    *("usual_share", "before_like", "p_steady", "unrest"),
)
TRAITS: Final = (*TIMES, *SHAPES, *FAMILY)


@dataclass(frozen=True, slots=True, eq=False)
class ToldBeats:
    """Absolute R peaks of beats, and their traits (beat, ``TRAITS``): what networks learn from."""

    r_peaks: tuple[int, ...]
    traits: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class UsualBeats:
    """Families of beats, and their pace.

    ``shapes_mv`` is (family, lead, point) as ``beat_shape`` keeps them, 0 where a lead was never
    seen; ``counts``, ``early`` (mean logarithm of RR over the mean of those before) and
    ``breadths_s`` are (family,). ``usual`` is the usual family, ``noise_mv`` how far its beats lie
    off its shape. ``after_usual``: the last beat was like the usual one, by ``last_like``.
    ``p_likes`` and ``p_offs`` are traits of the last beats, ``told`` the beats followed last.
    """

    shapes_mv: FloatArray
    counts: FloatArray
    early: FloatArray
    breadths_s: FloatArray
    usual: int = 0
    noise_mv: float = FIRST_NOISE_MV
    pace: Pace = field(default_factory=Pace)
    last_r_peak: int | None = None
    after_usual: bool = True
    last_like: float = 1.0
    p_likes: tuple[float, ...] = ()
    p_offs: tuple[float, ...] = ()
    told: ToldBeats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SeenBeats:
    """Beats held against the usual ones, in order.

    ``traits`` is (beat, ``TRAITS``). ``alike`` and ``lags`` are (beat, family), ``families`` the
    nearest one of each beat. ``rr_s`` is None where the beat before is unknown.
    """

    traits: FloatArray
    r_peaks: tuple[int, ...]
    rr_s: tuple[float | None, ...]
    shapes_mv: FloatArray
    used: BoolArray
    alike: FloatArray
    lags: IntArray
    families: IntArray
    times: Times
    forms: Forms


def compare_beats(
    known: UsualBeats | None,
    shapes_mv: FloatArray,
    used: BoolArray,
    r_peaks: tuple[int, ...],
    *,
    watched_from: int,
    fs_hz: float,
) -> tuple[UsualBeats, SeenBeats]:
    """Hold the beats of one window against the usual ones; these are learned where unknown.

    ``shapes_mv`` is (beat, lead, point), 0 in leads not ``used`` (lead,). ``r_peaks`` are absolute
    and in order. No interval reaches back before ``watched_from``. At least one beat.
    """
    usual = _comparable(known, shapes_mv, used)
    counted = counted_leads(used, usual.shapes_mv[usual.usual])
    known_qrs = qrs_of(usual.shapes_mv * counted[:, None])
    alike, lags = match_shapes(shapes_mv * counted[:, None], known_qrs)
    rr_s = _intervals(usual.last_r_peak, r_peaks, watched_from, fs_hz)
    behind = (*r_peaks[1:], None)
    after_s = [None if b is None else (b - a) / fs_hz for a, b in zip(r_peaks, behind, strict=True)]
    times = time_beats(usual.pace, rr_s, after_s)
    forms = compare_forms(
        kept_of(shapes_mv, lags[:, usual.usual]),
        usual.shapes_mv[usual.usual],
        alike[:, usual.usual],
        counted,
        usual.noise_mv,
    )
    families = alike.argmax(axis=1)
    family = _family_traits(usual, alike, families, forms)
    traits = np.concatenate((times.traits, forms.traits, family), axis=1)
    return usual, SeenBeats(
        traits, r_peaks, rr_s, shapes_mv, used, alike, lags, families, times, forms
    )


def follow_beats(usual: UsualBeats, seen: SeenBeats, count: int) -> UsualBeats:
    """Return the usual beats after the first ``count`` of those seen."""
    if not count:
        return usual

    def column(trait: str) -> list[float]:
        values: list[float] = seen.traits[:count, TRAITS.index(trait)].tolist()
        return values

    families = _Families.of(usual, count)
    regular = []
    after_usual = usual.after_usual
    for row in range(count):
        family = families.take(seen, row)
        is_usual = family == usual.usual or seen.alike[row, usual.usual] >= SAME_FAMILY
        regular.append(is_usual and after_usual)
        after_usual = is_usual
    kept = [(rr, r) for rr, r in zip(seen.rr_s[:count], regular, strict=True) if rr is not None]
    pace = Pace(
        (*usual.pace.rr_s, *(rr for rr, _ in kept))[-RR_KEPT:],
        (*usual.pace.regular, *(is_regular for _, is_regular in kept))[-RR_KEPT:],
        seen.times.settled_s[count - 1],
        float(seen.times.traits[count - 1, TIMES.index("early")]),
        float(seen.times.traits[count - 1, TIMES.index("to_settled")]),
    )
    return replace(
        families.settled(),
        pace=pace,
        last_r_peak=seen.r_peaks[count - 1],
        after_usual=after_usual,
        p_likes=(*usual.p_likes, *column("p_like"))[-P_KEPT:],
        p_offs=(*usual.p_offs, *column("p_off"))[-UNREST_KEPT:],
        told=ToldBeats(seen.r_peaks[:count], seen.traits[:count]),
        last_like=float(seen.alike[count - 1, usual.usual]),
    )


def _comparable(known: UsualBeats | None, shapes_mv: FloatArray, used: BoolArray) -> UsualBeats:
    """Return the usual beats, learned from these where no lead can be compared."""
    if (
        known is not None
        and known.shapes_mv.shape[1] == used.size
        and counted_leads(used, known.shapes_mv[known.usual]).any()
    ):
        return known
    typical = most_alike(shapes_mv)
    kept_mv = kept_of(shapes_mv[typical : typical + 1], np.zeros(1, np.int64))
    breadths_s = compare_forms(kept_mv, kept_mv[0], np.ones(1), used, FIRST_NOISE_MV).breadths_s
    learned = UsualBeats(kept_mv, np.ones(1), np.zeros(1), breadths_s)
    if known is None:
        return learned
    return replace(learned, pace=known.pace, last_r_peak=known.last_r_peak)


def _intervals(
    last_r_peak: int | None, r_peaks: tuple[int, ...], watched_from: int, fs_hz: float
) -> tuple[float | None, ...]:
    before = (last_r_peak, *r_peaks[:-1])
    return tuple(
        (b - a) / fs_hz
        if a is not None and watched_from <= a < b <= a + LONGEST_RR_S * fs_hz
        else None
        for a, b in zip(before, r_peaks, strict=True)
    )


def _family_traits(
    usual: UsualBeats, alike: FloatArray, families: IntArray, forms: Forms
) -> FloatArray:
    """Return what is known of each beat's family, ``FAMILY``; nothing of an unknown one."""
    each = np.arange(families.size)
    known = alike[each, families] >= SAME_FAMILY
    total = usual.counts.sum()
    others = alike.copy()
    others[:, usual.usual] = -1.0
    like = alike[:, usual.usual]
    breadths = np.log(np.maximum(usual.breadths_s, 1e-3))
    columns = (
        others.max(axis=1) if usual.counts.size > 1 else np.zeros(families.size),
        np.where(known, usual.counts[families] / total, 0.0),
        np.where(known, usual.early[families] - usual.early[usual.usual], 0.0),
        np.where(known, breadths[families] - breadths[usual.usual], 0.0),
        ~known,
        np.full(families.size, usual.counts[usual.usual] / total),
        np.concatenate(([usual.last_like], like[:-1])),
        np.full(families.size, _usually(usual.p_likes, forms, "p_like")),
        np.full(families.size, _usually(usual.p_offs, forms, "p_off")),
    )
    return np.array(columns, dtype=np.float64).T


def _usually(before: tuple[float, ...], forms: Forms, trait: str) -> float:
    """Return a trait's median over the beats before; these count too where those are few."""
    own: list[float] = forms.traits[:, SHAPES.index(trait)].tolist()
    return median(before if len(before) >= LEAST_KEPT else (*before, *own))


@dataclass(slots=True, eq=False)
class _Families:
    """The families while beats are taken in; copies, so that no value changes."""

    usual: UsualBeats
    shapes_mv: list[FloatArray]
    counts: list[float]
    early: list[float]
    breadths_s: list[float]
    noise_mv: float

    @classmethod
    def of(cls, usual: UsualBeats, beats: int) -> _Families:
        return cls(
            usual,
            list(usual.shapes_mv),
            (usual.counts * FADE**beats).tolist(),
            usual.early.tolist(),
            usual.breadths_s.tolist(),
            usual.noise_mv,
        )

    def take(self, seen: SeenBeats, row: int) -> int:
        """Take a beat into its family, or into a new one, and return which."""
        family = int(seen.families[row])
        to_mean = float(seen.times.traits[row, TIMES.index("to_mean")])
        breadth_s = float(seen.forms.breadths_s[row])
        if seen.alike[row, family] < SAME_FAMILY:
            kept_mv = kept_of(seen.shapes_mv[row : row + 1], np.zeros(1, np.int64))[0]
            return self._found(kept_mv, to_mean, breadth_s)
        lag = seen.lags[row : row + 1, family]
        kept_mv = kept_of(seen.shapes_mv[row : row + 1], lag)[0]
        share = max(1.0 / (self.counts[family] + 1.0), FOLLOW)
        old_mv = self.shapes_mv[family]
        unseen = seen.used & ~old_mv.any(axis=1)
        shares = np.where(unseen, 1.0, np.where(seen.used, share, 0.0))[:, None]
        self.shapes_mv[family] = old_mv + shares * (kept_mv - old_mv)
        self.counts[family] += 1.0
        self.early[family] += share * (to_mean - self.early[family])
        self.breadths_s[family] += share * (breadth_s - self.breadths_s[family])
        if family == self.usual.usual:
            off_mv = float(seen.forms.remainders_mv[row])
            self.noise_mv += NOISE_FOLLOW * (off_mv - self.noise_mv)
        return family

    def _found(self, kept_mv: FloatArray, early: float, breadth_s: float) -> int:
        """Found a family; the smallest but the usual one makes room."""
        if len(self.counts) < FAMILIES:
            family = len(self.counts)
            self.shapes_mv.append(kept_mv)
            self.counts.append(1.0)
            self.early.append(early)
            self.breadths_s.append(breadth_s)
            return family
        others = [k for k in range(len(self.counts)) if k != self.usual.usual]
        family = min(others, key=lambda k: self.counts[k])
        self.shapes_mv[family], self.counts[family] = kept_mv, 1.0
        self.early[family], self.breadths_s[family] = early, breadth_s
        return family

    def settled(self) -> UsualBeats:
        counts, early = np.array(self.counts), np.array(self.early)
        weight = counts * np.exp(EARLY_COST * np.minimum(early, 0.0))
        return replace(
            self.usual,
            shapes_mv=np.stack(self.shapes_mv),
            counts=counts,
            early=early,
            breadths_s=np.array(self.breadths_s),
            usual=int(np.argmax(weight)),
            noise_mv=self.noise_mv,
        )
