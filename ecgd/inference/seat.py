"""One member's seat in the ensemble: asked while it is sound, demoted while it is not.

A seat is used by one thread; ``state`` may be read by any.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.resources.abc import Traversable
from typing import Final

import numpy as np

from ecgd.ensemble.member import Answer
from ecgd.errors import ModelError
from ecgd.inference.litert import LiteRtModel
from ecgd.inference.manifest import MemberSpec, read_member
from ecgd.inference.trial import try_out
from ecgd.model.signal import FloatArray
from ecgd.model.status import NetworkState

SLOW_TIMES: Final = 3
"""A member that is too slow so many times in a row is demoted."""

AGAIN_S: Final = (10.0, 60.0, 300.0, 1800.0, 3600.0)
"""A demoted member is tried again after this long; the last holds for all further times."""

SOUND_S: Final = 3600.0
"""Only a member that was sound for so long begins with the shortest wait again: one that is slow
whenever it works, but not when it is tried, must not come and go every ten seconds."""

SELF_TEST_S: Final = 6 * 3600.0
"""A member in service is tried as often as this."""

_log = logging.getLogger(__name__)


class Seat:
    """One network: loaded when it is first tried, and out of service while anything is wrong."""

    def __init__(
        self,
        name: str,
        directory: Traversable,
        member: MemberSpec,
        *,
        slow_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self._directory = directory
        self._member = member
        self._slow_s = slow_s
        self._clock = clock
        self._model: LiteRtModel | None = None
        self._slow_count = 0
        self._demotions = 0
        self._sound_since_s: float | None = None
        self._due_s = clock()
        self.state = NetworkState(name, is_ready=False)

    def tend(self) -> None:
        """Try the network out where that is due: at first, now and then, and after a demotion."""
        now_s = self._clock()
        if now_s < self._due_s:
            return
        try:
            self._try_out()
        except ModelError as error:
            self._demote(error.what)
            return
        except Exception as error:  # noqa: BLE001 - whatever a runtime may throw, the rules go on
            self._demote(f"cannot be used ({type(error).__name__}: {error})")
            return
        if self.state.demoted:
            _log.warning("network %s is sound again and in service", self.name)
        if not self.state.is_ready:
            self._sound_since_s = now_s
        self._slow_count = 0
        self._due_s = now_s + SELF_TEST_S
        self.state = NetworkState(self.name, is_ready=True)

    def ask(self, values: FloatArray) -> Answer | None:
        """Return the network's answer; None while it is not in service, or fails."""
        model = self._model
        if model is None or not self.state.is_ready:
            return None
        if values.size != self._member.input.size or not np.isfinite(values).all():
            return None
        began_s = self._clock()
        try:
            answer = model.answer(values)
        except Exception as error:  # noqa: BLE001 - whatever a runtime may throw, the rules go on
            self._demote(f"failed ({type(error).__name__}: {error})")
            return None
        self._time(self._clock() - began_s)
        return answer

    def _time(self, duration_s: float) -> None:
        self._slow_count = self._slow_count + 1 if duration_s > self._slow_s else 0
        if self._slow_count >= SLOW_TIMES:
            self._demote(_too_slow(duration_s, self._slow_s))

    def _try_out(self) -> None:
        if self._model is None:
            content = read_member(self._directory, self._member)
            self._model = LiteRtModel(self.name, content, self._member)
        fastest_s = min(try_out(self._model, self._member, self._clock).durations_s)
        if fastest_s > self._slow_s:
            raise ModelError(_too_slow(fastest_s, self._slow_s))

    def _demote(self, reason: str) -> None:
        """Take the network out of service until it has been loaded anew and found sound."""
        if not self.state.demoted:
            _log.error(
                "network %s is demoted, the others and the rules go on: %s", self.name, reason
            )
        now_s, since_s = self._clock(), self._sound_since_s
        if since_s is not None and now_s - since_s >= SOUND_S:
            self._demotions = 0
        self._model = self._sound_since_s = None
        self._slow_count = 0
        self._due_s = now_s + AGAIN_S[min(self._demotions, len(AGAIN_S) - 1)]
        self._demotions += 1
        self.state = NetworkState(self.name, is_ready=False, demoted=reason)


def _too_slow(duration_s: float, slow_s: float) -> str:
    return (
        f"too slow {SLOW_TIMES} times in a row: {duration_s * 1e3:.0f} ms, "
        f"{slow_s * 1e3:.0f} ms are allowed"
    )
