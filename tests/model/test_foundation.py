"""Foundation models behind scikit-learn's interface, with a stand-in for network and weights."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from sklearn.neighbors import KNeighborsClassifier

from spaceship.cli.main import prepare
from spaceship.config.installation import configs
from spaceship.errors import ConfigError, MissingDependencyError
from spaceship.experiment import Experiment
from spaceship.model.foundation import FoundationModel
from spaceship.registry import packaging
from spaceship.task.task import Task

People = tuple[pd.DataFrame, Any]
NAMES = {"tabpfn": "TabPFNClassifier", "tabicl": "TabICLClassifier"}


class StandIn:
    """Takes what the real classifiers take: a frame with categories and gaps, and labels."""

    weights = True

    def __init__(self, n_estimators: int, random_state: int, device: str = "auto") -> None:
        self.settings = (n_estimators, random_state, device)

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        if not self.weights:
            message = "401: access to the weights is restricted"
            raise RuntimeError(message)
        assert isinstance(X["HomePlanet"].dtype, pd.CategoricalDtype)
        self.neighbours = KNeighborsClassifier(5).fit(self._numbers(X), y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return self.neighbours.predict_proba(self._numbers(X))

    @staticmethod
    def _numbers(X: pd.DataFrame) -> Any:
        return X.select_dtypes("number").fillna(0.0).to_numpy()


@pytest.fixture(params=NAMES)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    module = ModuleType(request.param)
    setattr(module, NAMES[request.param], StandIn)
    monkeypatch.setitem(sys.modules, request.param, module)
    monkeypatch.setattr(StandIn, "weights", True)
    return str(request.param)


def candidate(name: str) -> Any:
    prepare()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", overrides=[f"model={name}", "features=raw"])
    experiment = Experiment.of(cfg)
    return experiment.pipeline(experiment.recipe())


def test_predicts_with_the_training_rows_as_context(package: str, people: People) -> None:
    frame, labels = people
    fitted = candidate(package).fit(frame, labels)
    chances = fitted.predict_proba(frame)
    assert chances.shape == (len(frame), 2)
    assert ((chances[:, 1] > 0.5) == labels).mean() > 0.6
    np.testing.assert_array_equal(fitted.predict(frame), chances[:, 1] > 0.5)


def test_tells_several_classes_apart_whichever_are_there(package: str) -> None:
    planets = pd.Series(["Mars", "Earth", "Pluto"] * 20, dtype="category")
    frame = pd.DataFrame({"HomePlanet": planets, "Age": np.arange(60) % 3 * 10.0})
    codes = np.array([0, 2, 3] * 20)
    fitted = FoundationModel(package, device="cpu").fit(frame, codes)
    assert fitted.classes_.tolist() == [0, 2, 3]
    assert fitted.predict_proba(frame).shape == (60, 3)
    assert (fitted.predict(frame) == codes).all()


def test_is_stored_without_its_network_and_finds_it_again(
    package: str, people: People, task: Task, tmp_path: Path
) -> None:
    frame, labels = people
    fitted = candidate(package).fit(frame, labels)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert not hasattr(loaded[-1], "_network")
    np.testing.assert_array_equal(loaded.predict_proba(frame), fitted.predict_proba(frame))


def test_weights_that_cannot_be_had_are_told(
    package: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandIn, "weights", False)
    with pytest.raises(
        ConfigError,
        match=rf"{package} to load its weights and fit, found: 401.*download",
    ):
        candidate(package).fit(*people)


@pytest.mark.parametrize("name", NAMES)
def test_a_package_that_is_missing_is_named_with_its_extra(
    name: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=rf'pip install -e "\.\[{name}\]"'):
        candidate(name).fit(*people)
