"""The page of a proposed task says the same to YAML, to Hydra and to the file it came from."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from spaceship.data.table_reader import read_table
from spaceship.errors import SpaceshipError
from spaceship.task.inference.page import page, scalar
from spaceship.task.inference.proposal import Asked, propose
from spaceship.task.raw_frame import typed, typed_label
from spaceship.task.task import Files, Task

NAMES = """a b|a.b|a[0]|say "it"|it's|😀|yes|No|null|~|on|y|1|1.5|1e3|.inf|2024-01-01|#c|a: b
a #b|- a|{a}|[a]|&a|*a|!a|%a|@a|`a`|a,b|a\\b|é|日本|true|?|=|<<|a'b"c|$a|{{a}}|0x1f|0o7|1_000|NaN"""
NASTY = NAMES.replace("\n", "|").split("|")
VALUES = "0 1 2 7 -999 1.5 1,5 - ? a b yes no TRUE inf 1e400 007 31.12.2024 2024-02-29"
CELLS = [*VALUES.split(), ""]


def through_page(frame: pd.DataFrame, **asked: Any) -> tuple[Task, str]:
    """Return the task of a frame's page, and the page, after making sure that all agree on it."""
    made = propose(frame, None, Asked(**asked))
    text = page(made, "nasty", Files(test=None), "in a test")
    plain = yaml.safe_load(text)
    assert OmegaConf.to_container(OmegaConf.create(text), resolve=True) == plain
    task = Task.read(plain)
    typed(frame, task.raw)
    label = typed_label(frame, task)
    assert int(label.isna().sum()) == made.label.missing
    assert task.problem == made.label.problem
    return task, text


def test_a_page_says_that_rows_without_a_label_are_dropped() -> None:
    frame = pd.DataFrame({"fee": [1.5, 2.5, 7.0, 1.0], "left": ["y", None, "n", "y"]})
    assert through_page(frame, label="left")[0].unlabelled == "drop"
    assert through_page(frame.dropna(), label="left")[0].unlabelled == "refuse"


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_read_back(name: str) -> None:
    assert yaml.safe_load(scalar(name)) == name
    rows = {name: [1.5, 2.5, 7.0, 1.0], f"{name}2": [*"abba"], "label": [*"yyzz"]}
    task, _ = through_page(pd.DataFrame(rows), label="label")
    assert [*task.columns] == [name, f"{name}2"]
    swapped, _ = through_page(pd.DataFrame(rows), label=f"{name}2", group=name)
    assert (swapped.label, swapped.group and swapped.group.of) == (f"{name}2", name)


@pytest.mark.parametrize("name", ["${oc.env:HOME}", "a ${b", "???", "", "x" * 300])
def test_a_name_that_hydra_cannot_hold_is_left_out_or_refused(name: str) -> None:
    frame = pd.DataFrame({name: [1, 2, 7, 1], "b": [1, 1, 2, 2], "label": [*"yyzz"]})
    task, text = through_page(frame, label="label")
    assert [*task.columns] == ["b"]
    assert "left out: it has" in text
    with pytest.raises(SpaceshipError, match="expected"):
        through_page(frame, label=name)
    with pytest.raises(SpaceshipError, match="expected"):
        through_page(frame, label="label", group=name)


def test_a_value_that_hydra_cannot_hold_is_refused() -> None:
    frame = pd.DataFrame({"b": [1, 1, 2, 2], "label": ["${a}", "???", "${a}", "x"]})
    with pytest.raises(SpaceshipError, match=r"values .* without \$\{"):
        through_page(frame, label="label")


def test_decimal_commas_of_the_label_are_the_tasks() -> None:
    rows = {"a": ["1.5", "2.5", "3"], "b": ["1,5", "2", "3,5"], "c": ["1", "2", "4"]}
    frame = pd.DataFrame({**rows, "label": ["0,5", "1,25", "?"]})
    task, _ = through_page(frame, label="label")
    assert typed(frame, task.raw)["a"].tolist() == [1.5, 2.5, 3.0]
    assert typed(frame, task.raw)["b"].tolist() == [1.5, 2.0, 3.5]
    assert typed_label(frame, task).tolist()[:2] == [0.5, 1.25]


def test_the_page_is_commented_for_a_person() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(0, 72, 200), "plan": ["Basic", "Gold"] * 100})
    frame["churn"] = rng.choice(["yes", "no", "no"], 200)
    frame.loc[:3, "age"] = np.nan
    _, text = through_page(frame, label="churn")
    assert f"\n  age: number # 0 to 71, 2 % missing, {frame['age'].nunique()} values\n" in text
    assert "\n  plan: category # 2 values, commonest 'Basic' (50 %)\n" in text
    assert '\npositive: "yes" # the value that counts as True\nclasses: ["no", "yes"]\n' in text


names = st.sampled_from(NASTY) | st.text(st.characters(codec="utf-8"), max_size=5)
cells = st.sampled_from(CELLS) | st.text(st.characters(codec="utf-8"), max_size=4)
columns = st.sampled_from([cells, st.sampled_from(CELLS[:8]), st.sampled_from(["yes", "no", "?"])])


@st.composite
def files(draw: st.DrawFn) -> tuple[list[str], list[list[str]], str]:
    header = draw(st.lists(names, min_size=2, max_size=5, unique_by=str.strip))
    n_rows = draw(st.integers(0, 8))
    made = [draw(st.lists(draw(columns), min_size=n_rows, max_size=n_rows)) for _ in header]
    return header, [list(row) for row in zip(*made, strict=True)], draw(st.sampled_from(",;\t"))


@given(files(), st.integers(0, 4))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_file_holds_its_page_reads_it_or_it_is_refused(
    tmp_path: Path, file: tuple[list[str], list[list[str]], str], place: int
) -> None:
    header, rows, delimiter = file
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, delimiter=delimiter).writerows([header, *rows])
    try:
        frame = read_table(path)
        label = str(frame.columns[place % len(frame.columns)])
        through_page(frame, label=label)
    except SpaceshipError as refused:
        assert "expected" in str(refused)  # noqa: PT017 - a page is as good
