"""The manifest: every wrong key is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tiny_model import install

from ecgd.errors import ModelError
from ecgd.inference.manifest import parse_manifest
from ecgd.model.leads import LIMB_LEADS

README = Path(__file__).parents[3] / "models" / "quantized" / "README.md"


def good(tmp_path: Path) -> dict[str, Any]:
    return install(tmp_path, {"cnn": b"content"})


def parse(manifest: Any) -> Any:
    return parse_manifest(json.dumps(manifest).encode(), "manifest.json")


def test_a_good_manifest(tmp_path: Path) -> None:
    manifest = parse(good(tmp_path))
    assert manifest.leads == LIMB_LEADS
    assert manifest.members["cnn"].input.shape == (1, 50, 6)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 2}, "version: "),
        ({"label": "myocardial infarction"}, "label: "),
        ({"fs_hz": 0}, "fs_hz: "),
        ({"samples": 0}, "samples: "),
        ({"samples": "50"}, "samples: "),
        ({"samples": 51}, "the input of cnn holds 300 values, a window 306"),
        ({"leads": ["II", "I", "III", "aVL", "aVF", "aVR"]}, "leads.0: "),
        ({"normalisation": "min-max"}, "normalisation: "),
        ({"members": {}}, "members: "),
        ({"colour": "red"}, "colour: "),
        ({"weights_version": ""}, "weights_version: "),
    ],
)
def test_wrong_keys(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelError, match=re.escape(complaint)):
        parse(good(tmp_path) | change)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"file": "../cnn.tflite"}, "members.cnn.file: "),
        ({"file": "/etc/passwd"}, "members.cnn.file: "),
        ({"file": "cnn.h5"}, "members.cnn.file: "),
        ({"sha256": "ABC"}, "members.cnn.sha256: "),
        ({"input": {"name": "x"}}, "members.cnn.input.shape: "),
        ({"calibration": {"slope": 0.0, "intercept": 0.0}}, "members.cnn.calibration.slope: "),
        (
            {"output": {"name": "y", "shape": [1, 2], "scale": 0.1, "zero_point": 0}},
            "the output of cnn is not one probability",
        ),
    ],
)
def test_wrong_members(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    manifest = good(tmp_path)
    manifest["members"]["cnn"] |= change
    with pytest.raises(ModelError, match=re.escape(complaint)):
        parse(manifest)


def test_an_unknown_member(tmp_path: Path) -> None:
    manifest = good(tmp_path)
    manifest["members"]["gru"] = manifest["members"].pop("cnn")
    with pytest.raises(ModelError, match="members that the ensemble does not know: gru"):
        parse(manifest)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        parse(good(tmp_path) | {"fs_hz": -1, "samples": -1})
    assert "fs_hz" in str(caught.value)
    assert "samples" in str(caught.value)
    assert caught.value.remedy.startswith("Install the models again")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null"])
def test_what_is_no_json_object(content: bytes) -> None:
    with pytest.raises(ModelError, match="not a valid model manifest"):
        parse_manifest(content, "manifest.json")


def test_the_example_of_the_documentation_is_valid() -> None:
    example = re.search(r"```json\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    manifest = parse(json.loads(example[1]))
    assert set(manifest.members) == {"cnn"}


def test_every_key_is_documented(tmp_path: Path) -> None:
    documented = README.read_text(encoding="utf-8")
    manifest = good(tmp_path)
    keys = {*manifest, *manifest["members"]["cnn"], *manifest["members"]["cnn"]["input"]}
    assert [key for key in sorted(keys) if f"`{key}`" not in documented] == []
