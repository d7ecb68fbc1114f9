"""Whom to tell of an occurrence, and in which order: contacts become steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from ecgd.config.people import ContactSettings
from ecgd.decision.duty import LocalTime, is_on_duty, is_quiet
from ecgd.decision.escalation import Step
from ecgd.model.finding import Severity


def plan(
    contacts: Iterable[ContactSettings],
    patient_id: str,
    severity: Severity,
    local: LocalTime,
    channels: frozenset[str],
) -> tuple[Step, ...]:
    """Return whom to tell, rung by rung, at a local time; ``channels`` are those that may be used.

    For a HIGH or CRITICAL alert those off duty come last: nobody is left out while a life may be at
    stake. A lighter one goes to the first rung on duty alone, and not into quiet hours. A channel
    that several contacts share is used once.
    """
    is_grave = severity >= Severity.HIGH
    ranked = []
    for contact in contacts:
        if not _is_concerned(contact, patient_id, severity):
            continue
        off_duty = not is_on_duty(contact, local)
        if is_grave or not (off_duty or is_quiet(contact, local)):
            ranked.append(((off_duty, contact.order), contact))
    ranked.sort(key=lambda pair: pair[0])
    rungs = [[contact for _, contact in of] for _, of in groupby(ranked, lambda pair: pair[0])]
    steps = tuple(_climb(rungs, channels, is_grave))
    return steps if is_grave else tuple(step for step in steps if step.rung == 0)


def _is_concerned(contact: ContactSettings, patient_id: str, severity: Severity) -> bool:
    of_patient = not contact.patients or patient_id in contact.patients
    return of_patient and severity >= Severity[contact.least_severity]


def _climb(
    rungs: list[list[ContactSettings]], channels: frozenset[str], is_grave: bool
) -> Iterator[Step]:
    """Yield every step; a rung without a channel that may be used does not count."""
    used: set[str] = set()
    number = 0
    for rung in rungs:
        before = len(used)
        for contact in rung:
            own = [each for each in contact.channels if each in channels and each not in used]
            for place, channel in enumerate(dict.fromkeys(own)):
                used.add(channel)
                wait_s = contact.channel_delay_s if place else contact.delay_s
                yield Step(number, contact.id, channel, wait_s if is_grave else None)
        number += len(used) > before
