"""The networks that are judged, and the patients who taught them: those are judged by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ecgd.evaluation.corpus import read_patients
from ecgd.evaluation.ensemble_rival import read_rivals
from ecgd.evaluation.logistic import Logistic
from ecgd.inference.scorer import Models, load_sound_scorer, read_models


@lru_cache(maxsize=2)
def networks(models: Path | None) -> Models:
    """Return the networks of a folder, None: of the package, tried out once in each process.

    Raises ModelError where one of them cannot be used.
    """
    return load_sound_scorer(models)


@lru_cache(maxsize=2)
def known_patients(models: Path | None) -> Mapping[str, bool]:
    """Return who was there when the networks were trained, and whether each only validated."""
    directory, _, _ = read_models(models)
    return {} if directory is None else read_patients(directory)


def judged_hash(models: Path | None) -> str:
    """Return the identity of networks that can be judged, empty: there are none.

    Without a list of the patients who taught them nobody could judge them.
    """
    _, manifest, models_hash = read_models(models)
    return models_hash if manifest is not None and known_patients(models) else ""


def taught(models: Path | None, patient: str) -> bool:
    """Tell whether a patient has taught the networks; who only validated has not."""
    return not known_patients(models).get(patient, True)


def validated(models: Path | None, patient: str) -> bool:
    """Tell whether a patient has calibrated the networks."""
    return known_patients(models).get(patient, False)


@lru_cache(maxsize=2)
def rivals_of(models: Path | None) -> Mapping[str, Logistic]:
    """Return the logistic regressions beside the networks, by label; empty: there are none."""
    directory, _, _ = read_models(models)
    return {} if directory is None else read_rivals(directory)
