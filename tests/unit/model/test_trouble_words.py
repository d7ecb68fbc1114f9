from __future__ import annotations

import pytest

from ecgd.model.trouble import (
    ELECTRODES,
    REMEDIES,
    Cause,
    SignalTrouble,
    electrodes_off_words,
    trouble_words,
)


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("electrode", [None, *ELECTRODES, "C1"])
def test_every_cause_has_words_and_a_remedy(cause: Cause, electrode: str | None) -> None:
    trouble = SignalTrouble(cause, ("I",), electrode)
    assert trouble.words
    assert "{" not in trouble.words
    assert trouble.advice == f"{trouble.words}: {REMEDIES[cause]}"


def test_the_electrode_is_named_as_a_carer_calls_it() -> None:
    assert trouble_words(Cause.LOOSE, "LA") == "left-arm electrode loose"
    assert trouble_words(Cause.DRY, "ll") == "left-leg electrode dry or badly stuck"
    assert trouble_words(Cause.MOTION, "LA") == "the patient is moving"
    assert electrodes_off_words({"RA", "C2"}) == (
        "electrode C2 off (C2)",
        "right-arm electrode off (RA)",
    )
