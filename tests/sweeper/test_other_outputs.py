"""One study worked on from two outputs folders, as by machines that share no disk."""

import json
import shlex
from pathlib import Path

from tests.commands import QUICK, QUICK_MODEL, Shell

SWEEP = [
    "-m",
    "mode=train",
    "hydra/sweeper=optuna",
    QUICK_MODEL,
    *QUICK,
    "hydra.sweeper.n_trials=3",
]


def test_the_machine_of_the_best_trial_judges_it(shell: Shell, tmp_path: Path) -> None:
    there = Shell(tmp_path / "there")
    there.outputs.mkdir()
    study = ["hydra.sweeper.study_name=shared", f"hydra.sweeper.storage=sqlite:///{tmp_path}/o.db"]
    study += ["model.estimator.C=tag(log,interval(0.001,100))"]
    store = f"tracking.uri=sqlite:///{shell.outputs}/mlflow.db"
    first = shell(*SWEEP, *study, store)
    assert first.returncode == 0, first.stderr
    second = there(*SWEEP, *study, store)
    assert second.returncode == 0, second.stderr

    assert "Verdict:" in first.stdout
    assert "Verdict:" not in second.stdout
    assert "the machine that ran it judges it" in second.stdout
    assert not there.verdicts()
    (own,) = there.outputs.glob("multiruns/*/*")
    (theirs,) = shell.outputs.glob("multiruns/*/*")
    assert own.relative_to(there.outputs) == theirs.relative_to(shell.outputs)
    assert {run.info.status for run in shell.runs()} == {"FINISHED"}
    assert len([run for run in shell.runs() if "trial" in run.data.tags]) == 3

    (line,) = [
        x for x in second.stdout.splitlines() if "scripts/run.py" in x and "estimator.C" in x
    ]
    again = there(*shlex.split(line)[2:], store, "output=json")
    assert json.loads(again.stdout)["verdict"]["award"] in {"champion", "challenger", "refused"}
