"""Results file of a study, beside its jobs: best trial or Pareto front, counts and leaderboard."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._leaderboard import leaderboard
from hydra_plugins.spaceship_optuna._ranking import best_of, candidate_of, candidates_of, complete
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

    Args:
        study: The study.
        sweep_dir: Folder of the multirun, which holds one folder per trial.
        command: Returns the command line that runs the configuration of a trial again.
        labels: The candidates, needed where the study has only one, as its trials do not name it.
        run_id: Returns the id of the tracking run of a trial, given the folder of its job.

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
    if len(study.directions) > 1:
        content["solutions"] = [solution(trial) for trial in study.best_trials]
    else:
        best = best_of(complete(study), study.directions)
        found = solution(best) | _only_objective(best) if best else {}
        content |= {f"best_{key}": found.get(key) for key in _BEST}
        content["command"] = found.get("command")
    content["n_trials"] = _counts(study)
    rows = [vars(row) for row in leaderboard(study, labels or candidates_of(study) or ["trial"])]
    empty = set() if len(study.directions) > 1 else {"on_front"}
    content["leaderboard"] = [{key: row[key] for key in row if key not in empty} for row in rows]
    return _write(content, sweep_dir / RESULTS_FILE)


def _only_objective(trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial's value, and its parameters without their candidate."""
    label = candidate_of(trial)
    params = {name: value for name, value in trial.params.items() if not label or name != CANDIDATE}
    own = {name.removeprefix(f"{label}/"): value for name, value in params.items()}
    return {"evaluated_params": own, "value": trial.value}


def _counts(study: optuna.Study) -> dict[str, int]:
    states = Counter(trial.state for trial in counted(study))
    finished = study.get_trials(deepcopy=False, states=FINISHED)
    return {
        "complete": states[TrialState.COMPLETE],
        "pruned": states[TrialState.PRUNED],
        "failed": states[TrialState.FAIL],
        "void": sum(VOID in trial.user_attrs for trial in finished),
    }


def _write(content: dict[str, Any], path: Path) -> Path:
    """Write YAML atomically, without NumPy numbers, which it lacks, and without references."""
    text = json.dumps(content, default=lambda x: x.item() if hasattr(x, "item") else str(x))
    text = yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True, width=_ONE_LINE)
    write_atomically(path, text)
    return path
