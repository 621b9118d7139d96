"""Ray cluster in use: one that is joined, or one of this machine that ends with its use.

A cluster of this machine is this user's alone: it listens on the loopback address, answers only
who knows its token, and keeps sockets and logs in a folder that goes with it.
"""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from hydra.core.utils import env_override

from hydra_plugins.spaceship_ray import _upstream
from hydra_plugins.spaceship_ray._streams import short_folder

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # jobs see the GPUs that this process sees
    "RAY_DEDUP_LOGS": "0",
    "RAY_COLOR_PREFIX": "0",
}
_SECONDS = 10.0  # for a cluster to answer; Ray itself waits for five minutes
_SETTINGS = b"\x04"  # kind of the frame that both sides of HTTP/2 begin with
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + _SETTINGS + b"\0" * 5
_STORE_BYTES = 100 * 2**20  # for arguments and results; large data are in files


class ClusterError(Exception):
    """A cluster that cannot be joined or started, or the package Ray that is not installed."""


@contextmanager
def connected(address: str | None, cpus: int) -> Iterator[None]:
    """Join a cluster, or start one of so many CPUs and stop it when the block ends.

    A connection that this process has already is used, and stays.

    Raises:
        ClusterError: There is no such cluster, or none can be started.

    """
    if find_spec("ray") is None:
        raise ClusterError("the package ray is not installed")
    with ExitStack() as stack:
        own: dict[str, object] = {"address": address}
        variables = dict(_QUIET)
        if address is None:
            own |= {"address": "local", "num_cpus": cpus, "num_gpus": 0}
            own |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
            own[_upstream.PRIVATE_FOLDER] = stack.enter_context(short_folder())
            variables |= _upstream.LOOPBACK_ONLY
            variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
            variables["PYTHONPATH"] = os.pathsep.join(str(Path(one).absolute()) for one in sys.path)
        else:
            _check_address(address)
        stack.callback(_upstream.read_environment)  # without these variables, at the end
        stack.enter_context(env_override(variables))
        _init(stack, own)
        yield


def _check_address(address: str) -> None:
    """Raise ClusterError unless something at an address speaks HTTP/2, as Ray does under gRPC."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _SECONDS) as server:
            server.sendall(_HELLO)
            kind = server.recv(4)[3:]
    except (OSError, ValueError, OverflowError) as error:
        raise ClusterError(f"{address}: {error}") from error
    if kind != _SETTINGS and os.environ.get("RAY_USE_TLS", "0") == "0":
        raise ClusterError(f"{address}: another kind of server")


def _init(stack: ExitStack, settings: dict[str, object]) -> None:
    """Connect this process until the stack is closed, unless it is connected."""
    import ray

    if ray.is_initialized():
        return
    _upstream.read_environment()
    logging.getLogger("ray").setLevel(logging.ERROR)
    is_joined = settings["address"] != "local"
    stack.callback(ray.shutdown)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=is_joined, configure_logging=False, **settings)
    except ConnectionError as error:
        found = f"{settings['address']}: no access; it may want its token, by RAY_AUTH_MODE=token"
        raise ClusterError(found) from error
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ClusterError(" ".join(str(error).split()) or type(error).__name__) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray puts its own in its place
    _upstream.print_logs(enabled=is_joined)
