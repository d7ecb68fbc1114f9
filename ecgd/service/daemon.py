"""The daemon: makes every part, joins them in one event loop, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ecgd import __version__
from ecgd.alerts.annunciator import Annunciator
from ecgd.alerts.courier import Courier
from ecgd.alerts.delivery import DeliveryWorker
from ecgd.config.settings import AnalysisSettings, Settings
from ecgd.dsp.prepare import filter_long
from ecgd.errors import ModelError
from ecgd.inference.scorer import Models, NoModels, load_scorer
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.bluetooth_desk import BluetoothDesk
from ecgd.service.bluetooth_pins import BluetoothPins
from ecgd.service.bluetooth_watch import open_radio
from ecgd.service.capsules import Capsules
from ecgd.service.cautions import SetupWatch
from ecgd.service.collector import collect_rarely, spare_what_stays
from ecgd.service.escalation_desk import open_people
from ecgd.service.fan_out import FanOut
from ecgd.service.fault_beat import FaultBeat
from ecgd.service.gateway import DaemonGateway
from ecgd.service.identity import hash_settings, new_alert_id, read_boot_id
from ecgd.service.kept_evolutions import KeptEvolutions
from ecgd.service.logs import Logs, log_event
from ecgd.service.loop_watch import LoopWatch
from ecgd.service.notify import Notifier
from ecgd.service.occurrence import Circumstances
from ecgd.service.outside import Outside
from ecgd.service.own_baselines import OwnBaselines
from ecgd.service.parts import Parts
from ecgd.service.paths import Places
from ecgd.service.patient_desk import WardDesk
from ecgd.service.patient_tags import tag_of
from ecgd.service.people_rules import emergency_channels, with_languages
from ecgd.service.proof_desk import ProofDesk
from ecgd.service.reply_desk import ReplyDesk
from ecgd.service.report_desk import ReportDesk
from ecgd.service.resumption import Resumption
from ecgd.service.roster import members, watched
from ecgd.service.roster_keeper import RosterKeeper
from ecgd.service.second_opinions import SecondOpinions
from ecgd.service.signals import listen_for_signals
from ecgd.service.subject import Alarms
from ecgd.service.ward import Ward
from ecgd.service.watch import Watch
from ecgd.service.whereabouts import whereabouts_of
from ecgd.service.worker import AnalysisWorker
from ecgd.sources.dipole import BeatKind, beat_vector
from ecgd.store.lock import StateLock
from ecgd.store.writer import StoreWriter
from ecgd.web.clock import Clock
from ecgd.web.server import serve

_log = logging.getLogger(__name__)

WARM_UP_FS_HZ = 250.0
"""The usual sampling rate; filters are designed once a rate, and what measures a beat is made."""

WARM_UP_RR_S = 0.8


class Daemon:
    """One run of the gateway. ``run`` returns after SIGTERM or SIGINT."""

    def __init__(self, settings: Settings, places: Places, logs: Logs) -> None:
        self._settings = settings
        self._places = places
        self._logs = logs
        self._whereabouts = whereabouts_of(settings)

    async def run(self) -> None:
        """Watch every patient until told to stop.

        Raises AlreadyRunningError and StoreError when it cannot begin; an unexpected
        failure of any part ends it with that failure, so that systemd starts it anew.
        """
        stop = listen_for_signals(asyncio.get_running_loop())
        with ExitStack() as stack:
            stack.enter_context(StateLock(self._places.state_dir))
            parts = self._make_parts(asyncio.get_running_loop(), stack)
            ward = self._open_ward(parts)
            resumption = Resumption(parts)
            resumption.begin()
            if self._people is not None:
                self._people.begin()
            self._replies.begin()
            clock = Clock(boot_id=parts.circumstances.boot_id)
            gateway = DaemonGateway(parts)
            parts.live.look(gateway.status())
            server = await serve(gateway, self._places.socket_path, clock)
            try:
                await self._watch_until_stopped(parts, ward, resumption, stop)
            finally:
                parts.notifier.stopping("stopping")
                parts.live.end()
                parts.radio.close()
                await server.close()

    def _make_parts(self, loop: asyncio.AbstractEventLoop, stack: ExitStack) -> Parts:
        settings = self._settings
        now_s = time.monotonic()
        boot_id = read_boot_id()
        models = _find_models(settings)
        analysis = Analysis(settings.analysis, settings.ensemble, models, time.monotonic)
        opinions = SecondOpinions(analysis, models)
        _warm_up(analysis, settings.analysis)
        store = StoreWriter(
            self._places.database_path,
            settings.store,
            boot_id=boot_id,
            preprocess=_Preprocess(settings.analysis),
        )
        store.start()
        stack.callback(store.close)
        parts = Parts(
            settings=settings,
            places=self._places,
            logs=self._logs,
            notifier=Notifier(),
            store=store,
            models=models,
            opinions=opinions,
            circumstances=Circumstances(
                boot_id=boot_id,
                simulated=settings.daemon.simulated,
                scoring=opinions.scoring,
                models_hash=models.models_hash,
                config_hash=hash_settings(settings),
            ),
            gateway_alarms=Alarms(settings.alarms, new_alert_id),
            loop_watch=LoopWatch(time.monotonic),
            started_s=now_s,
            loop=loop,
        )
        self._add_edges(parts, analysis, stack)
        return parts

    def _add_edges(self, parts: Parts, analysis: Analysis, stack: ExitStack) -> None:
        loop = parts.loop
        parts.worker = AnalysisWorker(analysis, parts.conclude, parts.opinions)
        parts.annunciator = Annunciator(
            self._settings.gpio,
            lambda down_s: _call(loop, parts.press_button, down_s),
            edge=lambda priority, at_s: _call(loop, parts.note_edge, priority, at_s),
            work_dir=str(self._places.socket_path.parent),
        )
        stack.callback(parts.annunciator.close)
        parts.whereabouts = self._whereabouts.health
        centres = emergency_channels(self._settings)
        stack.callback(parts.drawing.stop)
        self._reports = ReportDesk(
            parts,
            self._settings,
            lambda work, *arguments: _call(loop, work, *arguments),
            os.environ.get("CREDENTIALS_DIRECTORY"),
        )
        for target in with_languages(self._settings):
            worker = DeliveryWorker(
                target,
                lambda report: _call(loop, parts.note_delivery, report),
                lambda item: _call(loop, parts.note_overflow, item),
                credentials_dir=os.environ.get("CREDENTIALS_DIRECTORY"),
                emergency_number=self._settings.alarms.emergency_number,
                complete=self._whereabouts.placed if target.name in centres else bytes,
            )
            parts.targets[target.name] = self._reports.beside(target, worker)
            stack.callback(parts.targets[target.name].close)
        self._outside = Outside(
            parts,
            self._settings,
            lambda work, *arguments: _call(loop, work, *arguments),
            os.environ.get("CREDENTIALS_DIRECTORY"),
        )
        stack.callback(self._outside.close)
        # All are told before the first is waited for; callbacks run last in, first out.
        stack.callback(self._outside.stop)
        stack.callback(_stop, parts.targets)
        parts.fan_out = FanOut(
            self._settings, parts.circumstances, parts.store, parts.targets, parts.live
        )
        parts.fan_out.broker = self._outside.broker
        parts.fan_out.with_reports = self._reports.with_reports
        if self._settings.store.capsule_mb > 0:
            parts.capsules = Capsules(
                self._settings,
                parts.store,
                parts.models,
                circumstances=lambda: parts.fan_out.circumstances,
                history=parts.worker.settled_history,
            )
            parts.worker.judged = parts.capsules.judged
            stack.callback(parts.capsules.close)
        self._people = open_people(parts, self._settings)
        parts.fan_out.replies = self._replies = ReplyDesk(
            parts,
            self._settings,
            lambda work, *arguments: _call(loop, work, *arguments),
            os.environ.get("CREDENTIALS_DIRECTORY"),
        )
        stack.callback(self._replies.stop)
        parts.trials = self._proof = ProofDesk(parts, self._settings)
        parts.proof_health = self._proof.health

    def _open_ward(self, parts: Parts) -> Ward:
        """Take in everybody who is watched by configuration and roster."""
        keeper = RosterKeeper(self._places.state_dir, self._settings)
        pins = BluetoothPins(self._places.state_dir, lambda: parts.settings.patients)
        parts.radio = open_radio(self._settings.bluetooth, pins)
        ward = Ward(parts, keeper)
        ward.admit_all(watched(keeper.roster, self._settings.patients))
        parts.met = ward.met
        setup = SetupWatch(lambda: parts.settings)
        setup.tell()
        parts.setup = setup.health
        parts.fan_out.tag_of = tags = lambda patient_id: tag_of(
            patient_id, members(keeper.roster, self._settings.patients)
        )
        if self._people is not None:
            self._people.tag_of = tags
        parts.roster_health = lambda: keeper.health(self._settings.patients)
        desk = WardDesk(parts, ward, keeper, self._settings)
        parts.patient_desk = desk
        parts.bluetooth_desk = BluetoothDesk(parts.radio, pins, desk)
        return ward

    async def _watch_until_stopped(
        self,
        parts: Parts,
        ward: Ward,
        resumption: Resumption,
        stop: asyncio.Event,
    ) -> None:
        watch = Watch(parts)
        baselines = OwnBaselines(parts)
        baselines.begin()
        evolutions = KeptEvolutions(parts)
        evolutions.begin()
        fault_beat = FaultBeat(self._settings.fault_light, parts.worker.ping)
        parts.fault_light = fault_beat.health
        log_event(
            _log,
            "started",
            f"ecgd {__version__} watches {len(parts.sessions)} patient(s); "
            f"scoring: {parts.opinions.scoring}",
        )
        collect_rarely()
        async with asyncio.TaskGroup() as group:
            ward.begin(group)
            tasks = [group.create_task(each) for each in watch.tasks()]
            tasks.append(group.create_task(spare_what_stays()))
            tasks.append(group.create_task(ward.keep_bindings()))
            tasks.append(group.create_task(resumption.run()))
            tasks.append(group.create_task(parts.marks.run()))
            tasks.append(group.create_task(self._whereabouts.run()))
            tasks.append(group.create_task(self._reports.run()))
            if self._people is not None:
                tasks.append(group.create_task(self._people.run()))
            tasks.append(group.create_task(self._replies.run()))
            tasks.append(group.create_task(baselines.run()))
            tasks.append(group.create_task(evolutions.run()))
            if parts.capsules is not None:
                tasks.append(group.create_task(parts.capsules.run()))
            tasks.append(group.create_task(self._proof.run()))
            tasks.append(group.create_task(parts.worker.run()))
            tasks.append(group.create_task(fault_beat.run()))
            tasks.append(group.create_task(parts.opinions.run()))
            tasks.append(group.create_task(parts.live.run(DaemonGateway(parts).status)))
            for each in self._outside.tasks(DaemonGateway(parts).status):
                tasks.append(group.create_task(each))
            tasks.append(group.create_task(_raise_failure(parts.store)))
            parts.notifier.ready(watch.status_line())
            await stop.wait()
            log_event(_log, "stopping", "stopping")
            baselines.keep()
            evolutions.keep(is_last=True)
            parts.coverage.keep()
            parts.marks.keep()
            self._proof.keep()
            ward.end()
            for task in tasks:
                task.cancel()


def _stop(targets: dict[str, Courier]) -> None:
    for target in targets.values():
        target.stop()


class _Preprocess:
    """The document's preprocessing, for the signal that is kept around alerts."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings

    def __call__(self, signal_mv: FloatArray, valid: BoolArray, fs_hz: float) -> FloatArray:
        return filter_long(signal_mv, valid, fs_hz, self._settings)


def _find_models(settings: Settings) -> Models:
    """Find the networks, which are loaded later: the rules work without them.

    No model at all is a state that is said, not a fault; a manifest that is none is a fault.
    """
    configured = settings.ensemble.models_dir
    deadline_s = settings.ensemble.deadline_ms / 1e3
    try:
        return load_scorer(Path(configured) if configured else None, deadline_s)
    except ModelError as error:
        _log.error("%s", error)
        return NoModels(error.what, is_broken=True)


def _warm_up(analysis: Analysis, settings: AnalysisSettings) -> None:
    """Analyse a window of beats: what is made once should not be waited for by the first alarm."""
    device = DeviceInfo("none", WARM_UP_FS_HZ, LIMB_LEADS[:2], counts_per_mv=1000.0)
    length = round(settings.window_s * WARM_UP_FS_HZ)
    time_s = np.arange(length) / WARM_UP_FS_HZ
    beats_s = np.arange(0.0, settings.window_s, WARM_UP_RR_S) + WARM_UP_RR_S / 2
    beats = [beat_vector(BeatKind.SINUS, WARM_UP_RR_S, time_s - beat_s) for beat_s in beats_s]
    signal_mv = np.array([DERIVATION[lead] for lead in LIMB_LEADS]) @ np.sum(beats, axis=0)
    valid = np.ones(length, dtype=np.bool_)
    window = Window(0, WARM_UP_FS_HZ, LIMB_LEADS, signal_mv, valid, time.monotonic(), device)
    analysis.assess(window, History())


async def _raise_failure(store: StoreWriter) -> None:
    """Wait for the writer's thread; it ends before its time by a failure only."""
    # Not asyncio.wrap_future: cancelling that would cancel the thread's own future.
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell(done: Future[None]) -> None:
        error = done.exception()
        if not ended.done():
            ended.set_exception(error) if error else ended.set_result(None)

    store.finished.add_done_callback(lambda done: _call(loop, tell, done))
    await ended


def _call(loop: asyncio.AbstractEventLoop, work: Callable[..., None], *arguments: object) -> None:
    """Call in the loop's thread, unless the loop has ended by now."""
    try:
        loop.call_soon_threadsafe(work, *arguments)
    except RuntimeError:
        _log.debug("a call came after the end")
