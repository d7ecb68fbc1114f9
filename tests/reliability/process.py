"""What befalls the process: signals, no descriptors, no memory, no processor."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from reliability.bench import Bench
from reliability.rig import Rig, sound_database, staged
from reliability.row import Findings, Row, spread

STOP_LIMIT_S = 10.0
"""systemd kills a daemon that takes longer (TimeoutStopSec in systemd/ecgd.service)."""

GOES_ON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGCHLD)
DESCRIPTORS = 48


def try_end(bench: Bench) -> tuple[Row, ...]:
    """Ask the daemon to end, at moments that chance chooses, some of them in a commit."""
    found, chance = Findings(), bench.chance("end")
    took_s, times = [], 3 if bench.quick else 12
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        for turn in range(times):
            stage.rig.start()
            stage.rig.wait_for(stage.rig.status, "the daemon to answer")
            time.sleep(chance.uniform(0.0, 6.0))
            if turn % 2:
                _wait_for_commit(Path(f"{stage.rig.database}-wal"))
            began_s = time.monotonic()
            status = stage.rig.stop(signal.SIGTERM if turn % 3 else signal.SIGINT)
            took_s.append(time.monotonic() - began_s)
            found.check(status == 0, f"status {status}: {stage.rig.said()[-300:]}")
            found.check(not sound_database(stage.rig.database), "the database is damaged")
        found.check("Traceback" not in stage.rig.said(), "a traceback")
        found.say(f"exit status 0 after {spread(took_s)}, the database whole each time")
        found.check(max(took_s) <= STOP_LIMIT_S, f"limit {STOP_LIMIT_S:g} s")
    done = f"{times} times SIGTERM or SIGINT, up to 6 s after it began, half of them at a commit"
    return (found.row("asked to end", "it ends with status 0, everything on the disk", done),)


def try_stray_signals(bench: Bench) -> tuple[Row, ...]:
    """Send what should not end it."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_for(stage.rig.status, "the daemon to answer")
        for _ in range(20):
            _send_all(stage.rig)
            time.sleep(0.05)
        stage.rig.wait_until_fed()
        _send_all(stage.rig)
        stage.wait_for_alert()
        found.check(stage.rig.is_running, "it ended")
        found.check(stage.rig.stop() == 0, "it did not end well")
        told = stage.rig.said().count("is ignored")
        found.check(told > 0, "not told")
        found.say(f"it went on and raised its alarm; {told} of them told in the log")
    names = ", ".join(signal.Signals(number).name for number in GOES_ON)
    done = f"21 times each of {names}"
    return (found.row("stray signals", "no stray signal ends the watch", done),)


def try_frozen(bench: Bench) -> tuple[Row, ...]:
    """Stop the process for a while and let it go on."""
    found, frozen_s = Findings(), 3.0 if bench.quick else 30.0
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_until_fed()
        stage.rig.send(signal.SIGSTOP)
        time.sleep(frozen_s)
        found.check(not stage.heard(), "it alarmed although it was stopped")
        stage.rig.send(signal.SIGCONT)
        began_s = time.monotonic()
        stage.wait_for_alert()
        found.say(f"alarm on pins and receiver {time.monotonic() - began_s:.1f} s after SIGCONT")
        statistics = stage.rig.patient()["link"]["statistics"]
        parts = ("bytes_accepted", "bytes_discarded", "bytes_pending")
        whole = statistics["bytes_in"] == sum(statistics[part] for part in parts)
        found.check(whole, "bytes are not accounted for")
        found.say(f"{statistics['samples_lost']} samples lost, every byte accounted for")
        found.check(stage.rig.stop() == 0, "it did not end well")
    done = f"SIGSTOP for {frozen_s:g} s before the alarm (systemd's watchdog would restart it)"
    return (found.row("frozen", "it goes on where it was", done),)


def try_descriptors(bench: Bench) -> tuple[Row, ...]:
    """Leave the daemon hardly any file descriptors, and take them all."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage, ExitStack() as taken:
        stage.plug()
        stage.rig.start("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh")
        stage.rig.wait_until_fed()
        for _ in range(2 * DESCRIPTORS):
            client = taken.enter_context(socket.socket(socket.AF_UNIX))
            client.settimeout(0.2)
            with suppress(OSError):
                client.connect(str(stage.rig.state_dir / "control.sock"))
        full = DESCRIPTORS - 1
        stage.rig.wait_for(lambda: _open_count(stage.rig) >= full, "all descriptors in use", 10)
        open_count = _open_count(stage.rig)
        stage.rig.wait_for(lambda: stage.rig.pulses(stage.rig.started_s), "the buzzer")
        found.say(f"with {open_count} of {DESCRIPTORS} in use the alarm sounded")
        early = stage.heard()
        taken.close()
        stage.wait_for_alert()
        stage.rig.wait_for(stage.rig.stored, "the alert on the disk")
        when = "at once" if early else "once some were free"
        found.say(f"delivered {when}, and stored")
        found.check(stage.rig.is_running, "it ended")
        found.check(stage.rig.stop() == 0, "it did not end well")
    done = f"at most {DESCRIPTORS} descriptors, {2 * DESCRIPTORS} clients that only connect"
    return (found.row("out of file descriptors", "the alarm sounds, nothing is lost", done),)


def try_memory(bench: Bench) -> tuple[Row, ...]:
    """Leave the running daemon no more memory than it has, and restart it as systemd does."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_until_fed()
        _limit_memory(stage.rig, _address_bytes(stage.rig))
        end_s, ends = time.monotonic() + 90.0, 0
        while time.monotonic() < end_s and not stage.rig.pulses():
            if not stage.rig.is_running:
                ends += 1
                stage.rig.start()
            time.sleep(0.2)
        found.check(bool(stage.rig.pulses()), "no sound")
        how = f"ended {ends} time(s), was started again and sounded" if ends else "sounded"
        meanwhile = "delivered too" if stage.heard() else "delivered once it had memory again"
        _limit_memory(stage.rig, resource.RLIM_INFINITY)
        while time.monotonic() < end_s and not stage.heard():
            if not stage.rig.is_running:
                ends += 1
                meanwhile = "a delivery hung, so it ended, was started anew and delivered"
                stage.rig.start()
            time.sleep(0.2)
        stage.wait_for_alert()
        found.say(f"the daemon {how}; {meanwhile}")
        stage.rig.wait_for(stage.rig.stored, "the alert on the disk")
        found.check(stage.rig.stop() == 0, "it did not end well")
        found.check(not sound_database(stage.rig.database), "the database is damaged")
    done = "RLIMIT_AS at the address space that it has, set while it runs, before the alarm"
    return (found.row("out of memory", "it goes on, or ends and is started anew", done),)


def try_load(bench: Bench) -> tuple[Row, ...]:
    """Keep every processor busy twice over."""
    found = Findings()
    with bench.place() as directory, staged(directory) as stage, ExitStack() as load:
        stage.plug()
        stage.rig.start()
        stage.rig.wait_until_fed()
        for _ in range(2 if bench.quick else 4):
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            load.callback(busy.wait)
            load.callback(busy.kill)
        began_s = time.monotonic()
        stage.wait_for_alert()
        found.say(f"alarm on pins and receiver {time.monotonic() - began_s:.1f} s later")
        if not bench.quick:
            time.sleep(20.0)
        patient = stage.rig.patient()
        figures = stage.rig.client().get("/v1/diagnostics")
        statistics, windows = patient["link"]["statistics"], patient["windows"]
        found.say(
            f"{windows['analysed']} windows analysed, {windows['replaced']} replaced; "
            f"{statistics['samples_lost']} samples lost; "
            f"the loop at most {figures['loop']['late_max_ms']:.0f} ms late"
        )
        found.check(not statistics["samples_lost"], "samples were lost")
    done = "busy loops at the same priority, two a core; the daemon as systemd starts it"
    return (found.row("processor busy", "windows may be left out, alarms are raised", done),)


def _send_all(rig: Rig) -> None:
    for number in GOES_ON:
        if rig.is_running:
            rig.send(number)


def _wait_for_commit(log: Path, patience_s: float = 4.0) -> None:
    def changed() -> int:
        return log.stat().st_mtime_ns if log.exists() else 0

    before, end_s = changed(), time.monotonic() + patience_s
    while changed() == before and time.monotonic() < end_s:
        time.sleep(0.001)


def _open_count(rig: Rig) -> int:
    return len(list(Path(f"/proc/{rig.pid}/fd").iterdir()))


def _limit_memory(rig: Rig, limit_bytes: int) -> None:
    hard_bytes = resource.prlimit(rig.pid, resource.RLIMIT_AS)[1]
    resource.prlimit(rig.pid, resource.RLIMIT_AS, (limit_bytes, hard_bytes))


def _address_bytes(rig: Rig) -> int:
    pages = int(Path(f"/proc/{rig.pid}/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
