"""The real ecgctl process against a real server on a real socket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sample_daemon import FakeGateway, sample_alarm, sample_patient, sample_status, serving

from ecgd.cli.exit_codes import ExitCode
from ecgd.model.finding import EventType

ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def socket_path(gateway: FakeGateway, short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield path


def _ecgctl(*words: str, socket: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ECGD_", "RUNTIME_"))}
    if socket is not None:
        environ["ECGD_SOCKET"] = str(socket)
    return subprocess.run(
        [*ECGCTL, *words], capture_output=True, text=True, timeout=30, env=environ, check=False
    )


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("battery",),
        ("diagnostics",),
        ("alerts", "list"),
        ("patients", "list"),
        ("coverage",),
    ],
)
def test_every_reading_command_prints_a_page_and_json(
    socket_path: Path, words: tuple[str, ...]
) -> None:
    page = _ecgctl(*words, socket=socket_path)
    assert page.stderr == ""
    assert "Ada Example" in page.stdout or "p1" in page.stdout
    assert max(len(line) for line in page.stdout.splitlines()) <= 80
    assert "\x1b" not in page.stdout
    printed = _ecgctl(*words, "--json", socket=socket_path)
    assert isinstance(json.loads(printed.stdout), dict)
    assert printed.returncode == page.returncode


def test_status_ends_with_4_while_an_alarm_stands(socket_path: Path, gateway: FakeGateway) -> None:
    assert _ecgctl("status", socket=socket_path).returncode == ExitCode.ATTENTION
    gateway.current = replace(sample_status(), patients=(replace(sample_patient(), alarms=()),))
    assert _ecgctl("status", socket=socket_path).returncode == ExitCode.FINE


def test_battery_ends_with_4_only_for_a_battery_alarm(
    socket_path: Path, gateway: FakeGateway
) -> None:
    assert _ecgctl("battery", socket=socket_path).returncode == ExitCode.FINE
    low = replace(sample_alarm(), event_type=EventType.BATTERY_LOW)
    gateway.current = replace(sample_status(), patients=(replace(sample_patient(), alarms=(low,)),))
    assert _ecgctl("battery", socket=socket_path).returncode == ExitCode.ATTENTION


def test_an_alert_is_acknowledged_by_the_beginning_of_its_id(
    socket_path: Path, gateway: FakeGateway
) -> None:
    done = _ecgctl("alerts", "ack", "a1b2", "--by", "Dr. Grey", socket=socket_path)
    assert (done.returncode, done.stdout) == (0, "acknowledged a1b2c3 as Dr. Grey\n")
    assert gateway.entries[0].acknowledged_by == "Dr. Grey"
    again = _ecgctl("alerts", "ack", "a1b2c3", socket=socket_path)
    assert again.returncode == 0
    assert "nothing to acknowledge" in again.stdout


def test_the_sound_is_paused_and_it_is_said_for_how_long(
    socket_path: Path, gateway: FakeGateway
) -> None:
    done = _ecgctl("alerts", "pause", "--by", "Dr. Grey", socket=socket_path)
    assert (done.returncode, done.stdout) == (0, "silent for 120 s, as Dr. Grey\n")
    assert gateway.calls == [("pause", "Dr. Grey")]


def test_all_alerts_of_a_patient_are_acknowledged(socket_path: Path, gateway: FakeGateway) -> None:
    done = _ecgctl("alerts", "ack", "--patient", "p1", "--json", socket=socket_path)
    assert json.loads(done.stdout)["acknowledged"] == ["a1b2c3"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("alerts", "ack", "zzzz"), ExitCode.ERROR, "has the id 'zzzz'"),
        (("alerts", "ack", "--patient", "nobody"), ExitCode.ERROR, "there are: p1, p2"),
        (("alerts", "ack", "a1"), ExitCode.ERROR, "at least 4 characters"),
        (("alerts", "ack"), ExitCode.USAGE, "--patient"),
        (("alerts", "list", "--limit", "0"), ExitCode.USAGE, "--limit"),
        (("nonsense",), ExitCode.USAGE, "nonsense"),
    ],
)
def test_a_refusal_says_what_to_do(
    socket_path: Path, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    refused = _ecgctl(*words, socket=socket_path)
    assert refused.returncode == code
    assert said in refused.stderr
    assert refused.stdout == ""


def test_without_a_daemon_the_exit_code_is_3_and_the_remedy_is_named(short_dir: Path) -> None:
    for words in (("status",), ("alerts", "list", "--json")):
        refused = _ecgctl(*words, "--socket", str(short_dir / "none.sock"))
        assert refused.returncode == ExitCode.UNREACHABLE
        assert "no daemon is running" in refused.stderr
        assert "systemctl start ecgd" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_config_check_reports_every_problem_at_once(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[analysis]\nwindow_s = 99.0\nhopp_s = 1.0\n")
    refused = _ecgctl("config", "check", str(wrong))
    assert refused.returncode == ExitCode.WRONG_CONFIG
    assert "analysis.window_s" in refused.stderr
    assert "analysis.hopp_s" in refused.stderr
    shown = json.loads(_ecgctl("config", "check", str(wrong), "--json").stdout)
    assert shown["valid"] is False
    assert {problem["line"] for problem in shown["problems"]} == {2, 3}


def test_config_check_of_a_right_file_and_of_none(tmp_path: Path) -> None:
    right = tmp_path / "right.toml"
    right.write_text('[[patients]]\nid = "p1"\nsource = "synthetic:"\n')
    done = _ecgctl("config", "check", str(right))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 patient, 0 webhooks" in done.stdout
    assert "nobody outside this room hears of any alarm" in done.stdout
    shown = json.loads(_ecgctl("config", "check", str(right), "--json").stdout)
    assert shown["valid"] is True
    assert [each["code"] for each in shown["warnings"]] == ["nobody", "recorded", "no-dead-man"]
    missing = _ecgctl("config", "check", str(tmp_path / "none.toml"))
    assert missing.returncode == ExitCode.ERROR
    assert "none.toml" in missing.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_back_for_every_word(shell: str) -> None:
    script = _ecgctl("completion", shell)
    assert script.returncode == 0
    assert f"_ECGCTL_COMPLETE={shell}_complete" in script.stdout


def test_completion_knows_the_commands() -> None:
    environ = os.environ | {
        "_ECGCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": "ecgctl alerts a",
        "COMP_CWORD": "2",
    }
    answer = subprocess.run(
        ECGCTL, capture_output=True, text=True, timeout=30, env=environ, check=False
    )
    assert answer.stdout.strip() == "plain,ack"


@pytest.mark.parametrize("command", ["status", "battery", "diagnostics"])
def test_a_look_at_the_daemon_loads_no_number_cruncher(socket_path: Path, command: str) -> None:
    script = (
        "import sys\nfrom ecgd.cli.main import cli\n"
        f"try:\n    cli(['{command}', '--socket', '{socket_path}'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'aiohttp', 'pydantic', 'requests', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.stderr.strip() == "[]"
