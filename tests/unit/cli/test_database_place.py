"""Which database is meant: the nearest word counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample_daemon import FakeGateway, sample_status, serving

from ecgd.cli import database_place
from ecgd.cli.client import UnreachableError
from ecgd.cli.database_place import find_database
from ecgd.errors import ConfigError


def _environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "ECGD_SOCKET": str(home / "none.sock")}


def test_what_is_named_counts_before_everything(tmp_path: Path) -> None:
    place = find_database(tmp_path / "x", tmp_path / "wrong.toml", None, _environ(tmp_path))
    assert (place.path, place.found_by) == (tmp_path / "x", "as named")


def test_a_configuration_says_where_its_database_is(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[daemon]\nstate_dir = "/srv/heart"\n[store]\nfile_name = "h.db"\n')
    place = find_database(config=config, environ=_environ(tmp_path))
    assert place.path == Path("/srv/heart/h.db")
    config.write_text("[daemon]\nnonsense = 1\n")
    with pytest.raises(ConfigError, match="unknown key"):
        find_database(config=config, environ=_environ(tmp_path))


def test_the_running_daemon_names_its_own(short_dir: Path) -> None:
    gateway = FakeGateway(replace(sample_status(), database_path="/data/ecg.db"))
    socket = short_dir / "control.sock"
    with serving(gateway, socket):
        place = find_database(socket=socket, environ={})
        found = find_database(environ={"ECGD_SOCKET": str(socket)})
    assert place.path == found.path == Path("/data/ecg.db")
    assert str(socket) in place.found_by


def test_without_a_daemon_it_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "system"
    monkeypatch.setattr(database_place, "SYSTEM_STATE_DIR", system)
    own = tmp_path / ".local/state/ecgd/ecgd.sqlite3"
    assert find_database(environ=_environ(tmp_path)).path == own
    system.mkdir()
    assert find_database(environ=_environ(tmp_path)).path == system / "ecgd.sqlite3"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_database(environ=_environ(tmp_path)).path == own


def test_a_socket_that_was_named_must_answer(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        find_database(socket=tmp_path / "none.sock", environ=_environ(tmp_path))
