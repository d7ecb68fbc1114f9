"""What the routes for tests of the alarms need of the daemon."""

from __future__ import annotations

from typing import Protocol

from ecgd.errors import ControlError
from ecgd.model.proof import Trial


class TrialRefusedError(ControlError):
    """No test may begin now; ``is_soon``: one may in a moment."""

    def __init__(self, what: str, remedy: str, *, is_soon: bool = False) -> None:
        super().__init__(what, remedy)
        self.is_soon = is_soon


class TrialGateway(Protocol):
    """Tests of the whole way of an alarm."""

    def start_test(
        self, by: str, *, sounding: bool | None, limit_s: float, answer_s: float
    ) -> Trial:
        """Begin a test and return it as it begins; raises TrialRefusedError.

        ``sounding`` None: as a HIGH alarm would, but not in quiet hours. ``answer_s`` above 0: it
        waits so much longer for somebody to answer.
        """
        ...

    def newest_test(self) -> Trial | None:
        """Return the newest test of this run of the daemon as it stands; None: there was none."""
        ...
