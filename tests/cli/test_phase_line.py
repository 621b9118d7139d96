"""Line of a phase: what stands in any width, and that no word of it is cut."""

import pytest

from spaceship.cli.phase_line import phase_line
from spaceship.progress import Phase

NOTE = "accuracy 0.8198  log loss 0.4012"
FOLDS = Phase("Cross-validation", 5, 3, NOTE)
AGAIN = Phase("Fitting the champion again: hist_gradient_boosting on full with 300 trees")


@pytest.mark.parametrize("room", range(24, 100))
@pytest.mark.parametrize("phase", [FOLDS, AGAIN])
def test_no_word_is_cut_in_any_width(phase: Phase, room: int) -> None:
    whole, line = phase_line(phase, 72, 200).split(), phase_line(phase, 72, room)
    assert len(line) <= room
    assert "1:12" in line
    words = {word for word in line.split() if not set(word) <= {*"#.…"}}
    assert words <= {*whole}


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_folds_of_a_blend_stand_whole_on_80_columns(depth: int) -> None:
    line = phase_line(FOLDS, 72, 80 - 2 * depth - 2)
    assert line == f"Cross-validation  ######....  3/5  1:12  {NOTE}"


def test_a_long_title_loses_its_last_words() -> None:
    assert phase_line(AGAIN, 72, 48) == "Fitting the champion again: …  1:12"
