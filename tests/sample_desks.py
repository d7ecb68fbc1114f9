"""Notes and configuration as a gateway of the tests has them."""

from __future__ import annotations

from dataclasses import replace

from ecgd.config.listing import list_settings
from ecgd.config.settings import PatientSettings, Settings, WebhookSettings
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.assessment import Assessment
from ecgd.model.baseline import Confirmation
from ecgd.model.coverage import CoverageSum, Danger
from ecgd.model.st_change import StChange, StReference, StVector
from ecgd.model.st_episode import KeptStEpisode
from ecgd.web.baseline_gateway import BaselineEntry, BaselineRefusedError
from ecgd.web.config_gateway import ConfigInForce
from ecgd.web.coverage_gateway import PatientCoverage
from ecgd.web.mark_gateway import UnmarkableAlertError
from ecgd.web.note_gateway import NoteEntry
from ecgd.web.st_gateway import StCourse, StMinuteEntry

SETTINGS = Settings(
    patients=(PatientSettings(id="p1", source="serial:hc05", name="Ada Example"),),
    webhooks=(WebhookSettings(name="home", url="https://u:secret@example.org/hook/token?k=v"),),
)


class FakeNotes:
    """Keeps notes; every one is a minute older than ``now_unix_s``."""

    def __init__(self, now_unix_s: float) -> None:
        self._now_unix_s = now_unix_s
        self.kept: list[NoteEntry] = []
        self.failure: Exception | None = None

    async def noted_patients(self) -> tuple[str, ...]:
        return ("p1", "p2", "archived")

    async def list_notes(
        self, patient_id: str, since_unix_s: float, limit: int
    ) -> tuple[NoteEntry, ...]:
        theirs = [n for n in self.kept if n.patient_id == patient_id]
        recent = [n for n in reversed(theirs) if n.at_unix_s >= since_unix_s]
        return tuple(recent[:limit])

    async def add_note(self, patient_id: str, author: str, text: str) -> NoteEntry:
        if self.failure is not None:
            raise self.failure
        at_unix_s = self._now_unix_s - 60.0
        note = NoteEntry(len(self.kept) + 1, patient_id, at_unix_s, author, text)
        self.kept.append(note)
        return note


class FakeReports:
    """Reports of the alerts that are given: a few bytes."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known
        self.failure: Exception | None = None

    async def report_of(self, alert_id: str, kind: str | None) -> tuple[str, bytes]:
        if self.failure is not None:
            raise self.failure
        if alert_id not in self.known:
            raise UnmarkableAlertError(alert_id)
        return kind or "image/png", b"\x89PNG"


class FakeMarks:
    """Keeps the marks of some alerts; every one is a minute older than ``now_unix_s``."""

    def __init__(self, alert_ids: tuple[str, ...], now_unix_s: float) -> None:
        self._now_unix_s = now_unix_s
        self.kept: dict[str, tuple[AlertMark, ...]] = dict.fromkeys(alert_ids, ())
        self.failure: Exception | None = None

    async def mark_alert(
        self, alert_id: str, verdict: Verdict, by: str, note: str
    ) -> tuple[AlertMark, ...]:
        if self.failure is not None:
            raise self.failure
        if alert_id not in self.kept:
            raise UnmarkableAlertError(alert_id)
        mark = AlertMark(verdict, by, self._now_unix_s - 60.0, note)
        self.kept[alert_id] = (*self.kept[alert_id], mark)
        return self.kept[alert_id]


class FakeCoverage:
    """One patient with an hour whose second half could not be judged; another never watched."""

    HOUR = CoverageSum(
        1_699_999_200,
        1_699_999_200.0,
        3600.0,
        {
            Danger.STEMI: {"left-arm electrode loose": 1800.0, "too few beats seen yet": 9.0},
            Danger.VENTRICULAR: {"no connection to the device": 36.0},
        },
    )

    async def covered_hours(
        self, patient_id: str | None, hours: int
    ) -> tuple[PatientCoverage, ...]:
        known = (PatientCoverage("p1", (self.HOUR,)[:hours]), PatientCoverage("p2", ()))
        return tuple(each for each in known if patient_id in (None, each.patient_id))


class FakeSt:
    """One patient with ST now, two minutes of it, and an episode that goes on; p2 with nothing."""

    def __init__(self, assessment: Assessment) -> None:
        self.leads = () if assessment.st is None else assessment.st.leads
        self.asked: list[tuple[str, int, float]] = []

    async def st_course(
        self, patient_id: str, minutes: int, episodes_since_unix_s: float
    ) -> StCourse | None:
        self.asked.append((patient_id, minutes, episodes_since_unix_s))
        if patient_id == "p2":
            return StCourse((), None, (), ())
        if patient_id != "p1":
            return None
        stored = tuple(
            StMinuteEntry(at, {"II": (0.1, 0.2, 0.25), "III": (0.2, 0.27, 0.3)})
            for at in (1_699_999_200, 1_699_999_260)
        )
        episode = KeptStEpisode(
            *(7, 1_699_999_230.0, "inferior", "elevation", "minutes before"),
            *(1_699_999_262.0, 1_699_999_280.0, 0.21, ("II", "III", "aVF"), {"II": 0.2}),
            *(None, None),
        )
        ended = replace(
            episode, episode_id=6, ended_unix_s=1_699_999_290.0, end_reason="back to usual"
        )
        return StCourse(self.leads, 0.4, stored, (episode, ended))


class FakeBaselines:
    """p1 with a baseline and a change, p2 with nothing; confirming fails for p2."""

    def __init__(self, now_unix_s: float) -> None:
        self.now_unix_s = now_unix_s
        self.asked: list[tuple[object, ...]] = []
        vector = StVector.of_leads(0.02, 0.05)
        here = StReference(vector, 0.008, 7200.0)
        self.known = {
            "p1": BaselineEntry(
                *("p1", True, 7200.0, vector.leads_mv, 0.092, (here,), here),
                StChange(StVector(0.0, 0.08), 0.009, 0.035, 40.0, is_firm=True),
                None,
            ),
            "p2": BaselineEntry("p2", False, 0.0, (), None, (), None, None, None),
        }

    def baseline_of(self, patient_id: str) -> BaselineEntry | None:
        return self.known.get(patient_id)

    async def reset_baseline(self, patient_id: str, by: str) -> BaselineEntry:
        self.asked.append(("reset", patient_id, by))
        return replace(self.known["p2"], patient_id=patient_id)

    async def confirm_baseline(self, patient_id: str, by: str, valid_s: float) -> BaselineEntry:
        self.asked.append(("confirm", patient_id, by, valid_s))
        if patient_id == "p2":
            raise BaselineRefusedError("ST of p2 cannot be measured now", "wait for signal")
        until = self.now_unix_s + valid_s
        level = StVector.of_leads(0.02, 0.05)
        confirmed = Confirmation(by, self.now_unix_s, until, level, "tomorrow")
        return replace(self.known[patient_id], confirmed=confirmed)

    async def revoke_confirmation(self, patient_id: str, by: str) -> BaselineEntry:
        self.asked.append(("revoke", patient_id, by))
        return self.known[patient_id]


class FakeConfig:
    """A daemon whose file names two keys."""

    async def show(self) -> ConfigInForce:
        written = {"patients[p1].source", "webhooks[home].url"}
        return ConfigInForce(
            "/etc/ecgd/ecgd.toml", False, list_settings(SETTINGS, SETTINGS, written)
        )
