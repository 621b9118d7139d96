"""Categories that a champion never saw are a warning line, without any limit of drift."""

import numpy as np
import pandas as pd
import pytest

from spaceship.drift.profile import take_profile
from spaceship.drift.psi import compare
from spaceship.drift.unseen import unseen_warnings
from spaceship.task.task import Task

SHOPS = Task.read(
    {"problem": "regression", "label": "sales", "columns": {"town": "category"}, "noun": "shop"}
)


def warnings(before: list[str | None], now: list[str | None]) -> list[str]:
    frames = [pd.DataFrame({"town": pd.Series(towns, dtype="str")}) for towns in (before, now)]
    reference = take_profile(frames[0], SHOPS, np.zeros(len(before)))
    new = take_profile(frames[1], SHOPS, np.zeros(len(now)), reference)
    return [*unseen_warnings(compare(reference, new), reference, SHOPS)]


KNOWN: list[str | None] = ["Ulm", "Bern", None] * 20


@pytest.mark.parametrize(
    ("now", "share"), [(["Rom"], "100 %"), (["Rom", "Ulm"], "50 %"), (["Rom", "Rom", None], "67 %")]
)
def test_half_of_the_rows_are_warned_of(now: list[str | None], share: str) -> None:
    [line] = warnings(KNOWN, now)
    assert line.startswith(f"town: {share} of the shops are of categories that the champion has")
    assert line.endswith(" never seen ('Rom')")


@pytest.mark.parametrize(
    "now", [["Rom", "Ulm", "Ulm"], ["Ulm+", "Ulm", "Ulm"], ["Ulm", None], [None, None], KNOWN]
)
def test_fewer_are_data(now: list[str | None]) -> None:
    assert warnings(KNOWN, now) == []


@pytest.mark.parametrize("near", ["ULM", "ulm", "U l m", "U\u00a0lm"])
def test_a_near_miss_is_named_whatever_its_share(near: str) -> None:
    [line] = warnings(KNOWN, [near, *KNOWN])
    assert line.startswith("town: 2 % of the shops")
    assert line.endswith(f"; is {near!r} 'Ulm'?")


def test_many_categories_are_compared_by_the_share_of_the_rare() -> None:
    before: list[str | None] = [f"town {n}" for n in range(60) for _ in range(60 - n)]
    assert warnings(before, before) == []
    [line] = warnings(before, ["elsewhere"] * 9)
    assert line == "town: 97 % of the shops are of categories rare where it learnt"
    codes: list[str | None] = [f"code {n}" for n in range(600)]  # nearly all are rare
    assert warnings(codes, [f"code {n}" for n in range(600, 1200)]) == []


def test_a_category_is_shown_on_one_line() -> None:
    [line] = warnings(KNOWN, ["a\nb\x1b[31m" * 30])
    assert line.isprintable()
    assert len(line) < 200
