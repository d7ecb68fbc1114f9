"""What a right configuration leaves open: whom nobody is told of, and what nobody would notice.

A caution is no problem: the daemon starts with it, says it, and so does ``ecgctl config check``.
``docs/contacts.md`` has a row for every one.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecgd.alerts.profiles.ntfy import is_unguessable
from ecgd.alerts.profiles.registry import REPORTING
from ecgd.alerts.webhook import WebhookTarget
from ecgd.config.people import ContactSettings
from ecgd.config.settings import Settings
from ecgd.errors import DeliveryError
from ecgd.model.finding import Severity
from ecgd.model.status import PartHealth
from ecgd.service.binding import RECORDED_SCHEMES
from ecgd.service.logs import log_event
from ecgd.service.people_rules import emergency_channels
from ecgd.service.reach import (
    QUIET,
    can_answer,
    concerned,
    last_told_s,
    service_of,
    unattended,
    ways,
)
from ecgd.service.report_rules import report_targets
from ecgd.service.settings_rules import GATEWAY_ID

_log = logging.getLogger(__name__)

PART: Final = "setup"

LONGEST_S: Final = 900.0
"""When the last is told later than this, the house decides otherwise; our own figure."""

GRAVE: Final = frozenset({"nobody", "simulated"})
"""Cautions with which no alarm leaves the house at all."""

SHORTEST_NAME: Final = 3


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing that is left open; ``code`` names it for programs."""

    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}"


def find_cautions(settings: Settings) -> tuple[Caution, ...]:
    """Return everything that is worth a warning, the gravest first; it reads no file."""
    return (
        *_nobody(settings),
        *_simulated(settings),
        *_ways_alike(settings),
        *_contacts(settings),
        *_topics(settings),
        *_proofs(settings),
        *_names(settings),
        *_places(settings),
    )


def find_key_cautions(settings: Settings) -> tuple[Caution, ...]:
    """Return what is wrong with the secret files, as far as this user may look at them.

    Those of systemd, and relative ones, are known to the daemon alone: its status tells of them.
    """
    found = []
    for target in settings.webhooks:
        files = [Path(name) for name in (target.secret_file, target.previous_secret_file) if name]
        if not all(path.is_absolute() and _may_look(path) for path in files):
            continue
        try:
            WebhookTarget(target).check()
        except DeliveryError as error:
            found.append(Caution("keys", error.what, error.remedy))
    return tuple(dict.fromkeys(found))


class SetupWatch:
    """Tells of the cautions of the settings that are in force; ``settings`` returns them."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._seen: Settings | None = None
        self._cautions: tuple[Caution, ...] = ()

    def cautions(self) -> tuple[Caution, ...]:
        """Return the cautions; they are looked for again when the settings are others."""
        settings = self._settings()
        if settings is not self._seen:
            self._seen, self._cautions = settings, find_cautions(settings)
        return self._cautions

    def tell(self) -> None:
        """Log every one, at the start."""
        for caution in self.cautions():
            log_event(_log, "setup", str(caution), level=logging.WARNING, code=caution.code)

    def health(self) -> PartHealth:
        """Say what is left open; not healthy where no alarm leaves the house."""
        cautions = self.cautions()
        if not cautions:
            return PartHealth(PART, True, "alarms reach somebody, in more than one way")
        number = "1 warning" if len(cautions) == 1 else f"{len(cautions)} warnings"
        words = f"{number}: {'; '.join(caution.what for caution in cautions)}"
        return PartHealth(PART, not any(caution.code in GRAVE for caution in cautions), words)


def _subjects(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return id and words of everybody whose alarms somebody should hear of."""
    patients = tuple((each.id, f"of patient {each.id}") for each in settings.patients)
    return (*patients, (GATEWAY_ID, "of the gateway itself"))


def _nobody(settings: Settings) -> Iterator[Caution]:
    add = "Add a [[webhooks]] target and a contact, as docs/phones.md and docs/contacts.md show"
    if not settings.webhooks and not (settings.mqtt.enabled and settings.mqtt.required):
        what = "nobody outside this room hears of any alarm: no target is configured"
        yield Caution("nobody", what, add)
        return
    for subject_id, whose in _subjects(settings):
        if not ways(settings, subject_id, Severity.CRITICAL):
            yield Caution("nobody", f"nobody is told of the alarms {whose}", add)
        elif not ways(settings, subject_id, Severity.HIGH):
            lower = "Lower least_severity of a target or contact to HIGH"
            yield Caution("critical-only", f"nobody is told of HIGH alarms {whose}", lower)


def _simulated(settings: Settings) -> Iterator[Caution]:
    if settings.daemon.simulated:
        what = "every alarm counts as simulated: it reaches test targets and no person"
        yield Caution("simulated", what, "Take daemon.simulated out when it gets serious")
        return
    for patient in settings.patients:
        if patient.source.startswith(RECORDED_SCHEMES):
            what = f"patient {patient.id} is a recording: the alarms reach test targets alone"
            yield Caution("recorded", what, "Set source to the patient's device")


def _ways_alike(settings: Settings) -> Iterator[Caution]:
    """Yield what fails all at once, or wakes nobody, for all that is sent of a subject."""
    told: set[str] = set()
    for subject_id, whose in _subjects(settings):
        found = ways(settings, subject_id, Severity.HIGH)
        services = {service_of(way.target) for way in found}
        if len(services) == 1:
            alone = services.pop()
            what = f"every alarm {whose} goes by {alone} alone: when it fails, nobody hears"
            remedy = "Add a way that fails apart, such as a call (docs/phones.md)"
            yield from _once(told, f"{alone}", Caution("one-service", what, remedy))
        if found and all(way.target.profile in QUIET for way in found):
            what = f"nothing by which the alarms {whose} go wakes anybody at night"
            remedy = "Add ntfy, pushover or twilio-call, and try it at night"
            yield from _once(told, "quiet", Caution("wakes-nobody", what, remedy))


def _once(told: set[str], about: str, caution: Caution) -> Iterator[Caution]:
    """Yield a caution unless one about the same was given: seven patients need no seven lines."""
    if about not in told:
        told.add(about)
        yield caution


def _contacts(settings: Settings) -> Iterator[Caution]:
    known = {patient.id for patient in settings.patients} | {GATEWAY_ID}
    for contact in settings.contacts:
        yield from _one_contact(contact, settings)
        for patient_id in contact.patients:
            if patient_id not in known:
                what = f"contact {contact.id} is for patient {patient_id}, who is not in this file"
                yield Caution("unknown-patient", what, "Correct contacts.patients, if it is a slip")
    told: set[str] = set()
    for subject_id, _ in _subjects(settings):
        people = concerned(settings, subject_id, Severity.HIGH)
        for caution in _together(people, settings):
            yield from _once(told, caution.what, caution)


def _one_contact(contact: ContactSettings, settings: Settings) -> Iterator[Caution]:
    targets = [each for each in settings.webhooks if each.name in contact.channels]
    services = {service_of(target) for target in targets}
    if len(targets) > 1 and len(services) == 1:
        what = f"all channels of contact {contact.id} go by {services.pop()}: they fail together"
        yield Caution("contact-service", what, "Give one of them another service")
    if contact.role == "professional" and report_targets(settings).isdisjoint(contact.channels):
        what = f"contact {contact.id} is a professional and gets no report with the ECG"
        known = ", ".join(sorted(REPORTING))
        yield Caution("no-report", what, f"Add a channel of one of these profiles: {known}")


def _together(people: tuple[ContactSettings, ...], settings: Settings) -> Iterator[Caution]:
    """Yield what all who are told of one subject leave open together."""
    if not people:
        return
    hours = unattended(people)
    if hours:
        when = "; ".join(hours)
        what = f"no contact is on duty {when}: those off duty are asked, lighter alerts reach none"
        yield Caution("off-duty", what, "Give somebody these hours, or leave out hours and days")
    last_s = last_told_s(people)
    if last_s > LONGEST_S:
        what = f"the last contact is told {last_s / 60:.0f} min after the alarm"
        yield Caution("slow", what, "Shorten delay_s and channel_delay_s: 15 min is long already")
    channels = {name for contact in people for name in contact.channels}
    answering = any(can_answer(each) for each in settings.webhooks if each.name in channels)
    if not answering and not settings.mqtt.allow_commands:
        what = "no contact can answer by phone: everybody is told until somebody is at the gateway"
        remedy = "Set acknowledge = true at an ntfy or telegram channel, or use pushover"
        yield Caution("no-answer", what, remedy)


def _topics(settings: Settings) -> Iterator[Caution]:
    for target in settings.webhooks:
        topic = target.recipient if target.profile == "ntfy" else ""
        if topic and not is_unguessable(topic):
            what = f"the topic of {target.name} can be guessed: access control alone guards it"
            remedy = "Draw one, openssl rand -hex 16, and put it as topic= into the secret file"
            yield Caution("guessable", what, remedy)


def _proofs(settings: Settings) -> Iterator[Caution]:
    if settings.webhooks and not any(target.test_target for target in settings.webhooks):
        what = "no target takes tests: ecgctl alerts test proves nothing outside this room"
        yield Caution("no-test", what, "Set test_target = true at one, and tell whoever gets it")
    heartbeat = settings.heartbeat
    if not (heartbeat.url or heartbeat.url_file):
        light = "" if settings.fault_light.pin >= 0 else ", and no fault light shows it here"
        what = f"nobody outside notices when the gateway itself dies{light}"
        yield Caution("no-dead-man", what, "Set up [heartbeat] (docs/reliability.md)")


def _names(settings: Settings) -> Iterator[Caution]:
    """Yield what messages that should name nobody say, or fail to say."""
    nameless = [target for target in settings.webhooks if not target.include_name]
    bare = [patient.id for patient in settings.patients if not patient.label]
    if len(settings.patients) > 1 and nameless and bare:
        what = f"messages call {', '.join(bare)} by a number of the list: nobody knows where to go"
        yield Caution("no-label", what, 'Give every patient a label, as in label = "bed 2"')
    mqtt = settings.mqtt.enabled and not settings.mqtt.include_name
    tells_id = mqtt or any(target.profile in _TELLS_ID for target in nameless)
    for patient in settings.patients if tells_id else ():
        parts = (part for part in patient.name.casefold().split() if len(part) >= SHORTEST_NAME)
        if any(part in patient.id.casefold() for part in parts):
            what = f"the id {patient.id} tells the patient's name, and goes out in every message"
            yield Caution("named-id", what, "Choose an id that names nobody")


_TELLS_ID: Final = frozenset({"standard", "home-assistant"})


def _places(settings: Settings) -> Iterator[Caution]:
    known = bool(settings.alarms.location) or settings.location.source == "gpsd"
    is_told = bool(emergency_channels(settings))
    if is_told and not known:
        what = "who is sent out is told no place"
        yield Caution(
            "no-place", what, "Set alarms.location, or [location] for a gateway that moves"
        )
    if known and not is_told and settings.contacts:
        what = "a place is configured, but no contact of role service is there to be told"
        yield Caution("untold-place", what, 'Give who is sent out role = "service"')


def _may_look(path: Path) -> bool:
    """Return whether this user can tell what is wrong with a file: that it is missing, too."""
    if path.exists():
        return os.access(path, os.R_OK)
    return os.access(path.parent, os.X_OK)
