"""The rival of the networks: a logistic regression on the row of figures that the RNN gets.

It is fitted on the same patients as they are and lies beside them, so that whoever judges the
networks on other patients can judge it on the same moments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, Final

import numpy as np

from ecgd.errors import ModelError
from ecgd.evaluation.logistic import Logistic
from ecgd.inference.manifest import REINSTALL
from ecgd.model.signal import FloatArray
from ecgd.pipeline.model_memory import ModelMemory
from ecgd.pipeline.progression import NAMES

RIVALS_NAME: Final = "rivals.json"
RIVAL: Final = "logistic"

FIGURES: Final = NAMES[1:]
"""All of a row but whether it is known."""


def format_rivals(rivals: Mapping[str, Logistic]) -> str:
    """Return the regressions by label as JSON, with the names of their figures."""
    labels = {
        label: {"slopes": rival.slopes.tolist(), "intercept": rival.intercept}
        for label, rival in rivals.items()
    }
    return json.dumps({"figures": FIGURES, "labels": labels}, indent=1) + "\n"


def read_rivals(folder: Traversable) -> dict[str, Logistic]:
    """Return the regressions beside the networks of a folder, by label; empty: there are none.

    Raises ModelError if the file is none, or of other figures than this code makes.
    """
    path = folder.joinpath(RIVALS_NAME)
    if not path.is_file():
        return {}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if tuple(held["figures"]) != FIGURES:
            raise ModelError(f"{path} is of other figures than this version makes", REINSTALL)
        return {label: _logistic(each) for label, each in held["labels"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} holds no logistic regressions ({error!r})", REINSTALL) from error


def rival_figures(memory: ModelMemory) -> FloatArray | None:
    """Return the newest row's figures, shape (figure,), None before there is a row."""
    if not memory.rows:
        return None
    figures: FloatArray = np.asarray(memory.rows[-1][1], np.float64)[1:]
    return figures


def _logistic(held: Mapping[str, Any]) -> Logistic:
    slopes = np.array(held["slopes"], np.float64)
    if slopes.shape != (len(FIGURES),):
        raise ValueError(f"{slopes.size} slopes for {len(FIGURES)} figures")
    return Logistic(slopes, float(held["intercept"]))
