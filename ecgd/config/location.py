"""Settings of where the gateway is, for whoever is sent out."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSettings:
    """The place that contacts of role ``service`` are told, and nobody else."""

    source: str = setting(
        "fixed",
        "`fixed`: the text of `alarms.location` alone; `gpsd`: also where a satellite receiver at "
        "the gateway says it is",
        choices=("fixed", "gpsd"),
    )
    host: str = setting("localhost", "name or address of gpsd")
    port: int = setting(2947, "port of gpsd", low=1, high=65535)
    age_max_s: float = setting(
        600.0, "an older position is not told, the text alone is", unit="s", low=10, high=86400
    )
    accuracy_max_m: float = setting(
        500.0, "nor is one that may be further off", unit="m", low=5, high=10000
    )
    map_url: str = setting(
        "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}",
        "map that a tap opens; whoever runs it learns the place from whoever taps; empty: none",
    )
