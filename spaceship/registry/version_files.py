"""Files of a model version in MLflow: the serving model, and beside it what comparisons need."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spaceship.errors import RegistryError, expected
from spaceship.process.temporary import temporary_folder
from spaceship.tracking.connection import code_of
from spaceship.tracking.store import Store

MODEL = "model"  # a version's serving model among its files
_EVIDENCE = "evidence"  # folder inside a version's model: the files that later comparisons need


def log_files(store: Store, files: Mapping[str, Path], run_id: str) -> str:
    """Log a serving model of a run with the other files beside it; return the id of the model.

    >>> run_id = store.start_run("job", {})
    >>> (tmp_path / "model").mkdir()
    >>> _ = (tmp_path / "model" / "MLmodel").write_text("flavors: {}")
    >>> log_files(store, {MODEL: tmp_path / "model"}, run_id)[:2]
    'm-'
    """
    client, experiment = store.client, store.experiment_id
    made = client.create_logged_model(experiment, "model", run_id, model_type="pipeline")
    model = str(made.model_id)
    client.log_model_artifacts(model, str(files[MODEL]))
    with temporary_folder() as temporary:
        for name in files.keys() - {MODEL}:
            _copy(files[name], temporary / name)
        client.log_model_artifacts(model, str(temporary), _EVIDENCE)
    client.finalize_logged_model(model, "READY")
    client.log_output(run_id, model)
    return model


def download(store: Store, at: tuple[str, str], run_id: str, name: str, folder: Path) -> Path:
    """Copy a file of a version, given the model's name and its number.

    It lies beside the version's model, of old versions with their run.

    >>> download(store, ("none", "1"), "", MODEL, tmp_path)
    Traceback (most recent call last):
    mlflow.exceptions.MlflowException: Model Version (name=none, version=1) not found
    """
    client = store.client
    if name == MODEL:
        copied = Path(client.copy_of_version(*at, "", str(folder / name)))
        shutil.rmtree(copied / _EVIDENCE, ignore_errors=True)
        return copied
    try:
        copied = Path(client.copy_of_version(*at, f"{_EVIDENCE}/{name}", str(folder)))
        return copied.rename(folder / name)
    except Exception as error:
        if not _is_of_files(error):
            raise
        with suppress(Exception):
            return Path(client.download_artifacts(run_id, name, str(folder)))
        raise


@contextmanager
def readable(what: str, mend: str, folder: Path) -> Iterator[None]:
    """Raise RegistryError for a file that cannot be copied; OSError if the folder's disk is full.

    >>> with readable("model of version 1", "restore it", tmp_path):
    ...     raise OSError("No such file")
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected model of version 1, found it missing; restore it
    """
    try:
        yield
    except Exception as error:
        if not _is_of_files(error):
            raise
        full = map(os.strerror, (errno.ENOSPC, errno.EDQUOT))
        if any(one in str(error) for one in full):  # the model's own files are as they were
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        found: object = "it missing" if "No such" in str(error) else error
        raise RegistryError(expected(what, found, mend)) from error


def _is_of_files(error: Exception) -> bool:
    return isinstance(error, OSError) or code_of(error) is not None


def _copy(source: Path, target: Path) -> None:
    copy = shutil.copytree if source.is_dir() else shutil.copyfile
    copy(source, target)
