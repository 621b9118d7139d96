"""Eras of arrivals: nobody arrives twice, nothing is lost, and the next era hides its labels."""

from pathlib import Path

import pandas as pd
import pytest

from spaceship.config.settings import Simulate
from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.errors import DataError
from spaceship.simulation.arrivals import (
    Arrivals,
    cut_into_eras,
    generate_eras,
    write_eras,
)
from spaceship.task.spaceship_titanic.columns import ID, LABEL
from spaceship.task.task import Task


def groups(frame: pd.DataFrame) -> set[str]:
    return set(frame[ID].str[:-3])


@pytest.fixture(scope="module")
def generated(task: Task) -> list[pd.DataFrame]:
    return generate_eras(task, 50, 7, [0.0, 0.5, 1.0])


@pytest.fixture
def folder(generated: list[pd.DataFrame], tmp_path: Path) -> Path:
    write_eras(generated, tmp_path / "arrivals")
    return tmp_path / "arrivals"


def test_eras_share_no_travel_group_and_follow_from_the_seed(
    generated: list[pd.DataFrame], task: Task
) -> None:
    names = [groups(era) for era in generated]
    assert [len(era) for era in names] == [50] * 3
    assert len(set.union(*names)) == 150
    again = generate_eras(task, 50, 7, [0.0, 0.5, 1.0])
    assert all(one.equals(two) for one, two in zip(generated, again, strict=True))


def test_a_cut_loses_nobody_and_keeps_groups_and_their_order(people: Dataset) -> None:
    shuffled = people.train.sample(frac=1, random_state=1)
    eras = cut_into_eras(shuffled, people.task, 4)
    together = pd.concat(eras)
    assert sorted(together[ID]) == sorted(people.train[ID])
    names = [sorted(groups(era)) for era in eras]
    assert [name for era in names for name in era] == sorted(groups(people.train))
    assert max(map(len, names)) - min(map(len, names)) <= 1


def test_a_cut_goes_by_number_not_by_letters(task: Task) -> None:
    ids = [f"{number}_01" for number in range(9_990, 10_030)]
    first, *_ = cut_into_eras(pd.DataFrame({ID: ids, LABEL: True}), task, 4)
    assert first[ID].tolist() == ids[:10]


def test_too_few_groups_for_so_many_eras_are_refused(people: Dataset) -> None:
    with pytest.raises(DataError, match=r"simulate\.eras"):
        cut_into_eras(people.train, people.task, 40)


def test_a_source_has_past_eras_and_the_next_one_without_its_labels(
    folder: Path, generated: list[pd.DataFrame], task: Task
) -> None:
    source = Arrivals(folder, 1, 2)
    loaded = checked(source.read(task), task)
    assert loaded.test is not None
    assert loaded.train[ID].tolist() == [*generated[0][ID], *generated[1][ID]]
    assert loaded.test[ID].tolist() == generated[2][ID].tolist()
    assert LABEL not in loaded.test.columns
    assert source.next_rows()[LABEL].tolist() == generated[2][LABEL].tolist()
    assert source.count_newest() == len(generated[1])
    assert Arrivals(folder, 2, 2).read(task).train.frame[ID].tolist() == generated[1][ID].tolist()


def test_fingerprints_differ_by_eras_and_contents(
    folder: Path, generated: list[pd.DataFrame], task: Task
) -> None:
    before = [Arrivals(folder, *span).fingerprint(task) for span in ((1, 1), (1, 2), (2, 2))]
    assert len(set(before)) == 3
    write_eras([generated[0], generated[1].iloc[::-1], generated[2]], folder)
    after = [Arrivals(folder, *span).fingerprint(task) for span in ((1, 1), (1, 2), (2, 2))]
    assert not {*before} & {*after}


@pytest.mark.parametrize(
    ("window", "spans"),
    [
        (1, [(1, 1), (2, 2), (3, 3)]),
        (2, [(1, 1), (1, 2), (2, 3)]),
        (None, [(1, 1), (1, 2), (1, 3)]),
    ],
)
def test_the_window_slides_and_drift_rises_in_equal_steps(
    window: int | None, spans: list[tuple[int, int]]
) -> None:
    schedule = Simulate(eras=3, window=window, groups=50, drift_from=0.0, drift_to=0.6)
    assert schedule.drifts == pytest.approx([0.0, 0.2, 0.4, 0.6])
    assert [schedule.span(era) for era in (1, 2, 3)] == spans
