"""Stored models: a fitted pipeline as a folder in MLflow's format, without pickle.

The folder of a serving model holds the source files of this package that the pipeline needs, in
one zip file, so that MLflow loads it where the project is not installed, and pins of the other
packages that it needs.
"""

import importlib.metadata
import pkgutil
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from spaceship._upstream import MLFLOW_SKOPS_FILE
from spaceship.config.installation import PACKAGE
from spaceship.config.moved import import_moved
from spaceship.errors import RegistryError, expected
from spaceship.model.labelled import labelled
from spaceship.model.served import served
from spaceship.registry.code_archive import CODE_FILE, write_code
from spaceship.registry.registry import MODEL, Registry, Version
from spaceship.task.task import Task

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

SERVING_PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")  # for every model
TRUSTED_PREFIXES = ("spaceship.", "sklearn.", "numpy.", "lightgbm.", "catboost.", "xgboost.")
"""Types under these are code that this project runs anyway; a model of others is refused."""
TRUSTED_TYPES = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "builtins.bytearray",
    "functools.partial",  # the function it calls is a type of its own, checked like the others
)
EXAMPLE_ROWS = 5
_COMPRESSION = 1  # of deflate; the highest level saves a tenth more and takes twice as long


def save(
    pipeline: Pipeline, folder: Path, raw: pd.DataFrame, task: Task, *, serving: bool = True
) -> None:
    """Write a pipeline fitted on raw columns so that any other process can load it.

    The folder appears once it is complete; whatever an interrupted run left there is replaced.
    Signature and input example are made of the raw rows, and the columns' types are noted. Labels
    that are neither True and False nor numbers are predicted in their own values. A model that is
    not for `serving`, such as a twin, is loaded by this project alone: it has neither code nor
    example. Raise RegistryError if the pipeline holds types that are not trusted.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> save(fitted, tmp_path / "model", people.train, task)
    >>> load(str(tmp_path / "model")).predict(people.test).shape == (len(people.test),)
    True
    """
    import mlflow.sklearn
    import skops.io
    from mlflow.models import Model

    pipeline = labelled(served(pipeline), task)
    example = _as_served(raw, task)
    described = Model(metadata={"column_types": example.dtypes.astype("str").to_dict()})
    content = skops.io.dumps(pipeline, compression=ZIP_DEFLATED, compresslevel=_COMPRESSION)
    types = _trusted_types(content)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    for leftover in (unfinished, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory() as code:
            more = _for_serving(pipeline, raw, task, types, Path(code)) if serving else {}
            mlflow.sklearn.save_model(
                pipeline,
                str(unfinished),
                mlflow_model=described,
                pip_requirements=_requirements(pipeline, types),
                skops_trusted_types=types,
                **more,
            )
        (unfinished / MLFLOW_SKOPS_FILE).write_bytes(content)  # MLflow's own is not compressed
        _import_from_archive(described)
        described.model_size_bytes = size(unfinished)
        described.save(str(unfinished / "MLmodel"))
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(folder: str | Path) -> Pipeline:
    """Return the pipeline that `save` wrote into a folder; raise RegistryError if that fails.

    Nothing is unpickled, no code of the folder runs, and no type that `save` would refuse is made.

    >>> load(tmp_path / "nothing")
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a model that this version of the code loads in ...
    """
    import skops.io

    import_moved()
    path = Path(folder) / MLFLOW_SKOPS_FILE
    try:
        content = path.read_bytes()
        loaded: Pipeline = skops.io.loads(content, trusted=_trusted_types(content))
    except Exception as error:
        stored = "none that was stored by skops" if not path.exists() else error
        what = f"a model that this version of the code loads in {folder}"
        do = "go back with mode=rollback, or train another one"
        raise RegistryError(expected(what, stored, do)) from error
    return loaded


def load_version(registry: Registry, version: Version) -> Pipeline:
    """Return the serving model of a version; raise RegistryError if it cannot be used.

    >>> load_version(registry, Version("1", "a1b2", {}, digests={}))
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a digest of model of version 1 of ...
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = registry.fetch(version, MODEL, Path(temporary))
        try:
            return load(folder)
        except RegistryError as error:
            what = f"version {version.number} of {registry.model} to load"
            found = str(error).partition(", found")[2].rpartition("; ")[0].lstrip(": ")
            raise RegistryError(expected(what, found, registry.other_champion())) from error


def size(folder: Path) -> int:
    """Return the bytes of all files of a stored model.

    >>> size(tmp_path)
    0
    """
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _requirements(pipeline: Pipeline, types: Sequence[str]) -> list[str]:
    """Return the pinned packages that a server needs for a pipeline holding these types."""
    distributions = importlib.metadata.packages_distributions()
    # a class of this project may wrap a library's estimator: its base classes count
    bases = [base.__module__ for kind in _own_classes(types) for base in _bases(kind)]
    named = [one.package for one in _within(pipeline) if hasattr(one, "package")]
    roots = {name.split(".")[0] for name in [*types, *bases, *named]} - {"spaceship"}
    own = {distributions[root][0] for root in roots if root in distributions}
    names = sorted({*SERVING_PACKAGES, *own})
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def _within(value: object) -> Iterator[object]:
    """Yield the estimators inside a fitted one, itself included."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _within(item)
    elif isinstance(value, BaseEstimator):
        yield value
        for item in vars(value).values():
            yield from _within(item)


def _trusted_types(content: bytes) -> list[str]:
    """Return the types in a skops file that skops does not know; raise unless all are trusted."""
    import skops.io

    types = sorted(skops.io.get_untrusted_types(data=content))
    strange = [name for name in types if not name.startswith((*TRUSTED_TYPES, *TRUSTED_PREFIXES))]
    if strange:
        what = f"a model of types under {', '.join(TRUSTED_PREFIXES)}"
        do = "keep fitted state in plain values, or extend TRUSTED_PREFIXES"
        raise RegistryError(expected(what, ", ".join(strange), do))
    return types


def _bases(kind: type | FunctionType) -> tuple[type | FunctionType, ...]:
    return kind.__mro__ if isinstance(kind, type) else (kind,)


def _own_classes(types: Sequence[str]) -> list[type | FunctionType]:
    """Return the classes of this package among types, and the functions that a model stores."""
    names = (name for name in types if name.startswith(f"{PACKAGE.name}."))
    return [pkgutil.resolve_name(name) for name in names]


def _for_serving(
    pipeline: Pipeline, raw: pd.DataFrame, task: Task, types: Sequence[str], folder: Path
) -> dict[str, Any]:
    """Return what a served model is stored with; its code is written to the folder first."""
    example = _as_served(raw, task)
    return {
        "code_paths": [str(write_code(_own_classes(types), folder))],
        "signature": _signature(example, pipeline.predict(raw.head(EXAMPLE_ROWS)), task),
        "input_example": example.head(EXAMPLE_ROWS),
    }


def _import_from_archive(model: "Model") -> None:
    """Let MLflow's loader import from the zip file, not from the folder that holds it."""
    for flavor in model.flavors.values():
        if folder := flavor.get("code"):
            flavor["code"] = f"{folder}/{CODE_FILE}"


def _as_served(raw: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the raw columns with the types that a CSV file or a JSON request gives them."""
    group = None if task.group is None else task.group.of
    rows = raw[[name for name in task.raw if name in task.columns or name == group]]
    changes = {name: rows[name].astype("str") for name in rows.select_dtypes("datetime").columns}
    for name in rows.select_dtypes("boolean").columns:
        false, true = task.raw[name].levels or (False, True)
        changes[name] = rows[name].astype(object).map({False: false, True: true})
    return rows.assign(**changes)


def _signature(example: pd.DataFrame, predicted: Any, task: Task) -> "ModelSignature":
    """Return the names of the columns; id and group must be there, any other may be missing.

    The pipeline types a column itself and says what it cannot read. MLflow, given types, refuses
    whole numbers for numbers, text, categories and Arrow's types before the pipeline sees them.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

    needed = {task.id, None if task.group is None else task.group.of}
    anything = AnyType()  # type: ignore[no-untyped-call]
    columns: list[ColSpec | TensorSpec] = [
        ColSpec(anything, str(name), required=name in needed) for name in example.columns
    ]
    return ModelSignature(Schema(columns), infer_signature(example, predicted).outputs)
