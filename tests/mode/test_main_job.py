"""Whole runs of `scripts/run.py` in processes of their own, as a user's shell starts them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import QUICK, QUICK_MODEL, SUBMISSION, Shell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first_time(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a shell whose outputs hold one run of the main job."""
    first = Shell(tmp_path_factory.mktemp("project") / "outputs")
    done = first(*QUICK, QUICK_MODEL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verdict: champion" in done.stdout
    return first


def test_main_job_ends_in_a_submission_and_a_champion(first_time: Shell) -> None:
    table = pd.read_csv(first_time.outputs / SUBMISSION)
    (data,) = first_time.outputs.glob("data/spaceship_titanic/synthetic/*/test.parquet")
    assert list(table.columns) == ["PassengerId", "Transported"]
    assert table["PassengerId"].tolist() == pd.read_parquet(data)["PassengerId"].tolist()
    assert table["Transported"].dtype == bool
    assert first_time.champion() == "1"


def test_main_job_is_logged(first_time: Shell) -> None:
    run = first_time.runs()[-1]
    metrics, tags = run.data.metrics, run.data.tags
    assert run.info.status == "FINISHED"
    names = ["accuracy", "roc_auc", "log_loss", "brier", "ece"]
    wanted = {
        f"{part}{name}{end}" for name in names for part, end in (("cv_", ""), ("cv_", "_std"))
    }
    assert wanted | {f"holdout_{name}" for name in names} <= set(metrics)
    assert metrics["fit_seconds"] > 0
    assert metrics["predict_rows_per_second"] > 0
    assert tags["award"] == "champion"
    assert {"reason", "data_source", "data_digest", "git_sha"} <= set(tags)
    assert run.data.params["model.name"] == "logistic_regression"


def test_retraining_the_same_is_refused_and_repeats_every_figure(first_time: Shell) -> None:
    before = json.loads(next(first_time.outputs.glob("runs/*/*/report.json")).read_text())
    done = first_time("mode=train", *QUICK)  # no model: the champion's recipe
    assert done.returncode == 0, done.stderr
    assert "Cross-validation of logistic_regression on raw" in done.stdout
    assert "Verdict: refused" in done.stdout
    after = json.loads(max(first_time.outputs.glob("runs/*/*/report.json")).read_text())
    timings = {"fit_seconds", "predict_rows_per_second"}
    sizes = [report["metrics"].pop("model_mb") for report in (before, after)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)  # of a compressed file, ids inside
    for report in (before, after):
        for scores in (report["metrics"], *report["folds"]):
            for timing in timings:
                scores.pop(timing)
    assert before["metrics"] == after["metrics"]
    assert before["folds"] == after["folds"]
    assert before["holdout_sha256"] == after["holdout_sha256"]
    assert first_time.champion() == "1"


@pytest.mark.parametrize("mode", ["train", "default"])
def test_refusal_is_status_3_where_the_gate_is_required(first_time: Shell, mode: str) -> None:
    done = first_time(f"mode={mode}", *QUICK, "gate.require=true", "hydra.output_subdir=null")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert mode == "default" or "\nerror: expected a candidate that passes" in done.stderr
    run = first_time.runs()[0]
    assert run.info.status == "FINISHED"
    assert {"cv_log_loss", "holdout_accuracy"} <= set(run.data.metrics)
    assert run.data.tags["data_source"] == "synthetic"


def test_required_gate_that_refuses_the_best_of_a_multirun(first_time: Shell) -> None:
    done = first_time("-m", "mode=train", *QUICK, "gate.require=true", "seed=42,42")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    (parent, *_) = (run for run in first_time.runs() if "mlflow.parentRunId" not in run.data.tags)
    assert (parent.info.status, parent.data.tags["award"]) == ("FINISHED", "refused")
    assert {"best_run_id", "reason", "best_job"} <= set(parent.data.tags)
    assert parent.data.tags["command"].startswith("python scripts/run.py -m mode=train data.")


def test_a_first_candidate_that_is_refused_is_a_result(shell: Shell) -> None:
    done = shell(*QUICK, QUICK_MODEL, "gate.floor.minimum=0.99")
    assert done.returncode == 0, done.stderr
    assert "Verdict: refused" in done.stdout
    assert "no champion yet" in done.stdout
    assert not (shell.outputs / SUBMISSION).exists()
    assert [run.info.status for run in shell.runs()] == ["FINISHED"]


def test_multirun_gates_the_best_job_once(shell: Shell) -> None:
    done = shell("-m", "mode=train", *QUICK, "model=logistic_regression,lgbm")
    assert done.returncode == 0, done.stderr
    runs = shell.runs()
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    children = [run for run in runs if run is not parent]
    assert [child.data.tags["mlflow.parentRunId"] for child in children] == [parent.info.run_id] * 2
    assert {run.info.status for run in runs} == {"FINISHED"}
    best = min(children, key=lambda run: run.data.metrics["cv_log_loss"])
    assert parent.data.tags["best_run_id"] == best.info.run_id
    assert [run.data.tags.get("award") for run in children if run is not best] == [None]
    assert best.data.tags["award"] == parent.data.tags["award"] == "champion"
    assert shell.champion() == "1"


def test_multirun_on_two_workers(shell: Shell) -> None:
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    done = shell("-m", "mode=train", *QUICK, QUICK_MODEL, "seed=1,2", *launcher)
    assert done.returncode == 0, done.stderr
    assert {run.info.status for run in shell.runs()} == {"FINISHED"}
    assert len(shell.runs()) == 3
    assert shell.champion() == "1"


def test_job_that_fails_fails_its_multirun(shell: Shell) -> None:
    done = shell("-m", "mode=train", *QUICK, "model=logistic_regression", "split.n_folds=3,999")
    assert done.returncode == 2
    statuses = [run.info.status for run in shell.runs()]
    assert sorted(statuses) == ["FAILED", "FAILED", "FINISHED"]
    assert shell.champion() is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["mode=inference"], "mode=train"),
        (["mode=promote"], "challenger"),
        (["mode=rollback"], "champion"),
        (["mode=fly"], "inference"),
        (["seeed=1"], "seeed"),
        (["mode=train", "gate.floor.minimum=high"], "floor"),
        (["mode=train", "gate.floor=0.5"], "to be a Rule"),
        (["mode=train", "gate.force=true"], "reason="),
        (["-m", "mode=train", "hydra.output_subdir=null"], "in a multirun, found null"),
        (
            ["mode=history", "history.output=moves.txt"],
            "; give a name that ends in .csv or .json, such as x.csv",
        ),
        (["mode=history", "history.at=tuesday"], "YYYY-MM-DD"),
        (["mode=train", "objective.metric=holdout_accuracy"], "cv_accuracy"),
        (["mode=train", "objective.metric=cv_f1"], "accuracy"),
        (["mode=train", "split.holdout_fraction=1.5"], "above 0 and below 1"),
        (["mode=pp", "data=local"], "data.dir="),
        (["mode=pp", "data=local", "data.dir=nowhere"], "nowhere"),
        (["mode=pp", "data.n_groups=-1"], "n_groups"),
        (["mode=pp", "data._target_=os.system"], "os.system"),
        (["mode=pp", "data._target_=joblib.load"], "joblib.load"),
        (["mode=pp", "tracking=server"], "tracking.uri="),
        (["mode=pp", "tracking=server", "tracking.uri=http://127.0.0.1:9"], "127.0.0.1:9"),
        (["mode=pp", "tracking.uri=mlruns"], "tracking=sqlite"),
        (["mode=train", "model=lgbm", "model.estimator._target_=lightgbm.Nothing"], "Nothing"),
        (["mode=train", "model=lgbm", "model.encoding=binary"], "native"),
        (["mode=train", "model=lgbm", "model.iterations=many"], "'inner_cv' or 'inner_fold'"),
        (["mode=train", "model=lgbm", "calibration=magic"], "none, isotonic, sigmoid"),
        (["mode=train", "model=lgbm", "threshold=0.4"], "0.5 or tuned"),
        (["mode=train", "model=svm", *QUICK, "+model.iterations=inner_cv"], "no boosting rounds"),
        (["mode=train", "model=blend", "model.study=nowhere"], "mode=tune"),
        (["mode=train", "model=blend", "model.method=vote", *QUICK], "'stack' or 'greedy'"),
    ],
)
def test_what_a_user_can_mend(shell: Shell, arguments: list[str], told: str) -> None:
    done = shell(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert shell.champion() is None


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = Shell(tmp_path / "file")("mode=pp")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_failed_job_keeps_its_traceback(shell: Shell, tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("a,b\n1,2\n")
    done = shell("mode=train", "data=local", f"data.dir={tmp_path}")
    assert done.returncode == 2
    (run,) = shell.runs()
    assert run.info.status == "FAILED"
    names = {item.path for item in shell.client.list_artifacts(run.info.run_id)}
    assert {"traceback.txt", "failure.json", "config.yaml"} <= names


def test_secrets_of_the_environment_are_written_nowhere(shell: Shell) -> None:
    done = shell(
        *("mode=train", *QUICK, QUICK_MODEL),
        "+note=${oc.env:SPACESHIP_TEST_SECRET}",
        "reason=see ${oc.env:SPACESHIP_TEST_SECRET}",
        "+address=postgresql://user:pass-word-in-uri@127.0.0.1/db",
        SPACESHIP_TEST_SECRET="hush-hush-4711",  # noqa: S106 - what the test looks for
    )
    assert done.returncode == 0, done.stderr
    failed = shell("mode=train", "seed=abc", "+address=postgresql://user:pass-word-in-uri@h/db")
    assert failed.returncode == 2
    assert "found 'abc'" in failed.stderr
    for secret in ("hush-hush-4711", "pass-word-in-uri"):
        assert secret not in done.stdout + done.stderr + failed.stdout + failed.stderr
        found = [path for path in shell.outputs.rglob("*") if _contains(path, secret)]
        assert found == []


def test_local_settings_override_the_defaults(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "settings" / "local"
    folder.mkdir(parents=True)
    (folder / "default.yaml").write_text("# @package _global_\ndata:\n  n_groups: 123\n")
    done = shell("--config-dir", str(folder.parent), "--cfg", "job")
    assert "n_groups: 123" in done.stdout
    over = shell("--config-dir", str(folder.parent), "--cfg", "job", "data.n_groups=7")
    assert "n_groups: 7" in over.stdout


def test_real_passengers(shell: Shell, real_data: Path) -> None:
    arguments = ["data=local", f"data.dir={real_data}", "model=lgbm"]
    done = shell(*arguments)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(shell.outputs / "submissions/spaceship_titanic-local.csv")
    sample = pd.read_csv(real_data / "sample_submission.csv")
    assert table["PassengerId"].tolist() == sample["PassengerId"].tolist()


def _contains(path: Path, text: str) -> bool:
    return path.is_file() and text.encode() in path.read_bytes()
