"""When a target was last proven, in words."""

from __future__ import annotations

from typing import Any

from ecgd.cli.words import age, clean

Json = dict[str, Any]


def proven_words(status: Json, name: str) -> str:
    """Return what the daemon's status says of a target's proof, for behind its other words."""
    proof = status.get("proof") or {"targets": ()}
    way = next((each for each in proof["targets"] if each["name"] == name), None)
    if way is None or not proof["enabled"]:
        return ""
    if way["age_s"] is None:
        never = "not proven yet" if way["is_silent"] else "no canary can prove it"
        return f"; {never}"
    earlier = ", before this start" if way["carried_over"] else ""
    overdue = ", too long ago" if way["is_overdue"] else ""
    return f"; proven {age(way['age_s'])} by {clean(way['by'])}{earlier}{overdue}"
