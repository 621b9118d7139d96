"""The picture of a simulation is drawn whatever there was, and changes nothing but its file."""

import math
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from spaceship.simulation.eras import EraResult
from spaceship.simulation.plot import draw
from tests.simulation.eras import FIRST, NOBODY

ERA = replace(FIRST, holdout_champion=0.7, relative_gain=0.1, needed=0.03, next_first=0.7)


@pytest.mark.parametrize(
    "eras",
    [
        [ERA, replace(ERA, era=2, award="refused", relative_gain=-0.1)],
        [replace(ERA, era=number, drift=math.nan) for number in range(1, 40)],
        [replace(NOBODY, era=number) for number in (1, 2)],
        [NOBODY, replace(ERA, era=2, award="challenger")],
    ],
    ids=["two awards", "many eras", "no champion ever", "a champion at last"],
)
def test_draws_every_kind_of_life(eras: list[EraResult], tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    draw(eras, tmp_path / "life.png")
    picture = imread(tmp_path / "life.png")
    assert picture.shape[:2] == (750, 900)
    assert len(np.unique(picture[..., :3] @ [1, 256, 65536])) > 10  # colours
    assert dict(mpl.rcParams) == before


def test_awards_are_drawn_apart(tmp_path: Path) -> None:
    pictures = []
    for award in ("champion", "challenger", "refused"):
        draw([ERA, replace(ERA, era=2, award=award)], tmp_path / f"{award}.png")
        pictures.append((tmp_path / f"{award}.png").read_bytes())
    assert len(set(pictures)) == 3
