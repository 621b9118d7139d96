"""Champions of three tasks, and the ways to give rows to one: frames, HTTP bodies, files."""

import io
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import uvicorn
from hydra import compose, initialize_config_dir
from sklearn.linear_model import LogisticRegression, Ridge

from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.evaluation.answers import COVERAGE
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.experiment import Experiment
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.model.server import application
from spaceship.registry import packaging
from tests.mode.champions import add

TASKS = ("spaceship_titanic", "wine", "diabetes")
ROWS = 40
Reader = Callable[[str], pd.DataFrame]
Body = tuple[str, bytes]
"""Content type and content of a request."""


def read(text: str, **options: Any) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(io.StringIO(text), **options)
    return frame


def _whole(text: str) -> pd.DataFrame:
    """Return numbers as int64 where all are whole, as Int64 where some are missing."""
    frame = read(text)
    for name, column in frame.select_dtypes("float").items():
        if (column.dropna() % 1 == 0).all():
            frame[name] = column.astype("Int64" if column.hasnans else "int64")
    return frame


def _zero_and_one(text: str) -> pd.DataFrame:
    frame = read(text)
    flags = [name for name in frame if frame[name].dropna().isin([True, False]).all()]
    return frame.astype(dict.fromkeys(flags, "float"))


def _categories(text: str) -> pd.DataFrame:
    frame = read(text)
    return frame.astype(dict.fromkeys(frame.select_dtypes("str"), "category"))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


FRAMES: dict[str, Reader] = {
    "read_csv": read,
    "text": lambda text: read(text, dtype=str),
    "text, empty": lambda text: read(text, dtype=str, keep_default_na=False),
    "object": lambda text: read(text).astype(object),
    "convert_dtypes": lambda text: read(text).convert_dtypes(),
    "pyarrow": lambda text: read(text, dtype_backend="pyarrow"),
    "nullable": lambda text: read(text, dtype_backend="numpy_nullable"),
    "category": _categories,
    "0 and 1": _zero_and_one,
    "whole": _whole,
    "other order": lambda text: read(text).loc[:, ::-1],
    "more columns": lambda text: read(text).assign(more="anything"),
    "another index": lambda text: read(text).set_axis(pd.RangeIndex(ROWS, 0, -1)),
}


def _json(**content: Any) -> Body:
    return "application/json", json.dumps(content).encode()


def _parquet(text: str) -> Body:
    return "application/vnd.apache.parquet", read(text).to_parquet()


BODIES: dict[str, Callable[[str], Body]] = {
    "csv": lambda text: ("text/csv", text.encode()),
    "csv, other order": lambda text: (
        "text/csv; charset=utf-8",
        read(text, dtype=str).iloc[:, ::-1].assign(more="x").to_csv(index=False).encode(),
    ),
    "parquet": _parquet,
    "records": lambda text: _json(dataframe_records=_records(read(text))),
    "records of text": lambda text: _json(dataframe_records=_records(read(text, dtype=str))),
    "records of 0 and 1": lambda text: _json(dataframe_records=_records(_zero_and_one(text))),
    "whole numbers": lambda text: _json(dataframe_records=_records(_whole(text))),
    "instances": lambda text: _json(instances=_records(read(text))),
    "inputs": lambda text: _json(
        inputs={name: list(column) for name, column in _records_by_column(text).items()}
    ),
    "split": lambda text: _json(
        dataframe_split=json.loads(read(text).to_json(orient="split", double_precision=15))
    ),
}


def _records_by_column(text: str) -> dict[str, list[Any]]:
    rows = _records(read(text))
    return {name: [row[name] for row in rows] for name in rows[0]}


def champion_of(task: str, database: Path, folder: Path, *, with_margin: bool = True) -> Experiment:
    """Return an experiment whose registry has a champion of a task, a linear model."""
    register_resolvers()
    outputs = folder / "outputs"
    outputs.mkdir()
    (outputs / "mlflow.db").write_bytes(database.read_bytes())
    own = [f"task={task}", f"paths.outputs={outputs}", "inference.proba=true"]
    own += ["data.n_groups=200"] if task == TASKS[0] else []
    experiment = composed("mode=inference", *own, f"inference.input={folder}/rows.csv")
    data = experiment.dataset
    known, rows = data.task, data.train
    model = LogisticRegression(max_iter=300) if known.is_classification else Ridge()
    pipeline = build_pipeline(RawFeatures(known.to_plain()), Encoding.ONEHOT, model)
    pipeline.fit(rows, known.target(rows))
    margin = None
    if with_margin and not known.is_classification:
        losses = (pipeline.predict(rows) - known.target(rows)) ** 2
        errors = {"group": known.group_names(rows), "loss": losses, "constant": 0.0}
        margin = OutOfFold(pd.DataFrame(errors)).margin(COVERAGE)
    packaging.save(pipeline, folder / "model", rows.drop(columns=known.label), known, margin)
    add(experiment, folder / "model")
    return experiment


def composed(*overrides: str) -> Experiment:
    with initialize_config_dir(str(configs()), version_base="1.3"):
        return Experiment.of(compose("config", [*overrides]))


@contextmanager
def free_port(*, taken: bool = False) -> Iterator[int]:
    """Give a port that nobody listens on, or that is taken while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
        if taken:
            yield port
    if not taken:
        yield port


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Give the address of a server of the model in a folder, in a thread of this process."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        config = uvicorn.Config(application(folder), log_config=None, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([place],))
        thread.start()
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def post(address: str, kind: str, body: bytes) -> tuple[int, Any]:
    """Return status and content of the answer to a request."""
    request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": kind})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def assert_sentence(content: Any, told: str) -> None:
    message = content["message"]
    assert content.keys() == {"error_code", "message"}
    assert "expected " in message
    assert told in message
    assert "\n" not in message
    assert "Traceback" not in message
    assert len(message) < 600
