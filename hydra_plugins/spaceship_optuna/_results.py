"""Results file of a study, beside its jobs: best trial or Pareto front, counts and leaderboard."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._ranking import (
    best_of,
    candidate_of,
    candidates_of,
    complete,
    leaderboard,
)
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE
from hydra_plugins.spaceship_optuna._study import FINISHED, VOID, counted
from hydra_plugins.spaceship_optuna.files import write_atomically

RESULTS_FILE = "optimization_results.yaml"
_ONE_LINE = 10**9  # a width at which YAML never folds a command
_BEST = ("params", "evaluated_params", "value", "trial", "job", "run_id")
"""Facts about the best trial; Hydra's own sweepers use the names of the first ones."""


def write_results(
    study: optuna.Study,
    sweep_dir: Path,
    command: Callable[[FrozenTrial], str],
    labels: Sequence[str] = (),
    run_id: Callable[[Path], str | None] = lambda _: None,
) -> Path:
    """Write the results file of a study, finished or not, and return its path.

    `sweep_dir` holds one folder per trial. `command` returns the command line that runs a trial's
    configuration again, `run_id` its tracking run's id, given the folder of its job. A study of one
    candidate needs `labels`, as its trials do not name it.
    """

    def solution(trial: FrozenTrial) -> dict[str, Any]:
        folder = sweep_dir / str(trial.number)
        return {
            "params": trial.params,
            "values": trial.values,
            "trial": trial.number,
            "job": str(folder),
            "run_id": run_id(folder),
            "command": command(trial),
        }

    content: dict[str, Any] = {"name": "optuna", "study_name": study.study_name}
    several = len(study.directions) > 1
    if several:
        content["solutions"] = [solution(trial) for trial in study.best_trials]
    else:
        best = best_of(complete(study), study.directions)
        found = solution(best) | _only_objective(best) if best else {}
        content |= {f"best_{key}": found.get(key) for key in _BEST}
        content["command"] = found.get("command")
    states = Counter(trial.state for trial in counted(study))
    finished = study.get_trials(deepcopy=False, states=FINISHED)
    content["n_trials"] = {
        "complete": states[TrialState.COMPLETE],
        "pruned": states[TrialState.PRUNED],
        "failed": states[TrialState.FAIL],
        "void": sum(VOID in trial.user_attrs for trial in finished),
    }
    rows = [vars(row) for row in leaderboard(study, labels or candidates_of(study) or ["trial"])]
    content["leaderboard"] = [
        {key: value for key, value in row.items() if several or key != "on_front"} for row in rows
    ]
    # YAML lacks NumPy's numbers, and would write references to objects that occur twice
    plain = json.loads(json.dumps(content, default=lambda x: getattr(x, "item", x.__str__)()))
    path = sweep_dir / RESULTS_FILE
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=_ONE_LINE)
    write_atomically(path, text)
    return path


def _only_objective(trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial's value, and its parameters without their candidate."""
    label = candidate_of(trial)
    params = {name: value for name, value in trial.params.items() if not label or name != CANDIDATE}
    own = {name.removeprefix(f"{label}/"): value for name, value in params.items()}
    return {"evaluated_params": own, "value": trial.value}
