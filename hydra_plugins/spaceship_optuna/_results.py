"""Results of a study: its best trials, the leaderboard of its candidates, and the results file."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
import yaml
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._search_space import CANDIDATE
from hydra_plugins.spaceship_optuna._study import DEFAULT, FINISHED, VOID, counted
from hydra_plugins.spaceship_optuna.files import write_atomically
from hydra_plugins.spaceship_optuna.tables import aligned, cell

RESULTS_FILE = "optimization_results.yaml"
_ONE_LINE = 10**9  # a width at which YAML never folds a command
_BEST = ("params", "evaluated_params", "value", "trial", "job", "run_id")
"""Facts about the best trial; Hydra's own sweepers use the names of the first ones."""
_SPARED = ("seconds", "failed", "pruned")  # columns that a narrow terminal goes without


@dataclass(frozen=True)
class Row:
    """Results of one candidate; with several objectives its trials on the front, and no best."""

    candidate: str
    trials: int  # finished ones that count, pruned and failed ones included
    pruned: int
    failed: int
    best: float | None
    best_trial: int | None
    seconds: float  # of all its trials
    default: float | None  # value of its default configuration, if that trial is complete
    on_front: int | None = None


def leaderboard(study: optuna.Study, labels: Sequence[str]) -> list[Row]:
    """Return one row per candidate, the best first; the first label owns trials without one."""
    several = len(study.directions) > 1
    front = {trial.number for trial in study.best_trials} if several else set()
    rows = []
    for label in labels:
        own = [one for one in counted(study) if (candidate_of(one) or labels[0]) == label]
        states = Counter(trial.state for trial in own)
        done = [one for one in own if one.state == TrialState.COMPLETE and not several]
        best = best_of(done, study.directions)
        row = Row(
            candidate=label,
            trials=len(own),
            pruned=states[TrialState.PRUNED],
            failed=states[TrialState.FAIL],
            best=best.value if best else None,
            best_trial=best.number if best else None,
            seconds=sum(map(seconds, own)),
            default=next((one.value for one in done if DEFAULT in one.user_attrs), None),
            on_front=sum(one.number in front for one in own) if several else None,
        )
        rows.append(row)
    sign = _sign(study.directions)
    return sorted(
        rows, key=lambda row: (-(row.on_front or 0), row.best is None, sign * (row.best or 0.0))
    )


def show(rows: Sequence[Row], width: int | None = None) -> str:
    """Return the leaderboard as text; a narrow terminal gets fewer columns."""
    several = any(row.on_front is not None for row in rows)
    ranking = ("on front",) if several else ("best", "trial", "default")
    table: list[tuple[str, ...]] = [
        ("candidate", "trials", "pruned", "failed", *ranking, "seconds")
    ]
    for row in rows:
        best = (digits(row.best), cell(row.best_trial), digits(row.default))
        counts = map(cell, (row.trials, row.pruned, row.failed))
        ranks = (cell(row.on_front),) if several else best
        table.append((row.candidate, *counts, *ranks, f"{row.seconds:.1f}"))
    spared = list(_SPARED)
    while width and spared and len(aligned(table, "<>").partition("\n")[0]) > width:
        at = table[0].index(spared.pop(0))
        table = [row[:at] + row[at + 1 :] for row in table]
    return aligned(table, "<>")


def digits(value: float | None) -> str:
    """Return a value with five decimals; a very small or large one with five digits."""
    plain = not value or 1e-3 <= abs(value) < 1e5  # noqa: PLR2004
    return cell(value, ".5f" if plain else ".5g")


def candidate_of(trial: FrozenTrial) -> str | None:
    """Return the label of a trial's candidate, or None in a study that has only one."""
    label = trial.params.get(CANDIDATE)
    chosen = isinstance(trial.distributions.get(CANDIDATE), CategoricalDistribution)
    return label if chosen and isinstance(label, str) else None


def candidates_of(study: optuna.Study) -> list[str]:
    """Return the labels of all candidates that a study chooses from; empty if it has only one."""
    for trial in study.get_trials(deepcopy=False):
        distribution = trial.distributions.get(CANDIDATE)
        if candidate_of(trial) and isinstance(distribution, CategoricalDistribution):
            return [str(choice) for choice in distribution.choices]
    return []


def complete(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in counted(study) if trial.state == TrialState.COMPLETE]


def best_of(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """Return the best of complete trials by the first objective, the earliest among equals."""
    sign = _sign(directions)
    return min(trials, key=lambda trial: (sign * trial.values[0], trial.number), default=None)


def pareto_front(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """Return the complete trials that no other trial dominates; a study has `best_trials`."""
    study = optuna.create_study(directions=directions)
    study.add_trials(trials)
    return [trials[one.number] for one in study.best_trials]


def commonest_error(study: optuna.Study) -> str | None:
    """Return the commonest error of the failed trials, the first one among equals."""
    failed = [trial for trial in counted(study) if trial.state == TrialState.FAIL]
    errors = Counter(str(one.user_attrs.get("error", "no error was noted")) for one in failed)
    return errors.most_common(1)[0][0] if errors else None


def seconds(trial: FrozenTrial) -> float:
    return trial.duration.total_seconds() if trial.duration else 0.0


def _sign(directions: Sequence[StudyDirection]) -> int:
    return -1 if directions[0] == StudyDirection.MAXIMIZE else 1


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

    def solution(trial: FrozenTrial) -> dict[str, object]:
        folder = sweep_dir / str(trial.number)
        return {
            "params": trial.params,
            "values": trial.values,
            "trial": trial.number,
            "job": str(folder),
            "run_id": run_id(folder),
            "command": command(trial),
        }

    content: dict[str, object] = {"name": "optuna", "study_name": study.study_name}
    several = len(study.directions) > 1
    best = best_of(complete(study), study.directions)
    found = solution(best) if best else {}
    if several:
        content["solutions"] = [solution(trial) for trial in study.best_trials]
    else:
        found |= _only_objective(best) if best else {}
        content |= {f"best_{key}": found.get(key) for key in _BEST}
    content["command"] = found.get("command")  # of the best, by the first objective if several
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


def _only_objective(trial: FrozenTrial) -> dict[str, object]:
    """Return a trial's value, and its parameters without their candidate."""
    label = candidate_of(trial)
    params = {name: value for name, value in trial.params.items() if not label or name != CANDIDATE}
    own = {name.removeprefix(f"{label}/"): value for name, value in params.items()}
    return {"evaluated_params": own, "value": trial.value}
