"""WFDB annotation files, read back by wfdb itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import wfdb

from ecgd.cli.annotation_files import Annotations, annotation_name
from ecgd.errors import EcgdError
from ecgd.model.beat import Beat, BeatClass, Waves


def _read(path: Path) -> list[tuple[int, str]]:
    annotation = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
    return [
        (int(s), symbol) for s, symbol in zip(annotation.sample, annotation.symbol, strict=True)
    ]


def _beat(r_peak: int, waves: Waves | None, beat_class: BeatClass = BeatClass.N) -> Beat:
    return Beat(r_peak, waves, ("I", "aVR"), (None, None), (waves, None), beat_class)


def _written(tmp_path: Path, beats: Sequence[Beat]) -> dict[str, list[tuple[int, str]]]:
    annotations = Annotations()
    for beat in beats:
        annotations.add(beat)
    return {path.suffix[1:]: _read(path) for path in annotations.write(tmp_path, "rec", 500.0)}


WHOLE = Waves(190, 210, 150, 160, 170, 240, 260, 280)


def test_waves_are_onset_peak_end_as_physionet_writes_them(tmp_path: Path) -> None:
    written = _written(tmp_path, [_beat(200, WHOLE)])
    assert written["qrs"] == [(200, "N")]
    marks = [(150, "("), (160, "p"), (170, ")"), (190, "("), (200, "N"), (210, ")")]
    assert written["i"] == [*marks, (240, "("), (260, "t"), (280, ")")]
    assert set(written) == {"qrs", "i"}
    assert wfdb.rdann(str(tmp_path / "rec"), "qrs").fs == 500


def test_classes_are_the_symbols_and_beats_out_of_order_are_sorted(tmp_path: Path) -> None:
    beats = [_beat(900, None, BeatClass.V), _beat(100, None), _beat(500, None, BeatClass.S)]
    written = _written(tmp_path, [*beats, _beat(500, None, BeatClass.S)])
    assert written == {"qrs": [(100, "N"), (500, "S"), (900, "V")]}


def test_a_wave_that_was_not_found_has_no_marks(tmp_path: Path) -> None:
    written = _written(tmp_path, [_beat(200, Waves(190, 210))])
    assert written["i"] == [(190, "("), (200, "N"), (210, ")")]


def test_a_peak_just_outside_the_leads_qrs_is_drawn_into_it(tmp_path: Path) -> None:
    written = _written(tmp_path, [_beat(212, Waves(190, 210))])
    assert written["i"] == [(190, "("), (210, "N"), (210, ")")]


def test_a_t_end_that_runs_into_the_next_p_is_drawn_back(tmp_path: Path) -> None:
    late = Waves(190, 210, t_onset=240, t_peak=260, t_end=320)
    following = Waves(350, 370, p_onset=300, p_peak=310, p_end=330)
    written = _written(tmp_path, [_beat(200, late), _beat(360, following)])
    assert written["i"][3:9] == [
        (240, "("),
        (260, "t"),
        (300, ")"),
        (300, "("),
        (310, "p"),
        (330, ")"),
    ]


def test_a_wave_that_overlaps_a_qrs_gives_way_to_it(tmp_path: Path) -> None:
    wrong_t = Waves(190, 210, t_onset=240, t_peak=365, t_end=380)
    written = _written(tmp_path, [_beat(200, wrong_t), _beat(360, Waves(350, 370))])
    assert [symbol for _, symbol in written["i"]] == ["(", "N", ")", "(", "N", ")"]
    assert written["i"][3] == (350, "(")


def test_a_wave_in_disorder_or_before_the_start_is_left_out(tmp_path: Path) -> None:
    wrong = Waves(190, 210, p_onset=-5, p_peak=2, p_end=9, t_onset=280, t_peak=260, t_end=240)
    assert _written(tmp_path, [_beat(200, wrong)])["i"] == [(190, "("), (200, "N"), (210, ")")]


def test_samples_far_apart_survive_the_format(tmp_path: Path) -> None:
    beats = [_beat(10, None), _beat(40_000_000, None)]
    assert _written(tmp_path, beats)["qrs"] == [(10, "N"), (40_000_000, "N")]


def test_a_recording_without_a_beat_gets_no_file(tmp_path: Path) -> None:
    assert Annotations().write(tmp_path / "out", "rec", 250.0) == ()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    annotations = Annotations()
    annotations.add(_beat(10, None))
    with pytest.raises(EcgdError, match="cannot write annotations"):
        annotations.write(tmp_path / "file" / "out", "rec", 250.0)


def test_names_that_wfdb_refuses_are_rewritten() -> None:
    assert annotation_name(Path("/data/patient 7 (new).npy")) == "patient_7__new_"
    assert annotation_name(Path("s0010_re.hea")) == "s0010_re"
