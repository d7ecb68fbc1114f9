"""The second opinion in the real daemon: it alarms on its own, and is missed without harm."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, config, wait_for
from model_examples import always, install


def daemon_with(directory: Path, models: Path, heart: str = "") -> Daemon:
    text = config(more=f'[ensemble]\nmodels_dir = "{models}"\n')
    text = text.replace("serial:hc05?baud=9600", f"synthetic:?noise=none&seed=4{heart}")
    return Daemon(directory, text.replace("stemi_s = 2.0", "stemi_s = 6.0\nensemble_s = 3.0"))


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
        assert anomaly["severity"] == "MEDIUM", "it may have been so before monitoring began"
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


def test_an_infarction_that_rules_and_networks_see_is_told_with_both_opinions(
    short_dir: Path,
) -> None:
    daemon = daemon_with(
        short_dir, install(short_dir / "models", change=always(0.6)), "&st=inferior:0.25"
    )
    daemon.start()
    daemon.wait_until_up()
    try:
        stemi = wait_for(lambda: alert(daemon, "STEMI_DETECTED"), "the rules' alarm")
        shown = ecgctl(daemon, "alerts", "show", stemi["alert_id"][:8])
        page = ecgctl(daemon, "status")
    finally:
        assert daemon.stop() == 0
    figures = stemi["scores"]
    assert figures["cnn"] == pytest.approx(0.6, abs=0.01)
    assert 1.3 * figures["fused"] + 0.3 * 0.95 >= 1.0 == figures["boosted"]
    assert 0.0 <= figures["age_s"] <= 5.0
    assert figures["consensus"] == 0.0
    assert any(note.startswith("Networks: 0.6") for note in stemi["clinical_notes"])
    assert "networks  0.6" in shown
    assert "1.00 with ST" in shown
    assert "Networks   0.6" in page
    line = next(line for line in daemon.said().splitlines() if "CRITICAL STEMI_DETECTED" in line)
    assert "Networks: 0.6" in line
    assert "CARDIAC_ANOMALY" not in daemon.said()


def ecgctl(daemon: Daemon, *words: str) -> str:
    socket = str(daemon.state_dir / "control.sock")
    command = (sys.executable, "-c", "from ecgd.cli.main import main; main()", *words)
    ran = subprocess.run(
        [*command, "--socket", socket], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ran.stderr
    return ran.stdout
