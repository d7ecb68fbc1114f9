"""The second opinion in the real daemon: it alarms on its own, and is missed without harm."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from daemon_process import Daemon, config, wait_for
from model_examples import always, install


def daemon_with(directory: Path, models: Path) -> Daemon:
    text = config(more=f'[ensemble]\nmodels_dir = "{models}"\n')
    text = text.replace("serial:hc05?baud=9600", "synthetic:?noise=none&seed=4")
    return Daemon(directory, text.replace("stemi_s = 2.0", "ensemble_s = 3.0"))


def alert(daemon: Daemon, kind: str) -> dict[str, Any] | None:
    alerts = daemon.client().get("/v1/alerts", {"limit": "50"})["alerts"]
    return next((each for each in alerts if each["event_type"] == kind), None)


def networks(daemon: Daemon) -> dict[str, dict[str, Any]]:
    status = daemon.status()
    assert status is not None
    return {each["name"]: each for each in status["networks"]}


def test_networks_alarm_alone_and_one_that_is_damaged_is_demoted_and_comes_back(
    short_dir: Path,
) -> None:
    models = install(short_dir / "models", change=always(0.85))
    sound = (models / "lstm.tflite").read_bytes()
    (models / "lstm.tflite").write_bytes(sound[:-1])
    daemon = daemon_with(short_dir, models)
    daemon.start()
    daemon.wait_until_up()
    try:
        demoted = wait_for(lambda: alert(daemon, "MODEL_DEMOTED"), "the technical alarm")
        states = networks(daemon)
        (models / "lstm.tflite").write_bytes(sound)
        assert demoted["severity"] == "LOW"
        assert "lstm: model file" in demoted["description"]
        assert [states[name]["is_ready"] for name in ("cnn", "lstm", "rnn")] == [True, False, True]
        assert "is damaged" in states["lstm"]["demoted"]
        anomaly = wait_for(lambda: alert(daemon, "CARDIAC_ANOMALY"), "the networks' alarm")
        assert anomaly["severity"] == "HIGH"
        assert anomaly["scores"]["cnn"] > 0.84
        assert "rnn" not in anomaly["scores"], "it has no history yet"
        assert "left out: " in " ".join(anomaly["clinical_notes"])
        wait_for(lambda: networks(daemon)["lstm"]["is_ready"], "the mended network")
        scores = wait_for(
            lambda: daemon.patient()["assessment"]["scores"] or None, "a score of all who can"
        )
        assert "cnn: infarction" in scores["labels"]
        status = daemon.status()
        assert status is not None
        assert anomaly["models_hash"] == scores["models_hash"] == status["models_hash"] != ""
        assert status["scoring"] == "cnn, lstm, rnn (weights fixture)"
    finally:
        assert daemon.stop() == 0
    with sqlite3.connect(daemon.state_dir / "ecgd.sqlite3") as database:
        rows = database.execute(
            "SELECT model_name, features FROM analysis_results WHERE model_name != 'rules'"
        ).fetchall()
    assert {name for name, _ in rows} >= {"cnn", "ensemble"}
    assert {json.loads(features)["models_hash"] for _, features in rows} == {anomaly["models_hash"]}
    assert "Traceback" not in daemon.said()
