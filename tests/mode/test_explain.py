"""mode=explain: three kinds of problem, where a row is found, what if, files, refusals."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.config.verbatim import verbatim
from spaceship.errors import ConfigError, DataError, NoChampionError
from spaceship.evaluation.cross_validation import predict
from spaceship.experiment import Experiment
from spaceship.mode._explained_row import new_values
from spaceship.mode.explain import ExplainResult, explain
from spaceship.registry import packaging
from tests.commands import QUICK, Shell
from tests.mode.champions import told
from tests.serving import TASKS, champion_of, composed


def asking(experiment: Experiment, row: str | None, **changes: Any) -> Experiment:
    """Return an experiment that asks for a row of its own data."""
    made = experiment.settings
    own = made.explain.model_copy(update={"row": row, "draws": 20, **changes})
    given = made.inference.model_copy(update={"input": None})
    return replace(
        experiment, settings=made.model_copy(update={"explain": own, "inference": given})
    )


def of_file(experiment: Experiment, row: str, path: Path, rows: pd.DataFrame) -> Experiment:
    """Return an experiment that asks for a row of a file."""
    rows.to_csv(path, index=False)
    asked = asking(experiment, row)
    given = asked.settings.inference.model_copy(update={"input": str(path)})
    return replace(asked, settings=asked.settings.model_copy(update={"inference": given}))


@pytest.fixture(scope="module", params=TASKS)
def champion(
    request: pytest.FixtureRequest, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Experiment:
    """Give an experiment with a champion of a task."""
    return champion_of(request.param, database, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def passengers(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Give an experiment with a champion of the built-in task."""
    return champion_of(TASKS[0], database, tmp_path_factory.mktemp("passengers"))


def test_a_prediction_is_explained_to_the_digit(
    champion: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    task, train = champion.known_task, champion.dataset.train
    row = str(task.names(train).iloc[11])
    asked = asking(champion, row)
    lines = told(explain, asked, caplog)
    result = explain(asked)
    stored = packaging.load_version(champion.registry, champion.registry.champion()).pipeline
    values = np.atleast_1d(predict(stored, train[[*task.model_columns]], task)[11])
    shown = values.argmax() if result.by_class else 0
    assert result.value == pytest.approx(values[shown], abs=1e-12)
    assert result.base + sum(one.push for one in result.pushes) == pytest.approx(
        result.value, abs=1e-9
    )
    assert {one.column for one in result.pushes} == {*task.model_columns}
    assert (result.part, result.learnt, result.label is None) == ("train", None, False)
    assert len(result.nearest) == 5
    assert result.row not in {one.row for one in result.nearest}
    assert [one.distance for one in result.nearest] == sorted(x.distance for x in result.nearest)
    if result.by_class:
        assert [*result.by_class] == [*task.classes]
        assert sum(result.by_class.values()) == pytest.approx(1)
        for name, chance in result.by_class.items():
            pushed = sum(one.by_class[name] for one in result.pushes)
            assert result.base_by_class[name] + pushed == pytest.approx(chance, abs=1e-9)
    assert any(line.startswith(f"{task.noun.capitalize()} {row} (train): pre") for line in lines)
    bars = lines[next(n for n, line in enumerate(lines) if line.startswith("mean prediction")) :]
    assert max(map(len, bars[: len(result.pushes) + 2])) <= 80


def test_the_files_hold_every_digit_and_the_page_stands_alone(champion: Experiment) -> None:
    task = champion.known_task
    result = explain(asking(champion, str(task.names(champion.dataset.train).iloc[3])))
    kept = json.loads(Path(result.files["json"]).read_text())
    assert kept["value"] == result.value
    assert [one["push"] for one in kept["pushes"]] == [one.push for one in result.pushes]
    page = Path(result.files["html"]).read_text()
    assert page.count("<svg") == len(result.pushes)
    assert "http" not in page
    assert "src=" not in page
    assert Path(result.files["html"]).is_relative_to(champion.outputs / "explanations")


def test_a_row_is_found_in_train_test_or_a_file(passengers: Experiment, tmp_path: Path) -> None:
    data = passengers.dataset
    assert data.test is not None
    name = str(data.test["PassengerId"].iloc[5])
    assert explain(asking(passengers, name)).part == "test"
    rows = data.test.assign(Name="<b>Ann</b>").rename(columns={"Age": "Age"})
    result = explain(of_file(passengers, name, tmp_path / "rows.csv", rows))
    assert (result.part, result.label) == ("file", None)
    page = Path(result.files["html"]).read_text()
    assert "<b>Ann</b>" not in page
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page


LEARNT = {True: "learnt from this", False: "has not learnt", None: "is not known"}
"""Words for whether the champion learnt from a row."""


@pytest.mark.parametrize(
    ("part", "digest", "learnt"),
    [("train", "", True), ("test", "", False), ("test", "0" * 64, None), ("file", "", True)],
)
def test_it_says_whether_the_champion_learnt_from_the_row(
    passengers: Experiment, tmp_path: Path, part: str, digest: str, learnt: Any
) -> None:
    registry, data = passengers.registry, passengers.dataset
    rows = data.test if part == "test" and data.test is not None else data.train
    name = str(rows["PassengerId"].iloc[8])
    asked = asking(passengers, name)
    if part == "file":
        asked = of_file(passengers, name, tmp_path / "rows.csv", rows)
    of_version = registry.model, registry.champion().number
    client = registry.store.client
    client.set_model_version_tag(*of_version, "data_digest", digest or data.digest)
    result = explain(asked)
    client.delete_model_version_tag(*of_version, "data_digest")
    assert (result.part, result.learnt) == (part, learnt)
    assert LEARNT[learnt] in Path(result.files["html"]).read_text()


def test_what_if_is_the_prediction_of_the_changed_row(passengers: Experiment) -> None:
    data, task = passengers.dataset, passengers.known_task
    assert data.test is not None
    name = str(data.test["PassengerId"].iloc[5])
    changes = ["Age=7", "CryoSleep=", "HomePlanet=Mars"]
    result = explain(asking(passengers, name, set=changes))
    changed = data.test.copy()
    for column, value in (("Age", 7.0), ("HomePlanet", "Mars"), ("CryoSleep", pd.NA)):
        changed.loc[5, column] = value
    registry = passengers.registry
    stored = packaging.load_version(registry, registry.champion()).pipeline
    assert result.what_if is not None
    assert result.what_if.value == pytest.approx(predict(stored, changed, task)[5], abs=1e-12)
    assert {*result.what_if.changes} <= {"Age", "CryoSleep", "HomePlanet"}
    assert result.what_if.changes["Age"] == 7.0
    assert explain(asking(passengers, name)).value == result.value


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (["Agee=7"], ConfigError, r"found Agee; did you mean Age: .*explain\.set\.Age=7"),
        (["Transported=True"], ConfigError, "explain.set to name a column"),
        (["Age=200"], DataError, r"Age: expected 0 to 120 years, found .*200"),
        (["Age=old", "VIP=perhaps"], DataError, r"(?s)'old'.*'perhaps'|'perhaps'.*'old'"),
    ],
)
def test_what_if_is_checked_like_any_row(
    passengers: Experiment, changes: list[str], error: type[Exception], message: str
) -> None:
    name = str(passengers.dataset.train["PassengerId"].iloc[0])
    with pytest.raises(error, match=message):
        explain(asking(passengers, name, set=changes))


def test_an_unknown_row_is_answered_with_one_that_there_is(passengers: Experiment) -> None:
    name = str(passengers.dataset.train["PassengerId"].iloc[40])
    with pytest.raises(ConfigError, match=rf"found {name}x; did you mean {name}.*row={name}"):
        explain(asking(passengers, f"{name}x"))
    far = f"expected row=ID, a value of the column PassengerId in train or test, found x{name}x"
    with pytest.raises(ConfigError, match=f"{far}; try one: .*mode=explain .*row="):
        explain(asking(passengers, f"x{name}x"))
    with pytest.raises(
        ConfigError, match=r"expected row=ID, .*PassengerId .* found none; add it: "
    ):
        explain(asking(passengers, None))


def test_a_row_beyond_the_last_number_is_answered_with_the_range(champion: Experiment) -> None:
    rows = len(champion.dataset.train)
    if champion.known_task.id is not None:
        pytest.skip("rows have ids")
    with pytest.raises(ConfigError, match=rf"expected a \w+ from 1 to {rows}, found 9999; try one"):
        explain(asking(champion, "9999"))


def test_without_a_champion_there_is_nothing_to_explain(experiment: Experiment) -> None:
    with pytest.raises(NoChampionError, match="mode=train"):
        explain(asking(experiment, "0001_01"))


def test_values_are_taken_as_typed() -> None:
    words = ["row=1013_01", "explain.set.Name=O'Hara, Jr", "explain.set.Age=", "nearest=1"]
    made = composed("mode=explain", *verbatim(words)[:1], *verbatim(words)[2:]).settings.explain
    assert made.row == "1013_01"
    assert new_values(made.set, ["Name", "Age"]) == {"Name": "O'Hara, Jr", "Age": ""}
    odd = ["explain.set.Preço [R$]=1,5", "explain.row={a: b}"]
    made = composed("mode=explain", *verbatim(odd)).settings.explain
    assert (made.row, new_values(made.set, [])) == ("{a: b}", {"Preço [R$]": "1,5"})


def test_a_name_of_a_column_may_have_the_equals_sign() -> None:
    words = ["explain.set.a=b=1", "explain.set.a=c=2", "explain.set.a=b=3", "explain.set.a=4"]
    made = composed("mode=explain", *verbatim(words)).settings.explain
    assert new_values(made.set, ["a", "a=b", "a=c"]) == {"a=b": "3", "a=c": "2", "a": "4"}


@pytest.mark.slow
def test_a_whole_command_takes_few_seconds_and_no_run(shell: Shell) -> None:
    shell("mode=train", *QUICK, "model=lgbm")
    runs = len(shell.runs())
    done = shell("mode=explain", "row=0013_01", *QUICK, "output=json", "explain.set.VIP=true")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["result"]["row"] == "0013_01"
    assert document["result"]["what_if"]["changes"] in ({}, {"VIP": True})
    assert len(shell.runs()) == runs
    wrong = shell("mode=explain", "row=0013_1", *QUICK)
    assert wrong.returncode == 2
    assert "did you mean 0013_01" in wrong.stderr


def test_the_result_is_a_record(passengers: Experiment) -> None:
    name = str(passengers.dataset.train["PassengerId"].iloc[1])
    assert isinstance(explain(asking(passengers, name, nearest=0)), ExplainResult)
