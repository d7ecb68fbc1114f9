"""Settings of the fault light: a program of its own that watches the daemon."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLightSettings:
    """The light that a dead daemon cannot put out (BCM numbers; -1: not connected)."""

    pin: int = setting(-1, "LED or lamp that is lit while the daemon is silent", low=-1, high=27)
    buzzer_pin: int = setting(-1, "buzzer of its own, not the alarms' one", low=-1, high=27)
    silence_s: float = setting(
        15.0,
        "the daemon counts as dead after so long without a sign of life",
        unit="s",
        low=3,
        high=60,
    )
    socket: str = setting(
        "/run/ecgd-fault-light/socket",
        "where the daemon's signs of life arrive; relative paths lead into the state directory",
    )
    factory: str = setting(
        "auto",
        "pin factory: auto finds the hardware, mock records pin changes, none switches pins off",
        choices=("auto", "lgpio", "mock", "none"),
    )
    pulse_log: str = setting("", "write every pin change to this file (mock factory)")
