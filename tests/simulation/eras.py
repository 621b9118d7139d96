"""Results of eras: of a first champion, a refusal, a promotion, and without any champion."""

import math
from dataclasses import replace

from spaceship.simulation.eras import EraResult

FIRST = EraResult(
    era=1,
    arrived=120,
    learnt_from=120,
    drift=0.0,
    candidate="lgbm on full",
    holdout_candidate=0.8,
    holdout_champion=math.nan,
    relative_gain=math.nan,
    needed=math.nan,
    award="champion",
    champion="1",
    next_arrived=100,
    next_candidate=0.8,
    next_retrained=0.8,
    next_first=0.8,
    only_retrained=0,
    only_first=0,
)
REFUSED = replace(
    FIRST,
    era=2,
    drift=0.5,
    holdout_candidate=0.78,
    holdout_champion=0.8,
    relative_gain=-0.025,
    needed=0.03,
    award="refused",
    next_candidate=0.6,
    next_retrained=0.7,
    next_first=0.7,
)
PROMOTED = replace(
    REFUSED,
    era=3,
    award="champion",
    champion="2",
    relative_gain=0.05,
    next_arrived=300,
    next_candidate=0.8,
    next_retrained=0.8,
    next_first=0.7,
    only_retrained=40,
    only_first=10,
)
NOBODY = replace(
    FIRST,
    award="refused",
    champion="",
    next_retrained=math.nan,
    next_first=math.nan,
)
