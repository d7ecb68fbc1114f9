"""Who gets reports, and what settings must not say of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ecgd.alerts.profiles.registry import REPORTING
from ecgd.config.settings import Settings
from ecgd.service.toml_lines import KeyPath

ROLES: Final = ("professional", "service")
"""Contacts who can read an ECG, or send somebody who can."""


def report_targets(settings: Settings) -> frozenset[str]:
    """Return the names of the targets that get reports."""
    able = {target.name for target in settings.webhooks if target.profile in REPORTING}
    wanted = set(settings.report.targets)
    if settings.report.professionals:
        wanted |= {
            channel
            for contact in settings.contacts
            if contact.role in ROLES
            for channel in contact.channels
        }
    return frozenset(able & wanted)


def report_contradictions(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield (key path, what is wrong) for everything that bounds alone cannot catch."""
    profiles = {target.name: target.profile for target in settings.webhooks}
    where: KeyPath = ("report", "targets")
    for name in settings.report.targets:
        if name not in profiles:
            yield where, f"{name!r} is no name of one of the [[webhooks]]"
        elif profiles[name] not in REPORTING:
            known = ", ".join(sorted(REPORTING))
            yield where, f"{name!r} has the profile {profiles[name]!r}, reports go by {known}"
