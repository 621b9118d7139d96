"""Commands on an outputs folder that was moved or copied: all goes on there, nothing elsewhere."""

import shutil
from pathlib import Path

from tests.commands import QUICK, QUICK_MODEL, Shell

FORCED = ["mode=train", *QUICK, QUICK_MODEL, "split.n_folds=2", "gate.force=true"]
SWEEP = ["-m", "hydra/sweeper=optuna", "mode=train", *QUICK, QUICK_MODEL, "split.n_folds=2"]
SPACE = ["model.estimator.C=tag(log,interval(0.01,10))", "hydra.sweeper.study_name=s"]


def moved(shell: Shell) -> Shell:
    """Move the outputs folder; nothing can be made at its old place."""
    there = Shell(shell.outputs.rename(shell.outputs.parent / "else where"))
    shell.outputs.write_text("a file")
    return there


def test_a_moved_folder_predicts_trains_and_goes_back(shell: Shell) -> None:
    for reason in ("one", "two"):
        assert shell(*FORCED, f"reason={reason}").returncode == 0
    there = moved(shell)
    for command in (["mode=inference", *QUICK], ["mode=history"], ["mode=rollback"]):
        done = there(*command)
        assert done.returncode == 0, done.stderr
    assert there.champion() == "1"
    done = there("mode=train", *QUICK, "split.n_folds=2")
    assert done.returncode == 0
    assert "cannot be used" not in done.stdout + done.stderr, "compared with the champion"
    assert shell.outputs.read_text() == "a file"


def test_a_copy_leaves_the_original_as_it_is(shell: Shell) -> None:
    assert shell(*FORCED, "reason=one").returncode == 0
    copy = Shell(shell.outputs.parent / "copy")
    shutil.copytree(shell.outputs, copy.outputs)
    before = contents(shell.outputs)
    assert copy(*FORCED, "reason=two").returncode == 0
    assert copy("mode=inference", *QUICK).returncode == 0
    assert contents(shell.outputs) == before
    assert (copy.champion(), shell.champion()) == ("2", "1")


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_study_goes_on_where_it_was_moved_to(shell: Shell) -> None:
    first = shell(*SWEEP, *SPACE, "hydra.sweeper.n_trials=2")
    assert first.returncode == 0, first.stderr
    there = moved(shell)
    again = there(*SWEEP, *SPACE[:1], "hydra.sweeper.resume=last", "hydra.sweeper.n_trials=4")
    assert again.returncode == 0, again.stdout + again.stderr
    (folder,) = {path.parent.parent for path in there.outputs.glob("multiruns/*/*/?/report.json")}
    assert {path.name for path in folder.glob("?")} == {"0", "1", "2", "3"}
    assert shell.outputs.read_text() == "a file"
    blend = [QUICK[0], "model=blend", "model.study=s", "model.top=2", "split.n_folds=2"]
    done = there("mode=train", *blend, "features=raw")
    assert done.returncode == 0, done.stderr
