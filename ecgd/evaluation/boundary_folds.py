"""Which records taught which network, so that none is judged by one that knows it.

The shipped network has learned from every record here. For the figures there are others, each of
which left out one of ``FOLDS`` parts of the patients.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np

from ecgd.features.boundary_network import Network, read_network, shipped_network

FOLDS: Final = 5
FOLD_WEIGHTS: Final = "boundary_folds.npz"


def fold_of(database: str, record: str) -> int:
    """Return the part that leaves a record out.

    Records of the QT Database that may be of one patient stay together: those from the European
    ST-T Database by their first two digits, the others' neighbours in MIT's databases.
    """
    patient = record
    if database == "qtdb" and record.startswith("sele"):
        patient = record[:6]
    elif database == "qtdb" and record.startswith(("sel2", "sel8")):
        patient = record[:5]
    return crc32(f"{database}/{patient}".encode()) % FOLDS


def unseen_network(path: str) -> Network:
    """Return a network that has not learned from the record at ``path`` (database/record).

    For records that taught none, that is the shipped one.
    """
    place = Path(path)
    record, database = place.stem, place.parent.name
    if f"{database}/{record}" not in learned_records():
        return shipped_network()
    return _fold_network(fold_of(database, record))


@lru_cache(maxsize=1)
def learned_records() -> frozenset[str]:
    """Return the records that taught the shipped network, as "database/record"."""
    with np.load(str(_weights()), allow_pickle=False) as held:
        return frozenset(held["records"].tolist())


@lru_cache(maxsize=FOLDS)
def _fold_network(fold: int) -> Network:
    return read_network(str(_weights()), f"fold{fold}.")


def _weights() -> Path:
    return Path(str(files("ecgd.evaluation") / FOLD_WEIGHTS))
