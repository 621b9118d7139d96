"""The plugin's folder alone: a plain Hydra app, in an environment of the packages it declares."""

import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from packaging.requirements import Requirement

from hydra_plugins.spaceship_optuna import REQUIREMENTS
from tests.commands import Keep
from tests.sweeper.shell import APPS, ROOT, TIMEOUT_SECONDS, counting, load, results

pytestmark = pytest.mark.slow
SWEEP = ["-m", "model=parabola,line", "hydra.sweeper.n_trials=12", "hydra.sweeper.sampler.seed=1"]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of an environment with the plugin and what it declares, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for entry in {entry for name in REQUIREMENTS for entry in _entries(Requirement(name), set())}:
        (packages / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "hydra_plugins", packages / "hydra_plugins")
    return folder / "bin" / "python"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of that environment, which no fork of the tests' own Python is."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )


def _entries(requirement: Requirement, seen: set[str]) -> Iterator[Path]:
    """Yield what a package and all that it requires have in the folder of installed packages."""
    if requirement.name in seen or (requirement.marker and not requirement.marker.evaluate()):
        return
    seen.add(requirement.name)
    found = distribution(requirement.name)
    assert requirement.specifier.contains(found.version)
    for top in {path.parts[0] for path in found.files or () if path.parts[0] != ".."}:
        if top != "__pycache__":
            yield Path(str(found.locate_file(top)))
    for needed in found.requires or ():
        yield from _entries(Requirement(needed), seen)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the app in a folder of its own."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    shutil.copytree(APPS / "alone", tmp_path / "app")
    return tmp_path / "app" / "app.py"


@pytest.mark.parametrize("name", ["spaceship", "mlflow", "sklearn", "pandas", "matplotlib"])
def test_environment_lacks_what_the_plugin_does_not_declare(
    python: Path, app: Path, name: str
) -> None:
    done = run([str(python), "-c", f"import {name}"], app.parent)
    assert f"No module named '{name}'" in done.stderr


@pytest.mark.parametrize("limit", ["null", "60"])
def test_candidates_have_spaces_of_their_own_and_hopeless_trials_are_pruned(
    python: Path, app: Path, limit: str
) -> None:
    command = [str(python), str(app), *SWEEP, f"hydra.sweeper.trial_timeout={limit}"]
    done = run(command, app.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    trials = counting(load(app.parent))
    assert len(trials) == 12
    for trial in trials:
        own = {"parabola": "parabola/model.x", "line": "line/model.slope"}
        assert set(trial.params) == {"candidate", own[trial.params["candidate"]]}
    states = {trial.state for trial in trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED}
    found = results(app.parent)
    assert found["best_run_id"] is None
    again = found["command"].replace(sys.executable, str(python)).split(" ", 1)[1]
    assert f"model={load(app.parent).best_trial.params['candidate']}" in again


def test_killed_sweep_is_resumed_and_no_trial_is_run_twice(
    python: Path, app: Path, processes: Keep
) -> None:
    command = [str(python), str(app), *SWEEP, "hydra/sweeper/pruner=nop"]
    process = processes(
        subprocess.Popen(
            [*command, "seconds=0.1"],
            cwd=app.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    )
    _wait_for_trials(app.parent, 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    before = {trial.number: trial.params for trial in load(app.parent).get_trials()}
    done = run([*command, "seconds=0.1", "hydra.sweeper.resume=last"], app.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    study = load(app.parent)
    trials = counting(study)
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 12
    assert len({tuple(sorted(trial.params.items())) for trial in trials}) == 12
    kept = [one for one in study.get_trials() if one.number in before and one.state.is_finished()]
    assert all(before[one.number].items() <= one.params.items() for one in kept)


def _wait_for_trials(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(KeyError):  # the journal has no study yet
            if list(folder.rglob("*.journal")) and _finished(load(folder)) >= count:
                return
        time.sleep(0.05)
    pytest.fail(f"{count} trials were not finished in time")


def _finished(study: optuna.Study) -> int:
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
