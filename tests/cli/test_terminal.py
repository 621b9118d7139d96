"""Every verb on a terminal, in a pipe that closes early and without output: signs, lines, codes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terminal import COLUMNS, Recording, open_terminal, record, watch
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell
from tests.forks import Fork

FIRST, SILENCE = 0.5, 2.0  # CPU seconds, at the most, where `import mlflow` takes IMPORT ones
IMPORT = 1.4
TWO = ["split.n_folds=2"]
TUNE = ["mode=tune", *QUICK, *TWO, QUICK_MODEL, "mode.blend=2", "hydra.sweeper.n_trials=2"]
SIMULATE = ["mode=simulate", "features=raw", QUICK_MODEL, "gate=predecessor"]
TWO_ERAS = ["simulate.eras=2", "simulate.groups=300", "gate.floor.minimum=0.5"]
WEAK = ["model=random_forest", "model.estimator.max_depth=1", "model.estimator.n_estimators=20"]
BETTER = ["mode=train", *QUICK, "model=lgbm", "gate=predecessor", "gate.gain.minimum=0.9"]
EARLY = "random_forest on raw · synthetic"  # the run of the first verb
VERBS = {
    "default": [*QUICK, *WEAK],
    "train": BETTER,
    "promote": ["mode=promote", "reason=it is better"],
    "rollback": ["mode=rollback"],
    "inference": ["mode=inference", *QUICK],
    "explain": ["mode=explain", *QUICK, "row=0013_01", "explain.set.VIP=true"],
    "history": ["mode=history"],
    "leaderboard": ["mode=leaderboard"],
    "show": ["mode=show", f"run={EARLY}"],
    "compare": ["mode=compare", f"runs={EARLY},last"],
    "report": ["mode=report", *QUICK],
    "clean": ["mode=clean"],
    "init": ["mode=init", "data.dir=.", "task.label=churned", "task.name=churn"],
    "pp": ["mode=pp", *QUICK],
    "multirun": ["-m", "mode=train", *QUICK, QUICK_MODEL, "split.n_folds=2,3"],
    "tune": [*TUNE, "hydra.sweeper.timeout=60", "hydra.launcher.n_jobs=1"],
    "simulate": [*SIMULATE, *TWO_ERAS, *TWO],
}
"""The command line of each verb, in an order in which each finds what it needs."""
FRESH = {"default", "history", "init", "tune"}
"""Verbs that start an interpreter; the others import what these do, and run in a fork."""
LONG = {"multirun", "simulate", "tune"}
"""Verbs that are not run again to their end."""
SCRIPT = str(ROOT / "scripts" / "run.py")
CLOSED = "import os, runpy, sys; os.close(1); sys.stdout = None; sys.argv = sys.argv[1:]; "
CLOSED += "runpy.run_path(sys.argv[0], run_name='__main__')"
"""A program that runs a script as the shell's `>&-` does."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a shell whose outputs all tests share, in a folder with a table of customers."""
    folder = tmp_path_factory.mktemp("t")
    (folder / "o").mkdir()
    shutil.copy(database, folder / "o" / "mlflow.db")
    lines = (f"c{n},{n % 7},{('a', 'b', 'c')[n % 3]},{n % 2}" for n in range(60))
    (folder / "train.csv").write_text("\n".join(["id,size,plan,churned", *lines]))
    return Shell(folder / "o")


@pytest.fixture(scope="module")
def recordings(shared: Shell) -> dict[str, Recording]:
    """Give a recording of every verb."""
    made, folder = {}, shared.outputs.parent
    for verb, arguments in VERBS.items():
        command = [sys.executable, SCRIPT, *arguments, "paths.outputs=o"]
        if verb not in FRESH:
            terminal, end = open_terminal()
            fork = Fork(command, folder, files=(end, end), start_new_session=True)
            os.close(end)
            made[verb] = watch(fork, terminal)
        else:
            made[verb] = record(command, folder)
        assert made[verb].status == 0, made[verb].output.decode()
    return made


@pytest.fixture(scope="module")
def slowness() -> float:
    """Give how many times as slow as a quiet machine this one is, at least 1."""
    before = os.times().children_user + os.times().children_system
    subprocess.run([sys.executable, "-c", "import mlflow"], check=True)
    return max(1.0, (os.times().children_user + os.times().children_system - before) / IMPORT)


@pytest.fixture(params=VERBS)
def recording(request: pytest.FixtureRequest, recordings: dict[str, Recording]) -> Recording:
    """Give the recording of one verb."""
    return recordings[request.param]


def test_a_sign_comes_at_once_and_no_silence_is_long(recording: Recording, slowness: float) -> None:
    assert recording.first <= FIRST * slowness
    assert [one for one in recording.silences() if one[0] > SILENCE * slowness] == []


def test_every_line_fits_the_terminal(recording: Recording) -> None:
    assert len(recording.widest) <= COLUMNS, recording.widest
    output = recording.output.decode()
    assert re.findall(r".*\S…", output) == [], "no word is cut"
    assert re.findall(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] +\d+:\d\d.*", output) == [], "each line has its title"


def test_a_sweep_numbers_the_steps_after_its_trials(recordings: dict[str, Recording]) -> None:
    shown = re.findall(r"Step (\d of \d): ([\w' ]+?)  ", recordings["tune"].output.decode())
    assert [*dict.fromkeys(shown)] == [
        ("1 of 4", "blend of the best"),
        ("2 of 4", "fits of the best"),
        ("3 of 4", "gate"),
        ("4 of 4", "pages of MLflow"),
    ]


def test_a_terminal_keeps_its_cursor_and_shows_no_codes(recording: Recording) -> None:
    hidden, shown = (recording.output.rfind(code) for code in (b"\x1b[?25l", b"\x1b[?25h"))
    assert hidden <= shown
    assert rb"\x1b" not in recording.output


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("recordings")
def test_a_pipe_gets_plain_text_and_may_close_early(
    verb: str, shared: Shell, tmp_path: Path
) -> None:
    arguments = [*VERBS[verb], "paths.outputs=o"]
    errors = tmp_path / "errors"
    for command in ([SCRIPT], ["-c", CLOSED, SCRIPT])[: 1 if verb in LONG else 2]:
        pipe, end = os.pipe()
        with errors.open("a+b") as file:
            given = [sys.executable, *command, *arguments]
            fork = Fork(given, shared.outputs.parent, files=(end, file.fileno()))
        os.close(end)
        first = os.read(pipe, 1 << 16)  # as `head -1`
        os.close(pipe)
        status = fork.wait(120)
        assert b"\x1b" not in first
        assert b"\r" not in first
        assert status in {0, 2, 141}, errors.read_text()
        assert bool(first) == (command == [SCRIPT] and status != 2)  # an error has no result
    said = errors.read_text()
    assert "Traceback" not in said
    assert "\x1b" not in said
