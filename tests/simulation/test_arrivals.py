"""Eras of arrivals: nobody arrives twice, nothing is lost, and the next era keeps its fate."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.data.synthetic import generate
from spaceship.errors import ConfigError, DataError
from spaceship.simulation.arrivals import Arrivals, Plan, cut, invent, store
from spaceship.task.spaceship_titanic.columns import ID, LABEL, group_of

PLAN = {"eras": 3, "window": 1, "groups": 50, "drift_from": 0.0, "drift_to": 0.6}


def groups(frame: pd.DataFrame) -> set[str]:
    return set(group_of(frame[ID]))


@pytest.fixture(scope="module")
def invented() -> list[pd.DataFrame]:
    return invent(50, 7, [0.0, 0.5, 1.0])


@pytest.fixture
def folder(invented: list[pd.DataFrame], tmp_path: Path) -> Path:
    store(invented, tmp_path / "arrivals")
    return tmp_path / "arrivals"


def test_no_travel_group_arrives_in_two_eras(invented: list[pd.DataFrame]) -> None:
    names = [groups(era) for era in invented]
    assert [len(era) for era in names] == [50] * 3
    assert len(set.union(*names)) == 150


def test_an_era_is_what_the_generator_makes_under_other_names(
    invented: list[pd.DataFrame],
) -> None:
    for number, drift in enumerate((0.0, 0.5, 1.0)):
        frame, group = generate(50, 7 + number, drift)
        era = invented[number]
        assert era[LABEL].tolist() == frame[LABEL].tolist()
        assert era["Cabin"].equals(frame["Cabin"].reset_index(drop=True))
        own = pd.factorize(group_of(era[ID]))[0]
        assert own.tolist() == group.tolist()
        assert era[ID].str[-3:].tolist() == frame[ID].str[-3:].tolist()


def test_the_same_seed_makes_the_same_eras(invented: list[pd.DataFrame]) -> None:
    again, other = invent(50, 7, [0.0, 0.5, 1.0]), invent(50, 8, [0.0, 0.5, 1.0])
    assert all(one.equals(two) for one, two in zip(invented, again, strict=True))
    assert not invented[0].equals(other[0])


def test_a_cut_loses_nobody_and_keeps_groups_and_their_order(people: Dataset) -> None:
    shuffled = people.train.sample(frac=1, random_state=1)
    eras = cut(shuffled, 4)
    together = pd.concat(eras)
    assert sorted(together[ID]) == sorted(people.train[ID])
    names = [sorted(groups(era)) for era in eras]
    assert [name for era in names for name in era] == sorted(groups(people.train))
    assert max(map(len, names)) - min(map(len, names)) <= 1


def test_a_cut_goes_by_number_not_by_letters() -> None:
    ids = [f"{number}_01" for number in range(9_990, 10_030)]
    first, *_ = cut(pd.DataFrame({ID: ids, LABEL: True}), 4)
    assert first[ID].tolist() == ids[:10]


def test_too_few_groups_for_so_many_eras(people: Dataset) -> None:
    with pytest.raises(DataError, match=r"simulate\.eras"):
        cut(people.train, 40)


def test_an_era_knows_what_has_arrived_and_of_the_next_all_but_their_fate(
    folder: Path, invented: list[pd.DataFrame]
) -> None:
    source = Arrivals(folder, 1, 2)
    loaded = source.load()
    assert loaded.train[ID].tolist() == [*invented[0][ID], *invented[1][ID]]
    assert loaded.test[ID].tolist() == invented[2][ID].tolist()
    assert LABEL not in loaded.test.columns
    assert source.fate().tolist() == invented[2][LABEL].tolist()
    assert source.newest() == len(invented[1])


def test_a_window_leaves_old_eras_out(folder: Path, invented: list[pd.DataFrame]) -> None:
    assert Arrivals(folder, 2, 2).load().train[ID].tolist() == invented[1][ID].tolist()


def test_fingerprints_tell_eras_and_contents_apart(
    folder: Path, invented: list[pd.DataFrame]
) -> None:
    before = [Arrivals(folder, *span).fingerprint() for span in ((1, 1), (1, 2), (2, 2))]
    assert len(set(before)) == 3
    store([invented[0], invented[1].iloc[::-1], invented[2]], folder)
    after = [Arrivals(folder, *span).fingerprint() for span in ((1, 1), (1, 2), (2, 2))]
    assert not {*before} & {*after}


def test_drift_rises_in_equal_steps_to_those_who_arrive_last() -> None:
    assert Plan(**PLAN).drifts == pytest.approx([0.0, 0.2, 0.4, 0.6])


@pytest.mark.parametrize(
    ("window", "spans"),
    [
        (1, [(1, 1), (2, 2), (3, 3)]),
        (2, [(1, 1), (1, 2), (2, 3)]),
        (None, [(1, 1), (1, 2), (1, 3)]),
    ],
)
def test_window_slides(window: int | None, spans: list[tuple[int, int]]) -> None:
    plan = Plan(**PLAN | {"window": window})
    assert [plan.span(era) for era in (1, 2, 3)] == spans


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eras", 1),
        ("eras", 2.5),
        ("eras", True),
        ("eras", 101),
        ("window", 0),
        ("window", "all"),
        ("groups", 9),
        ("drift_from", -0.1),
        ("drift_to", 1.1),
        ("drift_to", float("nan")),
        ("drift_to", None),
    ],
)
def test_what_no_plan_can_be_made_of(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"simulate\.{name} to be .*found {value!r}"):
        Plan(**PLAN | {name: value})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"simulate\.eras .*; simulate\.drift_to "):
        Plan(**PLAN | {"eras": 0, "drift_to": 2})
