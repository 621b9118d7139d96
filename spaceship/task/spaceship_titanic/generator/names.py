"""What passengers are called: invented first names, and surnames that belong to one planet."""

import numpy as np
import pandas as pd

from spaceship.task.spaceship_titanic.generator.draw import Ints
from spaceship.task.spaceship_titanic.generator.population import People

# Parts that words are made of, one chosen from each list.
OPENINGS = """
    Al An Ar As Be Bra Ca Che Co Cra Da De Dra El Er Fa Fe Fla Ga Gre Ha He Hu In Ja Ju Ka Ke La Le
    Ma Me Mo Na No O Pa Pe Pra Qua Ra Re Sa Se So Ste Ta Te Tra U Va Ve Wa We Wi Ya Ze Zi
"""
MIDDLES = """
    ba bel bri cen cha co dar del do dri fa fel ga gil go han hi jo ka kel la len li lo man mar me
    mi mon na ne ni no nu pa per po ra ren ri ro sa sel shi sta ta tel ti tor va ven vi wa
"""
SURNAME_ENDINGS = """
    ack ander ants ard ary aster ates bert bly bridge by ckson cully dent ding ell er ers ett ey
    field ford gers gins guez hews ings ker kins ley lines ling man mons nard nes ney nson old ows
    rick ring ron rows shall shaw son stead ston tes ton tray vers ward well wis worth yard
"""
FIRST_NAME_ENDINGS = "a ah al an ard as dy el en ena er ey ia ica id ie in ina is on or us y"
FIRST_NAMES = 2800

# Surnames to choose from for each group of a planet: Earth, Europa, Mars. Gives the measured
# 2,400 surnames among 9,280 groups, four groups to a surname on average.
SURNAMES_PER_GROUP = np.array([0.182, 0.520, 0.293])

# Probability that a member, the first excepted, has another surname, by group size 0..8.
OTHER_SURNAME = np.array([0.0, 0.0, 0.073, 0.115, 0.132, 0.186, 0.167, 0.193, 0.180])
THIRD_SURNAME = 0.25  # of those, who have a third one


def draw_names(rng: np.random.Generator, people: People) -> pd.Series:
    """Return `First Last` for every passenger."""
    home = people.planet[people.place == 1]
    slots = _draw_surnames(rng, home)
    chance = OTHER_SURNAME[people.sizes[people.group]] * (people.place > 1)
    other = rng.random(len(chance)) < chance
    third = other & (rng.random(len(chance)) < THIRD_SURNAME)
    last_code = slots[people.group, other.astype(np.int64) + third]
    first = _invent(rng, FIRST_NAMES, OPENINGS, MIDDLES, FIRST_NAME_ENDINGS)
    last = _invent(rng, int(slots.max()) + 1, OPENINGS, MIDDLES, MIDDLES, SURNAME_ENDINGS)
    first_code = rng.integers(FIRST_NAMES, size=len(chance))
    names: pd.Series = pd.Series(first.array.take(first_code)) + " "
    return names + pd.Series(last.array.take(last_code))


def _draw_surnames(rng: np.random.Generator, home: Ints) -> Ints:
    """Return three surname codes a group, from its own planet's range, shape (n_groups, 3)."""
    pool = np.ceil(SURNAMES_PER_GROUP * np.bincount(home, minlength=3)).astype(np.int64) + 2
    start = np.cumsum(pool) - pool
    return start[home, None] + rng.integers(pool[home, None], size=(len(home), 3))


def _invent(rng: np.random.Generator, count: int, *parts: str) -> pd.Series:
    """Return `count` different words, each made of one syllable from every part."""
    syllables = [pd.Series(part.split(), dtype="str").array for part in parts]
    lengths = [len(choices) for choices in syllables]
    # Some words can be cut in two ways and come up twice: draw a few more than are needed.
    codes = rng.choice(int(np.prod(lengths)), size=count + count // 5 + 20, replace=False)
    words = pd.Series([""] * len(codes), dtype="str")
    for choices, digits in zip(syllables, np.unravel_index(codes, lengths), strict=True):
        words += pd.Series(choices.take(digits))
    return words.drop_duplicates().iloc[:count].reset_index(drop=True)
