"""HTTP server of a stored model: MLflow's scoring protocol, its errors in one sentence.

`python -m spaceship.model.server FOLDER` serves the model in a folder; an image of a champion runs
this from the zip file that lies in the model's folder.
"""

import argparse
import asyncio
import io
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spaceship.errors import DataError, expected
from spaceship.text import one_line

if TYPE_CHECKING:
    from mlflow.pyfunc.scoring_server import InvocationsResponse
    from starlette.applications import Starlette
    from starlette.requests import Request

log = logging.getLogger(__name__)

PORT = 8080
_WANTED = '{"dataframe_records": [{COLUMN: VALUE, …}, …]}, or rows as CSV or Parquet'
_LONGEST = 500  # characters of a message


def application(folder: Path) -> "Starlette":
    """Return the web application of the model in a folder.

    It answers `POST /invocations` with rows as JSON, CSV or Parquet, and `GET /ping`.

    >>> application(tmp_path)
    Traceback (most recent call last):
    mlflow.exceptions.MlflowException: Could not find an "MLmodel" configuration file at ...
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    model = _load(folder)

    async def answer(request: "Request") -> Response:
        given = await request.body(), request.headers.get("Content-Type", "")
        try:
            made = await run_in_threadpool(_answer, *given, model)
        except Exception as error:  # noqa: BLE001 - whatever a request may hold
            return JSONResponse({"error_code": "BAD_REQUEST", "message": _sentence(error)}, 400)
        if made.status != HTTPStatus.OK:
            told = {"error_code": "BAD_REQUEST", "message": _sentence(ValueError(made.response))}
            return JSONResponse(told, made.status)
        return Response(made.response, made.status, media_type=made.mimetype)

    async def ping(_: "Request") -> Response:
        return Response("\n", media_type="application/json")

    routes = [Route(path, ping) for path in ("/ping", "/health")]
    return Starlette(routes=[*routes, Route("/invocations", answer, methods=["POST"])])


def serve(
    folder: Path, place: socket.socket, answering: Callable[[], object] = lambda: None
) -> None:
    """Serve the model in a folder on a bound socket until a signal ends the process.

    `answering` is called once the server answers.

    >>> with socket.create_server(("127.0.0.1", 0)) as place:
    ...     serve(tmp_path, place, lambda: print("It answers."))
    Traceback (most recent call last):
    mlflow.exceptions.MlflowException: Could not find an "MLmodel" configuration file at ...
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            answering()

    config = uvicorn.Config(
        application(folder), log_config=None, log_level="warning", lifespan="off"
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_ending)
    asyncio.run(Server(config).serve([place]))


def _is_no_ending(record: logging.LogRecord) -> bool:
    """Return whether a record tells of anything but a request that a second Ctrl-C broke off."""
    return not record.exc_info or not isinstance(record.exc_info[1], asyncio.CancelledError)


def _main() -> None:
    """Serve the model that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m spaceship.model.server")
    parser.add_argument("folder", type=Path, help="the model, in MLflow's format")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=PORT, type=int)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    with socket.create_server((given.host, given.port)) as place, suppress(KeyboardInterrupt):
        serve(given.folder, place)


def _load(folder: Path) -> Any:
    """Return a model, which checks rows itself; for one of an earlier release MLflow does."""
    from mlflow.models import Model
    from mlflow.pyfunc import load_model

    from spaceship.config.moved import import_moved
    from spaceship.model import predictor

    described = Model.load(str(folder / "MLmodel"))
    if described.flavors["python_function"]["loader_module"] != predictor.__name__:
        import_moved()
        return load_model(str(folder))
    model = predictor.load(folder)
    model.metadata = described
    return model


def _answer(body: bytes, kind: str, model: Any) -> "InvocationsResponse":
    """Return the response to a request: MLflow's, but for CSV and JSON, which it fills up."""
    from mlflow.pyfunc import scoring_server

    from spaceship.model.predictor import Predictor
    from spaceship.model.request_rows import read_csv, read_json

    header = Message()
    header["Content-Type"] = kind
    plain, charset = header.get_content_type(), header.get_content_charset("utf-8")
    ours = isinstance(model, Predictor) and charset in {"utf-8", "utf8"}
    if ours and plain == scoring_server.CONTENT_TYPE_CSV:
        rows = read_csv(body)
    elif ours and plain == scoring_server.CONTENT_TYPE_JSON:
        rows = read_json(body, model.task.model_columns)
    else:
        schema = model.metadata.get_input_schema()
        made: InvocationsResponse = scoring_server.invocations(  # type: ignore[no-untyped-call]
            body, kind, model, schema
        )
        return made
    text = io.StringIO()
    scoring_server.predictions_to_json(model.predict(rows), text)  # type: ignore[no-untyped-call]
    return scoring_server.InvocationsResponse(text.getvalue(), 200, "application/json")


def _sentence(error: Exception) -> str:
    """Return what is wrong with a request in one line; a fault of the model goes to the log."""
    sentence = str(error) if isinstance(error, DataError) else getattr(error, "sentence", None)
    if sentence is not None:
        return one_line(sentence)[:_LONGEST]
    message, trace = getattr(error, "message", str(error)), getattr(error, "json_kwargs", {})
    log.warning("%s", "\n".join([message, *trace.values()]))
    told = message.partition("IMPORTANT")[0].rpartition("Error: ")[2]
    line = " ".join(told.split()) or type(error).__name__
    return expected(_WANTED, line[:_LONGEST], "mend the request")


if __name__ == "__main__":
    _main()
