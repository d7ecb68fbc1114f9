"""The manifest: every wrong key is named."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_examples import MODELS, golden_case

from ecgd.errors import ModelError
from ecgd.inference.manifest import Isotonic, Platt, parse_manifest
from ecgd.model.leads import LIMB_LEADS

README = Path(__file__).parents[3] / "models" / "quantized" / "README.md"


def good() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((MODELS / "manifest.json").read_bytes())
    return manifest


def parse(manifest: Any) -> Any:
    return parse_manifest(json.dumps(manifest).encode(), "manifest.json")


def test_a_good_manifest() -> None:
    manifest = parse(good())
    assert manifest.leads == LIMB_LEADS
    assert list(manifest.members) == ["cnn", "lstm", "rnn"]
    assert manifest.members["cnn"].input.shape == (1, 1250, 6)
    assert [each.input.dtype for each in manifest.members.values()] == ["int8", "float32", "int16"]
    assert manifest.members["rnn"].labels[0] == "significant anomaly"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 1}, "version: "),
        ({"label": "myocardial infarction"}, "label: "),
        ({"fs_hz": 0}, "fs_hz: "),
        ({"prevalence": 1.5}, "prevalence: "),
        ({"data_fingerprint": "abc"}, "data_fingerprint: "),
        ({"seed": "1"}, "seed: "),
        ({"leads": ["II", "I", "III", "aVL", "aVF", "aVR"]}, "leads.0: "),
        ({"members": {}}, "members: "),
        ({"colour": "red"}, "colour: "),
        ({"weights_version": ""}, "weights_version: "),
        ({"fused_calibration": {"cnn": {"slope": -1.0, "intercept": 0.0}}}, "cnn.slope: "),
        (
            {"fused_calibration": {"lstm+cnn": {"slope": 1.0, "intercept": 0.0}}},
            "fused_calibration knows no members lstm+cnn",
        ),
    ],
)
def test_wrong_keys(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelError, match=re.escape(complaint)):
        parse(good() | change)


PLATT = {"slope": 1.0, "intercept": 0.0}
NOISE = base64.b64encode(zlib.compress(b"1234")).decode()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"file": "../cnn.tflite"}, "members.cnn.file: "),
        ({"file": "/etc/passwd"}, "members.cnn.file: "),
        ({"file": "cnn.h5"}, "members.cnn.file: "),
        ({"sha256": "ABC"}, "members.cnn.sha256: "),
        ({"input": {"name": "x"}}, "members.cnn.input.shape: "),
        ({"quantisation": "float64"}, "members.cnn.quantisation: "),
        ({"calibration": [{"slope": 0.0, "intercept": 0.0}] * 5}, "calibration.0.Platt.slope: "),
        ({"calibration": [PLATT]}, "1 calibrations for 5 labels"),
        ({"labels": ["a", "b", "c", "d", "e"]}, "the first label is 'a'"),
        ({"labels": ["significant anomaly"]}, "the output holds 5 values for 1 labels"),
        ({"golden": []}, "members.cnn.golden: "),
        ({"golden": [{"input": "?", "output": [0] * 5}]}, "golden input 0 is no compressed input"),
        ({"golden": [{"input": NOISE, "output": [0] * 5}]}, "golden input 0 holds 4 bytes"),
    ],
)
def test_wrong_members(change: dict[str, Any], complaint: str) -> None:
    manifest = good()
    manifest["members"]["cnn"] |= change
    with pytest.raises(ModelError, match=re.escape(complaint)):
        parse(manifest)


def test_a_golden_output_must_fit_and_a_bomb_is_not_unpacked() -> None:
    manifest = good()
    vector = manifest["members"]["cnn"]["golden"][0]
    vector["output"] = vector["output"][1:]
    with pytest.raises(ModelError, match="golden output 0 holds 4 values"):
        parse(manifest)
    vector["input"] = base64.b64encode(zlib.compress(bytes(1 << 26))).decode()
    with pytest.raises(ModelError, match="golden input 0 holds 4194304 bytes, not 7500"):
        parse(manifest)


def test_an_unknown_member() -> None:
    manifest = good()
    manifest["members"]["gru"] = manifest["members"].pop("cnn")
    with pytest.raises(ModelError, match="members that the ensemble does not know: gru"):
        parse(manifest)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        parse(good() | {"fs_hz": -1, "prevalence": -1})
    assert "fs_hz" in str(caught.value)
    assert "prevalence" in str(caught.value)
    assert caught.value.remedy.startswith("Install the models again")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null"])
def test_what_is_no_json_object(content: bytes) -> None:
    with pytest.raises(ModelError, match="not a valid model manifest"):
        parse_manifest(content, "manifest.json")


def test_calibrations() -> None:
    assert Platt(slope=2.0, intercept=-1.0).probability(0.5) == pytest.approx(0.5)
    assert Platt(slope=1.0, intercept=0.0).probability(-1e9) == pytest.approx(0.0)
    table = Isotonic(x=(-1.0, 1.0, 2.0), y=(0.1, 0.3, 0.9))
    logits = (-9.0, 0.0, 1.5, 9.0)
    assert [table.probability(x) for x in logits] == pytest.approx([0.1, 0.2, 0.6, 0.9])


@pytest.mark.parametrize(
    "table",
    [
        {"x": [0.0, 0.0], "y": [0.1, 0.2]},
        {"x": [0.0, 1.0], "y": [0.2, 0.1]},
        {"x": [0.0, 1.0], "y": [0.2]},
        {"x": [0.0, 1.0], "y": [0.2, 1.1]},
    ],
)
def test_a_table_that_does_not_rise_is_no_calibration(table: dict[str, Any]) -> None:
    manifest = good()
    manifest["members"]["rnn"]["calibration"][0] = {"x": [0.0, 1.0], "y": [0.2, 0.2]}
    parse(manifest)
    manifest["members"]["rnn"]["calibration"][0] = table
    with pytest.raises(ModelError, match="Isotonic"):
        parse(manifest)


def test_golden_vectors_are_read_as_they_were_written() -> None:
    values, logits = golden_case(MODELS, "cnn")
    assert values.shape == (1250, 6)
    assert 0.5 < values.std() < 1.5
    assert np.abs(values).max() <= 4.1
    assert logits.shape == (5,)


def test_the_example_of_the_documentation_is_valid() -> None:
    example = re.search(r"```json\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    shown = json.loads(example[1])
    # An input would fill pages: the documentation shows where it stands.
    shown["members"]["cnn"]["golden"] = good()["members"]["cnn"]["golden"]
    assert set(parse(shown).members) == {"cnn"}


def test_every_key_is_documented() -> None:
    documented = README.read_text(encoding="utf-8")
    manifest = good()
    cnn = manifest["members"]["cnn"]
    keys = {*manifest, *cnn, *cnn["input"], *cnn["golden"][0], *cnn["calibration"][0], "x", "y"}
    assert [key for key in sorted(keys) if f"`{key}`" not in documented] == []
