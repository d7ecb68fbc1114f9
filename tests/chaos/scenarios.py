"""The disturbances that are tried, each by its name."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.weather import Weather


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table. ``times``: a trial of it is so many times as long as the others."""

    words: str
    weather: Weather
    sealed: bool = False
    devices: int = 1
    times: int = 1


_EVERYTHING = Weather(
    byte_loss=0.002,
    burst_loss=0.02,
    packet_loss=0.05,
    bit_errors=1e-4,
    stall_s=5.0,
    cut_s=10.0,
    resets=1,
    drift_ppm=5000.0,
    twice=0.001,
    exchanged=0.001,
)
_SWAPPED = Weather(cut_s=20.0, packet_loss=0.3, resets=1)
_RESTARTS = Weather(resets=8, bad_s=20.0, calm_s=5.0, packet_loss=0.3)

SCENARIOS: dict[str, Scenario] = {
    "none": Scenario("nothing", Weather()),
    "bytes-1": Scenario("1 % of single bytes lost", Weather(byte_loss=0.01)),
    "bytes-10": Scenario("10 % of single bytes lost", Weather(byte_loss=0.1)),
    "bytes-30": Scenario("30 % of single bytes lost", Weather(byte_loss=0.3)),
    "bursts-1": Scenario("1 % lost in bursts of 200 bytes", Weather(burst_loss=0.01)),
    "bursts-10": Scenario("10 % lost in bursts of 200 bytes", Weather(burst_loss=0.1)),
    "bursts-30": Scenario("30 % lost in bursts of 200 bytes", Weather(burst_loss=0.3)),
    "packets-1": Scenario("1 % of packets lost", Weather(packet_loss=0.01)),
    "packets-10": Scenario("10 % of packets lost", Weather(packet_loss=0.1)),
    "packets-30": Scenario("30 % of packets lost", Weather(packet_loss=0.3)),
    "bits-6": Scenario("one bit in 10⁶ flipped", Weather(bit_errors=1e-6)),
    "bits-5": Scenario("one bit in 10⁵ flipped", Weather(bit_errors=1e-5)),
    "bits-4": Scenario("one bit in 10⁴ flipped", Weather(bit_errors=1e-4)),
    "bits-3": Scenario("one bit in 10³ flipped", Weather(bit_errors=1e-3)),
    "stalls": Scenario("stalls of 0.5 to 10 s", Weather(stall_s=10.0)),
    "cuts": Scenario("the connection gone for 0.2 to 30 s", Weather(cut_s=30.0)),
    "absences": Scenario(
        "the connection gone for up to 7 minutes, and drift",
        Weather(cut_s=400.0, bad_s=410.0, calm_s=20.0, drift_ppm=5000.0),
        times=8,
    ),
    "resets": Scenario("3 resets in mid packet", Weather(resets=3)),
    "restarts": Scenario("a reset every 2.5 s, 30 % of packets lost", _RESTARTS),
    "drift": Scenario("oscillator stepping within ± 5000 ppm", Weather(drift_ppm=5000.0)),
    "twice": Scenario("3 ‰ of bytes begin a piece that comes twice", Weather(twice=0.003)),
    "order": Scenario("3 ‰ of bytes begin a piece that is overtaken", Weather(exchanged=0.003)),
    "swapped": Scenario(
        "two devices change lines in a cut, 30 % of packets lost, a reset", _SWAPPED, devices=2
    ),
    "everything": Scenario("everything at once", _EVERYTHING),
    "sealed-bits": Scenario(
        "sealed, one bit in 10³ flipped", Weather(bit_errors=1e-3), sealed=True
    ),
    "sealed-all": Scenario("sealed, everything at once", _EVERYTHING, sealed=True),
}

SIX_LEAD: dict[str, Scenario] = {
    "six-none": Scenario("nothing", Weather()),
    "six-bytes": Scenario("0.1 % of single bytes lost", Weather(byte_loss=0.001)),
    "six-bursts": Scenario(
        "1 % lost in bursts of 300 bytes", Weather(burst_loss=0.01, burst_bytes=300.0)
    ),
    "six-bits-5": Scenario("one bit in 10⁵ flipped", Weather(bit_errors=1e-5)),
    "six-bits-4": Scenario("one bit in 10⁴ flipped", Weather(bit_errors=1e-4)),
    "six-bits-3": Scenario("one bit in 10³ flipped", Weather(bit_errors=1e-3)),
    "six-stalls": Scenario("stalls of 0.5 to 5 s", Weather(stall_s=5.0)),
    "six-cuts": Scenario("the connection gone for 0.5 to 9 s", Weather(cut_s=9.0)),
    "six-drift": Scenario("oscillator stepping within ± 5000 ppm", Weather(drift_ppm=5000.0)),
}
