"""A request that the server refuses: status 400 and one sentence, which repeats no body."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mlflow
import pandas as pd
import pytest

from spaceship.data._base import Dataset, Table
from spaceship.data.checks import check
from spaceship.errors import DataError
from spaceship.model.predictor import Predictor
from tests.serving import assert_sentence, post, serving

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
PRIVATE = "Ann Example, 12 Long Street, of whom nobody is told"
BAD: list[tuple[str, str | bytes]] = [
    (JSON, PRIVATE),
    (JSON, ""),
    (JSON, " \n"),
    (JSON, json.dumps(PRIVATE)),
    (JSON, json.dumps([PRIVATE])),
    (JSON, json.dumps({PRIVATE: [PRIVATE]})),
    (JSON, "{}"),
    (JSON, "null"),
    (JSON, f'{{"{PRIVATE}": 1, "{PRIVATE}": 2}}'),
    (JSON, json.dumps({"dataframe_records": PRIVATE})),
    (JSON, json.dumps({"dataframe_records": [PRIVATE]})),
    (JSON, json.dumps({"dataframe_records": [{PRIVATE: PRIVATE}]})),
    (JSON, json.dumps({"dataframe_split": {"columns": [PRIVATE], "data": [[PRIVATE]]}})),
    (JSON, json.dumps({"dataframe_split": PRIVATE})),
    (JSON, json.dumps({"inputs": {PRIVATE: PRIVATE}})),
    (JSON, json.dumps({"inputs": PRIVATE})),
    (JSON, json.dumps({"inputs": [PRIVATE], "instances": [PRIVATE]})),
    (JSON, b"\xff\xfe" + PRIVATE.encode()),
    (JSON, f'{{"dataframe_records": [{{"Name": "{PRIVATE}"'),
    ("application/json; charset=latin-1", json.dumps({"inputs": {"Name": [PRIVATE]}})),
    (CSV, ""),
    (CSV, PRIVATE.replace(",", "")),
    (CSV, PRIVATE),
    (CSV, f"Name,Age\n{PRIVATE}\n"),
    (CSV, f'Name,Age\n"{PRIVATE},7\n'),
    (CSV, f"Name,Age\n{PRIVATE}".encode() + b"\0\xff"),
    (CSV, json.dumps({"dataframe_records": [{"Name": PRIVATE}]})),
    (PARQUET, PRIVATE),
    (PARQUET, f"PAR1{PRIVATE}PAR1"),
    (PARQUET, ""),
    ("text/plain", PRIVATE),
    ("application/x-www-form-urlencoded", PRIVATE),
    ("multipart/form-data; boundary=x", PRIVATE),
    ("", PRIVATE),
    ("nonsense", PRIVATE),
]


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    with serving(model) as found:
        yield found


def two_of(people: Dataset) -> list[dict[str, Any]]:
    """Return two rows as JSON has them."""
    assert people.test is not None
    plain = people.test.head(2).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize(("kind", "body"), BAD)
def test_a_bad_request_is_a_sentence_and_is_repeated_nowhere(
    address: str,
    kind: str,
    body: str | bytes,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        status, content = post(address, kind, body.encode() if isinstance(body, str) else body)
    assert status == 400
    assert_sentence(content, "expected ")
    printed = capfd.readouterr()
    for text in (content["message"], caplog.text, printed.out, printed.err):
        assert PRIVATE not in text
        assert "b'" not in text
        assert "IMPORTANT" not in text


def test_a_model_that_fails_shows_no_row(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise mlflow.MlflowException(f"cannot use {PRIVATE}")

    monkeypatch.setattr(Predictor, "predict", fail)
    status, content = post(address, JSON, b'{"inputs": []}')
    assert status == 400
    assert_sentence(content, "found a MlflowException")
    assert PRIVATE not in content["message"] + caplog.text
    assert "in fail" in caplog.text  # the place in the code, for whoever mends it


def test_a_client_that_goes_away_leaves_no_traceback(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = urlsplit(address)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as half:
        half.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{")
        time.sleep(0.3)
    time.sleep(0.5)
    assert caplog.text == ""
    assert post(address, JSON, b'{"dataframe_records": []}') == (200, {"predictions": []})


@pytest.mark.parametrize(
    "broken",
    [
        ("Age", 121, "0 to 120 years"),
        ("Spa", -1, "0 to 1e+15"),
        ("Cabin", "B/x/S", "deck/number/side"),
        ("PassengerId", "seven", "group and number as in 0001_01"),
        ("PassengerId", None, "an id in every row"),
    ],
)
def test_rules_of_columns_hold_in_every_way(
    address: str, model: Path, people: Dataset, broken: tuple[str, object, str]
) -> None:
    rows, (name, value, rule) = two_of(people), broken
    rows[1][name] = value
    frame = pd.DataFrame(rows)
    told = f"{name}: expected {rule}, found 1 row otherwise: row 2 "
    bodies = {
        JSON: json.dumps({"dataframe_records": rows}).encode(),
        CSV: frame.to_csv(index=False).encode(),
        PARQUET: frame.to_parquet(),
    }
    for kind, body in bodies.items():
        status, content = post(address, kind, body)
        assert status == 400
        assert_sentence(content, told)
    with pytest.raises(mlflow.MlflowException) as served:
        mlflow.pyfunc.load_model(str(model)).predict(frame.set_axis([5, 5]))
    assert told in str(served.value)
    with pytest.raises(DataError) as checked:
        check(Table(frame, "rows.csv"), people.task, labelled=False)
    assert told in str(checked.value)


@pytest.mark.parametrize("others", [[], [7.0], [None, 3], ["8"]])
def test_true_is_no_number_and_may_be_a_boolean(
    address: str, people: Dataset, others: list[object]
) -> None:
    rows = [two_of(people)[0] | {"Age": age, "VIP": False} for age in (True, *others)]
    rows = [row | {"PassengerId": f"0001_0{n}"} for n, row in enumerate(rows, 1)]
    status, content = post(address, JSON, json.dumps({"dataframe_records": rows}).encode())
    assert status == 400
    assert_sentence(content, "expected Age to be a finite number, or missing; found 1 other: True")
    with pytest.raises(DataError, match=r"Age: expected a number, found 1 row otherwise: row 1"):
        check(Table(pd.DataFrame(rows), "rows.parquet"), people.task, labelled=False)
    rows[0] |= {"Age": 1, "VIP": True}
    assert post(address, JSON, json.dumps({"dataframe_records": rows}).encode())[0] == 200
