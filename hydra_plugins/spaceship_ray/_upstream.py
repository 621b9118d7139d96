"""Private names of Ray that this plugin uses; tests/engine/test_ray.py holds them to ray 2.60."""

from typing import Any


def print_logs(*, enabled: bool) -> None:
    """Let Ray print lines of processes, or not even that one has died, which its callers report."""
    from ray._private import worker

    module: Any = worker
    module._worker_logs_enabled = enabled  # noqa: SLF001


def read_environment() -> None:
    """Let Ray read its variables again: it keeps those of the moment in which it was imported."""
    from ray import _raylet

    module: Any = _raylet
    module.Config.initialize("")
    module.AuthenticationTokenLoader.instance().reset_cache()


def authorization() -> dict[str, str]:
    """Return the header by which this user's calls are known to a cluster; none without a token."""
    from ray import _raylet

    read_environment()
    module: Any = _raylet
    return {**module.AuthenticationTokenLoader.instance().get_token_for_http_header()}


LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Variable for Windows and macOS that Linux heeds, too: no other machine may connect."""
PRIVATE_FOLDER = "_temp_dir"
"""Argument of `ray.init`: the folder of sockets and logs."""
