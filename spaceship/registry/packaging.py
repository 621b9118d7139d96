"""Stored models: a fitted pipeline as a folder in MLflow's format, without pickle.

The folder holds the source files of this package that the pipeline needs, so that MLflow loads it
where the project is not installed, and pins of the other packages that it needs.
"""

import ast
import importlib.metadata
import pkgutil
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from spaceship._upstream import MLFLOW_SKOPS_FILE
from spaceship.config.installation import program
from spaceship.config.moved import import_moved
from spaceship.errors import RegistryError, expected

SERVING_PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")
"""Packages that every stored model needs, beside the one of its estimator."""
TRUSTED_PREFIXES = ("spaceship.", "sklearn.", "numpy.", "lightgbm.", "catboost.", "xgboost.")
"""Types under these are code that this project runs anyway; a model of others is refused."""
TRUSTED_TYPES = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "builtins.bytearray",
    "functools.partial",  # the function it calls is a type of its own, checked like the others
)
EXAMPLE_ROWS = 5
_PACKAGE = Path(__file__).resolve().parents[1]
_COMPRESSION = 1
"""Level of deflate; the highest ones save a tenth more and take twice as long."""


def save(pipeline: Pipeline, folder: Path, raw: pd.DataFrame) -> None:
    """Write a pipeline fitted on raw columns so that any other process can load it.

    The folder appears once it is complete; whatever an interrupted run left there is replaced.
    Signature and input example are made of the raw rows. Raise RegistryError if the pipeline holds
    types that are not trusted.

    >>> fitted = pipeline.fit(people.train, people.train["Transported"])
    >>> save(fitted, tmp_path / "model", people.train)
    >>> loaded = load(str(tmp_path / "model"))
    >>> bool((loaded.predict(people.test) == fitted.predict(people.test)).all())
    True
    """
    import mlflow.sklearn
    import skops.io
    from mlflow.models import Model, infer_signature

    described = Model()
    example = _as_served(raw)
    content = skops.io.dumps(pipeline, compression=ZIP_DEFLATED, compresslevel=_COMPRESSION)
    types = _trusted_types(content)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    for leftover in (unfinished, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory() as code:
            mlflow.sklearn.save_model(
                pipeline,
                str(unfinished),
                mlflow_model=described,
                code_paths=[str(_copy_code(types, Path(code)))],
                signature=infer_signature(example, pipeline.predict(raw.head(EXAMPLE_ROWS))),
                input_example=example.head(EXAMPLE_ROWS),
                pip_requirements=_requirements(pipeline, types),
                skops_trusted_types=types,
            )
        (unfinished / MLFLOW_SKOPS_FILE).write_bytes(content)  # MLflow's own is not compressed
        described.model_size_bytes = size(unfinished)
        described.save(str(unfinished / "MLmodel"))
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(uri: str) -> Pipeline:
    """Return the pipeline at an MLflow URI or in a folder; raise RegistryError if that fails.

    >>> load(str(tmp_path / "nothing"))
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a model that this version of the code loads at ...
    """
    import mlflow.sklearn

    import_moved()
    try:
        return mlflow.sklearn.load_model(uri)
    except Exception as error:
        do = (
            "go back with mode=rollback, or take the alias champion away on MLflow's page "
            f"(make ui) and train another one: {program()} mode=train"
        )
        what = f"a model that this version of the code loads at {uri}"
        raise RegistryError(expected(what, error, do)) from error


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
    ours = [pkgutil.resolve_name(name) for name in types if name.startswith("spaceship.")]
    bases = [base.__module__ for kind in ours for base in kind.__mro__]
    named = [one.package for one in _within(pipeline) if hasattr(one, "package")]
    roots = {name.split(".")[0] for name in [*types, *bases, *named]} - {"spaceship"}
    own = {distributions[root][0] for root in roots if root in distributions}
    names = sorted({*SERVING_PACKAGES, *own})
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def _within(value: Any) -> Iterator[Any]:
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


def _copy_code(names: Iterable[str], folder: Path) -> Path:
    """Copy the source files behind dotted names, and in turn those that these files import.

    The package's own `__init__` imports lazily, so its imports are not followed.
    """
    package, waiting = folder / _PACKAGE.name, [*names]
    package.mkdir()
    shutil.copyfile(_PACKAGE / "__init__.py", package / "__init__.py")
    while waiting:
        root, *parts = waiting.pop().split(".")
        paths = [Path(*parts[:end]) for end in range(1, len(parts) + 1) if root == package.name]
        for source in (one for path in paths for one in (path / "__init__.py", f"{path}.py")):
            copy = package / source
            if (_PACKAGE / source).is_file() and not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(_PACKAGE / source, copy)
                waiting += _imported(copy)
    return package


def _imported(source: Path) -> Iterator[str]:
    """Yield the dotted names that a source file imports, inside functions too."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _as_served(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the raw columns with the types that a CSV file or a JSON request gives them."""
    from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL

    rows = raw.loc[:, [name for name in COLUMNS if name != LABEL]]
    boolean = rows.select_dtypes("boolean").columns
    return rows.astype(dict.fromkeys(boolean, object))
