"""An alert as it is read back from its stored body, to be told to people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ecgd.errors import DeliveryError
from ecgd.model.finding import EventType, Severity
from ecgd.model.position import Position


@dataclass(frozen=True, slots=True)
class News:
    """The facts of one alert. ``patient_name`` and ``location`` are empty unless they may be told.

    ``patient_number`` is not None where a gateway watches several patients; ``position`` is where
    the gateway is by satellite, ``map_url`` shows it.

    ``event_type`` None: a kind of alarm that this version does not know; ``kind`` is what the body
    says. ``data`` is the body's own object. ``answered_by`` is not empty where it is no alarm, but
    the word that somebody has taken care of one.
    """

    alert_id: str
    event_type: EventType | None
    kind: str
    severity: Severity
    simulated: bool
    description: str = ""
    recommended_action: str = ""
    evidence: tuple[str, ...] = ()
    territory: str = ""
    not_visible: tuple[str, ...] = ()
    quality: tuple[tuple[str, float], ...] = ()
    heart_rate_bpm: float | None = None
    patient_name: str = ""
    location: str = ""
    patient_label: str = ""
    patient_number: int | None = None
    position: Position | None = None
    map_url: str = ""
    occurred_unix_s: float | None = None
    clock_synchronised: bool = True
    answered_by: str = ""
    data: dict[str, Any] = field(default_factory=dict, compare=False)


def read_news(body: bytes) -> News:
    """Return the facts of a stored body; what it lacks is empty. Raises DeliveryError."""
    try:
        data = json.loads(body)["data"]
        kind = str(data["event_type"])
        return News(
            alert_id=str(data["alert_id"]),
            event_type=EventType(kind) if kind in set(EventType) else None,
            kind=kind,
            severity=Severity[data["severity"]],
            simulated=bool(data["simulated"]),
            description=str(data.get("description") or ""),
            recommended_action=str(data.get("recommended_action") or ""),
            evidence=_strings(data.get("evidence")),
            territory=str(data.get("territory") or ""),
            not_visible=_strings(data.get("not_visible")),
            quality=_figures(data.get("quality")),
            heart_rate_bpm=_figure(data.get("heart_rate_bpm")),
            patient_name=str(data.get("patient_name") or ""),
            location=str(data.get("location") or ""),
            patient_label=str(data.get("patient_label") or ""),
            patient_number=_number(data.get("patient_number")),
            position=_position(data.get("position")),
            map_url=_map_url(data.get("position")),
            occurred_unix_s=_figure(data.get("occurred_unix_s")),
            clock_synchronised=data.get("clock_synchronised") is not False,
            answered_by=str(data.get("answered_by") or ""),
            data=data,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DeliveryError("the stored message is no alert") from error


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _figure(value: object) -> float | None:
    is_figure = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_figure else None  # type: ignore[arg-type]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _position(value: object) -> Position | None:
    if not isinstance(value, dict):
        return None
    names = ("latitude_deg", "longitude_deg", "accuracy_m", "age_s")
    latitude_deg, longitude_deg, accuracy_m, age_s = (_figure(value.get(name)) for name in names)
    if latitude_deg is None or longitude_deg is None:
        return None
    return Position(latitude_deg, longitude_deg, accuracy_m, age_s or 0.0)


def _map_url(position: object) -> str:
    return str(position.get("map_url") or "") if isinstance(position, dict) else ""


def _figures(value: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, dict):
        return ()
    found = ((str(name), _figure(figure)) for name, figure in value.items())
    return tuple((name, figure) for name, figure in found if figure is not None)
