"""Commands after a verdict: each can work, and is the one that helps."""

import shlex
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from spaceship.callbacks._next import after_verdict
from spaceship.data._base import Dataset
from spaceship.data.cache import has_test_part
from spaceship.data.local import LocalData
from spaceship.experiment import Experiment
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.gate.score_lines import ScoreLine
from spaceship.gate.verdict import Verdict
from spaceship.tracking.markdown import rerun
from tests.serving import composed

CROWNED = Verdict(Award.CHAMPION, "Champion: every rule is met.", "all")
FLOOR = Check("floor", 0.7, ">", 0.78, passed=False, title="Score")


def test_nothing_is_predicted_with_unless_it_was_promoted(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"paths.outputs={experiment.outputs}"
    dry_runs = ("", "gate.dry_run=true", "gate.dry_run=false")
    for some in product(("", "gate=off"), dry_runs, ("", "gate.force=true")):
        mode = "default" if "gate.force=true" in some else "train"
        words = [word for word in (f"mode={mode}", place, "reason=x", *some) if word]
        monkeypatch.setattr("sys.argv", ["scripts/run.py", *words])
        made = composed(*words)
        assert made.dry_run == (some[1] == "gate.dry_run=true" or some[:2] == ("gate=off", ""))
        steps = dict(after_verdict(made, CROWNED, mode))
        if not made.dry_run:
            assert [*steps] == (["predict with the champion"] if mode == "train" else [])
            continue
        assert [*steps] == ["train it for real"]
        repeated = shlex.split(steps["train it for real"])
        again = composed(*repeated[repeated.index(words[0]) :])
        assert not again.dry_run
        assert again.gate.force == ("gate.force=true" in words)


def test_data_without_a_test_part_need_a_file(
    experiment: Experiment, people: Dataset, tmp_path: Path
) -> None:
    (command,) = dict(after_verdict(experiment, CROWNED)).values()
    assert "inference.input" not in command
    people.train.to_csv(tmp_path / "train.csv", index=False)
    alone = LocalData(train=tmp_path / "train.csv")
    without = replace(experiment, given=alone)
    assert without.dataset.test is None
    assert not has_test_part(experiment.task, alone, experiment.outputs)
    (command,) = dict(after_verdict(without, CROWNED)).values()
    assert " mode=inference inference.input=FILE" in command


def test_the_champions_own_recipe_asks_for_another_model(experiment: Experiment) -> None:
    same = ScoreLine("held out", "accuracy", 0.8, 0.8, 0.0, 0.0)
    refused = Verdict(Award.REFUSED, "Refused: no gain.", "any_gain", scores=(same,))
    ((purpose, command),) = after_verdict(experiment, refused)
    assert "own recipe on the same data, so it cannot win" in purpose
    assert "mode=train model=NAME" in command
    better = replace(refused, scores=(replace(same, candidate=0.81, difference=0.01),))
    ((purpose, _),) = after_verdict(experiment, better)
    assert purpose == "try other models"


def test_a_challenger_without_a_champion_is_the_first_one(experiment: Experiment) -> None:
    challenger = Verdict(Award.CHALLENGER, "Challenger: a gain.", "ceiling")
    ((_, command),) = after_verdict(experiment, challenger)
    assert " mode=promote " in command
    assert command.endswith(' reason="the first champion"')


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "; a champion needs score > 0.78"), (3, '; see "failed" above')],
)
def test_few_conditions_are_told_and_many_are_in_the_table(
    experiment: Experiment, number: int, told: str
) -> None:
    refused = Verdict(Award.REFUSED, "Refused: no.", "floor", checks=(FLOOR,) * number)
    ((purpose, _),) = after_verdict(experiment, refused)
    assert purpose == f"try other models{told}"


def test_a_run_is_repeated_in_the_folder_of_its_start() -> None:
    assert "cd '/my data' && " in rerun("spaceship data.dir=here", "/my data")
