"""Kaggle's answers, given by a server on this machine through kagglehub's real client."""

import gc
import inspect
import io
import logging
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from spaceship.data.kaggle import KaggleData, _download
from spaceship.data.local import LocalData
from spaceship.errors import (
    ConfigError,
    CredentialsError,
    DataError,
    MissingDependencyError,
    SpaceshipError,
)
from spaceship.task.task import Files, Task
from tests.data.conftest import load

# kagglehub leaves the answers it refuses open; the fixture collects them while this holds.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TOKEN = "secret-token"  # noqa: S105 - nobody's


@dataclass
class Kaggle:
    """What the server answers, and what it was asked."""

    status: int = 200
    body: bytes = b""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kaggle]:
    """Put a server between kagglehub and the world, with an empty home and cache."""
    gc.freeze()  # the collection at the end need not look at what is there already
    answer = Kaggle()
    _download.cache_clear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer.asked.append(self.headers["Authorization"])
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "NO_PROXY", "no_proxy", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        # kagglehub looks there for the library that calls it, for seconds
        monkeypatch.setattr(inspect, "stack", list)
        monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")  # plain HTTP, so …
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_port}")  # … to here
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
        monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield answer
        server.shutdown()
    gc.collect()


def archive(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    return buffer.getvalue()


def refusal(task: Task) -> SpaceshipError:
    with pytest.raises(SpaceshipError) as caught:
        KaggleData("spaceship-titanic").read(task)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    return error


def test_download_is_what_the_folder_holds(task: Task, kaggle: Kaggle, folder: Path) -> None:
    kaggle.body = archive(folder)
    source, local = KaggleData("spaceship-titanic"), LocalData(folder)
    assert load(source, task).digest == load(local, task).digest
    assert source.fingerprint(task) == local.fingerprint(task)
    assert kaggle.asked == [f"Bearer {TOKEN}"]  # once for both


@pytest.mark.parametrize("lost", ["network", "token"])
def test_downloaded_files_are_reused(
    task: Task, kaggle: Kaggle, folder: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    kaggle.body = archive(folder)
    before = KaggleData("spaceship-titanic").fingerprint(task)
    if lost == "network":
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    else:
        monkeypatch.delenv("KAGGLE_API_TOKEN")
    assert KaggleData("spaceship-titanic").fingerprint(task) == before
    assert len(kaggle.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind", "fragments"),
    [
        (401, CredentialsError, ["HTTP status 401 for yours", "create an API token"]),
        (403, CredentialsError, ["accept the rules", "competitions/spaceship-titanic/rules"]),
        (404, ConfigError, ["HTTP status 404", "data.competition=NAME"]),
        (429, CredentialsError, ["HTTP status 429", "try again later"]),
        (500, CredentialsError, ["HTTP status 500", "data=local data.dir=FOLDER"]),
        (503, CredentialsError, ["HTTP status 503", "try again later"]),
    ],
)
def test_status_is_explained(
    task: Task, kaggle: Kaggle, status: int, kind: type[SpaceshipError], fragments: list[str]
) -> None:
    kaggle.status = status
    error = refusal(task)
    assert type(error) is kind
    assert [part for part in fragments if part not in str(error)] == []
    assert TOKEN not in str(error)


def test_no_network(task: Task, kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "found ProxyError; check the network and the proxy" in str(refusal(task))
    assert kaggle.asked == []


def test_no_credentials(task: Task, kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    error = refusal(task)
    assert isinstance(error, CredentialsError)
    assert "found none; create an API token on https://www.kaggle.com/settings/api" in str(error)
    assert kaggle.asked == []


@pytest.mark.parametrize("token", ["secret\ntoken", "secret-tokén\u2026"])
def test_token_that_no_header_can_hold(
    task: Task, kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", token)
    error = refusal(task)
    assert "credentials, found some that cannot be read" in str(error)
    assert "secret" not in str(error)
    assert kaggle.asked == []


@pytest.mark.parametrize("text", ["{", '{"username": "me"}', '{"key": "secret"}'])
def test_broken_credentials_file(
    task: Task, kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    (tmp_path / "kaggle.json").write_text(text)
    error = refusal(task)
    assert "found some that cannot be read" in str(error)
    assert "secret" not in str(error)
    assert kaggle.asked == []


def test_page_instead_of_an_archive(task: Task, kaggle: Kaggle) -> None:
    kaggle.body = b"<!DOCTYPE html>"
    error = refusal(task)
    assert isinstance(error, DataError)
    assert "expected Kaggle to send whole files" in str(error)
    assert "cache/competitions, or try again" in str(error)


def test_cache_that_cannot_be_written(
    task: Task, kaggle: Kaggle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "file" / "cache"))
    error = refusal(task)
    assert isinstance(error, DataError)
    assert "found Not a directory;" in str(error)
    assert "make room in" in str(error)
    assert kaggle.asked == []


def test_archive_of_another_competition(task: Task, kaggle: Kaggle, folder: Path) -> None:
    (folder / "train.csv").unlink()
    kaggle.body = archive(folder)
    with pytest.raises(DataError, match=r"train\.csv: expected a CSV file, found no such file"):
        KaggleData("titanic").read(task)


def test_another_competition_has_to_be_named(task: Task, kaggle: Kaggle, folder: Path) -> None:
    other = task.model_copy(update={"name": "other"})
    with pytest.raises(
        ConfigError, match=r"the competition of task=other, found data\.competition"
    ):
        KaggleData().read(other)
    assert kaggle.asked == []
    (folder / "train.csv").rename(folder / "learn.csv")
    kaggle.body = archive(folder)
    files = Files(train="learn.csv", test=None)
    named = other.model_copy(update={"files": files})
    assert len(load(KaggleData("playground-series-s5e1"), named).train) == 3


def test_the_built_in_task_has_a_competition(task: Task, kaggle: Kaggle, folder: Path) -> None:
    kaggle.body = archive(folder)
    assert load(KaggleData(), task).digest == load(LocalData(folder), task).digest


def test_missing_package(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    _download.cache_clear()
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    error = refusal(task)
    assert isinstance(error, MissingDependencyError)
    assert 'pip install -e ".[kaggle]"' in str(error)


@pytest.mark.parametrize("name", ["", "a/b", "https://www.kaggle.com/c/x", "Space Ship", "../x"])
def test_name_no_competition_can_have(name: str) -> None:
    with pytest.raises(ConfigError, match=r"found .*data\.competition=NAME"):
        KaggleData(name)


def test_nothing_secret_is_logged_or_printed(
    task: Task,
    kaggle: Kaggle,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kaggle.body = archive(folder)
    with caplog.at_level(logging.DEBUG):
        KaggleData("spaceship-titanic").read(task)
    captured = capfd.readouterr()
    assert TOKEN not in caplog.text + captured.out + captured.err
