"""`mode=serve` and `mode=image`: the champion over HTTP, here and from an image's folder."""

import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from scripts.terminal import open_terminal
from tests.commands import QUICK, SUBMISSION, Shell
from tests.copied import Copied
from tests.serving import FRAMES, free_port, post

pytestmark = pytest.mark.slow
TRAINING = (*QUICK, "model=lgbm", "split.n_folds=2", "inference.proba=true")


@pytest.fixture(scope="module")
def trained(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a shell whose outputs hold a champion and its predictions."""
    outputs = tmp_path_factory.mktemp("trained") / "Ann's out puts"
    outputs.mkdir()
    shutil.copy(database, outputs / "mlflow.db")
    shell = Shell(outputs)
    done = shell(*TRAINING)
    assert done.returncode == 0, done.stderr
    return shell


@contextmanager
def running(command: list[str], place: Path, **environment: str) -> Iterator[tuple[Path, Path]]:
    """Give the files of the output of a command, which Ctrl-C ends after the block."""
    out, err = place / "stdout.txt", place / "stderr.txt"
    with (
        out.open("wb") as output,
        err.open("wb") as errors,
        subprocess.Popen(
            command, cwd=place, stdout=output, stderr=errors, env=os.environ | environment
        ) as process,
    ):
        try:
            yield out, err
            process.send_signal(signal.SIGINT)
            process.wait(30)
        finally:
            process.kill()


def waited(condition: "object", log: Path) -> None:
    """Wait until a function returns something true."""
    assert callable(condition)
    for _ in range(480):
        if condition():
            return
        time.sleep(0.25)
    pytest.fail(log.read_text())


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/ping").close()  # noqa: S310
    except OSError:
        return False
    return True


def test_the_printed_command_is_answered(trained: Shell, tmp_path: Path) -> None:
    command = trained.command("mode=serve", "serve.port=0")
    with running(command, tmp_path) as (out, err):
        waited(lambda: "curl " in out.read_text() or "error" in err.read_text(), err)
        [line] = re.findall(r"curl .*", out.read_text())
        program, *arguments = shlex.split(line)
        done = subprocess.run(
            [shutil.which(program) or program, *arguments], capture_output=True, check=True
        )
        [answered] = json.loads(done.stdout)["predictions"]
        assert answered.keys() == {"Transported", "probability_True"}
    assert all(line.endswith(" …") for line in err.read_text().splitlines()), "phases alone"
    assert out.read_text().splitlines()[-1].endswith("The server has ended.")


def test_ctrl_c_twice_while_a_request_waits_leaves_no_traceback(
    trained: Shell, tmp_path: Path
) -> None:
    command = trained.command("mode=serve", "serve.port=0")
    out, err = tmp_path / "stdout.txt", tmp_path / "stderr.txt"
    with (
        out.open("wb") as output,
        err.open("wb") as errors,
        subprocess.Popen(command, stdout=output, stderr=errors) as process,
    ):
        waited(lambda: "curl " in out.read_text() or "error" in err.read_text(), err)
        port = int(re.findall(r"127\.0\.0\.1:(\d+)/invocations", out.read_text())[0])
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
            time.sleep(1)
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                time.sleep(1)
            assert process.wait(30) == 0
    assert all(line.endswith(" …") for line in err.read_text().splitlines()), "phases alone"
    assert "Traceback" not in out.read_text()
    assert out.read_text().splitlines()[-1].endswith("The server has ended.")


@pytest.mark.parametrize(("said", "status"), [("Start of the server", 130), ("curl ", 0)])
def test_ctrl_c_is_the_end_of_a_server_that_answers(
    trained: Shell, tmp_path: Path, said: str, status: int
) -> None:
    command = trained.command("mode=serve", "serve.port=0")
    out, err = tmp_path / "stdout.txt", tmp_path / "stderr.txt"
    with (
        out.open("wb") as output,
        err.open("wb") as errors,
        subprocess.Popen(command, stdout=output, stderr=errors) as process,
    ):
        while said not in out.read_text() + err.read_text():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == status
    lines = [line for line in err.read_text().splitlines() if not line.endswith(" …")]
    assert lines == ([] if status == 0 else ["Interrupted."])
    assert ("The server has ended." in out.read_text()) == (status == 0)


def test_the_printed_command_can_be_copied_from_a_terminal(trained: Shell, tmp_path: Path) -> None:
    terminal, end = open_terminal()
    more, written = select.poll(), b""
    more.register(terminal, select.POLLIN)
    with subprocess.Popen(
        trained.command("mode=serve", "serve.port=0"), cwd=tmp_path, stdout=end, stderr=end
    ) as process:
        os.close(end)
        try:
            while b"records" not in written or more.poll(1000):
                written += os.read(terminal, 1 << 16)
        finally:
            process.send_signal(signal.SIGINT)
    os.close(terminal)
    lines = Copied(80).text_of(written.decode()).partition("Try it: ")[2].partition("\n")[2]
    words = f"curl() {{ printf '%s\\n' \"$@\"; }}; {lines}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, check=True, text=True)  # noqa: S607
    assert json.loads(done.stdout.splitlines()[-1])["dataframe_records"]


def test_without_a_champion_nothing_is_served(trained: Shell) -> None:
    for mode in ("serve", "image"):
        done = trained(f"mode={mode}", "task=wine")
        assert done.returncode == 2
        assert "expected a champion of wine-sklearn, found none" in done.stderr
        assert "mode=train" in done.stderr


def test_a_port_in_use_is_told(trained: Shell) -> None:
    with free_port(taken=True) as port:
        done = trained("mode=serve", f"serve.port={port}")
    assert done.returncode == 2
    assert f"expected port {port} of 127.0.0.1 to be free" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def context(trained: Shell) -> Path:
    """Give the folder that docker builds an image from."""
    done = trained("mode=image")
    assert done.returncode == 0, done.stderr
    folder = trained.outputs / "image" / "spaceship_titanic-synthetic"
    [line] = re.findall(r"docker build .*", done.stdout)
    words = ["docker", "build", "-t", "spaceship_titanic-synthetic", str(folder)]
    assert shlex.split(line) == words
    assert [*folder.parent.iterdir()] == [folder]
    return folder


def test_the_folder_holds_the_champion_and_its_pins(context: Path) -> None:
    assert {path.name for path in context.iterdir()} == {
        ".dockerignore",
        "Dockerfile",
        "model",
        "requirements.txt",
    }
    pins = (context / "requirements.txt").read_text()
    assert pins == (context / "model" / "requirements.txt").read_text()
    assert all("==" in line for line in pins.splitlines())
    assert "lightgbm==" in pins
    version = ".".join(map(str, sys.version_info[:2]))
    assert f"FROM python:{version}-slim\n" in (context / "Dockerfile").read_text()


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="no hadolint on this platform")
def test_the_dockerfile_is_linted(context: Path) -> None:
    command = [str(shutil.which("hadolint")), str(context / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_images_command_predicts_what_mode_inference_wrote(
    trained: Shell, context: Path, tmp_path: Path
) -> None:
    """Run the command of the image in a copy of its folder, far from the project."""
    text = (context / "Dockerfile").read_text()
    [command] = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    [variables] = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    environment = dict(one.split("=", 1) for one in variables.split())
    place = tmp_path / "image"
    shutil.copytree(context, place)
    with free_port() as port:
        pass
    words = [sys.executable, "-P", *json.loads(command)[1:]]
    words = [one.replace("0.0.0.0", "127.0.0.1").replace("8080", str(port)) for one in words]  # noqa: S104
    address = f"http://127.0.0.1:{port}"
    with running(words, place, **environment) as (_, err):
        waited(lambda: answers(address), err)
        written = pd.read_csv(trained.outputs / SUBMISSION)
        [parquet] = trained.outputs.glob("data/spaceship_titanic/synthetic/*/test.parquet")
        rows = pd.read_parquet(parquet).to_csv(index=False)
        status, content = post(address, "text/csv", rows.encode())
        assert status == 200, content
        found = pd.DataFrame(content["predictions"])
        assert found.equals(written[[*found]])
        status, content = post(address, "text/csv", FRAMES["other order"](rows).to_csv().encode())
        assert pd.DataFrame(content["predictions"]).equals(found)
        assert post(address, "text/csv", b"a,b\n1,2\n")[0] == 400
