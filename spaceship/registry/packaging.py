"""Stored models: a fitted pipeline as a folder in MLflow's format, without pickle.

The folder of a serving model holds the source files of this package that the pipeline needs, in
one zip file, so that MLflow loads it where the project is not installed, and pins of the other
packages that it needs.
"""

import pkgutil
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Self
from zipfile import ZIP_DEFLATED

import pandas as pd
from sklearn.pipeline import Pipeline

from spaceship._upstream import MLFLOW_SKOPS_FILE, skops_io
from spaceship.config.installation import PACKAGE
from spaceship.config.moved import import_moved
from spaceship.errors import RegistryError, expected
from spaceship.model.labelled import labelled
from spaceship.model.served import served
from spaceship.model.threads import forget_threads
from spaceship.process.temporary import temporary_folder
from spaceship.registry.code_archive import CODE_FILE, write_code
from spaceship.registry.model_folder import DESCRIPTION, Described
from spaceship.registry.registry import MODEL, Registry, Version
from spaceship.registry.requirements import requirements
from spaceship.registry.signature import as_served
from spaceship.task.task import Task

TRUSTED_PREFIXES = ("spaceship.", "sklearn.", "numpy.", "lightgbm.", "catboost.", "xgboost.")
"""Types under these are code that this project runs anyway; a model of others is refused."""
TRUSTED_TYPES = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "builtins.bytearray",
    "functools.partial",  # the function it calls is a type of its own, checked like the others
)
EXAMPLE_ROWS = 5
_PREDICTOR = "spaceship.model.predictor"  # module by which MLflow's pyfunc loads a model
_SERVER = "spaceship.model.server"  # module that an image of a model runs
_CODE = "code"  # folder of the zip file inside a model
_COMPRESSION = 1  # of deflate; the highest level saves a tenth more and takes twice as long


@dataclass(frozen=True)
class Stored:
    """A stored model as it is loaded, with what is stored beside it."""

    pipeline: Pipeline
    margin: float | None  # half width of its intervals; None: it has none
    task: Task | None  # None: it was stored by an old release


def save(
    pipeline: Pipeline, folder: Path, raw: pd.DataFrame, task: Task, margin: float | None = None
) -> None:
    """Write a pipeline fitted on raw columns so that any other process can load and serve it.

    The folder appears once it is complete; whatever an interrupted run left there is replaced.
    Signature and input example are made of the raw rows, and the columns' types are noted. Labels
    that are neither True and False nor numbers are predicted in their own values. `margin` is the
    half width of the intervals of predicted numbers. Raise RegistryError if the pipeline holds
    types that are not trusted.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> save(fitted, tmp_path / "model", people.train, task)
    >>> load(str(tmp_path / "model")).predict(people.test).shape == (len(people.test),)
    True
    """
    from spaceship.model.predictor import Predictor

    example = as_served(raw, task)
    types = example.dtypes.astype("str").to_dict()
    facts = {"column_types": types, "task": task.to_plain(), "margin": margin}
    example = example.head(EXAMPLE_ROWS)
    content = _Content.of(pipeline, task)
    own = _own_classes(content.types)
    described = Described(
        loader=_PREDICTOR,
        code=f"{_CODE}/{CODE_FILE}",
        types=content.types,
        packages=requirements(content.pipeline, content.types, own),
        facts=facts,
        example=example,
        answered=Predictor(content.pipeline, task, margin).predict(example),
    )
    with _whole(folder) as unfinished:
        (unfinished / _CODE).mkdir()
        modules = [one.__module__ for one in own]
        write_code([*modules, _PREDICTOR, _SERVER], unfinished / _CODE)
        (unfinished / MLFLOW_SKOPS_FILE).write_bytes(content.skops)
        described.write(unfinished)


def save_twin(pipeline: Pipeline, folder: Path, task: Task) -> None:
    """Write a pipeline that this project alone loads: MLflow does not describe it.

    >>> save_twin(pipeline.fit(people.train, task.target(people.train)), tmp_path / "twin", task)
    >>> [path.name for path in (tmp_path / "twin").iterdir()]
    ['model.skops']
    """
    content = _Content.of(pipeline, task)
    with _whole(folder) as unfinished:
        (unfinished / MLFLOW_SKOPS_FILE).write_bytes(content.skops)


def load(folder: str | Path) -> Pipeline:
    """Return the pipeline that `save` wrote into a folder; raise RegistryError if that fails.

    Nothing is unpickled, no code of the folder runs, and no type that `save` would refuse is made.

    >>> load(tmp_path / "nothing")
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a model that this version of the code loads in ...
    """
    import_moved()
    path = Path(folder) / MLFLOW_SKOPS_FILE
    try:
        content = path.read_bytes()
        with skops_io() as io:
            loaded: Pipeline = io.loads(content, trusted=_trusted_types(content))
    except Exception as error:
        stored = "none that was stored by skops" if not path.exists() else error
        what = f"a model that this version of the code loads in {folder}"
        do = "go back with mode=rollback, or train another one"
        raise RegistryError(expected(what, stored, do)) from error
    return forget_threads(loaded)


def load_version(registry: Registry, version: Version) -> Stored:
    """Return the serving model of a version; raise RegistryError if it cannot be used.

    >>> load_version(registry, Version("1", "a1b2", {}, digests={}))
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a digest of model of version 1 of ...
    """
    with temporary_folder() as temporary:
        folder = registry.fetch(version, MODEL, temporary)
        try:
            facts = _facts(folder)
            task = Task.read(facts["task"]) if "task" in facts else None
            return Stored(load(folder), facts.get("margin"), task)
        except RegistryError as error:
            what = f"version {version.number} of {registry.model} to load"
            found = str(error).partition(", found")[2].rpartition("; ")[0].lstrip(": ")
            raise RegistryError(expected(what, found, registry.other_champion())) from error


def _facts(folder: Path) -> dict[str, Any]:
    """Return what `save` noted beside a model; MLflow, which is slow to import, need not be."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    described = yaml.load((folder / DESCRIPTION).read_text(encoding="utf-8"), loader)  # noqa: S506
    return described.get("metadata") or {}


def size(folder: Path) -> int:
    """Return the bytes of all files of a stored model.

    >>> size(tmp_path)
    0
    """
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _trusted_types(content: bytes) -> list[str]:
    """Return the types in a skops file that skops does not know; raise unless all are trusted."""
    with skops_io() as io:
        types = sorted(io.get_untrusted_types(data=content))
    strange = [name for name in types if not name.startswith((*TRUSTED_TYPES, *TRUSTED_PREFIXES))]
    if strange:
        what = f"a model of types under {', '.join(TRUSTED_PREFIXES)}"
        do = "keep fitted state in plain values, or extend TRUSTED_PREFIXES"
        raise RegistryError(expected(what, ", ".join(strange), do))
    return types


def _own_classes(types: Sequence[str]) -> list[type | FunctionType]:
    """Return the classes of this package among types, and the functions that a model stores."""
    names = (name for name in types if name.startswith(f"{PACKAGE.name}."))
    return [pkgutil.resolve_name(name) for name in names]


@dataclass(frozen=True)
class _Content:
    """A pipeline as it is stored: in skops' format, with the types that skops does not know."""

    pipeline: Any
    skops: bytes
    types: list[str]

    @classmethod
    def of(cls, pipeline: Pipeline, task: Task) -> Self:
        """Return the content of a fitted pipeline; raise unless all its types are trusted."""
        made = labelled(served(pipeline), task)
        with skops_io() as io:
            content = io.dumps(made, compression=ZIP_DEFLATED, compresslevel=_COMPRESSION)
        return cls(made, content, _trusted_types(content))


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes the place of another one once it is complete."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    for leftover in (unfinished, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
