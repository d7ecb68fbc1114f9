"""No record may be judged by a network that has learned from it."""

from __future__ import annotations

import numpy as np

from ecgd.evaluation.boundary_folds import FOLDS, fold_of, learned_records, unseen_network
from ecgd.features.boundary_network import Network, shipped_network


def same(one: Network, other: Network) -> bool:
    return bool(np.array_equal(one.heads.matrix, other.heads.matrix))


def test_a_record_that_taught_the_shipped_network_meets_another() -> None:
    for record in ("ludb/1", "qtdb/sel100"):
        assert record in learned_records()
        assert not same(unseen_network(f"/data/{record}"), shipped_network())
        assert not same(unseen_network(f"/data/{record}.dat"), shipped_network())


def test_other_records_meet_the_shipped_network() -> None:
    for path in ("/data/mitdb/100", "/elsewhere/1", "challenge", "/data/ludb/9999"):
        assert same(unseen_network(path), shipped_network())


def test_the_networks_of_the_folds_differ() -> None:
    numbers = [str(number) for number in range(1, 60) if f"ludb/{number}" in learned_records()]
    left_out_by = {fold_of("ludb", number): number for number in numbers}
    heads = {unseen_network(f"/data/ludb/{k}").heads.matrix.tobytes() for k in left_out_by.values()}
    assert len(heads) == len(left_out_by) == FOLDS


def test_records_that_may_be_of_one_patient_stay_together() -> None:
    assert fold_of("qtdb", "sele0104") == fold_of("qtdb", "sele0133")
    assert fold_of("qtdb", "sel230") == fold_of("qtdb", "sel232")
    parts = [fold_of("ludb", str(number)) for number in range(1, 201)]
    assert set(parts) == set(range(FOLDS))
