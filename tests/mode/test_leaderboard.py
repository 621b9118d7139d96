"""`mode=leaderboard`: lists, remarks and files; no name of others steers the terminal."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.errors import ConfigError
from spaceship.experiment import Experiment
from spaceship.mode.leaderboard import leaderboard
from spaceship.registry.registry import CHAMPION
from tests.mode.champions import told
from tests.tracking.scored_runs import scored, sweep, trial

EVIL = "=1+1\n  forged on full\x1b[31m\u202e"


def wanting(experiment: Experiment, **changes: Any) -> Experiment:
    made = experiment.settings
    own = made.leaderboard.model_copy(update=changes)
    return replace(experiment, settings=made.model_copy(update={"leaderboard": own}))


@pytest.fixture
def runs(experiment: Experiment) -> list[str]:
    """Give the ids of three runs, the last of them champion, beside trials and a failure."""
    store = experiment.store
    ids = [scored(store, name, at) for name, at in (("a on raw", 0.7), ("b on raw", 0.8))]
    ids.append(scored(store, "c on raw", 0.9, {"award": CHAMPION}))
    above = sweep(store, study=True)
    trial(store, above, "tried", 0.95)
    scored(store, "crashed", 0.99, {"status": "FAILED"})
    client, model = store.client, experiment.registry.model
    client.create_registered_model(model)
    client.create_model_version(model, f"runs:/{ids[-1]}/model", ids[-1])
    client.set_registered_model_alias(model, CHAMPION, "1")
    return ids


def test_the_best_runs_are_listed_and_the_rest_is_counted(
    experiment: Experiment, runs: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    title, head, first, second, *rest = told(leaderboard, wanting(experiment, top=2), caplog)
    where = "synthetic, the data of the latest run (digest d1)"
    assert title == f"By accuracy, cross-validated over folds, on {where}:"
    assert head.split() == ["recipe", "accuracy", "±", "sd", "held", "out", "award", "age", "run"]
    assert first.split()[:3] + first.split()[-1:] == ["c", "on", "raw", runs[2][:8]]
    assert " 0.9000 ± 0.0100         -  champion now  now  " in first
    assert second.startswith("b on raw  0.8000 ± 0.0100 ")
    assert rest[:3] == [
        "2 of 3 runs are listed; leaderboard.top=3 lists all.",
        "Not listed: 1 trial of sweeps; leaderboard.trials=true lists them too.",
        "Runs without a score: 1 failed or killed.",
    ]
    command = experiment.registry.command("mode=show", f"run={runs[2]}")
    assert rest[3:5] == ["Next: see a run, such as the first", f"  {command}"]
    assert rest[5] == "Next: make the first again"


def test_the_result_holds_as_many_runs_as_are_listed(
    experiment: Experiment, runs: list[str]
) -> None:
    made = leaderboard(wanting(experiment, top=2))
    assert [run.run_id for run in made.runs] == [runs[2], runs[1]]
    assert (made.scored, made.failed, made.trials, made.output) == (3, 1, 1, None)
    assert made.runs[0].aliases == (CHAMPION,)


def test_runs_on_other_data_are_a_list_of_their_own(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    scored(experiment.store, "old", 0.99, {"data_digest": "0123456789"})
    scored(experiment.store, "new", 0.7)
    _, _, first, title, head, second, *_ = told(leaderboard, experiment, caplog)
    assert first.startswith("new")
    wanted = "On other data than the data of the latest run; the scores do not compare:"
    assert title == wanted
    assert "data" in head.split()
    assert "synthetic 01234567" in second


def test_the_data_in_use_are_those_of_the_config_not_of_the_latest_run(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    digest = experiment.dataset.digest
    scored(experiment.store, "own", 0.7, {"data_digest": digest})
    scored(experiment.store, "other salt", 0.8, {"data_digest": digest, "split": "hash, salt b"})
    scored(experiment.store, "later", 0.9)
    title, _, own, split, _, salt, other, _, later, *_ = told(leaderboard, experiment, caplog)
    assert title.endswith(f"on synthetic, the data in use (digest {digest[:8]}):")
    words = experiment.protocol.words
    assert split == f"Of another split than {words}; the scores do not compare:"
    assert other == "On other data than the data in use; the scores do not compare:"
    firsts = [line.split("  ")[0] for line in (own, salt, later)]
    assert firsts == ["own", "other salt", "later"]


def test_a_score_on_a_sample_says_so(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    drawn = "a sample of 50 of 500 labelled rows"
    few, whole = {"data_digest": "f", "sample": drawn}, {"data_digest": "w"}
    for tags, others in ((few, whole), (whole, few)):
        scored(experiment.store, "others", 0.9, others)
        scored(experiment.store, "own", 0.8, tags)
        lines = told(leaderboard, experiment, caplog)
        assert lines[0].endswith(f"(digest f), {drawn}:" if tags is few else "(digest w):")
        assert (f"synthetic f, {drawn}" in "\n".join(lines[3:])) == (tags is whole)


def test_no_name_forges_a_line_or_steers_the_terminal(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    tags = {"data_digest": EVIL, "award": EVIL, "command": f"spaceship {EVIL}"}
    scored(experiment.store, EVIL, 0.8, tags)
    scored(experiment.store, EVIL, 0.8)
    lines = told(leaderboard, experiment, caplog)
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("  forged") for line in lines)


def test_files_hold_every_run(experiment: Experiment, runs: list[str], tmp_path: Path) -> None:
    scored(experiment.store, EVIL, 0.6)
    for name in ("runs.csv", "runs.json"):
        made = leaderboard(wanting(experiment, top=1, output=str(tmp_path / name)))
        assert made.output == str(tmp_path / name)
    with (tmp_path / "runs.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["recipe"] for row in rows] == ["c on raw", "b on raw", "a on raw", f"'{EVIL}"]
    assert [row["run_id"] for row in rows[:3]] == runs[::-1]
    assert rows[0]["aliases"] == CHAMPION
    plain = json.loads((tmp_path / "runs.json").read_text())
    assert plain["version"] == 1
    assert [row["score"] for row in plain["runs"]] == [0.9, 0.8, 0.7, 0.6]
    assert plain["runs"][3]["recipe"] == EVIL


def test_without_a_run_the_command_stands_alone(
    experiment: Experiment, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = tmp_path / "runs.csv"
    first, _, purpose, command = told(leaderboard, wanting(experiment, output=str(path)), caplog)
    assert first == "No run of spaceship_titanic has been scored yet."
    assert purpose == "Next: train a candidate"
    assert command == f"  {experiment.registry.command('mode=train')}"
    assert path.read_text().startswith("run_id,recipe,score,")


def test_another_kind_of_file_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ConfigError, match=r"expected leaderboard.output=FILE.csv or FILE.json"):
        leaderboard(wanting(experiment, output="runs.txt"))
