"""Servers that never answer: one message, soon, whatever the scheme of the URI."""

import socket
import time
from collections.abc import Iterator

import pytest

from spaceship.errors import TrackingError
from spaceship.tracking import connection
from spaceship.tracking.connection import open_client


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Give a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("http", "found: no answer within 2 s; check"), ("postgresql+psycopg", "timeout expired")],
)
def test_a_server_that_never_answers_is_one_message_soon(
    scheme: str, said: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 2)
    before = time.monotonic()
    with pytest.raises(TrackingError, match=r"^expected an MLflow store at ") as caught:
        open_client(f"{scheme}://me@127.0.0.1:{silent_port}/x", None, "spaceship")
    assert said in str(caught.value)
    assert time.monotonic() - before < 10
