"""The server of a stored model, as far as no request is needed."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from spaceship.model.server import application, serve


def test_no_answer_waits_for_its_first_packet_to_be_confirmed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as place:
        with pytest.raises(MlflowException, match="MLmodel"):
            serve(tmp_path, place)
        with socket.create_connection(place.getsockname()) as client:
            accepted, _ = place.accept()
            with accepted:
                assert accepted.getpeername() == client.getsockname()
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_more_than_its_limit_is_read_of_a_request(tmp_path: Path) -> None:
    Model(flavors={"python_function": {"loader_module": "tests.model.test_server"}}).save(
        str(tmp_path / "MLmodel")
    )
    read, answered = 0, list[Any]()

    async def receive() -> dict[str, object]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": bytes(1 << 20), "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": []}
    asyncio.run(application(tmp_path)(scope, receive, send))
    status, body = answered
    assert (status["status"], read) == (413, 65)
    message = json.loads(body["body"])["message"]
    assert message.startswith("expected a request of at most 64 MiB, found a longer one")


def _load_pyfunc(_: str) -> "Silent":
    return Silent()


class Silent:
    """A model that is never asked."""

    def predict(self, rows: object) -> object:
        raise AssertionError(rows)
