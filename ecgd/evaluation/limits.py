"""Confidence limits of shares and of rates."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, nan, sqrt
from typing import Final

Z_95: Final = 1.959964
ALPHA: Final = 0.05


def wilson(found: int, total: int) -> tuple[float, float]:
    """Return the 95 % limits of a share (Wilson 1927); NaN where nothing was counted."""
    if total == 0:
        return nan, nan
    share, squared = found / total, Z_95**2 / total
    middle = (share + squared / 2) / (1 + squared)
    half = Z_95 * sqrt(share * (1 - share) / total + squared / (4 * total)) / (1 + squared)
    return max(0.0, middle - half), min(1.0, middle + half)


def poisson_limits(count: int) -> tuple[float, float]:
    """Return the exact 95 % limits of a Poisson mean of which ``count`` was seen (Garwood 1936)."""
    low = 0.0 if count == 0 else _solve(lambda_of=count - 1, tail=1 - ALPHA / 2)
    return low, _solve(lambda_of=count, tail=ALPHA / 2)


def share_words(found: int, total: int) -> str:
    """Return "98.1 % (96.2 to 99.1)", or a dash where nothing was counted."""
    if total == 0:
        return "–"
    low, high = wilson(found, total)
    return f"{100 * found / total:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def area_under_curve(ill: Sequence[float], well: Sequence[float]) -> float:
    """Return the chance that an ill one scores higher than a well one; ties count half."""
    if not ill or not well:
        return nan
    ranked = sorted([(score, True) for score in ill] + [(score, False) for score in well])
    scores = [score for score, _ in ranked]
    total, at = 0.0, 0
    while at < len(ranked):
        after = at
        while after < len(ranked) and scores[after] == scores[at]:
            after += 1
        rank = (at + 1 + after) / 2
        total += rank * sum(is_ill for _, is_ill in ranked[at:after])
        at = after
    count = len(ill)
    return (total - count * (count + 1) / 2) / (count * len(well))


def _solve(*, lambda_of: int, tail: float) -> float:
    """Return the mean at which at most ``lambda_of`` events have the probability ``tail``."""
    low, high = 0.0, 10.0 + 3.0 * (lambda_of + 1)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(lambda_of, middle) > tail else (low, middle)
    return (low + high) / 2


def _at_most(count: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    terms = (exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1))
    return min(1.0, sum(terms))
