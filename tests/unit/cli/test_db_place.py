"""Which database ecgctl db means, and what it shows of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from store_ages import open_ages
from store_examples import NOW_UNIX_S

from ecgd.cli import database_place
from ecgd.cli.db_page import info_page
from ecgd.cli.db_place import find_place
from ecgd.cli.main import cli
from ecgd.cli.tables import print_page
from ecgd.errors import ControlError
from ecgd.store.survey import survey


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No daemon of this machine, and no configuration of this user."""
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "ECGD_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ECGD_SOCKET", str(tmp_path / "no.sock"))
    monkeypatch.setattr(database_place, "SYSTEM_STATE_DIR", tmp_path / "system")


def write_config(path: Path, state_dir: Path) -> Path:
    path.write_text(
        f'[daemon]\nstate_dir = "{state_dir}"\n[store]\nfile_name = "x.db"\nwaveform_days = 7.0\n'
    )
    return path


def test_the_users_own_state_directory_is_the_last_resort(tmp_path: Path) -> None:
    place = find_place(None, None, None)
    assert place.database == tmp_path / "home" / "ecgd" / "ecgd.sqlite3"
    assert place.state_dir == tmp_path / "home" / "ecgd"
    assert not place.settings_known


def test_the_systems_database_comes_before_it(tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.mkdir()
    (system / "ecgd.sqlite3").touch()
    assert find_place(None, None, None).database == system / "ecgd.sqlite3"


def test_a_configuration_names_database_and_retention(tmp_path: Path) -> None:
    config = write_config(tmp_path / "ecgd.toml", tmp_path / "state")
    place = find_place(None, config, None)
    assert (place.database, place.store.waveform_days) == (tmp_path / "state" / "x.db", 7.0)
    assert place.settings_known
    both = find_place(tmp_path / "other.db", config, None)
    assert (both.database, both.store.waveform_days) == (tmp_path / "other.db", 7.0)


def test_a_configuration_without_a_directory_means_the_systems_daemon(tmp_path: Path) -> None:
    (tmp_path / "system").mkdir()
    config = tmp_path / "ecgd.toml"
    config.write_text("[store]\nwaveform_days = 7.0\n")
    place = find_place(None, config, None)
    assert place.database == tmp_path / "system" / "ecgd.sqlite3"
    assert place.state_dir == tmp_path / "system"


def test_a_socket_that_was_named_has_to_answer(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no daemon is running"):
        find_place(None, None, tmp_path / "no.sock")


def test_a_missing_database_is_said_with_what_to_do(tmp_path: Path) -> None:
    for command in (["info"], ["check"], ["backup", str(tmp_path / "b")]):
        done = CliRunner().invoke(cli, ["db", *command, "--database", str(tmp_path / "none")])
        assert done.exit_code == 1
        assert "There is no database at" in done.output


def test_the_page_shows_tables_growth_and_what_is_due(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "db"
    ages = open_ages(path)
    for number in range(7):
        ages.record("ann", 40 - number, seconds=600)
    ages.heartbeats("ann", 40, [70.0] * 1500)
    ages.connection.close()
    print_page(info_page(survey(path, 30.0, 300.0, NOW_UNIX_S), settings_known=True))
    shown = capsys.readouterr().out
    assert "1 patient; 70 min of whole signal" in shown
    assert "a patient and day" in shown
    assert "Due now: 7 recordings" in shown
    assert re.search(r"recordings +7 ", shown)
    assert re.search("heartbeats +1\N{NO-BREAK SPACE}500 ", shown)
    assert max(len(line) for line in shown.splitlines()[1:]) <= 80, "all but the path"


def test_a_distrusted_clock_makes_nothing_due(tmp_path: Path) -> None:
    path = tmp_path / "db"
    ages = open_ages(path)
    ages.record("ann", 40)
    ages.connection.execute("INSERT INTO meta VALUES ('stamps not believed', '0')")
    ages.connection.close()
    forecast = survey(path, 30.0, 300.0, NOW_UNIX_S).forecast
    assert forecast is not None
    assert forecast.due_recordings == 0
