"""Leaderboard and results file, of real studies small enough to check by hand."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from hydra_plugins.spaceship_optuna._results import (
    candidate_of,
    candidates_of,
    commonest_error,
    digits,
    leaderboard,
    pareto_front,
    show,
    write_results,
)

LABELS = ["lgbm", "catboost", "logistic"]
SPACE = IntDistribution(1, 64)
START = datetime(2026, 3, 1, 12, 0, 0)  # noqa: DTZ001 - Optuna's times are naive


def _command(trial: FrozenTrial) -> str:
    return f"python run.py model=lgbm 'key={'x' * 200}' trial={trial.number}"


def _add(
    study: optuna.Study,
    label: str | None,
    values: float | list[float] | None,
    state: TrialState = TrialState.COMPLETE,
    **attributes: Any,
) -> None:
    number = len(study.trials)
    params: dict[str, Any] = {"leaves": number + 1}
    distributions: dict[str, BaseDistribution] = {"leaves": SPACE}
    if label:
        params = {"candidate": label, f"{label}/leaves": number + 1}
        choice = CategoricalDistribution(LABELS)
        distributions = {"candidate": choice, f"{label}/leaves": SPACE}
    trial = create_trial(
        state=state,
        values=[values] if isinstance(values, float) else values,
        params=params,
        distributions=distributions,
        user_attrs=attributes,
    )
    trial.datetime_start, trial.datetime_complete = START, START + timedelta(seconds=2.5)
    study.add_trial(trial)


@pytest.fixture
def study() -> optuna.Study:
    """Give a study of two candidates with every kind of trial."""
    study = optuna.create_study(study_name="tuning")
    _add(study, "lgbm", 0.39, default=True)
    _add(study, "catboost", 0.40, default=True)
    _add(study, "lgbm", 0.41, TrialState.PRUNED)
    _add(study, "lgbm", None, TrialState.FAIL, error="ValueError: rare")
    _add(study, "catboost", None, TrialState.FAIL, error="ValueError: common")
    _add(study, "catboost", None, TrialState.FAIL, error="ValueError: common")
    _add(study, "catboost", None, TrialState.FAIL, void="its worker died", error="x")
    _add(study, "catboost", 0.38)
    _add(study, "catboost", 0.38)
    return study


@pytest.fixture
def front() -> optuna.Study:
    """Give a study that minimises one objective and maximises another."""
    study = optuna.create_study(study_name="pair", directions=["minimize", "maximize"])
    for label, values in (
        ("lgbm", [0.4, 0.8]),
        ("catboost", [0.5, 0.9]),
        ("lgbm", [0.5, 0.8]),
        ("catboost", [0.4, 0.8]),
        ("catboost", [0.6, 0.7]),
    ):
        _add(study, label, values)
    return study


def test_the_leaderboard_is_sorted_by_best_and_lacks_nothing(study: optuna.Study) -> None:
    first, second, third = leaderboard(study, LABELS)
    assert (first.candidate, first.trials, first.pruned, first.failed) == ("catboost", 5, 0, 2)
    assert (first.best, first.best_trial, first.default) == (0.38, 7, 0.40)
    assert (second.candidate, second.trials, second.pruned, second.failed) == ("lgbm", 3, 1, 1)
    assert (second.best, second.best_trial, second.default) == (0.39, 0, 0.39)
    assert (first.seconds, second.seconds) == (12.5, 7.5)
    assert (third.candidate, third.trials, third.best, third.default) == ("logistic", 0, None, None)


def test_more_is_better_where_the_study_maximises() -> None:
    study = optuna.create_study(direction="maximize")
    for label, value in (("lgbm", 0.7), ("catboost", 0.8), ("lgbm", 0.9), ("catboost", 0.6)):
        _add(study, label, value)
    rows = leaderboard(study, LABELS)
    assert [row.candidate for row in rows] == ["lgbm", "catboost", "logistic"]
    assert [row.best for row in rows] == [0.9, 0.8, None]


def test_trials_without_a_candidate_belong_to_the_only_one(tmp_path: Path) -> None:
    study = optuna.create_study()
    _add(study, None, 0.5)
    (row,) = leaderboard(study, ["lgbm"])
    assert (row.candidate, row.trials, row.best) == ("lgbm", 1, 0.5)
    assert candidate_of(study.trials[0]) is None
    assert candidates_of(study) == []
    content = yaml.safe_load(write_results(study, tmp_path, _command, ["lgbm"]).read_text())
    assert content["best_params"] == content["best_evaluated_params"] == {"leaves": 1}
    assert content["leaderboard"][0]["candidate"] == "lgbm"


def test_a_number_called_candidate_is_no_candidate() -> None:
    study = optuna.create_study()
    study.add_trial(
        create_trial(value=1.0, params={"candidate": 3}, distributions={"candidate": SPACE})
    )
    assert candidate_of(study.trials[0]) is None


def test_the_table_is_aligned(study: optuna.Study) -> None:
    assert show(leaderboard(study, LABELS)).splitlines() == [
        "candidate  trials  pruned  failed     best  trial  default  seconds",
        "catboost        5       0       2  0.38000      7  0.40000     12.5",
        "lgbm            3       1       1  0.39000      0  0.39000      7.5",
        "logistic        0       0       0        -      -        -      0.0",
    ]


def test_a_narrow_terminal_gets_fewer_columns(study: optuna.Study) -> None:
    rows = leaderboard(study, LABELS)
    assert show(rows, 67) == show(rows)
    head = "candidate  trials  pruned  failed     best  trial  default"
    assert show(rows, 66).splitlines()[0] == head
    assert show(rows, 57).splitlines()[0] == head.replace("  failed", "")


def test_several_objectives_rank_by_the_front(front: optuna.Study) -> None:
    rows = leaderboard(front, LABELS)
    assert [(row.candidate, row.on_front) for row in rows] == [
        ("catboost", 2),
        ("lgbm", 1),
        ("logistic", 0),
    ]
    assert show(rows).splitlines()[1] == "catboost        3       0       0         2      7.5"


def test_the_front_of_some_trials_keeps_their_numbers(front: optuna.Study) -> None:
    chosen = pareto_front(front.trials[1:], front.directions)
    assert [trial.number for trial in chosen] == [1, 3]


def test_the_commonest_error_counts_only_what_counts(study: optuna.Study) -> None:
    assert commonest_error(study) == "ValueError: common"
    assert commonest_error(optuna.create_study()) is None


def test_the_file_says_what_is_best_and_how_to_get_it(study: optuna.Study, tmp_path: Path) -> None:
    path = write_results(study, tmp_path, _command, run_id=lambda job: f"run of {job.name}")
    assert path == tmp_path / "optimization_results.yaml"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    content = yaml.safe_load(path.read_text())
    command = _command(study.trials[7])
    board = content.pop("leaderboard")
    assert content == {
        "name": "optuna",
        "study_name": "tuning",
        "best_params": {"candidate": "catboost", "catboost/leaves": 8},
        "best_evaluated_params": {"leaves": 8},
        "best_value": 0.38,
        "best_trial": 7,
        "best_job": str(tmp_path / "7"),
        "best_run_id": "run of 7",
        "command": command,
        "n_trials": {"complete": 4, "pruned": 1, "failed": 3, "void": 1},
    }
    assert "*id" not in path.read_text()
    assert any(command in line for line in path.read_text().splitlines())
    assert [row["candidate"] for row in board] == LABELS[1::-1] + LABELS[2:]
    assert "on_front" not in board[0]


def test_a_study_without_a_complete_trial_has_no_best(tmp_path: Path) -> None:
    study = optuna.create_study()
    _add(study, "lgbm", None, TrialState.FAIL, error="ValueError: no")
    content = yaml.safe_load(write_results(study, tmp_path, _command).read_text())
    assert content["best_value"] is content["best_job"] is content["command"] is None
    assert content["n_trials"]["failed"] == 1


def test_several_objectives_give_solutions(front: optuna.Study, tmp_path: Path) -> None:
    content = yaml.safe_load(write_results(front, tmp_path, _command).read_text())
    assert [one["trial"] for one in content["solutions"]] == [0, 1, 3]
    first = content["solutions"][0]
    assert first["params"] == {"candidate": "lgbm", "lgbm/leaves": 1}
    assert first["values"] == [0.4, 0.8]
    assert first["job"] == str(tmp_path / "0")
    assert first["run_id"] is None
    assert "best_value" not in content
    assert content["command"] == first["command"]  # for a machine without the best job


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0.00000"), (0.379914, "0.37991"), (-2e-5, "-2e-05"), (1e9, "1e+09")],
)
def test_digits(value: float | None, text: str) -> None:
    assert digits(value) == text
