"""Ages of proofs in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a span of time in one unit.

    >>> duration(2.13), duration(245.0), duration(7200.0)
    ('2.1 s', '4 min', '2 h')
    """
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    for unit_s, unit in ((86400.0, "d"), (3600.0, "h")):
        if seconds >= 2.0 * unit_s:
            return f"{seconds // unit_s:.0f} {unit}"
    return f"{seconds // 60.0:.0f} min"


def ago(seconds: float) -> str:
    return f"{duration(seconds)} ago"
