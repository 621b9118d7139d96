"""Rows predict the same, bit for bit, through MLflow's pyfunc, the server and mode=inference."""

import itertools
import json
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
from tests.registry.test_stored_model import FOLDER as STORED
from tests.serving import BODIES, FRAMES, ROWS, TASKS, champion_of, post, read, serving


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
        ("application/json", '{"dataframe_records": [{"a": [1]}, 5]}', "not iterable"),
        ("application/json", '{"dataframe_records": 5}', "must be a list"),
        ("application/json", '{"dataframe_records": [', "JSONDecodeError"),
        ("application/json", "[" * 200_000, "recursion"),
        ("application/json", '{"rows": []}', "dataframe_records"),
        ("text/csv", "", "No columns"),
        ("text/csv", "a,b\n1,2,3\n", "more values than"),
        ("text/csv", "a,b\n1,2\n1,2,3\n", "Expected 2 fields"),
        ("application/vnd.apache.parquet", "PAR1", "Parquet"),
    ],
)
def test_a_request_without_rows_is_a_sentence(
    served: Served, kind: str, body: str, told: str
) -> None:
    status, content = post(served.address, kind, body.encode())
    assert status == 400
    assert_sentence(content, told)


def test_a_bad_value_is_a_sentence_that_names_its_column(served: Served) -> None:
    row = FRAMES["object"](served.text).iloc[0].dropna().to_dict()
    whole = dict.fromkeys(served.experiment.task.model_columns) | row
    columns = served.experiment.task.model_columns
    of_type = {str(column.type): name for name, column in columns.items()}
    number = of_type["number"]
    for strange in ("old", [1], {"a": 1}, "1,5"):
        body = json.dumps({"dataframe_records": [whole | {number: strange}]}, default=str)
        status, content = post(served.address, "application/json", body.encode())
        assert status == 400, strange
        assert_sentence(content, number)
    odd: list[Any] = [[], {"a": [1]}, 10**400, "\0", True, -1e300]
    for name, value in itertools.product(of_type.values(), odd):
        body = json.dumps({"dataframe_records": [whole | {name: value}]}, default=str)
        status, content = post(served.address, "application/json", body.encode())
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


def test_a_model_of_an_earlier_release_answers_as_it_did() -> None:
    rows = pd.read_csv(STORED / "passengers.csv").drop(columns=["earlier", "present"]).head(5)
    with serving(STORED / "present") as address:
        status, content = post(address, "text/csv", rows.to_csv(index=False).encode())
        assert (status, len(content["predictions"])) == (200, 5)
        assert {*content["predictions"]} <= {True, False}
        status, content = post(address, "text/csv", b"a,b\n1,2\n")
    assert status == 400
    assert_sentence(content, "Model is missing inputs")


def assert_sentence(content: Any, told: str) -> None:
    message = content["message"]
    assert content.keys() == {"error_code", "message"}
    assert "expected " in message
    assert told in message
    assert "\n" not in message
    assert "Traceback" not in message
    assert len(message) < 600
