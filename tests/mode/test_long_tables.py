"""Tables of many parts: the same bytes as in one part, by any process, however often begun."""

import errno
import logging
import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lightgbm import LGBMClassifier

from spaceship.engine._base import Engine
from spaceship.engine.local import LocalEngine
from spaceship.errors import DataError, SubmissionError
from spaceship.experiment import Experiment
from spaceship.features.raw import RawFeatures
from spaceship.mode.inference import InferenceResult, inference
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging
from spaceship.scoring.score_part import ScorePart
from tests.commands import QUICK, QUICK_MODEL, Keep, Shell
from tests.mode.champions import add
from tests.serving import champion_of

ENDINGS = ("csv", "parquet")


@pytest.fixture(scope="module")
def champion(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("champion")
    experiment = champion_of("spaceship_titanic", database, folder)
    task, train = experiment.known_task, experiment.dataset.train
    trees = LGBMClassifier(n_estimators=20, min_child_samples=5, verbose=-1, n_jobs=1)
    pipeline = build_pipeline(RawFeatures(task.to_plain()), Encoding.NATIVE, trees)
    pipeline.fit(train, task.target(train))  # of a linear model the last bits vary with the rows
    rows = train.drop(columns=task.label)
    packaging.save(pipeline, folder / "trees", rows, task)
    add(experiment, folder / "trees")
    rows.to_csv(folder / "rows.csv", index=False)
    rows.to_parquet(folder / "rows.parquet")
    shuffled = rows.sample(frac=1, random_state=3)
    shuffled.to_csv(folder / "shuffled.csv", index=False)
    return experiment


def predicted(
    experiment: Experiment,
    path: Path,
    workers: int = 1,
    engine: Engine | None = None,
    **changes: Any,
) -> InferenceResult:
    """Predict a file of the experiment's folder into another one."""
    given = experiment.outputs.parent / changes.pop("input", "rows.csv")
    update = {"output": str(path), "input": str(given), "part_rows": 20, **changes}
    settings = experiment.settings
    settings = settings.model_copy(
        update={"inference": settings.inference.model_copy(update=update)}
    )
    made = replace(experiment, settings=settings)
    vars(made)["engine"] = engine or LocalEngine(workers)
    return inference(made)


@pytest.fixture(scope="module")
def whole(champion: Experiment) -> dict[str, bytes]:
    """Give what is predicted in one part, as CSV and as Parquet in parts."""
    path = champion.outputs / "whole.csv"
    predicted(champion, path, part_rows=10_000)
    predicted(champion, path.with_suffix(".parquet"))
    return {ending: path.with_suffix(f".{ending}").read_bytes() for ending in ENDINGS}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("given", ["rows.csv", "rows.parquet"])
def test_parts_predict_what_the_whole_predicts(
    champion: Experiment, whole: dict[str, bytes], tmp_path: Path, given: str, workers: int
) -> None:
    path = tmp_path / "all.csv"
    result = predicted(champion, path, workers, input=given)
    assert path.read_bytes() == whole["csv"]
    assert [*tmp_path.iterdir()] == [path]
    assert result.rows == len(pd.read_csv(path))
    assert result.shares == pytest.approx(
        pd.read_csv(path)["Transported"].astype(str).value_counts(normalize=True).to_dict()
    )


def test_parquet_holds_the_same(whole: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "whole.csv").write_bytes(whole["csv"])
    (tmp_path / "whole.parquet").write_bytes(whole["parquet"])
    table = pd.read_parquet(tmp_path / "whole.parquet")
    assert table.equals(pd.read_csv(tmp_path / "whole.csv").astype(table.dtypes))


def test_groups_that_are_apart_are_predicted_together(
    champion: Experiment, whole: dict[str, bytes], tmp_path: Path
) -> None:
    predicted(champion, tmp_path / "all.csv", input="shuffled.csv")
    predicted(champion, tmp_path / "one.csv", input="shuffled.csv", part_rows=10_000)
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    (tmp_path / "whole.csv").write_bytes(whole["csv"])
    shuffled = pd.read_csv(champion.outputs.parent / "shuffled.csv")["PassengerId"]
    expected = pd.read_csv(tmp_path / "whole.csv").set_index("PassengerId").loc[shuffled]
    assert pd.read_csv(tmp_path / "all.csv").set_index("PassengerId").equals(expected)


def test_a_fault_in_a_late_part_is_named_by_its_line_and_leaves_nothing(
    champion: Experiment, tmp_path: Path
) -> None:
    lines = (champion.outputs.parent / "rows.csv").read_text().splitlines(keepends=True)
    age = lines[0].split(",").index("Age")
    fields = lines[150].split(",")
    bad = champion.outputs.parent / "bad.csv"
    bad.write_text("".join([*lines[:150], ",".join([*fields[:age], "old", *fields[age + 1 :]])]))
    path = tmp_path / "new" / "all.csv"
    for workers in (1, 2):
        with pytest.raises(DataError, match=r"Age: expected a number, .* line 151 'old'"):
            predicted(champion, path, workers, input="bad.csv")
    assert not path.exists()


def test_what_parts_log_is_logged_once(
    champion: Experiment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = pd.read_csv(champion.outputs.parent / "rows.csv").assign(more="x")
    rows.to_csv(champion.outputs.parent / "more.csv", index=False)
    with caplog.at_level(logging.INFO):
        predicted(champion, tmp_path / "all.csv", input="more.csv")
    assert caplog.text.count("columns dropped, as no rule knows them: 'more'") == 1


class Killed(BaseException):
    """The end of a process at some point."""


def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """End the process before a part is scored; return a list of those that are scored."""
    scored: list[int] = []
    score = ScorePart.__call__

    def scoring(self: ScorePart, part: Any) -> Any:
        if len(scored) == number:
            scored.append(-1)
            raise Killed
        scored.append(part.number)
        return score(self, part)

    monkeypatch.setattr(ScorePart, "__call__", scoring)
    return scored


@pytest.mark.parametrize("number", [2, 5, 8])
def test_no_part_is_scored_twice(
    champion: Experiment,
    whole: dict[str, bytes],
    tmp_path: Path,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "all.csv"
    path.write_text("PassengerId,Transported\n")
    scored = killed_at(number, monkeypatch)
    with pytest.raises(Killed):
        predicted(champion, path)
    assert path.read_text() == "PassengerId,Transported\n"
    predicted(champion, path)
    assert path.read_bytes() == whole["csv"]
    done = [one for one in scored if one >= 0]
    assert sorted(done) == [*range(len(done))]
    assert [*tmp_path.iterdir()] == [path]


def test_parts_of_another_file_or_setting_are_not_taken(
    champion: Experiment, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.csv"
    for changes in ({"part_rows": 30}, {"input": "rows.parquet"}, {"proba": False}):
        with monkeypatch.context() as patched:
            killed_at(3, patched)
            with pytest.raises(Killed):
                predicted(champion, path, **changes)
        scored = killed_at(-1, monkeypatch)
        predicted(champion, path)
        assert len(scored) > 8
        assert path.read_bytes() == whole["csv"]


def test_a_full_disk_is_told_as_such(
    champion: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, copy = tmp_path / ".all.csv.parts", shutil.copyfile

    def full(source: Any, target: Any, **more: Any) -> None:
        if parts in Path(target).parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(source, target, **more)

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(SubmissionError, match=rf"write {parts}/\w+, found No space left on device"):
        predicted(champion, tmp_path / "all.csv")
    assert not [*tmp_path.iterdir()]


SHORT = ("mode=inference", "data.n_groups=400", "inference.part_rows=4", "inference.proba=true")


def _scored(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob(".all.csv.parts/*/scored-*.json"))


def test_a_killed_command_goes_on_where_it_was(
    shell: Shell, processes: Keep, tmp_path: Path
) -> None:
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    path, once = tmp_path / "all.csv", tmp_path / "once.csv"
    assert shell(*SHORT, f"inference.output={once}").returncode == 0
    for workers, wanted in ((1, 3), (2, 15)):
        given = f"inference.output={path}", f"engine.workers={workers}"
        process = processes(shell.start(*SHORT, *given))
        while len(_scored(tmp_path)) < wanted:
            assert process.poll() is None
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not path.exists()
    time.sleep(2)  # by then the workers have ended
    for record in _scored(tmp_path):  # who scores such a part again misses its rows
        number = record.stem.partition("-")[2]
        record.with_name(f"rows-{number}.arrow").unlink()
    done = shell(*SHORT, f"inference.output={path}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() == once.read_bytes()
    assert not [*tmp_path.glob(".all.csv*")]
