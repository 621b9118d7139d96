"""Submissions to Kaggle, received by a server on this machine through Kaggle's real client."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.data.kaggle import KaggleData
from spaceship.data.kaggle_submission import (
    check_ids,
    check_submitting,
    competition_of,
    scored,
    submit,
)
from spaceship.data.local import LocalData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError, CredentialsError, SpaceshipError, SubmissionError
from spaceship.task.task import Task
from tests.commands import Shell

TOKEN = "secret-token"  # noqa: S105 - nobody's
FILE = "PassengerId,Transported\n0013_01,True\n"
TITANIC = "spaceship-titanic"
PAGE = f"https://www.kaggle.com/competitions/{TITANIC}/submissions"


@dataclass
class Kaggle:
    """What the server answers, and what it was sent."""

    port: int = 0
    status: int = 200
    pending: int = 1  # questions for a score that are answered with none
    outcome: dict[str, Any] = field(
        default_factory=lambda: {"status": "COMPLETE", "publicScore": "0.80523"}
    )
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    uploaded: list[bytes] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    def answer(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((name, request))
        if name == "StartSubmissionUpload":
            return {"token": "blob", "createUrl": "http://localhost/upload?signature=secret"}
        if name == "CreateSubmission":
            return {"message": "Successfully submitted", "ref": 4711}
        self.pending -= 1
        return {"ref": 4711} | ({"status": "PENDING"} if self.pending >= 0 else self.outcome)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",  # plain HTTP, so …
            "HTTP_PROXY": f"http://127.0.0.1:{self.port}",  # … to here
            "KAGGLE_API_TOKEN": TOKEN,
        }


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kaggle]:
    """Put a server between Kaggle's client and the world, with an empty home."""
    made = Kaggle()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.authorizations.add(self.headers["Authorization"])
            self.reply(json.dumps(made.answer(self.path.rpartition("/")[2], body)).encode())

        def do_PUT(self) -> None:
            made.uploaded.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(b"{}")

        def reply(self, body: bytes) -> None:
            self.send_response(made.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "NO_PROXY", "no_proxy", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HOME", "KAGGLE_CONFIG_DIR", "KAGGLEHUB_CACHE"):
            monkeypatch.setenv(name, str(tmp_path))
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(FILE)
    return path


def test_the_file_is_sent_and_its_score_comes_back(kaggle: Kaggle, file: Path) -> None:
    sent = scored(submit(file, TITANIC, "run a1b2"), 30)
    assert sent.sentence == f"Kaggle: submission 4711 to {TITANIC} has the public score 0.80523"
    assert kaggle.uploaded == [FILE.encode()]
    assert kaggle.authorizations == {f"Bearer {TOKEN}"}
    names = [name for name, _ in kaggle.asked]
    assert names == ["StartSubmissionUpload", "CreateSubmission", "GetSubmission", "GetSubmission"]
    assert kaggle.asked[0][1]["contentLength"] == len(FILE)
    made = {
        "competitionName": TITANIC,
        "blobFileTokens": "blob",
        "submissionDescription": "run a1b2",
    }
    assert made.items() <= kaggle.asked[1][1].items()
    assert kaggle.asked[2][1]["ref"] == 4711


def test_a_score_that_is_late_says_where_to_look(kaggle: Kaggle, file: Path) -> None:
    kaggle.pending = 1000
    sent = scored(submit(file, TITANIC, ""), 0.3)
    assert sent.score is None
    assert sent.sentence.endswith(f"has no score (none after 0.3 s); look at {PAGE}")


def test_a_fault_while_waiting_says_that_the_file_was_received(
    kaggle: Kaggle, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = submit(file, TITANIC, "")
    kaggle.status = 500
    told = f"Kaggle: submission 4711 to {TITANIC} was received, but has no score "
    told += f"({{}}); look at {PAGE}"
    assert scored(sent, 30).sentence == told.format("HTTP status 500")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert scored(sent, 30).sentence == told.format("ProxyError")


def test_a_file_that_kaggle_cannot_score_is_told(kaggle: Kaggle, file: Path) -> None:
    kaggle.outcome = {"status": "ERROR", "errorDescription": "4277 rows were expected"}
    told = scored(submit(file, TITANIC, ""), 30)
    assert told.fault == "4277 rows were expected"
    with pytest.raises(SubmissionError, match=r"found 4277 rows were expected; see https://"):
        told.check()


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (401, CredentialsError, "HTTP status 401 for yours; create an API token"),
        (403, CredentialsError, "accept the rules on https://www.kaggle.com/competitions/"),
        (404, ConfigError, "data.competition=NAME"),
        (500, CredentialsError, "HTTP status 500; check the network"),
    ],
)
def test_a_status_is_explained(
    kaggle: Kaggle, file: Path, status: int, kind: type[SpaceshipError], told: str
) -> None:
    kaggle.status = status
    with pytest.raises(kind) as caught:
        submit(file, TITANIC, "")
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_no_network(kaggle: Kaggle, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(CredentialsError, match=r"found ProxyError; .*mine\.csv is written"):
        submit(file, TITANIC, "")
    assert kaggle.asked == []


def test_what_can_be_sent(kaggle: Kaggle, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = task.model_copy(update={"name": "churn"}), KaggleData("playground-series-s5e1")
    found = [competition_of(KaggleData(), task), competition_of(LocalData("."), task)]
    assert found == [TITANIC, TITANIC]
    assert competition_of(other, own) == "playground-series-s5e1"
    assert [competition_of(one, own) for one in (KaggleData(), LocalData("."))] == [None, None]
    check_submitting(other, own, answers_only=True)
    synthetic = SyntheticData(n_groups=10, seed=1, drift=0.0, test_fraction=0.3)
    with pytest.raises(ConfigError, match="found data=synthetic; use data=kaggle"):
        check_submitting(synthetic, task, answers_only=True)
    with pytest.raises(ConfigError, match="Kaggle takes id and label alone"):
        check_submitting(KaggleData(), task, answers_only=False)
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    with pytest.raises(CredentialsError, match=r"inference\.submit=true: .*found none; create an"):
        check_submitting(KaggleData(), task, answers_only=True)
    assert kaggle.asked == []


def test_only_the_ids_of_the_sample_are_sent_and_in_its_order(people: Dataset) -> None:
    rows, task = people.test, people.task
    assert rows is not None
    check_ids(people.sample, rows, task)
    for frame, told in ((rows.iloc[::-1], "another order"), (rows.head(9), "9 rows for")):
        with pytest.raises(SubmissionError, match=told):
            check_ids(people.sample, frame, task)
    with pytest.raises(SubmissionError, match=r"put .*sample_submission\.csv beside the test file"):
        check_ids(None, rows, task)


@pytest.mark.slow
def test_a_submission_is_on_record(kaggle: Kaggle, people: Dataset, shell: Shell) -> None:
    folder = shell.outputs.parent / "files"
    folder.mkdir()
    assert people.test is not None
    assert people.sample is not None
    for name, frame in (("train", people.train), ("test", people.test)):
        frame.to_csv(folder / f"{name}.csv", index=False)
    people.sample.to_csv(folder / "sample_submission.csv", index=False)
    own = ["data=local", f"data.dir={folder}", "features=raw"]
    quick = ["model=logistic_regression", "gate.floor.minimum=0.5"]
    refused = shell("mode=default", *own, *quick, "inference.submit=true", KAGGLE_API_TOKEN="")
    assert refused.returncode == 2
    assert "create an API token on https://www.kaggle.com/settings/api" in refused.stderr
    assert "Cross-validation" not in refused.stdout + refused.stderr
    done = shell(*own, *quick, "inference.submit=true", **kaggle.environment)
    assert done.returncode == 0, done.stderr
    assert "has the public score 0.80523" in done.stdout
    written = shell.outputs / "submissions" / "spaceship_titanic-local.csv"
    assert kaggle.uploaded == [written.read_bytes()]
    assert pd.read_csv(written)["PassengerId"].tolist() == people.sample["PassengerId"].tolist()
    run = shell.runs()[0]
    assert run.data.metrics["kaggle_public_score"] == 0.80523
    assert run.data.tags["kaggle_submission"] == "4711"
    message = kaggle.asked[1][1]["submissionDescription"]
    assert f"run {run.info.run_id}, cv_accuracy {run.data.metrics['cv_accuracy']:.5f}" in message
    kaggle.outcome = {"status": "ERROR", "errorDescription": "4277 rows were expected"}
    unscored = shell("mode=inference", *own, "inference.submit=true", **kaggle.environment)
    assert unscored.returncode == 2
    assert "found 4277 rows were expected; see https://" in unscored.stderr
    told = {"kaggle_submission": "4711", "kaggle_fault": "4277 rows were expected"}
    assert told.items() <= shell.runs()[0].data.tags.items()
    (folder / "sample_submission.csv").unlink()
    early = shell(*own, *quick, "inference.submit=true", **kaggle.environment)
    assert early.returncode == 2
    assert "expected a sample submission, found none" in early.stderr
    assert "Cross-validation" not in early.stdout + early.stderr
    assert len(kaggle.uploaded) == 2
