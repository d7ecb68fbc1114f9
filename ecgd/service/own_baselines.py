"""What is usual for each patient, over restarts: taken up at the start, kept every minute."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isinf
from typing import Any

from ecgd.decision.baseline_record import baseline_from_dict, baseline_to_dict
from ecgd.decision.score_record import scores_from_dict, scores_to_dict
from ecgd.decision.score_watch import ScoreWatch
from ecgd.errors import StoreError
from ecgd.model.baseline import Baseline
from ecgd.service.baseline_desk import without_confirmation
from ecgd.service.parts import Parts
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)

KEEP_S = 60.0

TRIES = 10
"""After so many tries the last run's baselines are given up, and learned anew."""


CLOCK_SLACK_S = 3600.0
"""A clock that is further behind the time of a confirmation cannot tell whether it still holds."""


def is_over(baseline: Baseline, now_unix_s: float) -> bool:
    """Tell whether a confirmation has expired, or cannot be known to hold."""
    confirmed = baseline.confirmed
    if confirmed is None:
        return False
    return not confirmed.at_unix_s - CLOCK_SLACK_S <= now_unix_s < confirmed.until_unix_s


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the store has of one patient; ``record`` is the baseline alone."""

    baseline: Baseline | None = None
    scores: ScoreWatch | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


class OwnBaselines:
    """Hands stored baselines to the analysis, and what it has learned to the store.

    Nothing is kept until the last run's have been read: they would be lost.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.time) -> None:
        self._parts = parts
        self._clock = clock
        self._tries = 0
        self._is_loaded = False
        self._kept: dict[str, _Kept] = {}

    def begin(self) -> None:
        """Take up what the last run left; what cannot be read now is tried again."""
        try:
            self._take_up(self._read())
        except StoreError as error:
            self._miss(error)

    async def run(self) -> None:
        """Keep what has changed, every minute."""
        while True:
            await asyncio.sleep(KEEP_S)
            if self._is_loaded:
                self.keep()
                continue
            try:
                self._take_up(await asyncio.to_thread(self._read))
            except StoreError as error:
                self._miss(error)

    def keep(self) -> None:
        """Hand every complete baseline that has changed to the store, and tell it of one given up.

        One that is being learned anew leaves what is stored until it is complete. With it goes
        what scores of the networks are usual.
        """
        if not self._is_loaded:
            return
        for patient_id in self._parts.sessions:
            baseline = self._parts.worker.baseline(patient_id)
            if baseline is not None and is_over(baseline, self._clock()):
                self._parts.worker.revise(patient_id, without_confirmation)
                _log.warning("ST of %s is no longer confirmed as chronic", patient_id)
                baseline = self._parts.worker.baseline(patient_id)
            scores = self._parts.worker.history(patient_id).score_watch
            kept = self._kept.get(patient_id, _Kept())
            is_young = baseline is not None and not baseline.is_complete
            is_known = scores is kept.scores or isinf(scores.time_s)
            if (is_young or baseline is kept.baseline) and is_known:
                continue
            if not is_young:
                record = {} if baseline is None else baseline_to_dict(baseline)
                kept = replace(kept, baseline=baseline, record=record)
            self._kept[patient_id] = kept = replace(kept, scores=scores)
            self._parts.store.save_baseline(patient_id, _with_scores(kept.record, scores))

    def _read(self) -> dict[str, dict[str, Any]]:
        return StoreReader(self._parts.places.database_path).baselines()

    def _miss(self, error: StoreError) -> None:
        self._tries += 1
        self._is_loaded = self._tries >= TRIES
        _log.warning("what is usual for the patients is not known yet: %s", error)

    def _take_up(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        self._is_loaded = True
        for patient_id in self._parts.sessions:
            record = dict(records.get(patient_id) or {})
            self._take_up_scores(patient_id, record.pop("scores", None))
            if not record:
                continue
            try:
                baseline = baseline_from_dict(record)
            except ValueError as error:
                _log.warning("the stored baseline of %s is learned anew: %s", patient_id, error)
                continue
            if is_over(baseline, self._clock()):
                _log.warning("ST of %s is no longer confirmed as chronic", patient_id)
                continue
            self._parts.worker.adopt_baseline(patient_id, baseline)
            self._kept[patient_id] = _Kept(baseline, record=record)

    def _take_up_scores(self, patient_id: str, record: Mapping[str, Any] | None) -> None:
        if record is None:
            return
        try:
            scores = scores_from_dict(record)
        except ValueError as error:
            _log.warning("the usual scores of %s are learned anew: %s", patient_id, error)
            return
        self._parts.worker.revise(patient_id, lambda known: replace(known, score_watch=scores))


def _with_scores(record: Mapping[str, Any], scores: ScoreWatch) -> dict[str, Any]:
    is_known = bool(scores.usual_s.any() or scores.news_s.any())
    return {**record, "scores": scores_to_dict(scores)} if is_known else dict(record)
