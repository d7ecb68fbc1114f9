"""ecgctl models: what is installed, and whether it still computes the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from model_examples import install, put, read_manifest, write_manifest

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli
from ecgd.inference import scorer as scorer_module


def run(*words: str, **environ: str) -> Result:
    return CliRunner().invoke(cli, ["models", *words], env={"COLUMNS": "80", **environ})


def test_the_list_names_everything_that_identifies_a_network(tmp_path: Path) -> None:
    install(tmp_path, change=lambda m: m["members"]["cnn"]["metrics"].update(test={"auc": 0.91234}))
    shown = run("list", "--dir", str(tmp_path))
    assert shown.exit_code == ExitCode.FINE
    sha256 = read_manifest(tmp_path)["members"]["rnn"]["sha256"]
    for words in ("weights fixture", "ai-edge-litert", "infarction", "16x8", sha256[:12], "50%"):
        assert words in shown.output
    assert "test auc 0.9123" in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    listed = json.loads(run("list", "--dir", str(tmp_path), "--json").output)["models"]
    assert [each["name"] for each in listed["networks"]] == ["cnn", "lstm", "rnn"]
    assert [each["weight"] for each in listed["networks"]] == [0.40, 0.35, 0.25]
    assert len(listed["models_hash"]) == 64


def test_sound_networks_are_verified(tmp_path: Path) -> None:
    shown = run("verify", "--dir", str(install(tmp_path)))
    assert shown.exit_code == ExitCode.FINE
    assert shown.output.count("sound") == 3
    verdicts = json.loads(run("verify", "--dir", str(tmp_path), "--json").output)["networks"]
    assert all(each["golden_vectors"] == 3 and not each["trouble"] for each in verdicts)
    assert all(each["largest_steps"] <= 1.0 and each["fastest_ms"] < 33.0 for each in verdicts)


def test_what_is_wrong_needs_a_person(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "cnn.tflite").unlink()
    put(tmp_path, "lstm", b"garbage")
    manifest = read_manifest(tmp_path)
    manifest["members"]["rnn"]["golden"][2]["output"][0] += 9
    write_manifest(tmp_path, manifest)
    shown = run("verify", "--dir", str(tmp_path))
    assert shown.exit_code == ExitCode.ATTENTION
    assert shown.output.count("cannot be used") == 3
    said = "".join(shown.output.split())
    for words in ("cnn.tflite cannot be read", "lstm is no TFLite file", "rnn has drifted"):
        assert words.replace(" ", "") in said
    assert "Installthemodelsagain" in said


def test_a_place_without_models_says_so(tmp_path: Path) -> None:
    for command in ("list", "verify"):
        shown = run(command, "--dir", str(tmp_path))
        assert (shown.exit_code, shown.output) == (
            ExitCode.FINE,
            "no model installed: the rules decide alone\n",
        )
    assert json.loads(run("list", "--dir", str(tmp_path), "--json").output) == {"models": None}


def test_the_configuration_names_the_place(tmp_path: Path) -> None:
    """A relative one lies under the state directory, as for the daemon."""
    install(tmp_path / "nets", ("cnn",))
    file = tmp_path / "ecgd.toml"
    file.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}"\n[ensemble]\nmodels_dir = "nets"\n'
        '[[patients]]\nid = "anna"\nsource = "synthetic:"\n'
    )
    listed = json.loads(run("list", "--config", str(file), "--json").output)["models"]
    assert listed["directory"] == str(tmp_path / "nets")


def test_a_manifest_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    for command in ("list", "verify"):
        shown = run(command, "--dir", str(tmp_path))
        assert shown.exit_code == ExitCode.ERROR
        assert "is not a valid model manifest" in shown.output
    assert run("list", "--dir", str(tmp_path / "nowhere")).exit_code == ExitCode.ERROR


def test_the_models_of_the_package_are_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def packaged() -> Any:
        return install(tmp_path / "package", ("rnn",))

    monkeypatch.setattr(scorer_module, "_packaged_directory", packaged)
    listed = json.loads(run("list", "--json").output)["models"]
    assert [each["name"] for each in listed["networks"]] == ["rnn"]
