"""The capsules of one run: a recorder for everybody who is watched, and the one writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from ecgd.config.settings import Settings
from ecgd.inference.scorer import Models
from ecgd.model.assessment import Assessment
from ecgd.model.link import Received
from ecgd.pipeline.history import History
from ecgd.service.capsule import FORMAT
from ecgd.service.capsule_origin import build, deciding, settings_to_plain
from ecgd.service.capsule_recorder import Capture, Recorder
from ecgd.service.capsule_writer import CapsuleStore, CapsuleWriter
from ecgd.service.occurrence import Circumstances
from ecgd.service.session import PatientSession

LOOK_S: Final = 1.0
FLUSH_LOOKS: Final = 5
"""What has come is given to the writer every so many looks."""


class Capsules:
    """Everything here is called in the loop, but for the header, which the writer asks for."""

    def __init__(
        self,
        settings: Settings,
        store: CapsuleStore,
        models: Models,
        *,
        circumstances: Callable[[], Circumstances],
        history: Callable[[str], History | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._models = models
        self._circumstances = circumstances
        self._history = history
        self._clock = clock
        self._recorders: dict[str, Recorder] = {}
        self._looks = 0
        self._writer = CapsuleWriter(store, self._header, build)

    def attach(self, session: PatientSession) -> None:
        """Listen to one patient's session from now on."""
        patient_id = session.patient.id
        self._recorders[patient_id] = Recorder(
            session,
            lambda: self._history(patient_id),
            self._writer.tell,
            self._clock,
            before_s=self._settings.store.capsule_before_s,
            after_s=self._settings.store.capsule_after_s,
        )

    def forget(self, patient_id: str) -> None:
        """Stop listening."""
        recorder = self._recorders.pop(patient_id, None)
        if recorder is not None:
            recorder.finish("the patient was not watched any longer")

    def came(self, patient_id: str, received: Received) -> None:
        """Note what a session is about to be given."""
        if patient_id in self._recorders:
            self._recorders[patient_id].came(received)

    def judged(
        self, patient_id: str, before: History, assessment: Assessment, after: History
    ) -> None:
        """Note a window that the rules have judged."""
        if patient_id in self._recorders:
            self._recorders[patient_id].judged(before, assessment, after)

    def concluding(self, patient_id: str, assessment: Assessment) -> None:
        """Note what the next observation of a patient's heart rests on."""
        if patient_id in self._recorders:
            self._recorders[patient_id].alarms.basis = assessment

    async def run(self) -> None:
        """Look after the recorders, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Take checkpoints that are due, end captures, hand on what has come."""
        self._looks += 1
        for recorder in tuple(self._recorders.values()):
            recorder.look()
            if self._looks % FLUSH_LOOKS == 0:
                recorder.flush()

    def close(self) -> None:
        """End what goes on, and write it as far as there is time."""
        for recorder in self._recorders.values():
            recorder.finish("the daemon was stopped")
        self._writer.close()

    def _header(self, capture: Capture) -> dict[str, Any]:
        now_s, now_unix_s = time.monotonic(), time.time()
        known = self._circumstances()
        return {
            "format": FORMAT,
            "capsule_id": capture.capsule_id,
            "begins_mono_s": capture.checkpoint.at_s,
            "raised_mono_s": capture.raised_s,
            "raised_unix_s": now_unix_s + capture.raised_s - now_s,
            "boot_id": known.boot_id,
            "build": dict(build()),
            "networks": {"names": list(self._models.names), "hash": self._models.models_hash},
            "scoring": known.scoring,
            "config_hash": known.config_hash,
            "settings": settings_to_plain(deciding(self._settings)),
        }
