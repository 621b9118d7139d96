"""MLflow's server on an outputs folder: `python -m spaceship.tracking.ui OUTPUTS [PORT [OPEN]]`.

Once it answers, the links of the saved views are printed, that of the latest job first. MLflow is
not imported here, so that the first line is there at once.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from spaceship.errors import expected
from spaceship.text import printable, shell_line

PORT = 5000
VIEW = "mlflow.sharedViewState."  # before the key of a saved view: a tag of its experiment
_HOST = "127.0.0.1"
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "PYTHONWARNINGS": "ignore",  # of libraries about each other
}
_GREETING = "[MLflow] Security middleware enabled"  # MLflow 3.17, on stderr
_KINDS = "leaderboard sweeps champions"  # of views, in their order
_LAST_PORT = 65535
_MODULE = "spaceship.tracking.ui"  # this one, which is __main__ when it runs
_END_SECONDS = 10.0  # for the last words of the server
_ASK_SECONDS = 0.3  # between two questions whether the server answers


def link(address: str, experiment: str, key: str | None = None) -> str:
    """Return the address of an experiment's runs, in a saved view if its key is given.

    >>> link("http://127.0.0.1:5000", "1")
    'http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning'
    """
    page = f"{address}/#/experiments/{experiment}/runs?workflowType=machine_learning"
    return page if key is None else f"{page}&viewStateShareKey={key}"


def main(outputs: str = "outputs", port: str = str(PORT), opens: str = "") -> int:
    """Run the server until it is ended; return the exit status, 2 if it cannot start.

    Args:
        outputs: The folder with MLflow's database.
        port: Of this machine alone.
        opens: "1" opens the first link in a browser.

    >>> main("a folder without runs", port="5000")
    2

    """
    folder, address = Path(outputs).absolute(), f"http://{_HOST}:{port}"
    if fault := _fault(folder, port):
        sys.stderr.write(f"error: {fault}\n")
        return 2
    _say(f"MLflow: {address} is starting (Ctrl-C ends it)")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with _started(folder, port) as server:
        faults = threading.Thread(target=_show_faults, args=(server.stderr,), daemon=True)
        faults.start()
        try:
            while server.poll() is None and not _answers(address):
                time.sleep(_ASK_SECONDS)
            if server.poll() is None:
                _show(address, opens=opens == "1")
            return server.wait()
        except KeyboardInterrupt:
            return 130
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            faults.join(_END_SECONDS)


def command(outputs: Path, port: int = PORT) -> str:
    """Return the command that opens the pages of an outputs folder: `make ui` in a checkout.

    >>> command(tmp_path).endswith((f" ui OUTPUTS={tmp_path}", f".ui {tmp_path} 5000"))
    True
    """
    from spaceship.config.installation import checkout

    if (root := checkout()) is None:
        return shell_line([sys.executable, "-m", _MODULE, str(outputs), str(port)])
    words = ["make", *([] if Path.cwd() == root else ["-C", str(root)]), "ui"]
    words += [f"PORT={port}"] if port != PORT else []
    words += [f"OUTPUTS={outputs}"] if outputs != root / "outputs" else []
    return shell_line(words)


def _fault(folder: Path, port: str) -> str | None:
    """Return why no server can start, None if one can."""
    from spaceship.config.installation import checkout, program_anywhere

    if not (folder / "mlflow.db").is_file():
        root = checkout()
        own = [] if root and folder == root / "outputs" else [f"paths.outputs='{folder}'"]
        do = f"make some first: {program_anywhere()} {shell_line(own)}".rstrip()
        return expected(f"runs in {folder}", "no mlflow.db", do)
    if not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:
        return expected(
            f"a port, 1 to {_LAST_PORT}", repr(port), f"leave it out: {command(folder)}"
        )
    if _answers_on(int(port)):
        free = (one for one in range(int(port) + 1, _LAST_PORT) if not _answers_on(one))
        do = f"choose another: {command(folder, next(free, PORT))}"
        return expected(f"port {port} of {_HOST} free", "another server there", do)
    return None


def _answers_on(port: int) -> bool:
    """Return whether a server listens on a port."""
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _started(folder: Path, port: str) -> "subprocess.Popen[str]":
    """Return the server's process, in a group of its own: else Ctrl-C gives tracebacks of it."""
    return subprocess.Popen(  # noqa: S603
        _command(folder, port),
        env=os.environ | _ENVIRONMENT,
        process_group=0,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def _show_faults(lines: Iterable[str]) -> None:
    """Print what the server says of faults, without its greeting."""
    for line in lines:
        if not line.startswith(_GREETING):
            sys.stderr.write(printable(line))
            sys.stderr.flush()


def _command(folder: Path, port: str) -> list[str]:
    """Return the command of the server: one worker is enough for one reader."""
    own = [sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", port]
    stores = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    quiet = ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    return [*own, *quiet, *stores, "--artifacts-destination", f"{folder}/mlartifacts"]


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - http, of this host
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def _show(address: str, *, opens: bool) -> None:
    """Print the links of all views, the latest job's leaderboard first; open that one."""
    links = dict(_links(address))
    for name, one in links.items():
        _say(f"  {printable(name)}\n    {one}")
    if opens:
        webbrowser.open(next(iter(links.values())))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _links(address: str) -> Iterator[tuple[str, str]]:
    """Yield name and link of each saved view, those of the latest job's data first."""
    found = _ask(address, "experiments/search", max_results=1000).get("experiments", [])
    own = {one["experiment_id"]: one.get("tags", []) for one in found}
    latest, views = _latest(address, [*own]), []
    for number, tags in own.items():
        for key, value in ((tag["key"], tag["value"]) for tag in tags):
            if key.startswith(VIEW):
                kind, _, model = key.removeprefix(VIEW).partition("-")
                rank = (model != latest, model, _KINDS.find(kind))
                views.append((rank, json.loads(value)["name"], number, key.removeprefix(VIEW)))
    for _, name, number, key in sorted(views):
        yield name, link(address, number, key)
    if not views:
        yield "All runs", link(address, max(own, default="0"))


def _latest(address: str, experiments: list[str]) -> str:
    """Return task and data source of the latest job, empty without one."""
    order, which = ["attributes.start_time DESC"], "tags.data_source != '' and tags.task != ''"
    query = {"experiment_ids": experiments, "filter": which, "order_by": order, "max_results": 1}
    for run in _ask(address, "runs/search", **query).get("runs", []):
        tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        return f"{tags['task']}-{tags['data_source']}"
    return ""


def _ask(address: str, what: str, **body: object) -> Mapping[str, Any]:
    """Return the answer of MLflow's REST interface."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"{address}/api/2.0/mlflow/{what}", data, headers)  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return dict(json.load(answer))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
