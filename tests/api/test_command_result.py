"""Results of commands: errors as exceptions, figures and next commands as text."""

import pytest

from spaceship.api.command_result import CommandResult
from spaceship.errors import DataError, SpaceshipError

ERRORS = [
    (2, "DataError", DataError),
    (2, "OSError", SpaceshipError),
    (2, "Slip", SpaceshipError),  # a name of that module, and no error
    (1, "ZeroDivisionError", RuntimeError),
    (130, "KeyboardInterrupt", KeyboardInterrupt),
    (143, "SystemExit", SpaceshipError),
]


@pytest.mark.parametrize(("status", "kind", "raised"), ERRORS)
def test_an_error_is_raised_as_the_class_that_its_kind_names(
    status: int, kind: str, raised: type[BaseException]
) -> None:
    error = {"kind": kind, "message": "expected this, found that; do so"}
    with pytest.raises(BaseException, match="expected this, found that") as caught:
        CommandResult.of({"mode": "train", "status": status, "outcome": "error", "error": error})
    assert type(caught.value) is raised


def test_a_refusal_is_no_error() -> None:
    error = {"kind": "RefusedError", "message": "Refused"}
    verdict = {"award": "refused", "reason": "Refused: too little gain."}
    raw = {"mode": "train", "status": 3, "outcome": "refused", "error": error, "verdict": verdict}
    result = CommandResult.of(raw)
    assert (result.status, result.award) == (3, "refused")
    assert repr(result) == "train: Refused: too little gain."


@pytest.mark.parametrize("place", ["best", "trained"])
def test_figures_are_those_of_the_candidate_wherever_the_mode_puts_them(place: str) -> None:
    metrics = {"cv_accuracy": 0.81, "cv_accuracy_std": 0.02}
    result = CommandResult.of({"mode": "tune", "result": {place: {"metrics": metrics}}})
    assert result.metrics == metrics
    assert "cv_accuracy: 0.81 ± 0.02" in repr(result)
    assert CommandResult.of({"mode": "tune", "result": {"best": None}}).metrics == {}
    leaderboard = {"best": 0.8, "trained": None}
    assert CommandResult.of({"mode": "tune", "result": leaderboard}).metrics == {}


def test_text_of_others_is_no_markup_in_a_notebook() -> None:
    result = CommandResult.of({"mode": "train", "warnings": ["<script>"], "run_id": "<b>"})
    assert "<script>" in repr(result)
    assert "<script>" not in result._repr_html_()
    assert "<b>&lt;" not in result._repr_html_()


def test_next_commands_are_those_of_a_person() -> None:
    one = {"purpose": "predict", "command": "spaceship mode=inference output=json"}
    other = {"purpose": "look", "command": None}
    result = CommandResult.of({"mode": "train", "next": [one, other]})
    assert result.next == {"predict": "spaceship mode=inference", "look": ""}
