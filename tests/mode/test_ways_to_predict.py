"""Rows predict the same, bit for bit, through MLflow's pyfunc, the server and mode=inference."""

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from spaceship.errors import DataError, RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.inference import inference
from spaceship.task.label import BOUNDS
from tests.serving import (
    BODIES,
    FRAMES,
    ROWS,
    TASKS,
    assert_sentence,
    champion_of,
    post,
    read,
    serving,
)


@dataclass
class Served:
    """A champion: by mode=inference, as MLflow loads it, and behind a server."""

    experiment: Experiment
    folder: Path  # of the model's folder and the rows
    model: Any
    address: str
    text: str  # the rows as CSV
    expected: pd.DataFrame  # by mode=inference

    def predicted(self, content: bytes) -> pd.DataFrame:
        """Return what mode=inference writes for a file, without the ids."""
        path = self.folder / "rows.csv"
        path.write_bytes(content)
        inference(self.experiment)
        name = f"{self.experiment.registry.model}.csv"
        return pd.read_csv(self.experiment.outputs / "submissions" / name).iloc[:, 1:]


@pytest.fixture(scope="module", params=TASKS)
def served(
    request: pytest.FixtureRequest, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(request.param)
    experiment = champion_of(request.param, database, folder)
    data = experiment.dataset
    rows = data.train if data.test is None else data.test
    rows = rows.iloc[:: len(rows) // ROWS].head(ROWS)
    rows = rows.drop(columns=data.task.label, errors="ignore")
    if "Age" in rows:
        rows = rows.assign(Age=rows["Age"].round(), Spa=rows["Spa"].round())
    text = rows.to_csv(index=False)
    with serving(folder / "model") as address:
        model = mlflow.pyfunc.load_model(str(folder / "model"))
        made = Served(experiment, folder, model, address, text, pd.DataFrame())
        made.expected = made.predicted(text.encode())
        yield made


def test_the_answers_are_labels_and_probabilities_or_intervals(served: Served) -> None:
    task, answered = served.experiment.known_task, served.expected
    assert len(answered) == ROWS
    assert answered.columns[0] == task.label
    assert len({*answered[task.label]}) > 1
    rest = answered.iloc[:, 1:]
    if not task.is_classification:
        assert [*rest] == [*BOUNDS]
        assert (rest[BOUNDS[0]] < answered[task.label]).all()
        assert (rest[BOUNDS[1]] > answered[task.label]).all()
    elif task.name == "wine":
        assert [*rest] == [f"probability_{one}" for one in task.classes]
        assert rest.sum(axis="columns").tolist() == pytest.approx([1.0] * ROWS)
        named = [f"probability_{one}" for one in answered[task.label]]
        assert [str(one) for one in rest.idxmax(axis="columns")] == named
    else:
        assert [*rest] == ["probability_True"]
        assert answered[task.label].tolist() == (rest["probability_True"] > 0.5).tolist()


@pytest.mark.parametrize("way", FRAMES)
def test_frames_through_pyfunc(served: Served, way: str) -> None:
    answered = served.model.predict(FRAMES[way](served.text))
    assert answered.astype(served.expected.dtypes).equals(served.expected)


@pytest.mark.parametrize("way", BODIES)
def test_requests_to_the_server(served: Served, way: str) -> None:
    status, content = post(served.address, *BODIES[way](served.text))
    assert status == 200, content
    answered = pd.DataFrame(content["predictions"])
    assert answered.astype(served.expected.dtypes).equals(served.expected)


def test_files_through_mode_inference(served: Served) -> None:
    typed = FRAMES["convert_dtypes"](served.text)
    mixed = FRAMES["other order"](served.text).assign(more="anything").to_csv(index=False)
    for content in (typed.to_parquet(), mixed.encode(), served.text.replace(",", ";").encode()):
        assert served.predicted(content).equals(served.expected)


def test_no_rows_have_no_answers(served: Served) -> None:
    header = served.text.partition("\n")[0] + "\n"
    columns = [*served.expected]
    assert [*served.model.predict(read(served.text).head(0))] == columns
    names = header.strip().split(",")
    bodies = [("text/csv", header), ("application/json", json.dumps({"dataframe_records": []}))]
    split = {"dataframe_split": {"columns": names, "data": []}}
    for kind, body in [*bodies, ("application/json", json.dumps(split))]:
        assert post(served.address, kind, body.encode()) == (200, {"predictions": []})
    nothing = served.predicted(header.encode())
    assert ([*nothing], len(nothing)) == (columns, 0)


def test_one_row_alone_predicts_what_it_predicts_in_company(served: Served) -> None:
    task = served.experiment.task
    rows = read(served.text)
    if task.group is not None:
        rows = rows[~task.group_names(rows).duplicated(keep=False)]
    for at in rows.index[:5]:
        answered = served.model.predict(rows.loc[[at]])
        alone = served.expected.loc[[at]].reset_index(drop=True)
        pd.testing.assert_frame_equal(answered, alone, check_dtype=False, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("application/json", '{"dataframe_records": [{}]}', "missing: "),
        ("application/json", '{"dataframe_records": [5]}', "row 1 of dataframe_records"),
        ("application/json", '{"dataframe_records": 5}', "to be a list of rows, found a number"),
        ("application/json", '{"inputs": {"a": [1], "b": [1, 2]}}', "found 1 and 2 values"),
        ("application/json", '{"inputs": {"a": 1}}', "found a number"),
        ("application/json", '{"instances": [[1]]}', "row 1 of instances to be an object"),
        ("application/json", '{"dataframe_split": {"data": [[1]]}}', "lists columns and data"),
        (
            "application/json",
            '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [1]]}}',
            "row 2 of dataframe_split to be 2 values, found 1 values",
        ),
        ("application/json", '{"inputs": {}, "inputs": {}}', "'inputs' twice"),
        ("application/json", '{"inputs": {}, "instances": []}', "found inputs, instances"),
        ("application/json", '{"dataframe_records": [', "JSONDecodeError"),
        ("application/json", "", "JSONDecodeError"),
        ("application/json", "[" * 200_000, "recursion"),
        ("application/json", f'{{"inputs": {{"a": [{"1" * 5000}]}}}}', "4300 digits"),
        ("application/json", '{"rows": []}', "dataframe_records"),
        ("text/csv", "", "an empty file"),
        ("text/csv", "a,b\n1,2\n1,2,3\n", "line 3 (3 fields)"),
        ("text/csv", "a,b\n1,2\n1\n", "line 3 (1 fields)"),
        ("application/vnd.apache.parquet", "PAR1", "Parquet"),
    ],
)
def test_a_request_without_rows_is_a_sentence(
    served: Served, kind: str, body: str, told: str
) -> None:
    status, content = post(served.address, kind, body.encode())
    assert status == 400
    assert_sentence(content, told)


def test_each_row_of_json_has_every_column(served: Served) -> None:
    row = BODIES["records"](served.text)[1]
    rows = json.loads(row)["dataframe_records"]
    gone = next(iter(served.experiment.task.model_columns))
    for form, bad in itertools.product(
        ("dataframe_records", "instances", "inputs"), ({}, {"a": 1})
    ):
        body = json.dumps({form: [*rows[:2], bad]}).encode()
        status, content = post(served.address, "application/json", body)
        assert status == 400
        assert_sentence(content, "row 3: expected ")
        assert gone in content["message"]


def test_csv_is_read_as_mode_inference_reads_it(served: Served) -> None:
    header, _, rest = served.text.partition("\n")
    first = header.partition(",")[0]
    wide = "\n".join([f"{header},{first}", *(f"{one},1" for one in rest.splitlines())])
    number = next(n for n, c in served.experiment.task.model_columns.items() if c.type == "number")
    infinite = read(served.text, dtype=object).assign(**{number: "inf"}).to_csv(index=False)
    for text in (wide, infinite, served.text + "1\n"):
        status, content = post(served.address, "text/csv", text.encode())
        assert status == 400
        assert_sentence(content, "found ")
        with pytest.raises(DataError):
            served.predicted(text.encode())
    with pytest.raises(mlflow.MlflowException, match="a finite number"):
        served.model.predict(read(infinite))
    for kind, body in (
        ("text/csv", served.text.replace(",", ";").encode()),
        ("TEXT/CSV", served.text.encode("utf-16")),
    ):
        status, content = post(served.address, kind, body)
        assert status == 200
        answered = pd.DataFrame(content["predictions"])
        assert answered.astype(served.expected.dtypes).equals(served.expected)
    for kind in ("text/plain", "text/csv; charset=latin-1"):
        status, content = post(served.address, kind, served.text.encode())
        assert status == 400
        assert_sentence(content, "expected Content-Type text/csv, ")


def test_a_bad_value_is_a_sentence_that_names_its_column(served: Served) -> None:
    row = FRAMES["object"](served.text).iloc[0].dropna().to_dict()
    whole = dict.fromkeys(served.experiment.task.model_columns) | row
    columns = served.experiment.task.model_columns
    of_type = {str(column.type): name for name, column in columns.items()}
    number = of_type["number"]
    for strange in ("old", [1], {"a": 1}, "1,5", math.inf, 10**400):
        body = json.dumps({"dataframe_records": [whole | {number: strange}]}, default=str)
        status, content = post(served.address, "application/json", body.encode())
        assert status == 400, strange
        assert_sentence(content, number)
    odd: list[Any] = [[], {"a": [1]}, 10**400, "\0", True, -1e300]
    for name, value in itertools.product(of_type.values(), odd):
        body = json.dumps({"dataframe_records": [whole | {name: value}]}, default=str)
        status, content = post(served.address, "application/json", body.encode())
        assert status == 400 or not isinstance(value, list | dict)
        if status != 200:
            assert status == 400
            assert_sentence(content, name)
    with pytest.raises(mlflow.MlflowException, match=number):
        served.model.predict(pd.DataFrame([whole | {number: "old"}]))
    with pytest.raises(mlflow.MlflowException, match=number):
        served.model.predict(pd.DataFrame([whole]).drop(columns=number))
    with pytest.raises(DataError, match=number):
        served.predicted(served.text.replace(number, "another").encode())


def test_a_champion_without_interval_says_how_to_get_one(database: Path, tmp_path: Path) -> None:
    experiment = champion_of("diabetes", database, tmp_path, with_margin=False)
    rows = experiment.dataset.train.drop(columns=experiment.task.label)
    rows.head(3).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(RegistryError, match=r"found none: .*mode=train gate\.force=true reason="):
        inference(experiment)
    assert not (experiment.outputs / "submissions").exists()
