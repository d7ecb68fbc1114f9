"""What is written is what an installation loads, and the card says what the run came to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lesson_material import cohort
from model_examples import MODELS, SHAPES

from ecgd.ensemble.fusion import MEMBERS
from ecgd.errors import ModelError
from ecgd.evaluation.corpus import read_patients
from ecgd.inference.manifest import parse_manifest
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.signal import Float32Array
from ecgd.training.card import write_card
from ecgd.training.judging import calibrate, cross_calibrated, probabilities
from ecgd.training.outcome import Run, metrics_of
from ecgd.training.package import write_package
from ecgd.training.quantisation import Quantised, Trial, run_file

ROWS = 12


def inputs() -> dict[str, Float32Array]:
    rng = np.random.default_rng(9)
    return {
        name: rng.standard_normal((ROWS, *shape)).astype(np.float32)
        for name, shape in SHAPES.items()
    }


def networks(shown: dict[str, Float32Array]) -> dict[str, Quantised]:
    manifest = parse_manifest((MODELS / "manifest.json").read_bytes(), "manifest.json")
    return {
        name: run_file(
            manifest.members[name].quantisation, (MODELS / f"{name}.tflite").read_bytes(), seen
        )
        for name, seen in shown.items()
    }


def finished(made: dict[str, Quantised]) -> Run:
    material = cohort()
    members, fused = cross_calibrated(material)
    trial = Trial("int8", 1000, 0.0012, -0.0003, 0.0004)
    return Run(
        weights_version="test",
        code_version="0.1",
        inputs_version="abc",
        data_fingerprint="0" * 64,
        seed=20,
        patients={"ptbxl 1": False, "ptbxl 2": True},
        teaching={"ptbxl": 12},
        validating={"ptbxl": 6},
        taught={"cnn": {"infarction": (3, 9)}},
        epochs={"cnn": 2},
        trials=dict.fromkeys(MEMBERS, (trial,)),
        chosen={name: each.scheme for name, each in made.items()},
        prevalence=0.5,
        cohort=material,
        members=members,
        fused=fused,
        rivals={"significant anomaly": material.logits["lstm"][:, 0]},
        disturbed={"one lead lost": {"cnn": material.logits["cnn"]}},
    )


def test_what_is_written_loads_and_answers_as_it_was_judged(tmp_path: Path) -> None:
    shown = inputs()
    made = networks(shown)
    calibrated = calibrate(cohort())

    manifest = write_package(tmp_path, finished(made), made, calibrated, shown)

    scorer = load_sound_scorer(tmp_path)
    answers = scorer.score({name: seen[3].astype(np.float64) for name, seen in shown.items()})
    for name in MEMBERS:
        answer = answers[name]
        assert answer is not None
        expected = probabilities(made[name].logits, calibrated.members[name])[3]
        assert answer.probability == pytest.approx(expected[0], abs=1e-6)
        assert [p for _, p in answer.labels] == pytest.approx(expected[1:], abs=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {
        "manifest.json",
        "MODEL_CARD.md",
        "rivals.json",
        "patients.csv",
        *(f"{name}.tflite" for name in MEMBERS),
    }
    assert read_patients(tmp_path) == {"ptbxl 1": False, "ptbxl 2": True}
    assert set(manifest.fused_calibration) == set(calibrated.fused)
    assert scorer.fused_calibration["cnn+lstm"].slope == calibrated.fused["cnn+lstm"][0]


def test_golden_vectors_reach_from_the_lowest_score_to_the_highest(tmp_path: Path) -> None:
    shown = inputs()
    made = networks(shown)
    manifest = write_package(tmp_path, finished(made), made, calibrate(cohort()), shown)
    member = manifest.members["cnn"]
    told = [golden.output[0] for golden in member.golden]
    steps = made["cnn"].logits[:, 0] / member.output.scale + member.output.zero_point
    assert told[0] == pytest.approx(steps.min(), abs=1e-6)
    assert told[-1] == pytest.approx(steps.max(), abs=1e-6)


def test_a_golden_vector_that_does_not_come_out_is_noticed(tmp_path: Path) -> None:
    shown = inputs()
    made = networks(shown)
    write_package(tmp_path, finished(made), made, calibrate(cohort()), shown)
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["members"]["cnn"]["golden"][0]["output"][0] += 3
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(ModelError, match="drifted"):
        load_sound_scorer(tmp_path)


def test_the_card_says_what_was_measured() -> None:
    run = finished(networks(inputs()))
    card = write_card(run)
    assert "| cnn | int8 | 1000 | +0.0012 | -0.0003 | 0.40 ms | yes |" in card
    assert "| cnn | infarction | 3 | 9 |" in card
    assert "beats its best member" in card
    assert "prevalence 50 %" in card
    assert "| logistic | significant anomaly |" in card
    assert "one lead lost" in card
    assert " nan" not in card


def test_the_card_owns_that_the_best_member_was_better() -> None:
    run = finished(networks(inputs()))
    worse = {key: np.where(np.isfinite(told), 0.5, np.nan) for key, told in run.fused.items()}
    assert "does not beat its best member" in write_card(replace(run, fused=worse))


def test_figures_in_the_manifest_are_numbers_or_nothing() -> None:
    run = finished(networks(inputs()))
    metrics = metrics_of(run, "cnn")
    assert metrics["auc loss int8"] == 0.0012
    assert 0.5 < (metrics["auc significant anomaly"] or 0.0) < 1.0
    assert json.loads(json.dumps(metrics)) == metrics
