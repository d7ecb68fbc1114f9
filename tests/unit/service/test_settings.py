"""The configuration file: every problem at once, each with key path and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.config.settings import Settings
from ecgd.errors import ConfigError, EcgdError
from ecgd.service.settings import load_settings, parse_settings
from ecgd.service.toml_lines import locate_keys


def problems_of(text: str) -> dict[str, tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "test.toml")
    return {p.key_path: (p.line, p.what) for p in caught.value.problems}


def test_an_empty_file_gives_the_defaults() -> None:
    assert parse_settings("", "empty.toml") == Settings()


def test_values_arrive_with_their_types() -> None:
    settings = parse_settings(
        """
[analysis]
window_s = 8
[alarms.hold_off]
stemi_s = 0
[[patients]]
id = "anna"
source = "synthetic:"
[[webhooks]]
name = "phone"
url = "https://example.org/hook"
""",
        "t.toml",
    )
    assert settings.analysis.window_s == 8.0
    assert isinstance(settings.analysis.window_s, float)
    assert settings.alarms.hold_off.stemi_s == 0.0
    assert settings.patients[0].id == "anna"
    assert settings.webhooks[0].least_severity == "HIGH"


def test_all_problems_are_told_at_once_with_path_and_line() -> None:
    found = problems_of(
        """[analysis]
window_s = 99
windov_s = 5
hop_s = "fast"

[gpio]
factory = "magic"

[[patients]]
name = "Anna"
source = "synthetic:"
[[patients]]
id = "bert"
source = "synthetic:"
colour = 3
"""
    )
    assert found["analysis.window_s"][0] == 2
    assert "10" in found["analysis.window_s"][1]
    assert found["analysis.windov_s"][0] == 3
    assert "window_s" in found["analysis.windov_s"][1]
    assert found["analysis.hop_s"][0] == 4
    assert found["gpio.factory"][0] == 7
    assert found["patients[0].id"] == (9, "is missing")
    assert found["patients[1].colour"][0] == 15
    assert len(found) == 6


def test_syntax_errors_name_the_line() -> None:
    (where, what) = problems_of("[analysis]\nwindow_s = = 5\n")["(syntax)"]
    assert where is None
    assert "line 2" in what


@pytest.mark.parametrize(
    ("text", "key_path", "words"),
    [
        ("[analysis]\nmains_hz = 55", "analysis.mains_hz", "0, 50 or 60"),
        ("[analysis]\nst_beats_min = 9\nst_beats_max = 6", "analysis.st_beats_min", "larger"),
        ("[alarms]\nbattery_critical_percent = 30\n", "alarms.battery_critical_percent", "below"),
        ("[gpio]\nred_pin = 18", "gpio.red_pin", "already buzzer_pin"),
        ('[[webhooks]]\nname = "a"\nurl = "ftp://x/"', "webhooks[0].url", "http"),
        ('[[patients]]\nid = "a b"\nsource = "synthetic:"', "patients[0].id", "letters"),
        ('[[patients]]\nid = "a"\nsource = "magic:"', "patients[0].source", "magic"),
        (
            "[ensemble]\nanomaly_threshold = 0.95\n",
            "ensemble.anomaly_threshold",
            "above high_threshold",
        ),
        (
            "[ensemble]\ncnn_weight = 0\nlstm_weight = 0\nrnn_weight = 0",
            "ensemble.cnn_weight",
            "one at least",
        ),
    ],
)
def test_contradictions_are_found(text: str, key_path: str, words: str) -> None:
    assert words in problems_of(text)[key_path][1]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    assert "analysis.st_elevation_mv" in problems_of(f"[analysis]\nst_elevation_mv = {number}")


def test_two_patients_cannot_share_a_device_or_an_id() -> None:
    one = '[[patients]]\nid = "a"\nsource = "serial:///dev/rfcomm0"\n'
    found = problems_of(one + one)
    assert "already another patient" in found["patients[1].id"][1]
    assert "already the line" in found["patients[1].source"][1]


def test_eight_patients_are_too_many() -> None:
    text = "".join(f'[[patients]]\nid = "p{n}"\nsource = "synthetic:"\n' for n in range(8))
    assert "8 patients" in problems_of(text)["patients"][1]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EcgdError, match="--config"):
        load_settings(tmp_path / "none.toml")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EcgdError, match="UTF-8"):
        load_settings(path)


def test_lines_are_found_in_nested_and_dotted_tables() -> None:
    lines = locate_keys(
        'a = 1\n[b.c]\nd = 2\n"e f" = 3\n[[g]]\nh = 1\n[[g]]\nh = 2\n[g.i]\nj = 1\n'
    )
    assert lines[("a",)] == 1
    assert lines[("b", "c", "d")] == 3
    assert lines[("b", "c", "e f")] == 4
    assert lines[("g", 1, "h")] == 8
    assert lines[("g", 1, "i", "j")] == 10
