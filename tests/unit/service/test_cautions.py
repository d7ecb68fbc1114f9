from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ecgd.config.settings import PatientSettings, Settings
from ecgd.service.cautions import GRAVE, SetupWatch, find_cautions, find_key_cautions
from ecgd.service.settings import parse_settings

PATIENT = '[[patients]]\nid = "p1"\nsource = "serial:///dev/rfcomm0"\n'
HEARTBEAT = '[heartbeat]\nurl = "https://alive.example.org/x"\n'


def target(name: str, profile: str = "ntfy", more: str = "test_target = true") -> str:
    numbers = 'recipient = "+4917012345678"\nsender = "+15017122661"\n'
    own = {
        "standard": f'url = "https://{name}.example.org"\n',
        "gotify": 'url = "https://push.example.org"\n',
        "home-assistant": 'url = "http://house.lan:8123"\n',
        "json": f'url = "https://{name}.example.org"\ntemplate = \'{{"a": "{{title}}"}}\'\n',
        "telegram": 'recipient = "4711"\n',
        "twilio-call": numbers,
        "twilio-sms": numbers,
    }.get(profile, "")
    secret = 'secret_file = "keys"\n'
    head = f'[[webhooks]]\nname = "{name}"\nprofile = "{profile}"\n'
    return f"{head}{own}{secret}{more}\n"


def contact(name: str, *channels: str, more: str = "") -> str:
    listed = ", ".join(f'"{each}"' for each in channels)
    return f'[[contacts]]\nid = "{name}"\nchannels = [{listed}]\n{more}\n'


GOOD = (
    PATIENT
    + HEARTBEAT
    + target("push", more="acknowledge = true\ntest_target = true")
    + target("call", "twilio-call", "")
    + contact("berta", "push", "call")
)


def codes(text: str) -> list[str]:
    return [caution.code for caution in find_cautions(parse_settings(text, "test"))]


def test_a_good_setup_is_warned_of_nothing() -> None:
    assert find_cautions(parse_settings(GOOD, "test")) == ()


PUSH = target("push", more="acknowledge = true\ntest_target = true")
CALL = target("call", "twilio-call", "")
BASE = PATIENT + HEARTBEAT
DOCTOR = 'role = "professional"'
ROLE = 'role = "service"'
OFFICE = 'days = ["mon", "tue", "wed", "thu", "fri"]\nhours = "08:00-18:00"'
TWO = BASE + '[[patients]]\nid = "p2"\nsource = "serial:///dev/rfcomm1"\n'


@pytest.mark.parametrize(
    ("code", "text", "says"),
    [
        ("nobody", BASE, "no target is configured"),
        ("nobody", BASE + '[mqtt]\nenabled = true\nhost = "h"\n', "no target is configured"),
        (
            "nobody",
            TWO + PUSH + CALL + contact("b", "push", "call", more='patients = ["p1"]'),
            "p2",
        ),
        ("critical-only", BASE + target("a", more='least_severity = "CRITICAL"'), "HIGH alarms"),
        (
            "critical-only",
            BASE + PUSH + CALL + contact("b", "push", "call", more='least_severity = "CRITICAL"'),
            "of the gateway itself",
        ),
        ("simulated", f"[daemon]\nsimulated = true\n{GOOD}", "no person"),
        ("recorded", GOOD.replace("serial:///dev/rfcomm0", "synthetic:?rhythm=sinus"), "p1"),
        ("one-service", BASE + PUSH, "ntfy.sh alone"),
        ("one-service", BASE + CALL + target("sms", "twilio-sms", ""), "Twilio alone"),
        ("wakes-nobody", BASE + target("a", "slack") + target("b", "telegram"), "wakes anybody"),
        ("contact-service", GOOD + target("p2") + contact("carl", "p2", "push"), "contact carl"),
        ("no-report", GOOD + contact("dr", "call", more=DOCTOR), "contact dr"),
        (
            "no-report",
            f"{GOOD}{contact('dr', 'push', more=DOCTOR)}[report]\nprofessionals = false\n",
            "contact dr",
        ),
        ("off-duty", BASE + PUSH + CALL + contact("b", "push", "call", more=OFFICE), "18:00-08:00"),
        (
            "slow",
            GOOD + target("d") + contact("carl", "d", more="order = 2\ndelay_s = 1200.0"),
            "20 min",
        ),
        ("no-answer", BASE + target("push") + CALL + contact("b", "push", "call"), "by phone"),
        ("guessable", GOOD + target("x", more='recipient = "heart-alarms-2026"'), "topic of x"),
        ("no-test", GOOD.replace("test_target = true", ""), "proves nothing"),
        ("no-dead-man", GOOD.replace(HEARTBEAT, ""), "no fault light"),
        ("no-dead-man", GOOD.replace(HEARTBEAT, "[fault_light]\npin = 24\n"), "itself dies"),
        ("unknown-patient", f'{GOOD}patients = ["p1", "p9", "gateway"]', "p9"),
        ("no-label", TWO + PUSH + CALL, "p1, p2"),
        (
            "named-id",
            GOOD.replace('"p1"', '"anna"\nname = "Anna Müller"') + target("a", "standard"),
            "anna",
        ),
        ("no-place", GOOD + target("c", "standard") + contact("c", "c", more=ROLE), "no place"),
        ("untold-place", f'{GOOD}[alarms]\nlocation = "Elm Street 3"\n', "role service"),
    ],
)
def test_what_is_left_open_is_said_with_what_to_do(code: str, text: str, says: str) -> None:
    found = [each for each in find_cautions(parse_settings(text, "test")) if each.code == code]
    assert found, codes(text)
    assert any(says in each.what for each in found), [each.what for each in found]
    assert all(each.remedy for each in found)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (GOOD + target("c", "standard") + contact("c", "c", more=ROLE), "untold-place"),
        (BASE + '[mqtt]\nenabled = true\nrequired = true\nhost = "h"\n', "nobody"),
        (BASE + target("a", "slack") + target("b", "standard"), "wakes-nobody"),
        (BASE + target("a", "json"), "named-id"),
        (
            GOOD + target("x", more='recipient = "5f3a9c1e07b24d68a1f0c3e97b5d2846"'),
            "guessable",
        ),
        (TWO.replace("id =", 'label = "bed"\nid =') + PUSH + CALL, "no-label"),
        (TWO + PUSH.replace("acknowledge", "include_name = true\nacknowledge"), "no-label"),
        (f'{GOOD}[mqtt]\nallow_commands = true\nenabled = true\nhost = "h"', "no-answer"),
        (GOOD + target("dr") + contact("dr", "dr", more=DOCTOR), "no-report"),
        (
            f"{GOOD}{target('dr')}{contact('dr', 'dr', more=DOCTOR)}"
            '[report]\nprofessionals = false\ntargets = ["dr"]\n',
            "no-report",
        ),
    ],
)
def test_what_is_in_order_is_not_warned_of(text: str, without: str) -> None:
    assert without not in codes(text)


def test_seven_patients_are_not_seven_lines() -> None:
    ward = "".join(
        f'[[patients]]\nid = "p{n}"\nsource = "serial:///dev/rfcomm{n}"\n' for n in range(7)
    )
    found = codes(HEARTBEAT + ward + target("push"))
    assert sorted(found) == ["no-label", "one-service"]


def test_key_files_are_looked_at_where_they_can_be(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    text = GOOD.replace('secret_file = "keys"', f'secret_file = "{keys}"')
    settings = parse_settings(text, "test")
    missing = [str(each) for each in find_key_cautions(settings)]
    assert len(missing) == 1, "one line for one file"
    assert all("No such file" in each for each in missing)
    keys.write_text("topic=alarms\n")
    keys.chmod(0o600)
    assert "can be guessed" in str(find_key_cautions(settings)[0])
    keys.chmod(0o644)
    assert "can be read by others" in str(find_key_cautions(settings)[0])
    assert find_key_cautions(parse_settings(GOOD, "test")) == (), "relative: the daemon's own"


def test_the_daemon_tells_them_and_looks_again_when_patients_come(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [parse_settings(GOOD, "test")]
    watch = SetupWatch(lambda: now[0])
    watch.tell()
    assert caplog.text == ""
    assert watch.health().healthy
    newcomer = PatientSettings(id="p2", source="serial:///dev/rfcomm1")
    now[0] = Settings(patients=(*now[0].patients, newcomer))
    caplog.set_level(logging.WARNING)
    watch.tell()
    assert "Add a [[webhooks]] target" in caplog.text
    health = watch.health()
    assert not health.healthy
    assert health.detail.startswith("2 warnings: nobody outside this room hears")


def test_what_lets_alarms_leave_the_house_is_healthy() -> None:
    settings = parse_settings(BASE + PUSH, "test")
    assert not GRAVE & {each.code for each in find_cautions(settings)}
    health = SetupWatch(lambda: settings).health()
    assert health.healthy
    assert health.detail.startswith("1 warning: every alarm of patient p1 goes by ntfy.sh alone")
