"""Installed networks, run by the real runtime; and every way in which they can be unusable.

The networks are built by ``tiny_model`` with the runtime's own schema: one dense layer over the
window and a logistic output, so that each expected answer is computed by hand.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_model
from tiny_model import FS_HZ, INPUT_SCALE, SAMPLES, WEIGHT_SCALE, build_model, install

from ecgd.ensemble.member import Scorer
from ecgd.errors import ModelError
from ecgd.inference import scorer as scorer_module
from ecgd.inference.scorer import InstalledModels, NoModels, load_scorer
from ecgd.model.signal import FloatArray

RNG = np.random.default_rng(7)
WEIGHTS = RNG.integers(-60, 61, (SAMPLES, 6)).astype(np.int8)
OTHER_WEIGHTS = RNG.integers(-60, 61, (SAMPLES, 6)).astype(np.int8)
STEP = 1 / 256
LOGIT_STEP = 0.1


def window(seed: int, samples: int = SAMPLES) -> FloatArray:
    """Return z-scored noise of shape (lead, sample)."""
    return np.random.default_rng(seed).normal(size=(6, samples))


def by_hand(values: FloatArray, weights: Any = WEIGHTS) -> float:
    """Return what the network of ``weights`` answers to (lead, sample)."""
    quantised = np.clip(np.rint(values.T / INPUT_SCALE), -128, 127) * INPUT_SCALE
    return float(1 / (1 + np.exp(-float((quantised * weights).sum() * WEIGHT_SCALE))))


def installed(directory: Path) -> InstalledModels:
    scorer = load_scorer(directory)
    assert isinstance(scorer, InstalledModels)
    return scorer


def test_answers_are_those_computed_by_hand(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS), "rnn": build_model(OTHER_WEIGHTS)})
    scorer: Scorer = installed(tmp_path)
    assert scorer.names == ("cnn", "rnn")
    assert scorer.scoring == "cnn, rnn (weights test-1)"
    answers_seen = set()
    for seed in range(20):
        values = window(seed)
        answers = scorer.score(values, FS_HZ)
        for name, weights in (("cnn", WEIGHTS), ("rnn", OTHER_WEIGHTS)):
            expected, answer = by_hand(values, weights), answers[name]
            assert answer is not None
            slope = expected * (1 - expected)
            assert answer == pytest.approx(expected, abs=STEP + LOGIT_STEP * slope + 1e-3)
            answers_seen.add(answer)
    assert len(answers_seen) > 15, "the input matters"


def test_the_newest_samples_count(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    scorer = installed(tmp_path)
    longer = np.concatenate((window(1), window(2)), axis=1)
    assert scorer.score(longer, FS_HZ) == scorer.score(window(2), FS_HZ)
    assert scorer.score(longer, FS_HZ) != scorer.score(window(1), FS_HZ)


def test_calibration_comes_before_everything_else(tmp_path: Path) -> None:
    manifest = install(tmp_path, {"cnn": build_model(WEIGHTS)})
    plain = installed(tmp_path).score(window(3), FS_HZ)["cnn"]
    manifest["members"]["cnn"]["calibration"] = {"slope": 0.5, "intercept": -1.0}
    tiny_model.write_manifest(tmp_path, manifest)
    calibrated = installed(tmp_path).score(window(3), FS_HZ)["cnn"]
    assert plain is not None
    assert calibrated is not None
    logit = np.log(plain / (1 - plain))
    assert calibrated == pytest.approx(1 / (1 + np.exp(-(0.5 * logit - 1.0))))


@pytest.mark.parametrize(
    ("values", "fs_hz"),
    [
        (window(1, SAMPLES - 1), FS_HZ),
        (window(1), 2 * FS_HZ),
        (window(1), 0.98 * FS_HZ),
        (window(1)[:5], FS_HZ),
        (np.full((6, SAMPLES), np.nan), FS_HZ),
        (np.full((6, SAMPLES), np.inf), FS_HZ),
    ],
)
def test_what_the_networks_were_not_made_for_gets_no_answer(
    tmp_path: Path, values: FloatArray, fs_hz: float
) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    assert installed(tmp_path).score(values, fs_hz) == {"cnn": None}


def test_extreme_values_saturate(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(np.full((SAMPLES, 6), 60, dtype=np.int8))})
    scorer = installed(tmp_path)
    high = scorer.score(np.full((6, SAMPLES), 1e9), FS_HZ)["cnn"]
    low = scorer.score(np.full((6, SAMPLES), -1e9), FS_HZ)["cnn"]
    assert high is not None
    assert low is not None
    assert high > 0.99
    assert low < 0.01


def test_a_slightly_different_clock_is_no_reason(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    assert installed(tmp_path).score(window(1), 1.005 * FS_HZ)["cnn"] is not None


class FailingInterpreter:
    """The runtime's interpreter, but for an invoke that fails."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._interpreter, name)

    def invoke(self) -> None:
        raise RuntimeError("invoke failed")


def test_a_member_that_fails_is_left_out_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS), "rnn": build_model(WEIGHTS)})
    scorer = installed(tmp_path)
    model = scorer._models[0]
    sound = model._interpreter
    model._interpreter = FailingInterpreter(sound)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            answers = scorer.score(window(1), FS_HZ)
            assert answers["cnn"] is None
            assert answers["rnn"] is not None
    assert [record.message for record in caplog.records] == ["network cnn failed and is left out"]
    assert scorer.scoring == "cnn, rnn (weights test-1); failing: cnn"
    model._interpreter = sound
    assert scorer.score(window(1), FS_HZ)["cnn"] is not None
    assert scorer.scoring == "cnn, rnn (weights test-1)"


def test_models_hash_names_the_installed_models(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    install(first, {"cnn": build_model(WEIGHTS)})
    install(second, {"cnn": build_model(OTHER_WEIGHTS)})
    hashes = {installed(first).models_hash, installed(second).models_hash}
    assert len(hashes) == 2
    assert installed(first).models_hash in hashes
    assert all(len(each) == 64 for each in hashes)


def test_no_manifest_is_the_clear_state_of_rules_only(tmp_path: Path) -> None:
    scorer: Scorer = load_scorer(tmp_path)
    assert isinstance(scorer, NoModels)
    assert scorer.reason == "no model installed"
    assert scorer.scoring == "no model installed: rules only"
    assert (scorer.names, scorer.models_hash) == ((), "")
    assert scorer.score(window(1), FS_HZ) == {}


def test_a_configured_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no directory .*Correct ensemble\.models_dir"):
        load_scorer(tmp_path / "nowhere")


def test_models_of_the_package_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packaged_models"
    package.mkdir()
    (package / "__init__.py").touch()
    install(package, {"cnn": build_model(WEIGHTS)})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(scorer_module, "MODELS_PACKAGE", "packaged_models")
    assert load_scorer(None).names == ("cnn",)
    monkeypatch.setattr(scorer_module, "MODELS_PACKAGE", "packaged_models_that_are_not_there")
    assert isinstance(load_scorer(None), NoModels)


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    (tmp_path / "cnn.tflite").write_bytes(build_model(OTHER_WEIGHTS))
    with pytest.raises(ModelError, match=r"cnn\.tflite is damaged or of another version"):
        load_scorer(tmp_path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    path = tmp_path / "cnn.tflite"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="is damaged"):
        load_scorer(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    (tmp_path / "cnn.tflite").unlink()
    with pytest.raises(ModelError, match=r"cnn\.tflite cannot be read \(No such file"):
        load_scorer(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 64])
def test_what_is_no_model_is_refused_even_with_the_right_hash(
    tmp_path: Path, content: bytes
) -> None:
    install(tmp_path, {"cnn": content})
    with pytest.raises(ModelError, match="model cnn is no TFLite file"):
        load_scorer(tmp_path)


def test_what_the_runtime_cannot_load_is_refused(tmp_path: Path) -> None:
    install(tmp_path, {"cnn": build_model(WEIGHTS)[:300]})
    with pytest.raises(ModelError, match="model cnn cannot be loaded"):
        load_scorer(tmp_path)


@pytest.mark.parametrize(
    ("side", "change", "complaint"),
    [
        ("input", {"name": "signal"}, "input: name is window, the manifest says signal"),
        ("input", {"shape": [1, 6, SAMPLES]}, r"input: shape is \(1, 50, 6\)"),
        ("input", {"scale": 0.06}, "input: scale is 0.05"),
        ("input", {"zero_point": 3}, "input: zero point is 0, the manifest says 3"),
        ("output", {"scale": 0.5}, "output: scale is"),
        ("output", {"zero_point": 0}, "output: zero point is -128"),
    ],
)
def test_a_file_that_is_not_what_the_manifest_says_is_refused(
    tmp_path: Path, side: str, change: dict[str, Any], complaint: str
) -> None:
    manifest = install(tmp_path, {"cnn": build_model(WEIGHTS)})
    manifest["members"]["cnn"][side] |= change
    tiny_model.write_manifest(tmp_path, manifest)
    with pytest.raises(ModelError, match=complaint):
        load_scorer(tmp_path)


def test_without_a_runtime_models_are_unusable_and_rules_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    assert isinstance(load_scorer(tmp_path), NoModels)
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    with pytest.raises(ModelError, match=r"no runtime for them\. Install ai-edge-litert"):
        load_scorer(tmp_path)


def test_the_older_runtime_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ai_edge_litert.interpreter as preferred

    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", preferred)
    install(tmp_path, {"cnn": build_model(WEIGHTS)})
    assert load_scorer(tmp_path).score(window(1), FS_HZ)["cnn"] is not None
