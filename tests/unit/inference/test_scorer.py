"""The installed networks as one scorer, each of which may fail on its own."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from model_examples import Clock, install, read_manifest, windows, write_manifest

from ecgd.ensemble.member import Scorer
from ecgd.errors import ModelError
from ecgd.inference import scorer as scorer_module
from ecgd.inference.scorer import InstalledModels, NoModels, load_scorer, load_sound_scorer


def installed(directory: Path) -> InstalledModels:
    scorer = load_scorer(directory)
    assert isinstance(scorer, InstalledModels)
    return scorer


def test_all_members_answer_each_to_its_own_input(tmp_path: Path) -> None:
    scorer: Scorer = load_sound_scorer(install(tmp_path))
    assert scorer.names == ("cnn", "lstm", "rnn")
    assert scorer.scoring == "cnn, lstm, rnn (weights fixture)"
    answers = scorer.score(windows())
    assert all(answer is not None for answer in answers.values())
    other = scorer.score(windows(1) | {"rnn": windows(0)["rnn"]})
    assert other["rnn"] == answers["rnn"]
    assert other["cnn"] != answers["cnn"]


def test_a_member_without_history_is_left_out(tmp_path: Path) -> None:
    scorer = load_sound_scorer(install(tmp_path))
    answers = scorer.score(windows() | {"rnn": None})
    assert answers["rnn"] is None
    assert answers["lstm"] is not None
    assert scorer.score({}) == {"cnn": None, "lstm": None, "rnn": None}


def test_one_that_is_damaged_leaves_the_others(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "lstm.tflite").write_bytes(b"TFL3")
    scorer = installed(tmp_path)
    assert scorer.scoring == "cnn, lstm, rnn being loaded; rules only"
    assert not scorer.troubles
    scorer.tend()
    answers = scorer.score(windows())
    assert [name for name, answer in answers.items() if answer is None] == ["lstm"]
    assert scorer.scoring.startswith("cnn, rnn (weights fixture); lstm demoted: model file ")
    troubles: list[str] = [*scorer.troubles]
    assert [trouble[:17] for trouble in troubles] == ["lstm: model file "]
    with pytest.raises(ModelError, match=r"lstm: model file .*Install the models again"):
        load_sound_scorer(tmp_path)


def test_without_any_sound_member_it_is_rules_only(tmp_path: Path) -> None:
    install(tmp_path, ("cnn",))
    (tmp_path / "cnn.tflite").unlink()
    scorer = installed(tmp_path)
    scorer.tend()
    assert scorer.scoring.endswith("; rules only")
    assert scorer.names == ("cnn",), "it is still meant to be there"


def test_nobody_is_asked_after_the_deadline(tmp_path: Path) -> None:
    clock = Clock()
    install(tmp_path)
    directory, manifest, digest = scorer_module.read_models(tmp_path)
    assert directory is not None
    assert manifest is not None
    scorer = InstalledModels(manifest, directory, digest, deadline_s=0.1, clock=clock)
    scorer.tend()
    seat = scorer._seats[1]
    ask = seat.ask

    def stall(values: object) -> object:
        clock.now_s += 0.2
        return ask(values)  # type: ignore[arg-type]

    seat.ask = stall  # type: ignore[method-assign,assignment]
    answers = scorer.score(windows())
    assert [name for name, answer in answers.items() if answer is not None] == ["cnn", "lstm"]
    assert all(state.is_ready for state in scorer.states), "the RNN was not slow"


def test_one_thread_computes(tmp_path: Path) -> None:
    scorer = load_sound_scorer(install(tmp_path))
    scorer.score(windows())
    native = len(list(Path("/proc/self/task").iterdir()))
    scorer.score(windows(1))
    assert len(list(Path("/proc/self/task").iterdir())) == native
    assert native >= threading.active_count()


def test_models_hash_names_the_installed_models(tmp_path: Path) -> None:
    first, second = install(tmp_path / "a"), install(tmp_path / "b")
    assert installed(first).models_hash == installed(second).models_hash
    manifest = read_manifest(second)
    manifest["members"]["cnn"]["sha256"] = "0" * 64
    write_manifest(second, manifest)
    hashes = {installed(first).models_hash, installed(second).models_hash}
    assert len(hashes) == 2
    assert all(len(each) == 64 for each in hashes)


def test_no_manifest_is_the_clear_state_of_rules_only(tmp_path: Path) -> None:
    scorer: Scorer = load_sound_scorer(tmp_path)
    assert isinstance(scorer, NoModels)
    assert scorer.reason == "no model installed"
    assert scorer.scoring == "no model installed: rules only"
    assert (scorer.names, scorer.models_hash, scorer.troubles) == ((), "", ())
    assert scorer.score(windows()) == {}
    assert NoModels("broken", is_broken=True).troubles == ("broken",)


def test_the_runtime_is_not_imported_without_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    assert load_sound_scorer(tmp_path).names == ()
    scorer = installed(install(tmp_path))
    scorer.tend()
    assert len(scorer.troubles) == 3
    assert "no runtime for them" in scorer.troubles[0]


def test_a_configured_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no directory .*Correct ensemble\.models_dir"):
        load_scorer(tmp_path / "nowhere")


def test_models_of_the_package_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = install(tmp_path / "packaged_models", ("cnn",))
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(scorer_module, "MODELS_PACKAGE", "packaged_models")
    assert load_scorer(None).names == ("cnn",)
    monkeypatch.setattr(scorer_module, "MODELS_PACKAGE", "packaged_models_that_are_not_there")
    assert isinstance(load_scorer(None), NoModels)


def test_networks_without_a_manifest_are_no_clear_state(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"manifest\.json cannot be read \(there is no such file"):
        load_scorer(tmp_path)


def test_a_manifest_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    install(tmp_path)
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelError, match="larger than"):
        load_scorer(tmp_path)


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="not a valid model manifest"):
        load_scorer(tmp_path)
