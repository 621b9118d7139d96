"""`mode=simulate`, whole: eras in order, nobody seen before, nothing touched but its own folder."""

import json
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.registry import packaging
from spaceship.task.spaceship_titanic.columns import ID, LABEL
from spaceship.task.task import Task
from tests.commands import QUICK, QUICK_MODEL, Shell

pytestmark = pytest.mark.slow

SIMULATE = ["mode=simulate", "features=raw", QUICK_MODEL, "gate.floor.minimum=0.5"]
SMALL = ["simulate.eras=3", "simulate.groups=600", "gate=predecessor"]
MODEL = "spaceship_titanic-simulation"


def folder_of(shell: Shell) -> Path:
    """Return the folder of the latest simulation."""
    return max(shell.outputs.glob("runs/*/*/simulation.csv")).parent


def table_of(shell: Shell) -> pd.DataFrame:
    return pd.read_csv(folder_of(shell) / "simulation.csv", dtype={"champion": "string"})


def rows_of(shell: Shell) -> list[Any]:
    return list(table_of(shell).itertuples())


def own_client(folder: Path) -> MlflowClient:
    uri = f"sqlite:///{folder}/simulation/mlflow.db"
    return MlflowClient(uri, uri)


def arrivals(folder: Path) -> list[pd.DataFrame]:
    paths = sorted((folder / "simulation" / "arrivals").glob("era-*.parquet"))
    return [pd.read_parquet(path) for path in paths]


def state_of(shell: Shell) -> tuple[object, ...]:
    """Return all there is to know of the registry in production."""
    (model,) = shell.client.search_registered_models()
    versions = shell.client.search_model_versions(f"name = '{model.name}'")
    return model.name, model.aliases, model.tags, [(v.version, v.tags) for v in versions]


@pytest.fixture(scope="module")
def drifted(database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, object, str]:
    """Give a shell with a champion and a simulation of strong drift, and what was before it."""
    shell = Shell.new(tmp_path_factory.mktemp("project") / "outputs", database)
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    before = state_of(shell)
    done = shell(*SIMULATE, *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    return shell, before, done.stdout


def test_the_registry_in_production_stays_as_it_was(
    drifted: tuple[Shell, object, str],
) -> None:
    shell, before, _ = drifted
    assert state_of(shell) == before
    assert shell.champion() == "1"
    models = own_client(folder_of(shell)).search_registered_models()
    assert [model.name for model in models] == [MODEL]


def test_strong_drift_leads_to_a_promotion(drifted: tuple[Shell, object, str]) -> None:
    shell, _, told = drifted
    table = table_of(shell)
    assert table["era"].tolist() == [1, 2, 3]
    assert table["drift"].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    assert table["award"].tolist()[0] == "champion"
    assert "champion" in table["award"].tolist()[1:]
    assert table["next_retrained"].iloc[-1] > table["next_first"].iloc[-1] + 0.05
    assert "retraining paid" in told


def test_table_agrees_with_the_verdicts(drifted: tuple[Shell, object, str]) -> None:
    shell, _, told = drifted
    lines = told.splitlines()
    for row in rows_of(shell):
        job = folder_of(shell) / "simulation" / f"era-{row.era}"
        verdict = json.loads((job / "verdict.json").read_text())
        assert verdict["award"] == row.award
        assert verdict["numbers"]["candidate_accuracy"] == row.holdout_candidate
        if row.era > 1:
            assert verdict["numbers"]["champion_accuracy"] == row.holdout_champion
            assert verdict["numbers"]["relative_gain"] == row.relative_gain
            assert row.needed == 0.03
        if row.award == "champion":
            assert row.champion == verdict["version_registered"]
        assert any(
            line.split()[:1] == [str(row.era)]
            and row.award in line.split()
            and f"{row.next_retrained:.4f}" in line.split()
            for line in lines
        )


def test_champions_are_judged_by_passengers_nobody_has_seen(
    drifted: tuple[Shell, object, str], task: Task
) -> None:
    shell, *_ = drifted
    folder = folder_of(shell)
    eras, client = arrivals(folder), own_client(folder)
    groups = [set(task.group_names(era)) for era in eras]
    assert len(set.union(*groups)) == sum(map(len, groups)) == 4 * 600
    for row in rows_of(shell):
        coming = eras[row.era]
        assert row.next_arrived == len(coming)
        assert row.arrived == row.learnt_from == len(eras[row.era - 1])
        for number, told in ((row.champion, row.next_retrained), ("1", row.next_first)):
            source = client.get_model_version_download_uri(MODEL, number)
            predicted = packaging.load(source.removeprefix("file://")).predict(
                coming.drop(columns=LABEL)
            )
            assert (predicted == coming[LABEL].to_numpy()).mean() == told


def test_table_and_picture_are_logged(drifted: tuple[Shell, object, str]) -> None:
    shell, *_ = drifted
    (run,) = (run for run in shell.runs() if run.data.tags["mode"] == "simulate")
    assert run.info.status == "FINISHED"
    names = {item.path for item in shell.client.list_artifacts(run.info.run_id)}
    assert {"simulation.csv", "simulation.png"} <= names
    table = table_of(shell)
    right = (table["next_retrained"] * table["next_arrived"]).sum()
    mean = right / table["next_arrived"].sum()
    assert run.data.metrics["simulation_accuracy_retrained"] == pytest.approx(mean)
    eras = own_client(folder_of(shell)).search_experiments(filter_string="name = 'simulation'")
    runs = own_client(folder_of(shell)).search_runs([eras[0].experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 3


def test_the_same_seed_tells_the_same(drifted: tuple[Shell, object, str]) -> None:
    shell, *_ = drifted
    before = folder_of(shell)
    assert shell(*SIMULATE, *SMALL).returncode == 0
    after = folder_of(shell)
    assert before != after
    texts = [(folder / "simulation.csv").read_bytes() for folder in (before, after)]
    assert texts[0] == texts[1]


def test_without_drift_the_first_champion_stays_and_require_says_so(shell: Shell) -> None:
    still = ["simulate.groups=1500", "simulate.eras=3", "simulate.drift_to=0"]
    done = shell(*SIMULATE, *still, "gate.require=true")
    table = table_of(shell)
    assert "champion" not in table["award"].tolist()[1:]
    assert "retraining changed nothing" in done.stdout
    assert "refused" in table["award"].tolist()
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert "refused in eras" in done.stderr
    assert shell.runs()[0].info.status == "FINISHED"
    assert (folder_of(shell) / "simulation.png").is_file()


def test_files_are_cut_into_eras(shell: Shell, tmp_path: Path, task: Task) -> None:
    source = SyntheticData(n_groups=900, seed=1, drift=0.0, test_fraction=0.1)
    people = checked(source.read(task), task)
    for name in ("train", "test"):
        getattr(people, name).to_csv(tmp_path / f"{name}.csv", index=False)
    local = ["data=local", f"data.dir={tmp_path}", "simulate.eras=2", "simulate.window=null"]
    done = shell(*SIMULATE, *local)
    assert done.returncode == 0, done.stdout + done.stderr
    eras, table = arrivals(folder_of(shell)), table_of(shell)
    assert pd.concat(eras)[ID].tolist() == people.train[ID].tolist()
    assert table["learnt_from"].tolist() == [len(eras[0]), len(eras[0]) + len(eras[1])]
    assert table["drift"].isna().all()


def test_several_settings_are_simulated_side_by_side(shell: Shell) -> None:
    short = ["simulate.eras=2", "simulate.groups=100", "simulate.drift_to=0.5,1"]
    done = shell("-m", *SIMULATE, *short)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(shell.outputs.glob("multiruns/*/*/*/simulation.csv"))) == 2
    assert not shell.client.search_registered_models()
    assert {run.info.status for run in shell.runs()} == {"FINISHED"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["simulate.eras=1"], "simulate.eras"),
        (["simulate.drift_to=2", "simulate.window=0"], "simulate.window"),
        (["gate=off"], "gate.dry_run=true"),
        (["data=local", "data.dir=nowhere"], "nowhere"),
    ],
)
def test_what_a_user_can_mend(shell: Shell, arguments: list[str], told: str) -> None:
    done = shell(*SIMULATE, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stdout + done.stderr
    assert not list(shell.outputs.rglob("simulation.csv"))


def test_a_trial_of_a_sweep_simulates_nothing(shell: Shell) -> None:
    tuned = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "seed=1,2", "data.n_groups=400"]
    done = shell("-m", *SIMULATE, *tuned)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "mode=simulate outside a sweep" in done.stderr
    assert not list(shell.outputs.rglob("simulation"))


def test_a_stopped_simulation_leaves_no_run_that_stands_as_running(shell: Shell) -> None:
    process = shell.start(*SIMULATE, *SMALL)
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            if line.startswith("Era 2"):
                break
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(60) == 143
    assert [run.info.status for run in shell.runs()] == ["KILLED"]
    (database,) = shell.outputs.glob("runs/*/*/simulation/mlflow.db")
    client = own_client(database.parents[1])
    (own,) = client.search_experiments(filter_string="name = 'simulation'")
    statuses = [run.info.status for run in client.search_runs([own.experiment_id])]
    assert sorted(statuses) in (["FINISHED"], ["FINISHED", "KILLED"])
