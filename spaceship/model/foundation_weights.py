"""Weights of foundation models: files in a folder, fetched only where the user allows it."""

import contextlib
import hashlib
import io
import logging
import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from spaceship.errors import ConfigError, expected

log = logging.getLogger(__name__)

TERMS = {
    "tabpfn": "900 MB; not for commercial use: accept the licence at https://ux.priorlabs.ai and "
    "export TABPFN_TOKEN=KEY before a download",
    "tabicl": "115 MB; BSD licence, no token needed",
}
"""Size, licence and token of each package's default weights."""
_REPOSITORY = "jingang/TabICL"  # of tabicl's weights on huggingface.co
_CHATTY = ("tabpfn", "tabicl", "huggingface_hub", "httpx")


class Weights(NamedTuple):
    """A file of weights, as a stored model remembers it.

    >>> Weights("w.ckpt", "/models", "ab12").path.as_posix()
    '/models/w.ckpt'
    """

    name: str
    folder: str
    digest: str

    @property
    def path(self) -> Path:
        """Where the file was when the model was fitted."""
        return Path(self.folder) / self.name


def find(package: str, kind: str, place: str | None, *, download: bool) -> Weights:
    """Return the weights of a kind (`classifier` or `regressor`) at a place.

    The place is a folder with the package's default weights, or a file; None is the package's own
    cache. Raise ConfigError if the file is not there and must not be, or cannot be, downloaded.

    >>> _ = (tmp_path / "own.ckpt").write_text("weights")
    >>> find("tabicl", "classifier", str(tmp_path / "own.ckpt"), download=False).name
    'own.ckpt'
    """
    hush()
    path = Path(place or "").expanduser()
    if place is None or not path.is_file():
        default = _default(package, kind)
        path = default if place is None else path / default.name
    path = path.parent.resolve() / path.name  # a stored model is loaded from any folder
    if not path.is_file():
        path = _fetch(package, kind, path, cached=place is None) if download else path
    if not path.is_file():
        command = f"spaceship mode=train model={package} model.estimator.download=true"
        do = f"name their folder with model.estimator.weights=DIR, or download them: {command}"
        _refuse(package, path, do)
    return Weights(path.name, str(path.parent), _digest(str(path), path.stat().st_mtime_ns))


def find_again(package: str, kind: str, known: Weights) -> Path:
    """Return the file that a stored model was fitted with, from its folder or the cache.

    Raise ConfigError if it is in neither, or only another file of its name. Nothing is downloaded.

    >>> _ = (tmp_path / "own.ckpt").write_text("weights")
    >>> known = find("tabicl", "classifier", str(tmp_path / "own.ckpt"), download=False)
    >>> find_again("tabicl", "classifier", known).name
    'own.ckpt'
    """
    hush()
    if _is(known.path, known):
        return known.path
    default = _default(package, kind)
    if _is(default, known):
        return default
    there = known.path.is_file()
    do = f"copy the file that the model was fitted with there, SHA-256 {known.digest[:12]}…"
    return _refuse(package, known.path, do, "another file" if there else "none")


def hush() -> None:
    """Keep the packages' advice, progress and log from the screen; their errors are raised.

    >>> hush()
    >>> logging.getLogger("tabpfn").isEnabledFor(logging.WARNING)
    False
    """
    warnings.filterwarnings("ignore", module=r"(tabpfn|tabicl|torch|huggingface_hub)\b")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def _is(path: Path, known: Weights) -> bool:
    """Return whether a file is the one that a model was fitted with."""
    return path.is_file() and _digest(str(path), path.stat().st_mtime_ns) == known.digest


def _refuse(package: str, path: Path, do: str, found: str = "none") -> Path:
    """Raise ConfigError for weights that are not in their folder."""
    what = f"the weights of {package}, {path.name} ({TERMS[package]})"
    raise ConfigError(expected(what, f"{found} in {path.parent}", do))


def _default(package: str, kind: str) -> Path:
    """Return where the package itself looks for its default weights."""
    if package == "tabpfn":
        from tabpfn.model_loading import resolve_model_path
        from tabpfn.settings import settings

        version = settings.tabpfn.model_version.value
        return Path(resolve_model_path(None, which=kind, version=version)[0][0])
    from huggingface_hub import constants, try_to_load_from_cache
    from tabicl import TabICLClassifier, TabICLRegressor

    made = TabICLClassifier() if kind == "classifier" else TabICLRegressor()
    name = made.checkpoint_version
    cached = try_to_load_from_cache(_REPOSITORY, name)
    return Path(cached) if isinstance(cached, str) else Path(constants.HF_HUB_CACHE) / name


def _fetch(package: str, kind: str, path: Path, *, cached: bool) -> Path:
    """Return the path of weights that are downloaded to it, or to the package's cache."""
    log.info("Downloading the weights of %s (%s) to %s", package, TERMS[package], path.parent)
    os.environ.setdefault("TABPFN_NO_BROWSER", "1")  # else a run would wait for a browser
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _fetched(package, kind, path, cached=cached)
    except Exception as error:  # whatever a network, a licence server and a disk raise
        found = next(iter(str(error).strip().splitlines()), repr(error))
        what = f"the weights of {package}, {path.name} ({TERMS[package]}) to be downloaded"
        do = "try again, or copy them from another machine: model.estimator.weights=DIR"
        raise ConfigError(expected(what, found, do)) from error


def _fetched(package: str, kind: str, path: Path, *, cached: bool) -> Path:
    """Return the path of weights that the package's own way has downloaded; raise its errors."""
    if package == "tabicl":
        from huggingface_hub import hf_hub_download

        folder = None if cached else path.parent
        return Path(hf_hub_download(_REPOSITORY, path.name, local_dir=folder))
    from tabpfn.model_loading import download_model, resolve_model_version

    result = download_model(path, version=resolve_model_version(path), which=kind)
    if result != "ok":
        raise result[0]
    return path


@lru_cache(maxsize=4)
def _digest(path: str, changed: int) -> str:  # noqa: ARG001 - a file that changed is read anew
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
