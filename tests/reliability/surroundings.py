"""What befalls the daemon's surroundings: log, models, socket, a second daemon, configuration."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from reliability.bench import Bench
from reliability.rig import Rig, Stage, environment, staged
from reliability.row import Findings, Row

START_LIMIT_S = 60.0
EXIT_CONFIG = 78


def try_log(bench: Bench) -> tuple[Row, ...]:
    """Take away where log records go, in each way there is."""
    ways = LOGS[:2] if bench.quick else LOGS
    found = Findings()
    for name, shell, environ in ways:
        with bench.place() as directory, staged(directory) as stage:
            stage.rig.config.write_text(
                stage.rig.config.read_text().replace('log_file = "ecgd.log"', "")
            )
            stage.plug()
            stage.rig.start("bash", "-c", f'exec "$@" {shell}', "bash", **environ(directory))
            stage.rig.wait_until_fed()
            stage.wait_for_alert()
            detail = stage.rig.part("log")["detail"]
            found.check(stage.rig.stop() == 0, f"{name}: it did not end well")
            found.say(f'{name}: alarm on pins and receiver, status of the log "{detail}"')
    names = ", ".join(name for name, _, _ in ways)
    return (found.row("log gone", "no alarm needs the log", f"no log file, and {names}"),)


def try_models(bench: Bench) -> tuple[Row, ...]:
    """Let the networks be missing, and be garbage."""
    found, chance = Findings(), bench.chance("models")
    for name in ("missing", "garbage"):
        with bench.place() as directory, staged(directory) as stage:
            models = directory / "models"
            if name == "garbage":
                models.mkdir()
                for file in ("manifest.json", "cnn.tflite"):
                    (models / file).write_bytes(chance.randbytes(5000))
            text = stage.rig.config.read_text()
            stage.rig.config.write_text(f'{text}\n[ensemble]\nmodels_dir = "{models}"\n')
            stage.plug()
            stage.rig.start()
            stage.rig.wait_until_fed()
            stage.wait_for_alert()
            part = stage.rig.part("models")
            found.say(f'{name}: the rules alarm; status "{part["detail"]}"')
            found.check(not part["healthy"], f"{name}: told as healthy")
    return (found.row("models missing or garbage", "the rules work without them", "both"),)


def try_second(bench: Bench) -> tuple[Row, ...]:
    """Start another daemon in the same state directory."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_until_fed()
        status, said = _refused(stage.rig)
        found.say(f'the second ended with status {status}: "{said}"')
        found.check(status == 1 and str(stage.rig.pid) in said, "it does not name the first")
        stage.wait_for_alert()
        found.say("the first raised its alarm")
    promise = "the second is refused, the first goes on"
    return (found.row("two daemons", promise, "a second one in the same state directory"),)


def try_socket(bench: Bench) -> tuple[Row, ...]:
    """Put things in the way of the control socket."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        path = stage.rig.state_dir / "control.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        stage.rig.start()
        stage.rig.wait_for(stage.rig.status, "the daemon in place of a dead socket")
        found.check(stage.rig.stop() == 0, "it did not end well")
        found.say("a dead socket is replaced")
        path.mkdir()
        status, said = _refused(stage.rig)
        found.say(f'a directory: status {status}, "{said}"')
        found.check(status == 1 and "directory" in said, "not told")
        path.rmdir()
        with socket.socket(socket.AF_UNIX) as foreign:
            foreign.bind(str(path))
            foreign.listen()
            status, said = _refused(stage.rig)
            found.say(f'a foreign listener: status {status}, "{said}"')
            found.check(status == 1 and "listens" in said, "not told")
        path.unlink()
        stage.rig.start()
        stage.rig.wait_for(stage.rig.status, "the daemon once the way is free")
    done = "a dead socket, a directory and a foreign listener at its path"
    return (found.row("socket in the way", "a dead one is replaced, all else is told", done),)


def try_configuration(bench: Bench) -> tuple[Row, ...]:
    """Break the configuration of a daemon with an unanswered alarm, restart it, mend it."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        alert_id = _raise(stage)
        right = stage.rig.config.read_text()
        stage.rig.config.write_text(right.replace("hop_s = 0.5", "hop_s = 0.5\nhopp_s = 1"))
        stage.rig.stop(signal.SIGKILL)
        status, said = _refused(stage.rig)
        found.say(f'status {status}, "{said}"')
        found.check(status == EXIT_CONFIG and "hopp_s" in said and "line" in said, "not told")
        stage.rig.config.write_text(right)
        stage.rig.start()
        stage.rig.wait_for(stage.rig.status, "the daemon once it is mended")
        back = [alarm["alert_id"] for alarm in stage.rig.all_alarms()]
        found.check(alert_id in back, "the alarm was forgotten")
        found.say("mended, it knew its alarm again")
    done = "an unknown key, kill -9 and a start while an alarm stands"
    promise = "exit status 78 and line and key of the mistake; nothing is forgotten"
    return (found.row("configuration broken", promise, done),)


def try_latched(bench: Bench) -> tuple[Row, ...]:
    """Let an alarm outlast its cause, and the daemon several quick kills."""
    found, chance = Findings(), bench.chance("latched")
    times = 2 if bench.quick else 6
    with bench.place() as directory, staged(directory) as stage:
        stage.plug("synthetic:?st=inferior:0.4", "--for", "9", "--source", "synthetic:?rate=72")
        stage.rig.start()
        stage.wait_for_alert()
        stage.rig.wait_for(lambda: _in_state(stage, "latched"), "the cause to be over", 60)
        stage.rig.wait_for(lambda: _on_disk(stage, '"latched"'), "that on the disk")
        (alert_id,) = _in_state(stage, "latched")
        for _ in range(times):
            stage.rig.stop(signal.SIGKILL)
            stage.rig.start()
            time.sleep(chance.uniform(0.0, 1.2))
        stage.rig.wait_for(stage.rig.status, "the daemon")
        found.check(_in_state(stage, "latched") == [alert_id], "it is no longer shown")
        found.say(f"latched under its id after {times} kills within {1.2 * times:.1f} s")
        answer = {"patient": "anna", "by": "trial"}
        stage.rig.client().post("/v1/alerts/acknowledge", answer)
        stage.rig.wait_for(lambda: not _on_disk(stage, '"latched"'), "the answer on the disk")
        stage.rig.stop(signal.SIGKILL)
        stage.rig.start()
        stage.rig.wait_for(stage.rig.status, "the daemon")
        found.check(not _in_state(stage, "latched"), "it is shown again")
        found.say("acknowledged, it stays away after the next kill")
    done = f"ST elevation that ends, then {times} kill -9, 0 to 1.2 s after each start"
    promise = "shown until somebody answers, and not again"
    return (found.row("latched alarm, quick restarts", promise, done),)


def _refused(rig: Rig) -> tuple[int, str]:
    """Start a daemon that should end by itself; return its status and what it said."""
    ended = subprocess.run(
        rig.command(),
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
        env=environment({}),
    )
    told = " ".join(ended.stderr.split()).replace(str(rig.state_dir.parent), "…")
    return ended.returncode, "Traceback" if "Traceback" in ended.stderr else told[:300]


def _raise(stage: Stage) -> str:
    stage.plug()
    stage.rig.start()
    stage.wait_for_alert()
    stage.rig.wait_for(lambda: _on_disk(stage, '"active"'), "the alarm on the disk")
    return _in_state(stage, "active")[0]


def _in_state(stage: Stage, state: str) -> list[str]:
    alarms = stage.rig.all_alarms()
    stemi = [alarm for alarm in alarms if alarm["event_type"] == "STEMI_DETECTED"]
    return [alarm["alert_id"] for alarm in stemi if alarm["state"] == state]


def _on_disk(stage: Stage, words: str) -> bool:
    return words in stage.rig.books()


def _nothing(_: Path) -> dict[str, str]:
    return {}


def _journal(directory: Path) -> dict[str, str]:
    """Claim that stderr is the journal, where no journal listens."""
    path = directory / "journal"
    path.touch()
    found = path.stat()
    return {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}", "JOURNAL_FILE": str(path)}


_Environ = Callable[[Path], dict[str, str]]
LOGS: tuple[tuple[str, str, _Environ], ...] = (
    ("stderr closed", "2>&-", _nothing),
    ("stderr on a full disk", "2>/dev/full", _nothing),
    ("stderr a pipe that nobody reads any more", "2> >(exec 2>&-; sleep 0.3)", _nothing),
    ("a journal that does not listen", '2>>"$JOURNAL_FILE"', _journal),
)
