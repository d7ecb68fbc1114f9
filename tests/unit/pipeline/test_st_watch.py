"""ST episodes through the whole analysis: a real heart whose ST is lifted for a minute."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
from ecg_shapes import beat_times, ecg
from swapped_stream import windows_of

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.inference.scorer import NoModels
from ecgd.model.device import DeviceInfo
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History

FS_HZ = 250.0
BEGIN_S, END_S, WHOLE_S = 75.0, 115.0, 155.0


def episodes_of(other_origin_from_s: float | None = None) -> list[StEpisode]:
    times = beat_times(WHOLE_S, 0.8)
    calm, raised = (ecg(times, WHOLE_S, st_mv=(0.0, size_mv))[:2] for size_mv in (0.0, 0.25))
    at_s = np.arange(calm.shape[1]) / FS_HZ
    pair_mv = np.where((at_s >= BEGIN_S) & (at_s < END_S), raised, calm)
    device = DeviceInfo("node", FS_HZ, ("I", "II"), 1000.0, highpass_hz=0.05)
    judge = Analysis(AnalysisSettings(), EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history, told = History(), []
    for window in list(windows_of(pair_mv, device))[::2]:
        shift = round((other_origin_from_s or WHOLE_S) * FS_HZ)
        if window.start_index >= shift:
            window = replace(window, origin=1, start_index=window.start_index - shift)  # noqa: PLW2901
        assessed = judge.assess(window, history)
        history = assessed.history
        told.append(assessed.assessment.st_episodes)
    return list(chain(*told))


def test_an_episode_is_found_where_it_is() -> None:
    told = [each for each in episodes_of() if each.group == "inferior"]
    began, ended = told
    assert began.reference is StReference.BEFORE
    assert abs(began.start_s - BEGIN_S) <= 3
    assert ended.end is EpisodeEnd.BACK
    assert ended.end_s is not None
    assert abs(ended.end_s - END_S) <= 3
    assert ended.change_mv > 0.15


def test_a_device_that_counts_anew_does_not_hide_it() -> None:
    told = [each for each in episodes_of(90.0) if each.group == "inferior"]
    assert [each.end for each in told] == [None, EpisodeEnd.BACK]
    assert abs(told[0].start_s - (BEGIN_S - 90.0)) <= 8
