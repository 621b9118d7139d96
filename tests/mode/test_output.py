"""Results of modes as `output=json` shows them: each command's object, checked by the schema."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scripts.output_schema import results
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell
from tests.forks import Done, Fork
from tests.machine_output import object_of

pytestmark = pytest.mark.slow
TRAINING = (*QUICK, QUICK_MODEL, "split.n_folds=2")
FORCED = ("gate.force=true", "reason=tried")
TABLE = "key,amount,paid\n" + "".join(
    f"{n},{n % 7 + n / 1000},{'yes' if n % 3 else 'no'}\n" for n in range(120)
)


@pytest.fixture(scope="module")
def outputs(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an outputs folder of all tests of this file."""
    folder = tmp_path_factory.mktemp("results") / "outputs"
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    return folder


@pytest.fixture(scope="module")
def champion(outputs: Path) -> dict[str, Any]:
    """Give the object of a command that makes the first champion and predicts with it."""
    return call(outputs, "mode=default", *TRAINING)


def call(outputs: Path, *words: str, status: int = 0) -> dict[str, Any]:
    """Return the object of a command that ends with a status."""
    done = Shell(outputs)(*words, "output=json")
    assert done.returncode == status, done.stderr
    found = object_of(done)
    assert f"mode={found['mode']}" in words
    return found


def test_main_job(champion: dict[str, Any], outputs: Path) -> None:
    trained, predicted = champion["result"]["trained"], champion["result"]["predicted"]
    report = Path(champion["folder"]) / "report.json"
    assert Path(trained["report"]) == report
    assert trained["objectives"]["cv_log_loss"] == trained["metrics"]["cv_log_loss"]
    table = pd.read_csv(predicted["predictions"])
    assert [*table.columns] == predicted["columns"]
    shares = table["Transported"].value_counts(normalize=True)
    assert predicted["shares"] == {str(name): share for name, share in shares.items()}
    assert (champion["verdict"]["award"], champion["verdict"]["version_registered"]) == (
        "champion",
        "1",
    )
    assert champion["run_id"] in {run.info.run_id for run in Shell(outputs).runs()}
    assert (champion["task"], champion["data_source"]) == ("spaceship_titanic", "synthetic")


def test_refusal_has_result_and_verdict(champion: dict[str, Any], outputs: Path) -> None:
    found = call(outputs, "mode=train", *TRAINING, "gate.require=true", status=3)
    assert (found["outcome"], found["error"]["kind"]) == ("refused", "RefusedError")
    assert found["verdict"]["award"] == "refused"
    assert found["result"]["objectives"] == champion["result"]["trained"]["objectives"]


def test_multirun_has_one_result(champion: dict[str, Any], outputs: Path) -> None:
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    words = ("-m", "mode=train", *TRAINING, "seed=1,2", *launcher)
    found = call(outputs, *words)
    result = found["result"]
    assert (result["study"], result["trials"]) == (None, {"complete": 2, "failed": 0})
    best = result["best"]
    assert Path(best["folder"]).parent == Path(found["folder"])
    assert any(word.startswith("seed=") for word in best["settings"])
    assert found["verdict"]["award"] in {"refused", "challenger", "champion"}
    assert champion["run_id"] != found["run_id"] != best["run_id"]


def test_study_then_promotion_and_the_way_back(champion: dict[str, Any], outputs: Path) -> None:
    words = ("mode=tune", *TRAINING, "mode.blend=null", "hydra.sweeper.n_trials=2")
    study = call(outputs, *words, *FORCED)
    result = study["result"]
    assert result["trials"]["complete"] == 2
    best, row = result["best"], result["leaderboard"][0]
    assert best["objectives"]["cv_log_loss"] == row["best"]
    assert Path(best["folder"]) == Path(study["folder"]) / str(row["best_trial"])
    first, second = (one["verdict"]["version_registered"] for one in (champion, study))
    assert study["verdict"]["champion_before"] == first

    model = study["verdict"]["model"]
    back = {"champion": first, "champion_before": second}
    again = {"champion": second, "champion_before": first}
    same = {"model": model, "dry_run": False}
    rolled = call(outputs, "mode=rollback")["result"]
    assert rolled.items() >= (back | same).items()
    assert rolled["summary"]["recipe"] == "logistic_regression on raw"
    Shell(outputs).client.set_registered_model_alias(model, "challenger", second)
    assert call(outputs, "mode=promote")["result"].items() >= (again | same).items()
    history = call(outputs, "mode=history", "history.at=2100-01-01")["result"]
    assert [step["version"] for step in history["steps"]] == [first, second, first, second]
    assert history["at"] == history["steps"][-1]
    missing = call(outputs, "mode=promote", status=2)
    assert missing["error"]["kind"] == "RegistryError"
    assert "mode=train" in missing["error"]["suggestions"][0]


def test_modes_without_training(champion: dict[str, Any], outputs: Path) -> None:
    assert champion["result"]["predicted"]["rows"] == 192
    assert call(outputs, "mode=pp", *QUICK)["result"]["rows"] == 384
    predicted = call(outputs, "mode=inference", *QUICK, "inference.proba=true")["result"]
    assert predicted["columns"][-1] == "probability_True"
    image = call(outputs, "mode=image")
    assert (Path(image["result"]["folder"]) / "Dockerfile").is_file()
    cleaned = call(outputs, "mode=clean", "clean.older_than=0")
    assert cleaned["result"]["dry_run"]
    again = {one["purpose"]: one["command"] for one in cleaned["next"]}
    assert again["delete it; nothing is deleted yet"].endswith(" clean.dry_run=false")


@pytest.mark.parametrize(
    "mode", ["mode=leaderboard", "mode=show", "mode=compare", "mode=explain", "mode=report"]
)
def test_modes_that_show_a_model(mode: str, champion: dict[str, Any], outputs: Path) -> None:
    own = {"mode=show": f"run={champion['run_id']}", "mode=explain": "explain.row=0001_01"}
    own["mode=compare"] = "runs=champion,last"
    found = call(outputs, mode, QUICK[0], *([own[mode]] if mode in own else []))
    assert found["result"]
    assert found["error"] is None


def test_a_run_made_again(champion: dict[str, Any], outputs: Path) -> None:
    found = call(outputs, "mode=reproduce", f"run={champion['run_id']}", *QUICK)
    assert found["result"]["equal"]
    assert found["result"]["run_id"] == champion["run_id"]


def test_simulation(outputs: Path) -> None:
    words = ("simulate.eras=2", "simulate.groups=150", "gate.floor.minimum=0.4")
    result = call(outputs, "mode=simulate", *TRAINING, *words)["result"]
    assert [era["era"] for era in result["eras"]] == [1, 2]
    assert result["eras"][0]["holdout_champion"] is None  # there was none


def test_init_writes_a_task(outputs: Path) -> None:
    path = outputs.parent / "bills.csv"
    path.write_text(TABLE)
    words = (f"data.train={path}", "task.name=bills", "task.label=paid")
    found = call(outputs, "mode=init", *words)
    assert Path(found["result"]["file"]).is_file()
    assert found["result"]["columns"] == {"amount": "number"}
    assert "task=bills" in found["next"][0]["command"]
    taken = call(outputs, "mode=init", *words, status=2)
    assert taken["error"]["expected"] == "no file configs/task/bills.yaml yet"
    assert taken["folder"] is None  # nothing is left behind


def waited(process: Fork, out: Path, err: Path, said: str, number: int) -> Done:
    """Return an ended command, to which a signal was sent once it had written a text."""
    for _ in range(600):
        if said in err.read_text() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(number)
    status = process.wait(60)
    return Done(process.args, status, out.read_text(), err.read_text())


@pytest.fixture
def end(outputs: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Give a function that ends a command by a signal and returns its object."""

    def ended(words: Sequence[str], said: str, number: int, status: int) -> dict[str, Any]:
        out, err = tmp_path / "out", tmp_path / "err"
        command = Shell(outputs).command(*words, "output=json")
        with out.open("wb") as output, err.open("wb") as errors:
            files = (output.fileno(), errors.fileno())
            process = Fork(command, ROOT, os.environ, files=files, start_new_session=True)
            done = waited(process, out, err, said, number)
        assert done.returncode == status, done.stderr
        return object_of(done)

    return ended


def test_server_that_was_ended(champion: dict[str, Any], end: Callable[..., Any]) -> None:
    found = end(("mode=serve", "serve.port=0"), "Ctrl-C ends it", signal.SIGINT, 0)
    assert found["result"]["address"].startswith("http://127.0.0.1:")
    assert found["result"]["model"] == champion["verdict"]["model"]


def test_training_that_was_ended(end: Callable[..., Any]) -> None:
    found = end(("mode=train", *TRAINING), "Cross-validation", signal.SIGTERM, 143)
    assert (found["outcome"], found["error"]["kind"]) == ("interrupted", "SIGTERM")
    assert Path(found["folder"]).is_dir()


def test_sweep_that_was_ended_names_the_way_on(end: Callable[..., Any]) -> None:
    found = end(("mode=tune", *TRAINING), "trial 0", signal.SIGINT, 130)
    assert found["outcome"] == "interrupted"
    assert any("hydra.sweeper.resume=" in one["command"] for one in found["next"])


def test_each_mode_has_been_called() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [mode for mode in results() if f'"mode={mode}"' not in text] == []
