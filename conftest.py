"""Fixtures that tests and doctests share: passengers, an MLflow store, a registry, reports.

An example in a docstring finds the names of READY_MADE; each is made for the examples that name it.
"""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read on import; workers share the cores

import pytest
from hydra import compose, initialize_config_dir

from spaceship.card.card import Card
from spaceship.cli import signals
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.registry import role
from spaceship.registry.registry import Registry
from spaceship.task.task import Task
from spaceship.tracking.store import Store
from tests import installed
from tests.reports import MakeReport, make_report
from tests.tasks import built_in

_MISSING = {
    "dask": find_spec("distributed") is None,
    "spark": find_spec("pyspark") is None or which("java") is None,
}
collect_ignore = [f"spaceship/engine/{name}.py" for name, missing in _MISSING.items() if missing]
"""Modules whose examples need a package that is not installed."""
READY_MADE = (
    "people",
    "task",
    "store",
    "registry",
    "pipeline",
    "report",
    "experiment",
    "model_card",
    "tmp_path",
)


def pytest_collection_finish() -> None:
    """Spare the garbage collector all that was imported: it takes half a second each time."""
    installed.read_once()
    gc.freeze()
    for number in signals.ending_signals():
        if signal.getsignal(number) is signal.SIG_IGN:  # by `nohup`: commands would ignore it, too
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _ready_made(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Give the examples of one docstring the fixtures that they name."""
    if isinstance(request.node, pytest.DoctestItem):
        test = request.node.dtest
        source = " ".join(example.source for example in test.examples) if test else ""
        for name in READY_MADE:
            if name in source:
                doctest_namespace[name] = request.getfixturevalue(name)


@pytest.fixture(scope="module", autouse=True)
def _import_path_restored() -> Iterator[None]:
    """Take out what a module adds: MLflow puts the code of a model that it loads first.

    That is a part of this package, which a process that is started afresh would import.
    """
    before = sys.path[:]
    yield
    sys.path[:] = before


@pytest.fixture(autouse=True)
def _signals_restored() -> Iterator[None]:
    """Put back what a test of the command line has changed for signals in this process."""
    numbers = signals.ending_signals()
    handlers = [signal.getsignal(number) for number in numbers]
    hook = sys.unraisablehook
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
    sys.unraisablehook = hook
    signals.forget()


@pytest.fixture(scope="session")
def task() -> Task:
    """Give the built-in task."""
    return built_in()


@pytest.fixture(scope="session")
def people(task: Task) -> Dataset:
    """Give about 560 synthetic passengers, two thirds of them labelled; not to be changed."""
    source = SyntheticData(n_groups=400, seed=2912, drift=0.0, test_fraction=0.33)
    return checked(source.read(task), task)


@pytest.fixture
def pipeline(task: Task) -> Any:
    """Give an unfitted pipeline that takes raw columns."""
    from sklearn.linear_model import LogisticRegression

    from spaceship.features.raw import RawFeatures
    from spaceship.model.encoding import Encoding
    from spaceship.model.pipeline import build_pipeline

    return build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, LogisticRegression())


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an MLflow database without experiments of ours, set up once: that takes seconds."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    uri = f"sqlite:///{path}"
    _ = Store(uri, None, "Default").client
    _forget_mlflow()
    return path


@pytest.fixture
def store(database: Path, tmp_path: Path) -> Iterator[Store]:
    """Give a store of the test's own, artifacts included."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    yield Store(f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts"), "spaceship")
    _forget_mlflow()


@pytest.fixture
def registry(store: Store, tmp_path: Path) -> Registry:
    """Give a registry in which nothing is registered yet."""
    return Registry(store, "spaceship_titanic-synthetic", tmp_path / "outputs" / "locks")


@pytest.fixture
def experiment(store: Store) -> Experiment:
    """Give the experiment of a logistic regression on few passengers."""
    register_resolvers()
    places = [f"paths.outputs={Path(str(store.artifacts)).parent}", f"tracking.uri={store.uri}"]
    quick = ["data.n_groups=60", "model=logistic_regression", "features=raw", "split.n_folds=2"]
    with initialize_config_dir(str(configs()), version_base="1.3"):
        return Experiment.of(compose("config", [*places, *quick]))


@pytest.fixture(scope="session")
def model_card() -> Card:
    """Give the card of a made-up model of two classes, with every part."""
    from tests.card.cards import card

    return card("binary")


@pytest.fixture(scope="session")
def rows() -> MakeReport:
    """Give a maker of reports whose twin got the n-th passenger right iff `correct[n]`."""
    return make_report


@pytest.fixture(scope="session")
def report() -> MakeReport:
    """Give a maker of reports: `k` of `n` rows right, the first ones."""

    def make(k: int, n: int, **changes: Any) -> Report:
        return make_report([i < k for i in range(n)], **changes)

    return make


@pytest.fixture(scope="session", autouse=True)
def _heard_interrupts() -> None:
    """Undo what a shell does to whatever it starts in the background: some tests interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Leave the environment, the role and MLflow's module globals as they were before the test."""
    before = dict(os.environ)
    yield
    role.given_up = False
    os.environ.clear()
    os.environ.update(before)
    _forget_mlflow()


def _forget_mlflow() -> None:
    if "mlflow" not in sys.modules:
        return
    import mlflow

    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]
    os.environ.pop("MLFLOW_TRACKING_URI", None)
