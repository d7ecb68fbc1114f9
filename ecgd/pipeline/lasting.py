"""What the last windows said one by one, and what has been so for long enough to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LAST_S: Final = 5.0
"""So far apart must the ends of windows be that agree, before something is told and before it is
taken back: with windows of five seconds or more that is ten seconds of signal."""

KEPT_S: Final = 15.0
"""A longer hole between windows that could say anything begins anew."""

AGREED_SHARE: Final = 0.8
"""Share of the windows that must agree; a stray one neither tells nor clears."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """``said`` holds (time in s, verdict) of the last windows, ``told`` what lasts; "": nothing."""

    said: tuple[tuple[float, str], ...] = ()
    told: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether none of the last windows said anything, and nothing is told."""
        return not self.told and not any(verdict for _, verdict in self.said)

    def after(self, time_s: float, verdict: str, last_s: float = LAST_S) -> Lasting:
        """Return what is known after one more window; ``last_s`` apart windows must agree."""
        fresh = tuple(entry for entry in self.said if time_s - KEPT_S < entry[0] < time_s)
        said = (*fresh, (time_s, verdict))
        # The newest entry that is old enough ends the stretch: what lies before has had its say.
        old = [k for k, (at_s, _) in enumerate(said) if time_s - at_s >= last_s - 1e-6]
        if not old:
            return Lasting(said, self.told)
        said = said[old[-1] :]
        agreeing = sum(earlier == verdict for _, earlier in said)
        lasts = agreeing >= AGREED_SHARE * len(said)
        return Lasting(said, verdict if lasts else self.told)
