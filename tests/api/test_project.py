"""Projects in Python: commands in processes of their own, models that are read in this one."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import spaceship
from spaceship.api.command_result import CommandResult
from spaceship.data._base import Dataset
from spaceship.errors import ConfigError, NoChampionError, RegistryError
from spaceship.tracking.store import Store
from tests.test_project import HEAVY

QUICK = {"data.n_groups": 400, "features": "raw", "gate.floor.minimum": 0.5}
MODEL = {"model": "logistic_regression"}
MOST_NAMES = 9
WAIT = 120
UNTOUCHED = Path(__file__).with_name("untouched.py")


@pytest.fixture(scope="module")
def outputs(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of state with a database that is set up already."""
    folder = tmp_path_factory.mktemp("api") / "outputs"
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    return folder


@pytest.fixture(scope="module")
def project(outputs: Path) -> spaceship.Project:
    """Give a quick project that shows nothing."""
    return spaceship.Project(outputs=outputs, settings=QUICK, quiet=True)


@pytest.fixture(scope="module")
def trained(project: spaceship.Project) -> CommandResult:
    """Give the result of a first training, whose model is champion."""
    return project.train(MODEL)


@pytest.fixture
def store(outputs: Path) -> Store:
    return Store(f"sqlite:///{outputs}/mlflow.db", str(outputs / "mlartifacts"), "spaceship")


def test_a_project_has_few_names_and_each_is_described() -> None:
    names = [name for name in vars(spaceship.Project) if not name.startswith("_")]
    assert len(names) <= MOST_NAMES
    assert all(vars(spaceship.Project)[name].__doc__ for name in names)


def test_the_import_loads_nothing_heavy() -> None:
    program = "import sys, spaceship; spaceship.Project(); print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {*done.stdout.split()}
    assert "spaceship.api.project" in loaded
    assert not loaded & (HEAVY | {"hydra", "omegaconf", "rich"})


@pytest.mark.slow
def test_a_result_says_what_the_command_said(trained: CommandResult, store: Store) -> None:
    assert (trained.mode, trained.status, trained.award) == ("train", 0, "champion")
    assert 0.6 < trained.metrics["cv_accuracy"] < 1
    assert trained.folder is not None
    verdict = json.loads((trained.folder / "verdict.json").read_text())
    assert trained.verdict is not None
    assert trained.verdict["reason"] == verdict["reason"]
    assert trained.run_id is not None
    assert store.client.get_run(trained.run_id).info.status == "FINISHED"
    assert str(trained).startswith(f"train: {verdict['reason']}")
    assert "<table>" in trained._repr_html_()


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_a_refusal_is_a_result_and_its_figures_can_be_loaded(project: spaceship.Project) -> None:
    refused = project.train(MODEL, {"gate.require": True})
    assert (refused.status, refused.award) == (3, "refused")
    assert refused.run_id is not None
    loaded = project.load(refused.run_id)
    assert (loaded.version, loaded.name) == (None, "logistic_regression on raw")
    assert loaded.scores["cv_accuracy"] == refused.metrics["cv_accuracy"]
    with pytest.raises(RegistryError, match="none: it was refused"):
        loaded.predict(pd.DataFrame())
    with pytest.raises(ConfigError, match="found 'nobody'"):
        project.load("nobody")
    both = project.compare("champion", refused.run_id)
    assert both.table("tests").empty, "the same recipe on the same rows"
    assert [one["name"] for one in both.result["changes"]["config"]] == ["gate.require"]
    table = project.leaderboard()
    assert table["award"].to_dict()[refused.run_id] == "refused"
    assert {*table["recipe"]} == {loaded.name}
    assert table["score"].tolist() == pytest.approx([loaded.scores["cv_accuracy"]] * 2)


@pytest.mark.slow
def test_the_champion_predicts_as_the_command_does(
    project: spaceship.Project, trained: CommandResult, people: Dataset, tmp_path: Path
) -> None:
    assert people.test is not None
    people.test.to_csv(tmp_path / "rows.csv", index=False)
    champion = project.champion()
    assert (champion.version, champion.run_id) == ("1", trained.run_id)
    assert champion.name == "logistic_regression on raw"
    assert champion.recipe["name"] == "logistic_regression"
    assert champion.holdout is not None
    assert champion.holdout["probability"].between(0, 1).all()
    asked = {"input": tmp_path / "rows.csv", "output": tmp_path / "out.csv", "proba": True}
    project.run("inference", {"inference": asked})
    written = pd.read_csv(tmp_path / "out.csv")
    label = written.columns[1]
    assert champion.predict(people.test).tolist() == written[label].tolist()
    found = champion.predict_proba(people.test)[True]
    assert found.tolist() == pytest.approx(written["probability_True"].tolist(), abs=1e-12)
    assert project.load("1").version == project.load(str(trained.run_id)).version == "1"


def test_the_words_of_a_command_come_from_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    (tmp_path / "rows.csv").touch()

    def words(*arguments: object, **more: object) -> str:
        return repr(spaceship.Project(*arguments, **more))  # type: ignore[arg-type]

    assert words("churn", "a b") == f"Project(task=churn data=local data.dir='{tmp_path}/a b')"
    assert words("churn", "rows.csv").endswith(f"data=local data.train={tmp_path}/rows.csv)")
    assert words("churn", Path("away")).endswith(f"data=local data.dir={tmp_path}/away)")
    assert words("wine", "sklearn") == "Project(task=wine data=sklearn)"
    assert words(outputs="o").endswith(f" paths.outputs={tmp_path}/o)")
    assert words(settings=["seed=7", "+x=1"]).endswith(" seed=7 +x=1)")
    assert words(settings={"split": {"n_folds": 3}, "reason": None}).endswith(
        " split.n_folds=3 reason=null)"
    )


@pytest.mark.slow
def test_errors_are_those_of_the_command(outputs: Path) -> None:
    project = spaceship.Project("wine", outputs=outputs, quiet=True)
    with pytest.raises(ConfigError, match=r'found mode=trian; did you mean "train"$'):
        project.run("trian")
    with pytest.raises(ConfigError, match=r'did you mean "breast_cancer"$'):
        spaceship.Project("breast_cancr", outputs=outputs, quiet=True).leaderboard()
    with pytest.raises(RegistryError, match="expected a challenger of wine-sklearn, found none"):
        project.run("promote")
    with pytest.raises(NoChampionError, match="of wine-sklearn, found none; train one first"):
        project.champion()
    with pytest.raises(ConfigError, match=r"data\.tabel.*data\.table"):
        spaceship.Project(
            "wine", outputs=outputs, settings={"data.tabel": 4}, quiet=True
        ).champion()


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_lines_are_shown_while_the_command_runs(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spaceship.Project(outputs=outputs, settings=QUICK).run("history")
    shown = capsys.readouterr()
    assert "Champions of" in shown.err
    assert shown.out == ""


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_reading_leaves_the_process_as_it_was(outputs: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(UNTOUCHED), str(outputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"champion": {}, "error": {}, "command": {}}
    assert done.stderr == ""
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_an_interruption_closes_the_run_as_killed(outputs: Path, store: Store) -> None:
    settings = {**QUICK, "data.n_groups": 9000, "model": "catboost"}
    program = f"import spaceship; spaceship.Project(outputs={str(outputs)!r}).train({settings!r})"
    before = {run.info.run_id for run in store.client.search_runs([store.experiment_id])}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as caller:
        assert caller.stderr is not None
        for line in caller.stderr:
            if "Cross-validation" in line:
                caller.send_signal(signal.SIGINT)
                break
        left = caller.stderr.read()
        assert caller.wait(WAIT) == -signal.SIGINT
    assert "KeyboardInterrupt" in left
    runs = store.client.search_runs([store.experiment_id])
    assert [run.info.status for run in runs if run.info.run_id not in before] == ["KILLED"]
