"""What a demo starts: only what is marked as one, only in a directory of its own."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from sample_daemon import FakeGateway, serving

from ecgd.cli.demo_plan import MARKER, Plan, make_plan, prepare, source_url
from ecgd.errors import AlreadyRunningError, ConfigError, ControlError, EcgdError

DEMO = Path(__file__).parents[3] / "config" / "demo.toml"


def _plan(state_dir: Path, config: Path = DEMO) -> Plan:
    return make_plan(config, "recording", state_dir)


def test_the_shipped_configuration_is_a_demos(short_dir: Path) -> None:
    plan = _plan(short_dir / "state")
    assert (plan.host, plan.port, plan.baud) == ("127.0.0.1", 8765, 9600)
    assert plan.link == short_dir / "state" / "hc05"
    assert plan.socket == short_dir / "state" / "control.sock"
    assert plan.database.parent == plan.pulse_log.parent == plan.secret_file.parent
    node = plan.node_command()
    assert node[node.index("--link") + 1] == str(plan.link)
    daemon = plan.daemon_command()
    assert daemon[daemon.index("--state-dir") + 1] == str(plan.state_dir)


def test_children_do_not_inherit_what_belongs_to_a_service(short_dir: Path) -> None:
    plan = _plan(short_dir)
    environ = plan.environment({"NOTIFY_SOCKET": "/run/x", "RUNTIME_DIRECTORY": "/run/y", "A": "1"})
    assert "NOTIFY_SOCKET" not in environ
    assert environ["RUNTIME_DIRECTORY"] == str(short_dir)
    assert environ["A"] == "1"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("simulated = true", "simulated = false", "daemon.simulated"),
        ('factory = "mock"', 'factory = "auto"', "gpio"),
        ("http://127.0.0.1:8765", "https://example.org", "webhooks"),
        ("serial:hc05?baud=9600", "synthetic:", "patients"),
    ],
)
def test_a_configuration_for_real_patients_is_refused(
    short_dir: Path, old: str, new: str, key: str
) -> None:
    config = short_dir / "wrong.toml"
    text = DEMO.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as refused:
        _plan(short_dir / "state", config)
    assert key in [problem.key_path for problem in refused.value.problems]


def test_every_problem_of_a_wrong_configuration_is_told(short_dir: Path) -> None:
    config = short_dir / "wrong.toml"
    config.write_text(DEMO.read_text().replace("log_file", "log_fil") + "test_targett = 1\n")
    with pytest.raises(ConfigError) as refused:
        _plan(short_dir / "state", config)
    keys = {problem.key_path for problem in refused.value.problems}
    assert keys == {"daemon.log_fil", "webhooks[0].test_targett"}
    with pytest.raises(EcgdError, match=r"none\.toml"):
        _plan(short_dir / "state", short_dir / "none.toml")


def test_a_path_is_repeated_and_a_url_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert source_url("a b#1") == f"replay:{tmp_path}/a%20b%231?loop=true"
    assert source_url("synthetic:?rate=72") == "synthetic:?rate=72"


def test_the_directory_is_emptied_and_gets_a_fresh_secret_for_its_owner_alone(
    short_dir: Path,
) -> None:
    plan = _plan(short_dir / "state")
    first = prepare(plan)
    (plan.state_dir / "ecgd.sqlite3").write_text("of the last run")
    second = prepare(plan)
    assert first != second
    assert not (plan.state_dir / "ecgd.sqlite3").exists()
    assert (plan.state_dir / MARKER).is_file()
    assert stat.S_IMODE(plan.secret_file.stat().st_mode) == 0o600
    kept = plan.secret_file.read_text().strip().removeprefix("whsec_")
    assert base64.b64decode(kept) == second


def test_a_directory_of_somebody_else_is_never_emptied(short_dir: Path) -> None:
    (short_dir / "thesis.tex").write_text("years of work")
    with pytest.raises(ControlError, match="not a demo's directory"):
        prepare(_plan(short_dir))
    assert (short_dir / "thesis.tex").read_text() == "years of work"


def test_a_demo_that_runs_is_left_alone(short_dir: Path) -> None:
    plan = _plan(short_dir)
    (short_dir / MARKER).touch()
    with (
        serving(FakeGateway(), plan.socket),
        pytest.raises(AlreadyRunningError, match="a demo runs already"),
    ):
        prepare(plan)
    assert (short_dir / MARKER).exists()


def test_a_directory_too_deep_for_sockets_gets_a_short_one_for_its_socket(tmp_path: Path) -> None:
    plan = _plan(tmp_path / ("d" * 120))
    assert plan.runtime_dir != plan.state_dir
    assert len(str(plan.socket)) < 100
