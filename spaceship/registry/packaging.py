"""A fitted pipeline as a folder in MLflow's format: no pickle, own code inside, pins outside."""

import importlib.metadata
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from spaceship.config.installation import PACKAGE, program
from spaceship.errors import RegistryError

log = logging.getLogger(__name__)

SERVING_PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")
"""What every model needs where it is served, beside its estimator's own package."""
TRUSTED_PREFIXES = ("spaceship.", "sklearn.", "numpy.", "lightgbm.", "catboost.", "xgboost.")
"""Types under these are code this project runs anyway; anything else in a model is refused."""
TRUSTED_TYPES = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "builtins.bytearray",
    "functools.partial",  # what it calls is a type of its own, and looked at too
)
EXAMPLE_ROWS = 5


def save(pipeline: Pipeline, folder: Path, raw: pd.DataFrame) -> None:
    """Write a fitted pipeline that takes raw columns and can be loaded in another process.

    Args:
        pipeline: Fitted on raw columns.
        folder: Appears once it is complete; what an interrupted run left there is replaced.
        raw: Some rows of raw columns, for the signature and the input example.

    Raises:
        RegistryError: The pipeline holds types that are not trusted.

    """
    import mlflow.sklearn
    from mlflow.models import infer_signature

    example = _as_served(raw)
    types = _trusted_types(pipeline)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    for leftover in (unfinished, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        mlflow.sklearn.save_model(
            pipeline,
            str(unfinished),
            code_paths=[str(PACKAGE)],
            signature=infer_signature(example, pipeline.predict(raw.head(EXAMPLE_ROWS))),
            input_example=example.head(EXAMPLE_ROWS),
            pip_requirements=requirements(pipeline, types),
            skops_trusted_types=types,
        )
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(uri: str) -> Pipeline:
    """Return the pipeline stored under an MLflow URI or in a local folder.

    Raises:
        RegistryError: It cannot be loaded.

    """
    import mlflow.sklearn

    try:
        return mlflow.sklearn.load_model(uri)
    except Exception as error:
        message = (
            f"expected a model that this version of the code loads at {uri}, found: {error}; "
            "go back with mode=rollback, or take the alias champion away on MLflow's page "
            f"(make ui) and train another one: {program()} mode=train"
        )
        raise RegistryError(message) from error


def size(folder: Path) -> int:
    """Return the bytes of all files of a saved model."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def requirements(pipeline: Pipeline, types: list[str]) -> list[str]:
    """Return the pinned packages that a server needs for a pipeline holding these types."""
    from hydra.utils import get_class

    distributions = importlib.metadata.packages_distributions()
    # what a class of this project inherits from counts: it may wrap a library's estimator
    ours = [get_class(name) for name in types if name.startswith("spaceship.")]
    bases = [base.__module__ for kind in ours for base in kind.__mro__]
    named = [one.package for one in _within(pipeline) if hasattr(one, "package")]
    roots = {name.split(".")[0] for name in [*types, *bases, *named]} - {"spaceship"}
    own = {distributions[root][0] for root in roots if root in distributions}
    names = sorted({*SERVING_PACKAGES, *own})
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def _within(value: Any) -> Iterator[Any]:
    """Give the estimators inside a fitted one, itself included."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _within(item)
    elif isinstance(value, BaseEstimator):
        yield value
        for item in vars(value).values():
            yield from _within(item)


def _trusted_types(pipeline: Pipeline) -> list[str]:
    """Return the types in a pipeline that skops does not know, once all of them are ours."""
    import skops.io

    types = sorted(skops.io.get_untrusted_types(data=skops.io.dumps(pipeline)))
    ours = (*TRUSTED_TYPES, *TRUSTED_PREFIXES)
    strange = [name for name in types if not name.startswith(ours)]
    if strange:
        message = (
            f"expected a model of types under {', '.join(TRUSTED_PREFIXES)}, found "
            f"{', '.join(strange)}; keep fitted state in plain values, or extend TRUSTED_PREFIXES"
        )
        raise RegistryError(message)
    return types


def _as_served(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the raw columns the way a CSV file or a JSON request brings them."""
    from spaceship.data.checks import COLUMNS, LABEL

    rows = raw.loc[:, [name for name in COLUMNS if name != LABEL]]
    boolean = rows.select_dtypes("boolean").columns
    return rows.astype(dict.fromkeys(boolean, object))
