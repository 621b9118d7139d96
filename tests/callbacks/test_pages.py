"""Pages of runs: what a verdict does not tell is not on them, and their failure ends nothing."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from spaceship import candidate
from spaceship.callbacks import _pages
from spaceship.callbacks._pages import fill_best_page
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.experiment import Experiment
from spaceship.gate.verdict import Verdict
from spaceship.model.recipe_params import recipe_params
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store
from spaceship.tracking.views import NOTE

FEW = ["data.n_groups=60", "model=logistic_regression", "features=raw", "split.n_folds=2"]


def judged(store: Store, folder: Path, *overrides: str) -> tuple[Experiment, Job]:
    """Return an experiment, and a job of it that the gate has refused for its few groups."""
    register_resolvers()
    places = [f"paths.outputs={Path(str(store.artifacts)).parent}", f"tracking.uri={store.uri}"]
    with initialize_config_dir(str(configs()), version_base="1.3"):
        experiment = Experiment.of(compose("config", [*places, *FEW, *overrides]))
    job = Job(folder / "job", in_multirun=True)
    job.folder.mkdir()
    job.note_run(store.start_run("job", {}))
    candidate.score(experiment, job, experiment.recipe())
    candidate.fit(experiment, job)
    candidate.judge(experiment, job)
    return experiment, job


@pytest.mark.parametrize(("reveal", "told"), [("always", True), ("ladder", False)])
def test_figures_that_are_not_told_are_on_no_page(
    store: Store, tmp_path: Path, reveal: str, *, told: bool
) -> None:
    experiment, job = judged(store, tmp_path, f"gate.reveal={reveal}")
    assert Verdict.read(job.folder).told is told
    fill_best_page(experiment, job, "parent")
    note = store.client.get_run(job.logged_run()).data.tags[NOTE]
    assert "accuracy, cross-validated" in note
    assert ("accuracy, held out" in note, "calibration" in note) == (told, told)
    plots = {one.path for one in store.client.list_artifacts(job.logged_run(), "plots")}
    assert "plots/folds.svg" in plots
    assert ("plots/calibration.svg" in plots) is told


def test_a_page_that_fails_is_a_warning(
    store: Store,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experiment, job = judged(store, tmp_path)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(_pages, "draw_plots", fail)
    fill_best_page(experiment, job, "parent")
    assert "the disk is full" in caplog.text


def test_parameters_are_few_whatever_the_recipe() -> None:
    features = {"_target_": "mypackage.raw.RawFeatures", "task": "${task}"}
    estimator = {f"p{n}": n for n in range(40)} | {"n_jobs": "${threads}", "_target_": "a.B"}
    member = {"name": "svm", "features": features}
    recipe: dict[str, object] = {"name": "m", "estimator": estimator, "features": features}
    params = recipe_params(recipe, {"seed": "1", "paths.outputs": "/o"})
    assert len(params) == 25
    assert params["features"] == "raw"
    assert not {"paths.outputs", "features.task", "model.estimator.n_jobs"} & {*params}
    blend = recipe_params(recipe | {"members": [member]}, {})
    assert blend["model.members"] == "svm on raw"
