"""What a study has found: its best trials, the candidates' leaderboard and the results file."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._spaces import CANDIDATE
from hydra_plugins.spaceship_optuna._study import DEFAULT, FINISHED, VOID, counted
from spaceship.job import Job
from spaceship.record import write_atomically

RESULTS_FILE = "optimization_results.yaml"
_ONE_LINE = 10**9  # a width at which YAML never folds a command


@dataclass(frozen=True)
class Row:
    """How one candidate did.

    Attributes:
        candidate: Its label.
        trials: Finished trials that count, pruned and failed ones included.
        pruned: Of these, how many were stopped early.
        failed: Of these, how many failed.
        best: Its best value; None without a complete trial, or with several objectives.
        best_trial: Number of the trial that reached it.
        seconds: Time its trials took, added up.
        default: Value of its default configuration, where that trial is complete.
        on_front: With several objectives, how many of its trials are on the Pareto front.

    """

    candidate: str
    trials: int
    pruned: int
    failed: int
    best: float | None
    best_trial: int | None
    seconds: float
    default: float | None
    on_front: int | None = None


def candidate_of(trial: FrozenTrial) -> str | None:
    """Return the label of a trial's candidate, or None in a study that has only one."""
    label = trial.params.get(CANDIDATE)
    chosen = isinstance(trial.distributions.get(CANDIDATE), CategoricalDistribution)
    return label if chosen and isinstance(label, str) else None


def candidates_of(study: optuna.Study) -> list[str]:
    """Return the labels of all candidates a study chooses from; empty if it has only one."""
    for trial in study.get_trials(deepcopy=False):
        distribution = trial.distributions.get(CANDIDATE)
        if candidate_of(trial) and isinstance(distribution, CategoricalDistribution):
            return [str(choice) for choice in distribution.choices]
    return []


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that ran to their end and count."""
    return [trial for trial in counted(study) if trial.state == TrialState.COMPLETE]


def best_of(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """Return the best of complete trials by the first objective, the earliest among equals."""
    costs = {trial.number: _costs(trial, directions)[0] for trial in trials}
    return min(trials, key=lambda trial: (costs[trial.number], trial.number), default=None)


def pareto_front(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """Return the complete trials that no other one beats in every objective, by number."""
    costs = {trial.number: _costs(trial, directions) for trial in trials}
    distinct = set(costs.values())
    dominated = {
        mine
        for mine in distinct
        if any(
            theirs != mine and all(b <= a for a, b in zip(mine, theirs, strict=True))
            for theirs in distinct
        )
    }
    front = [trial for trial in trials if costs[trial.number] not in dominated]
    return sorted(front, key=lambda trial: trial.number)


def leaderboard(study: optuna.Study, plan_labels: Sequence[str]) -> list[Row]:
    """Return one row per candidate, the best first.

    Args:
        study: The study, finished or not.
        plan_labels: Labels of the candidates; the first one owns trials that name none.

    """
    trials = counted(study)
    several = len(study.directions) > 1
    front = {one.number for one in pareto_front(complete(study), study.directions)}
    rows = []
    for label in plan_labels:
        own = [one for one in trials if (candidate_of(one) or plan_labels[0]) == label]
        on_front = sum(one.number in front for one in own) if several else None
        rows.append(_row(label, own, study.directions, on_front))
    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    return sorted(
        rows,
        key=lambda row: (-(row.on_front or 0), row.best is None, sign * (row.best or 0.0)),
    )


def show(rows: Sequence[Row]) -> str:
    """Return a leaderboard as a table of aligned text."""
    several = any(row.on_front is not None for row in rows)
    ranking = ("on front",) if several else ("best", "trial", "default")
    table = [("candidate", "trials", "pruned", "failed", *ranking, "seconds")]
    for row in rows:
        best = "-" if row.best_trial is None else str(row.best_trial)
        ranks = (str(row.on_front),) if several else (digits(row.best), best, digits(row.default))
        counts = (str(row.trials), str(row.pruned), str(row.failed))
        table.append((row.candidate, *counts, *ranks, f"{row.seconds:.1f}"))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        )
        for line in table
    )


def digits(value: float | None) -> str:
    """Return a value with five decimals, or five digits where decimals would hide it."""
    if value is None:
        return "-"
    return f"{value:.5f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.5g}"  # noqa: PLR2004


def commonest_error(study: optuna.Study) -> str | None:
    """Return the error that most failed trials ended with, if any failed; the first of equals."""
    failed = [trial for trial in counted(study) if trial.state == TrialState.FAIL]
    errors = Counter(str(one.user_attrs.get("error", "no error was noted")) for one in failed)
    return errors.most_common(1)[0][0] if errors else None


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


def _row(
    label: str,
    trials: Sequence[FrozenTrial],
    directions: Sequence[StudyDirection],
    on_front: int | None,
) -> Row:
    states = Counter(trial.state for trial in trials)
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    best = best_of(done, directions) if on_front is None else None
    defaults = [one.value for one in done if DEFAULT in one.user_attrs and on_front is None]
    return Row(
        candidate=label,
        trials=len(trials),
        pruned=states[TrialState.PRUNED],
        failed=states[TrialState.FAIL],
        best=best.value if best else None,
        best_trial=best.number if best else None,
        seconds=sum(seconds(trial) for trial in trials),
        default=defaults[0] if defaults else None,
        on_front=on_front,
    )


def seconds(trial: FrozenTrial) -> float:
    """Return how long a finished trial took."""
    return trial.duration.total_seconds() if trial.duration else 0.0


def _costs(trial: FrozenTrial, directions: Sequence[StudyDirection]) -> tuple[float, ...]:
    """Return the values of a complete trial, turned so that less is better."""
    signs = [-1 if direction == StudyDirection.MAXIMIZE else 1 for direction in directions]
    return tuple(sign * value for sign, value in zip(signs, trial.values, strict=True))


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
