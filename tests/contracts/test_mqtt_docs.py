"""docs/mqtt.md says which topics, fields, entities and commands there are: no more and no less."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from ecgd.alerts.mqtt import commands, gate, mailbox, post, worker
from ecgd.alerts.mqtt.discovery import LEAST_EXPIRY_S, Told, discovery_payload
from ecgd.alerts.mqtt.line import KEEPALIVE_S
from ecgd.alerts.mqtt.states import TEXT_LIMIT, as_payload, gateway_state, patient_state
from ecgd.alerts.mqtt.topics import GATEWAY_ID, Topics
from ecgd.model.link import LinkState, LinkStatistics
from ecgd.model.status import DaemonStatus, PatientStatus
from ecgd.service.settings import parse_settings

TEXT = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text(encoding="utf-8")
TOPICS = Topics("ecgd", "GATEWAY", "homeassistant")
PATIENT = PatientStatus(
    "ID", "Somebody", "serial:///x", LinkState.UP, 0.0, "", LinkStatistics(), *(None,) * 3,
    battery_percent=math.nan, assessment=None, assessment_age_s=None, alarms=(),
    windows_analysed=0, windows_replaced=0,
)  # fmt: skip
STATUS = DaemonStatus("1", 1, 1.0, False, "rules only", None, None, (), (), (), "", "", "", "")


def section(heading: str) -> str:
    level = heading.split(" ", 1)[0]
    rest = TEXT.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{2,{len(level)}}} ", rest, maxsplit=1)[0]


def first_cells(heading: str) -> list[str]:
    lines = [line for line in section(heading).splitlines() if line.startswith("| ")][1:]
    return [line.strip("|").split(" | ")[0].strip().strip("`") for line in lines]


def names(subject_id: str) -> set[str]:
    told = Told(subject_id, subject_id, False)
    made = json.loads(discovery_payload(told, TOPICS, state_every_s=1.0, allow_commands=True))
    return {entity["name"] for entity in made["components"].values()}


def test_every_topic_is_there() -> None:
    told = {TOPICS.availability, TOPICS.command("SENDER"), TOPICS.answer("SENDER")}
    for subject_id, simulated in ((GATEWAY_ID, False), ("ID", False), ("ID", True)):
        told.add(TOPICS.state(subject_id, simulated=simulated))
        told |= {TOPICS.event(subject_id, simulated=simulated, late=late) for late in (False, True)}
    told |= {TOPICS.discovery("ID", simulated=simulated) for simulated in (False, True)}
    in_topics = section("## Topics").split("\n### ", 1)[0]
    documented = re.findall(r"^\| `([^`]+)` \|", in_topics, re.MULTILINE)
    assert sorted(documented) == sorted(told)


def test_every_field_is_there() -> None:
    patient = json.loads(as_payload(patient_state(PATIENT, simulated=False, unwatched="x"), 0.0))
    assert sorted(first_cells("### Fields of a patient's state")) == sorted(patient)
    assert patient["battery_percent"] is None, "no NaN leaves"
    gateway = gateway_state(STATUS, (), monitored=0, now_unix_s=0.0)
    shared = {key for key in patient if key.startswith("alarm")} | {"simulated", "time"}
    documented = set(first_cells("### Fields of the gateway's state"))
    assert documented == gateway.keys() - shared


def test_every_entity_is_named() -> None:
    shown = section("## What Home Assistant shows")
    missing = [
        name for name in names("ID") | names(GATEWAY_ID) if name not in " ".join(shown.split())
    ]
    assert missing == []


def test_figures_are_those_of_the_code() -> None:
    waits = [f"{wait_s:g}" for wait_s in worker.WAITS_S]
    text = " ".join(TEXT.split())
    assert f"{', '.join(waits[:-1])} and then every {waits[-1]} s" in text
    assert f"up to {mailbox.EVENTS_LIMIT} alarms wait" in text
    assert f"{commands.MOST_BYTES} bytes" in text
    assert f"more than {gate.COMMANDS_PER_S:g} a second" in text
    assert f"more than {post.LATE_S:g} s afterwards" in text
    assert f"({LEAST_EXPIRY_S} s at least)" in text
    assert f"{TEXT_LIMIT} characters at most" in text
    assert f"not heard for {math.ceil(1.5 * KEEPALIVE_S)} s" in text
    assert post.GIVE_UP_S == 10 * 86400
    assert post.AGAIN_S[-1] == 60.0


def test_commands_are_understood() -> None:
    payloads = re.findall(r"`(\{\"command\"[^`]+\})` \|", section("## Commands"))
    assert len(payloads) == 3
    understood: list[Any] = [
        commands.read_command("nurse", each.replace("…", "").encode()).kind for each in payloads
    ]
    assert set(understood) == set(commands.CommandKind)


def test_setup_is_a_configuration() -> None:
    toml = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0]
    assert parse_settings(toml, "docs").mqtt.host == "homeassistant.local"
    assert len([line for line in toml.splitlines() if line]) == 5
