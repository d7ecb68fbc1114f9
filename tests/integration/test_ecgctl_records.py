"""Notes, recordings, configuration and the helper's page, by real ecgctl processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from daemon_process import Daemon, wait_for
from record_material import ramp, recording_into
from sample_daemon import FakeGateway, serving
from store_examples import DEVICE, NOW_UNIX_S, make_alert

from ecgd.cli.exit_codes import ExitCode
from ecgd.store.reader import StoreReader

ECGCTL = (sys.executable, "-c", "from ecgd.cli.main import main; main()")
CONFIG = """
[gpio]
factory = "none"
[[patients]]
id = "anna"
name = "Anna Example"
source = "synthetic:"
"""


def _ecgctl(
    *words: str | Path, home: Path, text: str = "", socket: Path | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECGD_", "XDG_", "RUNTIME_"))}
    environ = kept | {"HOME": str(home), "ECGD_SOCKET": str(socket or home / "none.sock")}
    command = [*ECGCTL, *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environ, input=text, check=False
    )


@pytest.fixture
def socket(short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(FakeGateway(), path):
        yield path


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "ecgd.sqlite3"
    with recording_into(path) as recorder:
        valid = np.ones(5000, np.bool_)
        valid[1000:1250] = False
        recorder.open("ann", DEVICE, NOW_UNIX_S)
        recorder.add("ann", DEVICE, 0, ramp(5000), valid, begun_unix_s=NOW_UNIX_S)
        recorder.writer.store_alert(make_alert(sample_index=2500)).result(10)
    return path


def test_a_note_is_written_and_read(socket: Path, tmp_path: Path) -> None:
    words = ("notes", "add", "p1", "slept\x1b[2J badly", "--by", "Dr. Grey")
    done = _ecgctl(*words, home=tmp_path, socket=socket)
    assert (done.returncode, done.stderr) == (0, "")
    piped = _ecgctl("notes", "add", "p1", home=tmp_path, socket=socket, text="from\na pipe\n")
    assert piped.returncode == 0
    listed = _ecgctl("notes", "list", "p1", home=tmp_path, socket=socket).stdout
    assert "Dr. Grey" in listed
    assert "60 s ago" in listed
    assert "\x1b" not in listed
    shown = _ecgctl("notes", "list", "p1", "--limit", "1", "--json", home=tmp_path, socket=socket)
    assert [note["text"] for note in json.loads(shown.stdout)["notes"]] == ["from\na pipe"]
    assert "no notes" in _ecgctl("notes", "list", "p2", home=tmp_path, socket=socket).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("notes", "add", "p9", "x"), "known: p1, p2, archived"),
        (("notes", "add", "p1", " "), "nothing that can be read"),
        (("notes", "list", "p9"), "known: p1, p2, archived"),
    ],
)
def test_a_refused_note_says_why(
    socket: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    refused = _ecgctl(*words, home=tmp_path, socket=socket)
    assert refused.returncode == ExitCode.ERROR
    assert said in refused.stderr


def test_recordings_are_listed_with_gaps_and_alerts(database: Path, tmp_path: Path) -> None:
    page = _ecgctl("records", "list", "--database", database, home=tmp_path)
    assert page.stderr == ""
    assert max(map(len, page.stdout.splitlines())) <= 80
    assert "1 (1.0 s)" in page.stdout
    answer = json.loads(
        _ecgctl("records", "list", "--database", database, "--json", home=tmp_path).stdout
    )
    (record,) = answer["records"]
    assert (record["gaps"], record["missing_s"], record["kept_s"]) == (1, 1.0, 19.0)
    assert (record["alerts"], record["finished"], record["leads"]) == (1, True, ["I", "II"])
    later = ("--since", f"@{NOW_UNIX_S + 100:.0f}")
    none = _ecgctl("records", "list", "--database", database, *later, home=tmp_path)
    assert "no recordings" in none.stdout


def test_an_export_says_what_it_wrote_and_an_old_file_stays(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    words = ("records", "export", "1", "--format", "csv", "--out", out, "--database", database)
    done = _ecgctl(*words, home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"wrote {out}" in done.stdout
    assert "1 gap, 1.0 s together" in done.stdout
    again = _ecgctl(*words, home=tmp_path)
    assert again.returncode == ExitCode.ERROR
    assert "--force" in again.stderr
    forced = _ecgctl(*words, "--force", "--json", home=tmp_path)
    assert json.loads(forced.stdout)["valid_samples"] == 4750


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--format", "csv", "--out", "x"),
        ("export", "1", "--patient", "ann", "--format", "csv", "--out", "x"),
        ("export", "--patient", "ann", "--format", "csv", "--out", "x"),
        ("export", "--alert", "a", "--from", "-2h", "--format", "csv", "--out", "x"),
        ("export", "1", "--from", "-1h", "--to", "-2h", "--format", "csv", "--out", "x"),
        ("export", "1", "--all-leads", "--format", "wfdb", "--out", "x"),
        ("export", "1", "--from", "teatime", "--format", "csv", "--out", "x"),
        ("list", "--limit", "0"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_done(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = _ecgctl("records", *words, home=tmp_path)
    assert refused.returncode == ExitCode.USAGE
    assert "Traceback" not in refused.stderr


def test_without_a_database_the_remedy_is_named(tmp_path: Path) -> None:
    for words in (("list",), ("export", "1", "--format", "csv", "--out", "x")):
        refused = _ecgctl("records", *words, home=tmp_path)
        assert refused.returncode == ExitCode.ERROR
        assert "There is no database" in refused.stderr


def test_the_configuration_is_shown_with_and_without_a_daemon(socket: Path, tmp_path: Path) -> None:
    page = _ecgctl("config", "show", home=tmp_path, socket=socket).stdout
    assert max(map(len, page.splitlines())) <= 80
    assert page.startswith("/etc/ecgd/ecgd.toml  5 settings differ")
    assert "https://…@example.org/…" in page
    assert "secret@" not in page
    defaults = json.loads(_ecgctl("config", "show", "--defaults", "--json", home=tmp_path).stdout)
    assert not any(entry["is_changed"] for entry in defaults["settings"])
    path = tmp_path / "c.toml"
    path.write_text(CONFIG)
    shown = _ecgctl("config", "show", "--config", path, "--verbose", home=tmp_path).stdout
    assert '"none"' in shown
    assert "pin factory" in shown
    assert _ecgctl("config", "show", home=tmp_path).returncode == ExitCode.UNREACHABLE


def test_the_helpers_page_comes_with_and_without_a_daemon(
    socket: Path, database: Path, tmp_path: Path
) -> None:
    page = _ecgctl("diagnostics", "--page", home=tmp_path, socket=socket)
    assert (page.returncode, page.stderr) == (ExitCode.ATTENTION, "")
    assert "Ada Example" not in page.stdout
    named = _ecgctl("diagnostics", "--page", "--names", home=tmp_path, socket=socket)
    assert "Ada Example" in named.stdout
    config = tmp_path / "c.toml"
    config.write_text(f'[daemon]\nstate_dir = "{database.parent}"\n')
    alone = _ecgctl("diagnostics", "--page", "--config", config, home=tmp_path)
    assert (alone.returncode, alone.stderr) == (ExitCode.UNREACHABLE, "")
    assert "NOBODY IS WATCHED" in alone.stdout
    assert "ann: last signal" in alone.stdout
    assert _ecgctl("diagnostics", "--names", home=tmp_path).returncode == ExitCode.USAGE


def test_a_note_survives_kill_and_the_daemon_knows_its_settings(
    tmp_path: Path, short_dir: Path
) -> None:
    daemon = Daemon(short_dir, CONFIG)
    daemon.start()
    try:
        daemon.wait_until_up()
        control = daemon.state_dir / "control.sock"
        done = _ecgctl("notes", "add", "anna", "fell asleep", home=tmp_path, socket=control)
        assert done.returncode == 0, done.stderr
        answer = daemon.client().get("/v1/config")
        origins = {entry["key"]: entry["origin"] for entry in answer["settings"]}
        assert answer["path"] == str(daemon.config)
        assert origins["patients[anna].source"] == "file"
        assert origins["daemon.state_dir"] == "command line"
        assert origins["analysis.window_s"] == "default"

        def measured() -> dict[str, object] | None:
            figures = daemon.client().get("/v1/diagnostics")
            return figures if figures["patients"][0]["latency"] else None

        figures = wait_for(measured, "a window of anna")
        assert figures["machine"]["age_s"] is not None  # type: ignore[index]
        daemon.stop(signal.SIGKILL)
    finally:
        daemon.end()
    notes = StoreReader(daemon.state_dir / "ecgd.sqlite3").notes("anna")
    assert [note.text for note in notes] == ["fell asleep"]


@pytest.mark.parametrize("words", [("notes", "list", "p1"), ("config", "show")])
def test_asking_the_daemon_loads_no_number_cruncher(socket: Path, words: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom ecgd.cli.main import cli\n"
        f"try:\n    cli([*{words!r}, '--socket', '{socket}'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'aiohttp', 'pydantic', 'requests', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.stderr.strip() == "[]"
