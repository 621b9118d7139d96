"""What a study has found, as the results file beside its jobs."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._leaderboard import leaderboard
from hydra_plugins.spaceship_optuna._ranking import (
    best_of,
    candidate_of,
    candidates_of,
    complete,
    pareto_front,
)
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE
from hydra_plugins.spaceship_optuna._study import FINISHED, VOID, counted
from spaceship.files import write_atomically
from spaceship.tracking.job import Job

RESULTS_FILE = "optimization_results.yaml"
_ONE_LINE = 10**9  # a width at which YAML never folds a command


def write_results(
    study: optuna.Study,
    sweep_dir: Path,
    command: Callable[[FrozenTrial], str],
    labels: Sequence[str] = (),
) -> Path:
    """Write what the study has found beside the jobs and return the file.

    Args:
        study: The study, finished or not.
        sweep_dir: The multirun's folder, which holds one folder per trial.
        command: Gives the one line that runs a trial's configuration again.
        labels: The candidates, where the study has only one; it does not name it.

    """
    content: dict[str, Any] = {"name": "optuna", "study_name": study.study_name}
    trials = complete(study)
    if len(study.directions) > 1:
        front = pareto_front(trials, study.directions)
        content["solutions"] = [_solution(one, sweep_dir, command) for one in front]
    else:
        content |= _best(best_of(trials, study.directions), sweep_dir, command)
    content["n_trials"] = _counts(study)
    rows = leaderboard(study, labels or candidates_of(study) or ["trial"])
    content["leaderboard"] = [
        {key: value for key, value in vars(row).items() if key != "on_front" or value is not None}
        for row in rows
    ]
    # Through JSON, because YAML knows neither NumPy's numbers nor how to repeat a list plainly.
    plain = json.loads(json.dumps(content, default=_plain))
    path = sweep_dir / RESULTS_FILE
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=_ONE_LINE)
    write_atomically(path, text)
    return path


def _best(
    trial: FrozenTrial | None, sweep_dir: Path, command: Callable[[FrozenTrial], str]
) -> dict[str, Any]:
    """Return the best trial under the names that Hydra's own sweepers use."""
    if trial is None:
        empty = ("params", "evaluated_params", "value", "trial", "job", "run_id")
        return {f"best_{key}": None for key in empty} | {"command": None}
    found = _solution(trial, sweep_dir, command)
    label = candidate_of(trial)
    own = {key.removeprefix(f"{label}/"): value for key, value in trial.params.items()}
    if label:
        del own[CANDIDATE]
    return {
        "best_params": found["params"],
        "best_evaluated_params": own,
        "best_value": trial.value,
        "best_trial": found["trial"],
        "best_job": found["job"],
        "best_run_id": found["run_id"],
        "command": found["command"],
    }


def _solution(
    trial: FrozenTrial, sweep_dir: Path, command: Callable[[FrozenTrial], str]
) -> dict[str, Any]:
    folder = sweep_dir / str(trial.number)
    return {
        "params": trial.params,
        "values": trial.values,
        "trial": trial.number,
        "job": str(folder),
        "run_id": Job(folder, in_multirun=True).run_id,
        "command": command(trial),
    }


def _counts(study: optuna.Study) -> dict[str, int]:
    states = Counter(trial.state for trial in counted(study))
    finished = study.get_trials(deepcopy=False, states=FINISHED)
    return {
        "complete": states[TrialState.COMPLETE],
        "pruned": states[TrialState.PRUNED],
        "failed": states[TrialState.FAIL],
        "void": sum(VOID in trial.user_attrs for trial in finished),
    }


def _plain(value: Any) -> Any:
    """Return a NumPy number as Python's own, and anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)
