"""The rival lies beside the networks: written, read, refused when it is of other figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import ModelError
from ecgd.evaluation.ensemble_rival import (
    FIGURES,
    RIVALS_NAME,
    format_rivals,
    read_rivals,
    rival_figures,
)
from ecgd.evaluation.logistic import Logistic
from ecgd.model.network_label import ANOMALY
from ecgd.pipeline.model_memory import ModelMemory
from ecgd.pipeline.progression import FIGURES as ROW_FIGURES

SLOPES = np.linspace(-1.0, 1.0, len(FIGURES))


def written(folder: Path) -> Path:
    path = folder / RIVALS_NAME
    path.write_text(format_rivals({ANOMALY: Logistic(SLOPES, 0.25)}), encoding="utf-8")
    return path


def test_what_is_written_tells_the_same(tmp_path: Path) -> None:
    written(tmp_path)
    rival = read_rivals(tmp_path)[ANOMALY]
    row = np.arange(len(FIGURES), dtype=np.float64) / 10.0
    assert rival.logits(row[np.newaxis])[0] == pytest.approx(float(row @ SLOPES) + 0.25)


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert read_rivals(tmp_path) == {}


def test_other_figures_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    held = json.loads(path.read_text(encoding="utf-8"))
    held["figures"][0] = "shoe_size"
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(ModelError, match="other figures"):
        read_rivals(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"figures": 3, "labels": {}}'])
def test_what_is_no_regression_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / RIVALS_NAME).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="holds no logistic regressions"):
        read_rivals(tmp_path)


def test_too_few_slopes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / RIVALS_NAME
    path.write_text(format_rivals({ANOMALY: Logistic(SLOPES[1:], 0.0)}), encoding="utf-8")
    with pytest.raises(ModelError, match="slopes for"):
        read_rivals(tmp_path)


def test_the_newest_row_is_looked_at_without_its_mark() -> None:
    assert rival_figures(ModelMemory()) is None
    old, new = np.zeros(ROW_FIGURES), np.arange(float(ROW_FIGURES))
    figures = rival_figures(ModelMemory(rows=((0, old), (1, new))))
    assert figures is not None and figures.tolist() == new[1:].tolist()
    assert len(FIGURES) == figures.size
