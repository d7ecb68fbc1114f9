"""The first real window meets nothing that is still to be made."""

from __future__ import annotations

import time

from ecgd.config.settings import Settings
from ecgd.features import segments
from ecgd.inference.scorer import NoModels
from ecgd.pipeline.analysis import Analysis
from ecgd.service.daemon import WARM_UP_FS_HZ, _warm_up


def test_what_measures_a_beat_is_made_before_the_first_comes() -> None:
    settings = Settings()
    segments._fit_blocks.cache_clear()
    analysis = Analysis(settings.analysis, settings.ensemble, NoModels(""), time.monotonic)
    _warm_up(analysis, settings.analysis)
    made = segments._fit_blocks.cache_info()
    assert made.currsize == 1
    segments._fit_blocks(WARM_UP_FS_HZ)
    assert segments._fit_blocks.cache_info().hits > made.hits
