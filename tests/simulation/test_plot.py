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

ERA = EraResult(
    era=1,
    arrived=120,
    learnt_from=120,
    drift=0.0,
    candidate="lgbm on full",
    holdout_candidate=0.8,
    holdout_champion=0.7,
    relative_gain=0.1,
    needed=0.03,
    award="champion",
    champion="1",
    next_arrived=100,
    next_candidate=0.8,
    next_retrained=0.8,
    next_first=0.7,
    only_retrained=20,
    only_first=10,
)
NOBODY = replace(
    ERA,
    award="refused",
    champion="",
    relative_gain=math.nan,
    needed=math.nan,
    next_retrained=math.nan,
    next_first=math.nan,
)


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
