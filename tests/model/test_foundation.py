"""Foundation models: the real packages, with small networks drawn at random as their weights."""

import json
import pickle
import shutil
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from mlflow.models import Model

from spaceship.cli.main import prepare
from spaceship.config.installation import configs
from spaceship.errors import ConfigError, MissingDependencyError
from spaceship.experiment import Experiment
from spaceship.model import predictor
from spaceship.model.foundation import FoundationModel, FoundationRegressor
from spaceship.model.server import answer_to
from spaceship.registry import packaging
from spaceship.task.task import Task
from tests.foundation import FILES, MISSING, PACKAGES, weights

People = tuple[pd.DataFrame, Any]
ROWS = 150


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return an installed package whose cache is empty, on a machine without a network."""
    pytest.importorskip(request.param, reason=f"{request.param} {MISSING}")
    if request.param == "tabpfn":
        from tabpfn.settings import settings

        monkeypatch.setattr(settings.tabpfn, "model_cache_dir", tmp_path / "cache")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    monkeypatch.delenv("TABPFN_TOKEN", raising=False)
    return str(request.param)


def _no_network(*_: object, **__: object) -> None:
    raise OSError("no network is asked for")


def table() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(5)
    planets = pd.Series(rng.choice(["Mars", "Earth", "Pluto"], ROWS), dtype="category")
    age = rng.normal(30, 10, ROWS)
    age[::11] = np.nan
    return pd.DataFrame({"Planet": planets.where(rng.random(ROWS) > 0.1), "Age": age}), age


def settings(package: str, place: Path | None = None) -> dict[str, Any]:
    own = {"n_estimators": 2, "random_state": 1, "device": "cpu"}
    return {"package": package, "weights": str(place or weights()), **own}


def candidate(name: str, *overrides: str) -> Any:
    prepare()
    few = ["features=raw", "model.estimator.n_estimators=2", "model.estimator.device=cpu"]
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", overrides=[f"model={name}", *few, *overrides])
    experiment = Experiment.of(cfg)
    return experiment.pipeline(experiment.recipe())


def test_is_stored_without_its_network_and_finds_it_again(
    package: str, people: People, task: Task, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    frame, labels = people
    folder = shutil.copytree(weights(), tmp_path / "weights")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = candidate(package, f"model.estimator.weights={folder}").fit(frame, labels)
        values = fitted.predict_proba(frame)
    assert capfd.readouterr() == ("", "")
    assert np.ptp(values[:, 1]) > 0.001
    np.testing.assert_array_equal(fitted.predict(frame), values[:, 1] > 0.5)
    packaging.save(fitted, tmp_path / "model", frame, task)
    assert f"{package}==" in (tmp_path / "model" / "requirements.txt").read_text()
    body = frame.drop(columns=task.label, errors="ignore").to_csv(index=False).encode()
    model: Any = predictor.load(tmp_path / "model")
    model.metadata = Model.load(str(tmp_path / "model" / "MLmodel"))
    answers = json.loads(answer_to(body, "text/csv", model))["predictions"]
    assert [answer["probability_True"] for answer in answers] == values[:, 1].tolist()
    loaded = packaging.load(str(tmp_path / "model"))
    assert not hasattr(loaded[-1], "_network")
    shutil.move(folder / FILES[package, "classifier"], tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"found none in .*weights; copy the file .*SHA-256"):
        loaded.predict_proba(frame)
    (folder / FILES[package, "classifier"]).write_bytes(b"other weights")
    with pytest.raises(ConfigError, match="found another file in "):
        loaded.predict_proba(frame)
    shutil.move(tmp_path / "elsewhere", folder / FILES[package, "classifier"])
    np.testing.assert_array_equal(loaded.predict_proba(frame), values)


def test_a_stored_model_takes_the_same_weights_from_the_cache(package: str, tmp_path: Path) -> None:
    frame, codes = table()[0], np.arange(ROWS) % 2
    folder = shutil.copytree(weights(), tmp_path / "weights")
    fitted = FoundationModel(**settings(package, folder)).fit(frame, codes)
    values = fitted.predict_proba(frame)
    cache = tmp_path / "cache"
    if package == "tabicl":  # a repository's files lie below the name of its commit
        repository = cache / "models--jingang--TabICL"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text("abc")
        cache = repository / "snapshots" / "abc"
    cache.mkdir(parents=True)
    shutil.move(folder / FILES[package, "classifier"], cache)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    np.testing.assert_array_equal(again.predict_proba(frame), values)


def test_tells_several_classes_apart_whichever_are_there(package: str) -> None:
    frame, _ = table()
    codes = np.array([0, 2, 3] * (ROWS // 3))
    fitted = FoundationModel(**settings(package)).fit(frame, codes)
    values = fitted.predict_proba(frame)
    assert values.shape == (ROWS, 3)
    np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-12)
    assert np.isin(fitted.predict(frame), [0, 2, 3]).all()
    assert fitted.predict_proba(frame.head(0)).shape == (0, 3)


@pytest.mark.parametrize("kind", [FoundationModel, FoundationRegressor])
def test_a_row_alone_in_parts_and_in_a_batch_has_the_same_bits(package: str, kind: Any) -> None:
    import torch

    frame, age = table()
    y = np.nan_to_num(age) if kind is FoundationRegressor else np.nan_to_num(age) > 30
    fitted = kind(**settings(package)).fit(frame, y)
    ask = fitted.predict if kind is FoundationRegressor else fitted.predict_proba
    torch.set_num_threads(2)  # as a process may have
    whole = ask(frame)
    assert np.isfinite(whole).all()
    assert np.ptp(whole) > 0
    for size in (1, 2, 7, 70):
        parts = [ask(frame.iloc[at : at + size]) for at in range(0, 2 * size, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[: 2 * size])


def test_a_file_of_weights_may_have_any_name(package: str, tmp_path: Path) -> None:
    name = FILES[package, "classifier"]
    own = Path(shutil.copy(weights() / name, tmp_path / f"own-v3.5{Path(name).suffix}"))
    fitted = FoundationModel(**settings(package, own)).fit(table()[0], np.arange(ROWS) % 2)
    assert fitted.weights_[:2] == [own.name, str(tmp_path)]


@pytest.mark.parametrize("place", ["", "models"])
def test_nothing_is_downloaded_unasked(package: str, place: str, tmp_path: Path) -> None:
    made = FoundationModel(package, weights=str(tmp_path / place) if place else None)
    terms = {
        "tabpfn": "900 MB; not for commercial use",
        "tabicl": "115 MB; BSD licence",
    }
    folder = tmp_path / (place or "cache")
    with pytest.raises(ConfigError) as refused:
        made.fit(table()[0], np.arange(ROWS) % 2)
    message = str(refused.value)
    assert f"{FILES[package, 'classifier']} ({terms[package]}" in message
    assert f"found none in {folder};" in message
    assert "model.estimator.weights=DIR" in message
    assert message.endswith(f"spaceship mode=train model={package} model.estimator.download=true")
    assert not folder.exists()
    assert "no network" not in message


def test_a_download_that_is_asked_for_and_fails_is_told(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # else it tries for 20 seconds
    made = FoundationModel(**settings(package, tmp_path / "models")).set_params(download=True)
    with pytest.raises(ConfigError, match=r"to be downloaded, found .*; try again, or copy"):
        made.fit(table()[0], np.arange(ROWS) % 2)


def test_a_download_that_is_asked_for_is_used_once(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked = []

    def fetched(repo_id: str, filename: str, local_dir: Path | None = None) -> str:
        asked.append(filename)
        if filename == "config.json":
            raise OSError(repo_id)
        assert local_dir is not None
        return str(shutil.copy(weights() / filename, Path(local_dir) / "part"))

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetched)
    if package == "tabpfn":
        from tabpfn import browser_auth

        monkeypatch.setattr(browser_auth, "ensure_license_accepted", lambda hf_repo_id: hf_repo_id)
    (tmp_path / "models").mkdir()
    made = FoundationModel(**settings(package, tmp_path / "models")).set_params(download=True)
    made.fit(table()[0], np.arange(ROWS) % 2)
    assert asked[0] == FILES[package, "classifier"]


def test_what_the_package_refuses_is_told_with_the_file(package: str, tmp_path: Path) -> None:
    bad = tmp_path / FILES[package, "classifier"]
    bad.write_bytes(b"no network")
    made = FoundationModel(**settings(package, bad))
    with pytest.raises(ConfigError, match=rf"{package} to fit on cpu with the weights {bad}"):
        made.fit(table()[0], np.arange(ROWS) % 2)


def test_a_gpu_is_used_where_there_is_one(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that is there by name only is what is used, and what fails."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    made = FoundationModel(**settings(package)).set_params(device=None)
    with pytest.raises(ConfigError, match=r"to fit on cuda .*; mend model.estimator.device"):
        made.fit(table()[0], np.arange(ROWS) % 2)


def test_a_table_too_long_for_a_cpu_is_told() -> None:
    pytest.importorskip("tabpfn", reason=f"tabpfn {MISSING}")
    frame = pd.DataFrame({"Age": np.arange(5001.0)})
    with pytest.raises(ConfigError, match=r"5000 samples .*TABPFN_ALLOW_CPU_LARGE_DATASET=1"):
        FoundationModel(**settings("tabpfn")).fit(frame, np.arange(5001) % 2)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_is_missing_is_named_with_its_extra(
    name: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=rf'pip install -e "\.\[{name}\]"'):
        FoundationModel(name).fit(*people)


def test_a_package_that_is_unknown_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of tabpfn, tabicl, found 'tabby'; name one"):
        FoundationModel("tabby").fit(*table())
