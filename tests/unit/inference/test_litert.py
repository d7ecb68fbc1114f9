"""One network, run by the real runtime; and every way in which its file can be unusable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_examples import MODELS, SHAPES, golden_case

from ecgd.ensemble.fusion import MEMBERS
from ecgd.errors import ModelError
from ecgd.inference.litert import LiteRtModel, quantise, runtime_name
from ecgd.inference.manifest import MemberSpec, TensorSpec, parse_manifest


def member(name: str) -> MemberSpec:
    return parse_manifest((MODELS / "manifest.json").read_bytes(), "manifest").members[name]


def load(name: str, spec: MemberSpec | None = None) -> LiteRtModel:
    return LiteRtModel(name, (MODELS / f"{name}.tflite").read_bytes(), spec or member(name))


@pytest.mark.parametrize("name", MEMBERS)
def test_answers_are_those_of_tensorflow_calibrated(name: str) -> None:
    model = load(name)
    for number in range(3):
        values, logits = golden_case(MODELS, name, number)
        expected = 1 / (1 + np.exp(-logits))
        answer = model.answer(values)
        shares = [answer.probability, *(share for _, share in answer.labels)]
        assert shares == pytest.approx(expected.tolist(), abs=1e-6)
        assert [label for label, _ in answer.labels] == list(member(name).labels[1:])


def test_the_input_matters_and_extreme_values_saturate() -> None:
    model = load("cnn")
    rng = np.random.default_rng(3)
    answers = {model.answer(rng.normal(size=SHAPES["cnn"])).probability for _ in range(20)}
    assert len(answers) > 10
    huge = np.full(SHAPES["cnn"], 1e9)
    assert model.answer(huge) == model.answer(1e6 * huge)
    assert model.answer(huge) != model.answer(-huge)


def test_each_label_has_its_own_calibration() -> None:
    plain = member("rnn")
    calibration = [each.model_dump() for each in plain.calibration]
    calibration[1] = {"slope": 2.0, "intercept": -3.0}
    calibration[2] = {"x": (-1.0, 1.0), "y": (0.25, 0.25)}
    changed = MemberSpec.model_validate(plain.model_dump() | {"calibration": calibration})
    values, logits = golden_case(MODELS, "rnn")
    answer = load("rnn", changed).answer(values)
    assert answer.probability == load("rnn").answer(values).probability
    assert answer.labels[0][1] == pytest.approx(1 / (1 + np.exp(-(2 * logits[1] - 3))))
    assert answer.labels[1][1] == 0.25


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "expected"),
    [
        ("int8", 0.5, 3, [-128, 1, 3, 4, 127]),
        ("int16", 0.01, 0, [-32768, -100, 0, 70, 32767]),
        ("float32", 1.0, 0, [-1000.0, -1.0, 0.0, 0.7, 1e6]),
    ],
)
def test_values_become_the_tensor_s_numbers(
    dtype: Any, scale: float, zero_point: int, expected: list[float]
) -> None:
    spec = TensorSpec(name="x", shape=(1, 5), dtype=dtype, scale=scale, zero_point=zero_point)
    tensor = quantise(np.array([-1000.0, -1.0, 0.0, 0.7, 1e6]), spec)
    assert tensor.dtype == dtype
    assert tensor.shape == (1, 5)
    assert tensor.ravel().tolist() == pytest.approx(expected)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 64])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="model cnn is no TFLite file"):
        LiteRtModel("cnn", content, member("cnn"))


def test_what_the_runtime_cannot_load_is_refused() -> None:
    content = (MODELS / "cnn.tflite").read_bytes()
    with pytest.raises(ModelError, match="model cnn cannot be loaded"):
        LiteRtModel("cnn", content[:300], member("cnn"))


@pytest.mark.parametrize(
    ("side", "change", "complaint"),
    [
        ("input", {"name": "signal"}, "input: name is .*, the manifest says signal"),
        ("input", {"shape": (1, 6, 1250)}, r"input: shape is \(1, 1250, 6\)"),
        ("input", {"scale": 0.5}, r"input: scale is 0\.03"),
        ("input", {"zero_point": 99}, "input: zero point is .*, the manifest says 99"),
        ("output", {"scale": 0.5}, "output: scale is"),
        ("output", {"dtype": "int16"}, "output: type is int8, the manifest says int16"),
    ],
)
def test_a_file_that_is_not_what_the_manifest_says_is_refused(
    side: str, change: dict[str, Any], complaint: str
) -> None:
    spec = member("cnn")
    other = getattr(spec, side).model_copy(update=change)
    with pytest.raises(ModelError, match=complaint):
        load("cnn", spec.model_copy(update={side: other}))


def test_an_answer_that_is_no_figure_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load("lstm")
    monkeypatch.setattr(model, "run", lambda tensor: np.full((1, 8), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="no figure"):
        model.answer(np.zeros(SHAPES["lstm"]))


def test_the_older_runtime_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    import ai_edge_litert.interpreter as preferred

    assert runtime_name().startswith("ai-edge-litert ")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", preferred)
    values, _ = golden_case(MODELS, "cnn")
    assert load("cnn").answer(values).probability > 0.0
    assert runtime_name().startswith("tflite-runtime")


def test_without_a_runtime_no_model_is_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=r"no runtime for them\. Install ai-edge-litert"):
        load("cnn")
    assert runtime_name() == ""


def test_the_fixtures_are_small() -> None:
    assert sum(path.stat().st_size for path in Path(MODELS).iterdir()) < 150_000
