"""kill -9, over and over, at moments that chance chooses: during the start, an alarm, a commit."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon_process import Receiver, node, receiving

from ecgd.decision.alarm_record import book_from_dict
from ecgd.model.alarm import AlarmState
from reliability.bench import Bench
from reliability.kill_rows import WAVEFORM_LOST_MAX_S, Lane, Told, rows_of
from reliability.rig import Rig, settings, sound_database
from reliability.row import Row

MOMENTS = (("any", 0.55), ("start", 0.15), ("alarm", 0.15), ("commit", 0.15))
LONG_LIFE_SHARE = 0.2
SOUNDING = frozenset({AlarmState.ACTIVE})
KEPT = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})
SETTLE_S = 90.0

GENERATION = 8
OTHERS = """
[[patients]]
id = "bert"
name = "Bert"
source = "serial:bert/hc05?baud=9600"
[[patients]]
id = "cleo"
source = "serial:nowhere"
[[patients]]
id = "dora"
source = "synthetic:?rate=190"
[[patients]]
id = "emil"
source = "synthetic:?rate=28"
"""


@dataclass(frozen=True, slots=True)
class Remains:
    """What a killed daemon left on the disk. ``shown``: alert id and state of each alarm."""

    problems: list[str]
    alerts: dict[str, Told]
    shown: dict[str, AlarmState]
    newest_unix_s: dict[str, float]


def try_kills(bench: Bench) -> tuple[Row, ...]:
    """Kill daemons in several lanes at once; return what became of what they had promised."""
    began_s = time.monotonic()
    shares = [len(range(lane, bench.kills, bench.lanes)) for lane in range(bench.lanes)]
    with ThreadPoolExecutor(bench.lanes) as pool:
        lanes = list(
            pool.map(lambda lane: _run_lane(bench, lane, shares[lane]), range(len(shares)))
        )
    return rows_of(lanes, bench, time.monotonic() - began_s)


def _run_lane(bench: Bench, number: int, count: int) -> Lane:
    """Kill ``count`` times, a few on each state directory: a new one raises all its alarms anew."""
    lane, chance = Lane(), bench.chance(f"kills {number}")
    for done in range(0, count, GENERATION):
        _run_generation(bench, lane, chance, min(GENERATION, count - done))
        bench.tell(f"kills, lane {number}: {min(done + GENERATION, count)} of {count}")
    for late in lane.late:
        bench.tell(f"kills, lane {number}: {late}")
    return lane


def _run_generation(bench: Bench, lane: Lane, chance: random.Random, count: int) -> None:
    with bench.place() as directory, receiving() as receiver, _devices(directory, chance):
        rig = Rig(directory, settings([receiver.url], extreme_rate_s=0.0) + OTHERS)
        remains: Remains | None = None
        try:
            for turn in range(count):
                life = _chosen_life(chance, bench, first=turn == 0)
                remains = _live_and_die(rig, receiver, lane, life, remains)
            _settle(rig, receiver, lane, remains)
        finally:
            rig.end()


@contextmanager
def _devices(directory: Path, chance: random.Random) -> Iterator[None]:
    """Anna's heart is well and ill by turns; Bert's electrodes come off and on again."""
    parts: list[str] = ["--for", "7"]
    for turn in range(400):
        kind = "st=inferior:0.4" if turn % 2 == 0 else "rate=80"
        parts += ["--source", f"synthetic:?{kind}", "--for", f"{chance.uniform(10, 15):.1f}"]
    off, time_s = [], 2.0
    while time_s < 3600:
        length_s = chance.uniform(2, 4)
        off.append(f"{chance.choice(('RA', 'LA', 'LL'))}@{time_s:.1f}-{time_s + length_s:.1f}")
        # An electrode must hold for ten seconds before its next fall is an alarm of its own.
        time_s += length_s + chance.uniform(10.5, 13)
    words = ("--electrode-off", ",".join(off))
    bert = directory / "state" / "bert"
    bert.mkdir(parents=True)
    # ``node`` puts the port into a folder named state; the second device has its own.
    (bert / "state").symlink_to(bert)
    with (
        node(directory, *parts, source="synthetic:?rate=72"),
        node(bert, "--device-id", "node-2", *words, source="synthetic:?rate=66"),
    ):
        yield


@dataclass(frozen=True, slots=True)
class _Plan:
    """What chance has chosen for one life. ``waits``: for an alert on the disk before its end."""

    moment: str
    life_s: float
    then_s: float
    acknowledges: str | None
    receiver_status: int
    waits: bool


def _chosen_life(chance: random.Random, bench: Bench, *, first: bool) -> _Plan:
    moment = chance.choices([m for m, _ in MOMENTS], [share for _, share in MOMENTS])[0]
    long = chance.random() < LONG_LIFE_SHARE and not bench.quick
    if first:
        # With few kills, each restart shall have an alarm to take up.
        moment = "any" if bench.quick else chance.choice(("alarm", "alarm", "any", "commit"))
    usual_s = (6.0, 18.0) if long else (0.0, 3.0 if bench.quick else 6.0)
    limits_s = (0.0, 0.8) if moment == "start" else usual_s
    return _Plan(
        moment=moment,
        life_s=chance.uniform(*((4.0, 9.0) if first else limits_s)),
        then_s=chance.uniform(0.0, 0.02 if moment == "alarm" else 0.004),
        acknowledges=chance.choice(("anna", "bert")) if chance.random() < 0.3 else None,
        receiver_status=503 if chance.random() < 0.1 and not bench.quick else 200,
        waits=first and moment != "alarm",
    )


def _live_and_die(
    rig: Rig, receiver: Receiver, lane: Lane, plan: _Plan, before: Remains | None
) -> Remains:
    """One life: start, look what came back, live a while, die; return what is left."""
    receiver.status = plan.receiver_status
    for path in (rig.pulse_log, rig.state_dir / "ecgd.log"):
        path.unlink(missing_ok=True)
    rig.start()
    life = _Life(rig, lane, rig.started_s, time.time())
    if plan.moment == "start":
        life.watch_until(plan.life_s)
    else:
        life.look_at_restart(before)
        life.watch_until(plan.life_s / 2)
        if plan.acknowledges is not None:
            life.acknowledge(plan.acknowledges)
        life.watch_until(plan.life_s)
        life.approach(plan)
    rig.stop(signal.SIGKILL)
    killed_unix_s = time.time()
    lane.kills[plan.moment] = lane.kills.get(plan.moment, 0) + 1
    remains = _remains(rig)
    life.judge(remains, killed_unix_s)
    return remains


class _Life:
    """One run of the daemon, as seen from outside."""

    def __init__(self, rig: Rig, lane: Lane, started_s: float, started_unix_s: float) -> None:
        self._rig = rig
        self._lane = lane
        self._started_s = started_s
        self._started_unix_s = started_unix_s
        self._durable: set[str] = set()
        self._newest_id = 0

    def look_at_restart(self, before: Remains | None) -> None:
        """Wait until it answers and, where an alarm is unanswered, sounds."""
        rig, lane = self._rig, self._lane
        status = rig.wait_for(rig.status, "the daemon to answer")
        lane.answer_s.append(time.monotonic() - self._started_s)
        if before is None:
            return
        alarms = [alarm for each in status["patients"] for alarm in each["alarms"]]
        back = {alarm["alert_id"] for alarm in alarms}
        for alert_id, state in before.shown.items():
            if state in KEPT:
                lane.resumed += 1
                if alert_id not in back:
                    lane.unresumed.append(alert_id)
        if SOUNDING & set(before.shown.values()):
            self._wait_for_sound()

    def watch_until(self, life_s: float) -> None:
        """Note which alerts are durable: a reader of its own sees them on the disk."""
        end_s = self._started_s + life_s
        while time.monotonic() < end_s:
            self._look()
            time.sleep(min(0.15, max(0.0, end_s - time.monotonic())))

    def approach(self, plan: _Plan) -> None:
        """Wait for the moment that was chosen."""
        if plan.waits:
            self._rig.wait_for(self._look, "an alert on the disk")
        if plan.moment == "alarm":
            self.wait_for_alert(plan.then_s)
        elif plan.moment == "commit":
            self.wait_for_commit(plan.then_s)

    def acknowledge(self, patient: str) -> None:
        answer = {"patient": patient, "by": "trial"}
        self._rig.client().post("/v1/alerts/acknowledge", answer)

    def wait_for_alert(self, then_s: float, patience_s: float = 5.0) -> None:
        """Wait for an alert that is raised now: its commit is under way."""
        log, end_s = self._rig.state_dir / "ecgd.log", time.monotonic() + patience_s
        before = log.read_bytes().count(b"event=alert ")
        while time.monotonic() < end_s and log.read_bytes().count(b"event=alert ") == before:
            time.sleep(0.001)
        time.sleep(then_s)

    def wait_for_commit(self, then_s: float, patience_s: float = 4.0) -> None:
        """Wait until the write-ahead log changes: a commit is under way, or has just been."""
        log = Path(f"{self._rig.database}-wal")
        before, end_s = _changed(log), time.monotonic() + patience_s
        while time.monotonic() < end_s and _changed(log) == before:
            time.sleep(0.0005)
        time.sleep(then_s)

    def judge(self, remains: Remains, killed_unix_s: float) -> None:
        lane = self._lane
        lane.durable |= self._durable
        lane.missing += sorted(self._durable - remains.alerts.keys())
        lane.damaged += remains.problems
        lane.stored |= remains.alerts
        begun = _signals_begun(self._rig, self._started_unix_s)
        for patient, begun_unix_s in begun.items():
            kept_unix_s = max(remains.newest_unix_s.get(patient, 0.0), begun_unix_s)
            lost_s = max(0.0, killed_unix_s - kept_unix_s)
            lane.lost_s.append(lost_s)
            if lost_s > WAVEFORM_LOST_MAX_S:
                since_s = killed_unix_s - begun_unix_s
                said = "".join(f"{line}\n" for line in _log_lines(self._rig)[-12:])
                lane.late.append(f"{patient} {lost_s:.1f} s, device since {since_s:.1f} s:\n{said}")
        lane.told |= _alerts_told(self._rig)

    def _look(self) -> set[str]:
        """Note what is on the disk by now; return all that this life saw there."""
        for each in self._rig.stored(self._newest_id):
            self._newest_id = max(self._newest_id, each.id)
            self._durable.add(each.alert.alert_id)
        return self._durable

    def _wait_for_sound(self, patience_s: float = 15.0) -> None:
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            pulses = self._rig.pulses(self._started_s)
            if pulses:
                self._lane.sound_s.append(pulses[0].time_s - self._started_s)
                return
            time.sleep(0.01)
        self._lane.silent += 1


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _remains(rig: Rig) -> Remains:
    """Read a copy, so that the daemon itself recovers what the kill has cut off."""
    copy = rig.state_dir.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for side in ("", "-wal"):
        source = Path(f"{rig.database}{side}")
        if source.exists():
            shutil.copy(source, copy / source.name)
    path = copy / rig.database.name
    if not path.exists():
        return Remains([], {}, {}, {})
    problems = sound_database(path)
    with closing(sqlite3.connect(path)) as connection:
        if not connection.execute("PRAGMA user_version").fetchone()[0]:
            return Remains(problems, {}, {}, {})
        alerts = {row[0]: Told(*row[1:]) for row in connection.execute(_ALERTS)}
        books = [json.loads(row[0]) for row in connection.execute("SELECT book FROM alarm_state")]
        newest = dict(connection.execute(_NEWEST).fetchall())
    alarms = [alarm for book in books for alarm in book_from_dict(book["book"]).alarms]
    shown = {alarm.alert_id: alarm.state for alarm in alarms if alarm.alert_id is not None}
    return Remains(problems, alerts, shown, newest)


_ALERTS = """
SELECT alerts.alert_id, users.patient_id, alerts.event_type, alerts.timestamp
FROM alerts JOIN users ON users.id = alerts.user_id
"""

_NEWEST = """
SELECT users.patient_id,
       max(waveform_segments.timestamp
           + waveform_segments.sample_count * 1.0 / recordings.sampling_rate)
FROM waveform_segments
JOIN recordings ON recordings.id = waveform_segments.recording_id
JOIN users ON users.id = recordings.user_id
GROUP BY users.id
"""


def _signals_begun(rig: Rig, since_unix_s: float) -> dict[str, float]:
    """Return when each patient's device was known in this life, from the daemon's own log."""
    begun: dict[str, float] = {}
    for line in _log_lines(rig):
        if "event=device " in line and _unix_s(line) >= since_unix_s - 0.001:
            begun[line.rpartition("patient=")[2].split()[0]] = _unix_s(line)
    return begun


def _alerts_told(rig: Rig) -> dict[str, Told]:
    told = {}
    for line in _log_lines(rig):
        if "event=alert " in line:
            facts = dict(word.split("=", 1) for word in line.split() if "=" in word)
            alert = Told(facts["patient"], facts["event_type"], _unix_s(line))
            told[facts["alert_id"]] = alert
    return told


def _log_lines(rig: Rig) -> list[str]:
    path = rig.state_dir / "ecgd.log"
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def _unix_s(line: str) -> float:
    stamp, _, rest = line.partition(".")
    return time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M:%S")) + float(f"0.{rest[:3]}")


def _settle(rig: Rig, receiver: Receiver, lane: Lane, before: Remains | None) -> None:
    """The last life: everything undelivered goes out, and the daemon is asked to end."""
    receiver.status = 200
    rig.start()
    _Life(rig, lane, rig.started_s, time.time()).look_at_restart(before)
    end_s = time.monotonic() + SETTLE_S
    while time.monotonic() < end_s and (_undelivered(rig) or lane.not_raised_again):
        time.sleep(0.2)
        lane.stored |= _remains(rig).alerts
    rig.stop()
    lane.undelivered += _undelivered(rig)
    remains = _remains(rig)
    lane.stored |= remains.alerts
    lane.damaged += remains.problems
    bodies: dict[str, set[bytes]] = {}
    for headers, body in receiver.received:
        bodies.setdefault(headers["webhook-id"], set()).add(body)
    for name, each in bodies.items():
        if len(each) > 1:
            lane.late.append(f"{name} with different bodies: {sorted(each)}")
    lane.received += len(bodies)
    lane.repeated += len(receiver.received) - len(bodies)
    lane.changed += sum(len(each) > 1 for each in bodies.values())


def _undelivered(rig: Rig) -> int:
    with closing(sqlite3.connect(f"file:{rig.database}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT count(*) FROM outbox WHERE state != 'delivered'")
        return int(row.fetchone()[0])
