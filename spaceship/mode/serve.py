"""`mode=serve`: the champion answers rows over HTTP, on this machine alone."""

import json
import logging
import shlex
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from spaceship.config.installation import typed_again
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.model.server import serve as serve_model
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.registry.registry import MODEL
from spaceship.results import Result, report_result
from spaceship.screen import Commands, show

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


@dataclass(frozen=True)
class ServeResult(Result):
    """A server of the champion."""

    model: str  # registered model
    champion: str  # version
    address: str


def serve(experiment: Experiment) -> ServeResult:
    """Serve the champion; a command that asks it is printed once it answers.

    Ctrl-C then ends it with status 0, before that as an interruption.
    """
    registry = experiment.registry
    champion = registry.champion()
    with (
        temporary_folder() as temporary,
        _place(experiment.settings.serve.port) as place,
        ExitStack() as starting,
    ):
        folder = registry.fetch(champion, MODEL, temporary)
        address = f"http://{HOST}:{place.getsockname()[1]}"
        result = ServeResult(registry.model, champion.number, address)
        starting.enter_context(phase(f"Start of the server on {address}"))

        answered = list[bool]()

        def answering() -> None:
            answered.append(True)
            starting.close()
            report_result(result)  # a signal may end the server
            which = f"version {champion.number} of {registry.model}"
            log.info("%s answers on %s (Ctrl-C ends it)", which, address)
            request = example_request(folder, address)
            show(log, Commands({"a row of the training data": request}, "Try it"))

        try:
            serve_model(folder, place, answering)
        except KeyboardInterrupt:
            if not answered:
                raise
    log.info("The server has ended.")
    return result


def example_request(folder: Path, address: str) -> str:
    r"""Return a shell command that asks the server for the answer to the model's example of a row.

    A model without one is asked for a row of missing values.

    >>> stored = {"columns": ["age"], "data": [[7.5]]}
    >>> _ = (tmp_path / "input_example.json").write_text(json.dumps(stored))
    >>> example_request(tmp_path, "http://127.0.0.1:8080").partition(" -d ")[2]
    '\'{"dataframe_records": [{"age": 7.5}]}\''
    """
    from mlflow.models import Model

    path = folder / "input_example.json"
    if path.exists():
        stored = json.loads(path.read_text())
        row = dict(zip(stored["columns"], stored["data"][0], strict=True))
    else:
        signature = Model.load(str(folder)).signature
        row = dict.fromkeys(signature.inputs.input_names())
    body = shlex.quote(json.dumps({"dataframe_records": [row]}))
    return f"curl -s {address}/invocations -H 'Content-Type: application/json' -d {body}"


def _place(port: int) -> socket.socket:
    """Return a socket bound to a port; raise ConfigError if that is impossible."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        do = f"choose another one, or 0 for any: {typed_again(('serve.port=',), 'serve.port=0')}"
        what = f"port {port} of {HOST} to be free"
        raise ConfigError(expected(what, error.strerror or error, do)) from error
