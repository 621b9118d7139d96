"""HTTP server of a stored model: MLflow's scoring protocol, its errors in one sentence.

`python -m spaceship.model.server FOLDER` serves the model in a folder; an image of a champion runs
this from the zip file that lies in the model's folder.
"""

import argparse
import asyncio
import gc
import json
import logging
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spaceship.errors import DataError, expected
from spaceship.text import one_line

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

log = logging.getLogger(__name__)

PORT = 8080
_DO = "mend the request"
_LONGEST = 500  # characters of a message
_SMALL = 20_000  # bytes of a request, some 50 rows
_MOST = 64 << 20  # bytes of a request


class _TooLongError(DataError):
    """A request is longer than the server reads."""


def application(folder: Path) -> "Starlette":
    """Return the web application of the model in a folder.

    It answers `POST /invocations` with rows as JSON, CSV or Parquet, and `GET /ping`.

    >>> application(tmp_path)
    Traceback (most recent call last):
    mlflow.exceptions.MlflowException: Could not find an "MLmodel" configuration file at ...
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    model = _load(folder)

    async def answer(request: "Request") -> Response:
        try:
            body, kind = await _body(request), request.headers.get("Content-Type", "")
            if len(body) < _SMALL:  # sooner answered than passed on to a thread
                made = answer_to(body, kind, model)
            else:
                made = await run_in_threadpool(answer_to, body, kind, model)
        except ClientDisconnect:  # nobody reads an answer
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except Exception as error:  # noqa: BLE001 - whatever a request may hold
            told = {"error_code": "BAD_REQUEST", "message": _sentence(error)}
            too_long = isinstance(error, _TooLongError)
            return JSONResponse(told, HTTPStatus(413) if too_long else HTTPStatus.BAD_REQUEST)
        return Response(made, media_type="application/json")

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

    # Connections inherit it: else the second packet of an answer waits 40 ms for the client, as
    # asyncio sets it on sockets of its own alone.
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            answering()

    config = uvicorn.Config(
        application(folder), log_config=None, log_level="warning", lifespan="off"
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_ending)
    gc.freeze()  # else each search for garbage goes through all libraries: 0.2 s in a request
    asyncio.run(Server(config).serve([place]))


async def _body(request: "Request") -> bytes:
    """Return what a request holds; of one that is too long no more than the limit is read."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        parts.append(part)
        if (size := size + len(part)) > _MOST:
            found = "a longer one"
            do = "send fewer rows, or predict a file with mode=inference"
            raise _TooLongError(expected(f"a request of at most {_MOST >> 20} MiB", found, do))
    return b"".join(parts)


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


def _load(folder: Path) -> object:
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


def answer_to(body: bytes, content_type: str, model: Any) -> str:
    """Return the answer to a request as JSON; rows for an earlier release's model MLflow reads.

    >>> answer_to(b"{}", "text/html", None)
    Traceback (most recent call last):
    spaceship.errors.DataError: expected Content-Type text/csv, ..., found 'text/html'; ...
    """
    from spaceship.model.predictor import Predictor
    from spaceship.model.request_rows import JSON, form_of, read_json, read_rows
    from spaceship.task.raw_frame import header_faults

    form, schema = form_of(content_type), model.metadata.get_input_schema()
    names = schema.input_names()
    if not isinstance(model, Predictor):
        if faults := header_faults(read_rows(body, form, names).columns, names):
            raise DataError("; ".join(faults))
        from mlflow.pyfunc import scoring_server

        made = scoring_server.invocations(body, content_type, model, schema)  # type: ignore[no-untyped-call]
        return str(made.response)
    if form == JSON:
        columns = model.answer(read_json(body, names))
    else:
        answered = model.predict(read_rows(body, form, names))
        columns = {str(name): one.tolist() for name, one in answered.items()}
    answers = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return json.dumps({"predictions": answers})


def _sentence(error: Exception) -> str:
    """Return what is wrong with a request in one line; where a model failed goes to the log.

    The text of an error that is not ours may hold all rows, so neither of the two shows it.
    """
    sentence = str(error) if isinstance(error, DataError) else getattr(error, "sentence", None)
    if sentence is None:
        name, trace = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
        log.warning("A request failed with %s (its text is left out):\n%s", name, trace)
        sentence = expected("rows that the model can take", f"a {name} for these", _DO)
    return one_line(sentence)[:_LONGEST]


if __name__ == "__main__":
    _main()
