"""Classes are counted as EC57 does, and training gives the same networks from the same beats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import RecordingError
from ecgd.evaluation.class_examples import LABELS, Examples, Source, sources_of
from ecgd.evaluation.class_study import (
    BOTH,
    FIRST,
    NO_BEAT,
    class_section,
    label_beats,
)
from ecgd.evaluation.class_training import cross_validate, module_of, train
from ecgd.evaluation.databases import ReferenceBeats
from ecgd.evaluation.mitdb_study import study_mitdb
from ecgd.features.class_model import trained
from ecgd.features.usual_beats import TRAITS

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


def test_each_beat_gets_the_group_that_experts_gave_it() -> None:
    reference = ReferenceBeats(
        (1.0, 2.0, 3.0, 4.0, 5.0, 9.0), ("L", "A", "E", "F", "V", "V"), ((8.0, 10.0),)
    )
    labels, missed = label_beats(reference, [1.05, 2.0, 3.1, 4.0, 6.0, 9.0])
    assert labels == ["N", "S", "V", "F", NO_BEAT, ""]
    assert missed == {"V": 1}


def test_a_record_is_counted_with_its_channels_and_with_the_first() -> None:
    rows = study_mitdb(RECORDINGS / "beats_mitdb_119", rivals=False).classes
    assert [row.leads for row in rows] == [BOTH, FIRST]
    for row in rows:
        total = row.ectopic["V"].found + row.ectopic["V"].missed
        assert total > 10
        assert row.ectopic["V"].sensitivity > 0.9
        assert row.ectopic["V"].extra == 0
        assert row.false_runs == {3: 0, 5: 0}
    page = class_section(rows)
    assert f"| both channels | {100 * rows[0].ectopic['V'].sensitivity:.2f} % |" in page
    assert "| beats_mitdb_119 |" in page


def examples(name: str, seed: int, count: int = 300) -> Examples:
    """Return beats of which the ventricular ones are unlike and the supraventricular early."""
    random = np.random.default_rng(seed)
    traits = random.normal(0.0, 0.1, (count, len(TRAITS)))
    answers = np.arange(count) % len(LABELS)
    for trait, label in (("like", "V"), ("early", "S"), ("unrest", NO_BEAT)):
        traits[answers == LABELS.index(label), TRAITS.index(trait)] -= 2.0
    return Examples(Source(Path("mitdb") / name), traits, answers, {"V": 1})


def test_training_is_repeatable_and_learns() -> None:
    beats = [examples(str(number), number) for number in range(8)]
    first, again = (train(beats, count=1, epochs=80) for _ in range(2))
    np.testing.assert_array_equal(first.hidden, again.hidden)
    told = first.probabilities(beats[0].traits).argmax(axis=1)
    assert np.mean(told == beats[0].answers) > 0.95


def test_patients_left_out_are_counted_with_the_beats_that_were_missed() -> None:
    beats = [examples(str(number), number, 200) for number in range(6)]
    found = cross_validate(beats)["mitdb, clean"]["V"]
    assert found.found + found.missed == 6 * 51
    assert found.missed >= 6
    assert found.sensitivity > 0.9


def test_nobody_can_be_left_out_of_few_patients() -> None:
    with pytest.raises(RecordingError, match="1 records are too few"):
        cross_validate([examples("1", 1)])


def test_the_weights_are_written_as_the_module_holds_them() -> None:
    from ecgd.features import class_weights

    text = module_of(trained())
    assert text == Path(str(class_weights.__file__)).read_text(encoding="utf-8")


def test_pieces_of_mitdb_records_are_no_training_material(tmp_path: Path) -> None:
    for folder, name in (("mitdb", "101"), ("mitdb", "102"), ("qtdb", "sel100")):
        (tmp_path / folder).mkdir(exist_ok=True)
        for suffix in ("hea", "atr"):
            (tmp_path / folder / f"{name}.{suffix}").touch()
    assert {source.record.name for source in sources_of(tmp_path)} == {"101"}
