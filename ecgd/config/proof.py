"""Settings of the proof that alarms arrive."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSettings:
    """The silent canary, and how old its proof may be."""

    enabled: bool = setting(
        True, "prove again and again, without a sound, that alarms would arrive"
    )
    every_s: float = setting(900.0, "a canary this often", unit="s", low=5, high=86400)
    too_old_s: float = setting(
        1800.0,
        "a target that nothing has proved for so long is an alarm",
        unit="s",
        low=10,
        high=604800,
    )
    leave_out: tuple[str, ...] = setting(
        (), "targets that get no canary; only alerts and tests prove them"
    )
