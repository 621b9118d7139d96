"""`mode=show`: what the store knows of one run; what is lost or garbled is left out."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from spaceship import candidate
from spaceship.errors import NoChampionError, RegistryError
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE
from spaceship.mode.show import ShowResult, show
from spaceship.registry.registry import CHALLENGER, CHAMPION
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import job_run, log_report
from spaceship.tracking.tag_names import hidden
from tests.commands import QUICK, QUICK_MODEL, Shell
from tests.mode.champions import told
from tests.tracking.scored_runs import scored, trial

EVIL = "x\nVerdict: champion.\x1b[31m\u202e"


def naming(experiment: Experiment, run: str | None) -> Experiment:
    return replace(experiment, settings=experiment.settings.model_copy(update={"run": run}))


@pytest.fixture
def judged(experiment: Experiment, tmp_path: Path) -> Job:
    """Give a job that came to the gate."""
    job, made = Job(tmp_path / "job", in_multirun=False), experiment
    job.folder.mkdir()
    tags = {"task": made.task.name, "mode": "train", "command": "spaceship mode=train"}
    with job_run(job, made.store, "a job", tags):
        candidate.score(made, job, made.recipe())
        candidate.fit(made, job)
        log_report(made.store, job)
        candidate.judge(made, job)
    return job


def test_a_judged_run_is_shown_whole(
    experiment: Experiment, judged: Job, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = judged.logged_run()
    experiment.store.client.set_tag(run_id, "sample", "a sample of 5 of 50 labelled rows")
    text = "\n".join(told(show, naming(experiment, run_id[:8]), caplog))
    content = json.loads((judged.folder / VERDICT_FILE).read_text())
    for part in (
        f"a job ({run_id})",
        "logistic_regression on raw",
        "), a sample of 5 of 50 labelled rows\n",
        "about 20 % of the travel groups, by a hash (salt spaceship)",
        "this run: look 1",
        f"\nFolder     {judged.folder}\n",
        f"\nVerdict: {content['award']}; there was no champion yet. ",
        "\nrule ",
        "\nNext: make it again\n",
    ):
        assert part in text
    (line,) = [one for one in text.splitlines() if one.startswith("accuracy ")]
    assert line.count(" to ") == 2, "an interval of each score"


def test_a_result_holds_the_figures_of_the_report(experiment: Experiment, judged: Job) -> None:
    shown = show(naming(experiment, "a job"))
    assert isinstance(shown, ShowResult)
    metrics = json.loads((judged.folder / "report.json").read_text())["metrics"]
    main = shown.scores[0]
    assert main.held_out is not None
    assert main.held_out.low is not None
    assert main.cross_validated.value == metrics["cv_accuracy"]
    assert main.held_out.value == metrics["holdout_accuracy"]
    assert main.held_out.high is not None
    assert main.held_out.low < metrics["holdout_accuracy"] < main.held_out.high
    assert shown.task == "spaceship_titanic"
    assert shown.verdict is not None


def test_a_run_whose_files_are_garbled_shows_what_the_tables_hold(
    experiment: Experiment, judged: Job, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("report.json", VERDICT_FILE):
        experiment.store.client.log_text(judged.logged_run(), "{", name)
    lines = told(show, naming(experiment, "a job"), caplog)
    assert any(line.startswith("Its report cannot be used: ") for line in lines)
    assert any(line.startswith("Its verdict cannot be used: ") for line in lines)
    assert any(line.startswith("Recipe ") for line in lines)


def test_a_trial_is_read_from_its_own_folder_alone(
    experiment: Experiment, judged: Job, caplog: pytest.LogCaptureFixture
) -> None:
    of_another = {"folder": str(judged.folder)}
    run_id = trial(experiment.store, judged.logged_run(), "tried", 0.8, **of_another)
    shown = show(naming(experiment, run_id))
    assert isinstance(shown, ShowResult)
    assert (shown.mode, shown.by) == ("train", show(naming(experiment, "a job")).by)
    lines = told(show, naming(experiment, run_id), caplog)
    assert any(line.split() == ["Recipe", "tried"] for line in lines)
    assert not any(line.startswith("Verdict") for line in lines)
    assert "Next: make its sweep again" in lines


def test_no_tag_forges_a_line_or_steers_the_terminal(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    tags = dict.fromkeys(("mode", "data_digest", "command", "folder", "mlflow.user"), EVIL)
    run_id = scored(experiment.store, EVIL, 0.8, tags)
    lines = told(show, naming(experiment, run_id), caplog)
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("Verdict") for line in lines)


def test_what_is_not_known_of_a_run_is_null(experiment: Experiment) -> None:
    run_id = experiment.store.start_run("bare", {})
    experiment.store.client.delete_tag(run_id, hidden("host"))
    shown = show(naming(experiment, run_id))
    assert (shown.mode, shown.by) == (None, None)


def test_without_a_name_the_champions_run_is_shown(experiment: Experiment) -> None:
    store, model = experiment.store, experiment.registry.model
    worse, best = (scored(store, name, score) for name, score in (("a", 0.7), ("b", 0.9)))
    assert show(naming(experiment, None)).run_id == best
    store.client.create_registered_model(model)
    store.client.create_model_version(model, f"runs:/{worse}/model", worse)
    store.client.set_registered_model_alias(model, CHAMPION, "1")
    for run in (None, CHAMPION):
        assert show(naming(experiment, run)).run_id == worse
    with pytest.raises(RegistryError, match=r"expected a challenger of .* found none; see .*: "):
        show(naming(experiment, CHALLENGER))
    store.client.create_model_version(model, f"runs:/{best}/model", best)
    store.client.set_registered_model_alias(model, CHALLENGER, "2")
    assert show(naming(experiment, CHALLENGER)).run_id == best


def test_no_run_is_an_error_with_the_command_that_makes_one(experiment: Experiment) -> None:
    with pytest.raises(RegistryError, match=r"found none; train one: .*mode=train"):
        show(naming(experiment, None))
    with pytest.raises(NoChampionError, match=r"found none; train one first: .*mode=train"):
        show(naming(experiment, CHAMPION))


@pytest.mark.slow
def test_runs_are_named_as_typed_and_a_trial_can_be_made_again(shell: Shell) -> None:
    trials = ["hydra.sweeper.n_trials=2", "hydra.launcher.n_jobs=1", "hydra/sweeper/pruner=nop"]
    tuned = shell("mode=tune", *QUICK, QUICK_MODEL, *trials, "mode.blend=null")
    assert tuned.returncode == 0, tuned.stderr
    (second,) = (run for run in shell.runs() if run.data.tags.get("trial") == "1")
    shown = shell("mode=show", "run=logistic_regression #1", *QUICK)
    assert f"({second.info.run_id})" in shown.stdout, shown.stdout + shown.stderr
    _, purpose, rest = shown.stdout.rpartition("Next: make it again\n")
    words = shlex.split(rest.splitlines()[0])[2:]
    assert (purpose, words[0]) == ("Next: make it again\n", "mode=train")
    again = shell(*[word for word in words if not word.startswith("paths.")])
    assert again.returncode == 0, again.stderr
    made = shell.runs()[0].data
    assert made.tags["mode"] == "train"
    for name in ("cv_accuracy", "cv_log_loss"):
        assert made.metrics[name] == second.data.metrics[name]
