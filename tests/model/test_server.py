"""The server of a stored model, as far as no request is needed."""

import socket
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from spaceship.model.server import serve


def test_no_answer_waits_for_its_first_packet_to_be_confirmed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as place:
        with pytest.raises(MlflowException, match="MLmodel"):
            serve(tmp_path, place)
        with socket.create_connection(place.getsockname()) as client:
            accepted, _ = place.accept()
            with accepted:
                assert accepted.getpeername() == client.getsockname()
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
