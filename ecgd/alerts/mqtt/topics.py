"""Which topic is what; ``docs/mqtt.md`` has them as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

GATEWAY_ID: Final = "gateway"
"""Whose alarms those are that concern no single patient."""

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
_SENDER: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one gateway. A simulated patient has a branch of its own: ``test``."""

    prefix: str
    gateway: str
    discovery_prefix: str

    @property
    def base(self) -> str:
        return f"{self.prefix}/{self.gateway}"

    @property
    def availability(self) -> str:
        return f"{self.base}/availability"

    @property
    def commands(self) -> str:
        """What is subscribed for commands; the last level names who sent one."""
        return f"{self.base}/command/+"

    def command(self, sender: str) -> str:
        return f"{self.base}/command/{sender}"

    def answer(self, sender: str) -> str:
        return f"{self.base}/answer/{sender}"

    @property
    def canary(self) -> str:
        """What proves that the broker takes messages; nobody has to read it."""
        return f"{self.base}/canary"

    def state(self, subject_id: str, *, simulated: bool) -> str:
        return f"{self._branch(subject_id, simulated)}/state"

    def event(self, subject_id: str, *, simulated: bool, late: bool) -> str:
        return f"{self._branch(subject_id, simulated)}/{'late' if late else 'event'}"

    def discovery(self, subject_id: str, *, simulated: bool) -> str:
        return f"{self.discovery_prefix}/device/{self.device(subject_id, simulated)}/config"

    def device(self, subject_id: str, simulated: bool) -> str:
        """Return what Home Assistant knows a device by; no two gateways share one."""
        test = "-test" if simulated else ""
        return f"{self.prefix.replace('/', '-')}-{self.gateway}{test}-{subject_id}"

    @property
    def kept(self) -> tuple[str, ...]:
        """What is subscribed to find states that an earlier run left at the broker."""
        return (f"{self.base}/gateway/state", f"{self.base}/+/+/state")

    def belonging(self, state: str) -> Iterator[str]:
        """Yield what goes with a state topic that nobody tells any more, itself last."""
        branch, _, subject_id = (
            state.removeprefix(f"{self.base}/").rpartition("/")[0].partition("/")
        )
        if self.discovery_prefix:
            yield self.discovery(subject_id or GATEWAY_ID, simulated=branch == "test")
        yield state

    def sender(self, topic: str) -> str | None:
        """Return who sent a command, None if the topic is none or names nobody well."""
        name = topic.removeprefix(f"{self.base}/command/")
        return name if name != topic and _SENDER.fullmatch(name) else None

    def _branch(self, subject_id: str, simulated: bool) -> str:
        if simulated:
            return f"{self.base}/test/{subject_id}"
        if subject_id == GATEWAY_ID:
            return f"{self.base}/gateway"
        return f"{self.base}/patient/{subject_id}"


def as_level(name: str) -> str:
    """Return a host's name as one level of a topic.

    >>> as_level("pi.bedroom/4")
    'pi-bedroom-4'
    """
    return _UNFIT.sub("-", name).strip("-") or "ecgd"
