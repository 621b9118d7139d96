"""Measurement of whole processes, and the Markdown tables that every benchmark prints.

Only the standard library is imported at the top: the peak memory of a child counts from the memory
of the process that started it, so that process has to be small.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from threading import Timer
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig
    from pandas import DataFrame

    from spaceship.data._base import Dataset
    from spaceship.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "scripts" / "run.py"
PACKAGES = ("hydra-core", "mlflow", "pandas", "scikit-learn", "lightgbm", "catboost")
TIMEOUT_SECONDS = 900
_STEERING = ("COMP_", "HYDRA_", "MLFLOW_", "PYTHON", "SPACESHIP_")
"""Starts of the names of variables that a measured process must not inherit."""
_TAIL = 2000


@dataclass(frozen=True)
class Measured:
    """Cost and output of a whole process."""

    wall: float  # seconds by the clock
    cpu: float  # seconds of all cores, user and system
    peak: float  # most memory of the process or of one it started, in MB of a million bytes
    status: int  # exit status, negative if a signal ended it
    output: str  # standard output and standard error

    def expect(self, text: str) -> "Measured":
        """Return this, or exit if the process failed or its output lacks the text."""
        if self.status != 0 or text not in self.output:
            sys.exit(f"status {self.status}, expected 0 and {text!r}\n{self.output[-_TAIL:]}")
        return self


def measure(command: Sequence[str], folder: Path | None = None, /, **environment: str) -> Measured:
    """Run a process to its end, or kill it after `TIMEOUT_SECONDS`, and return its cost."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = launch(command, output, folder, **environment)
        guard = Timer(TIMEOUT_SECONDS, process.kill)
        guard.daemon = True
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)  # Popen need not wait again
        output.seek(0)
        text = output.read().decode(errors="replace")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    peak = usage.ru_maxrss * unit / 1e6
    return Measured(wall, usage.ru_utime + usage.ru_stime, peak, process.returncode, text)


def launch(
    command: Sequence[str], output: IO[Any] | int, folder: Path | None = None, /, **extra: str
) -> subprocess.Popen[Any]:
    """Start a process that imports this checkout, whatever the caller's folder and settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_STEERING)}
    kept.pop("PWD", None)
    return subprocess.Popen(
        command,
        cwd=folder or tempfile.gettempdir(),
        env=kept | {"PYTHONPATH": str(ROOT)} | extra,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def run(*arguments: str, outputs: Path | None = None) -> list[str]:
    """Return the command that runs the project's script, with an outputs folder of its own."""
    own = [] if outputs is None else [f"paths.outputs={outputs}"]
    return [sys.executable, str(RUN), *arguments, *own]


def composed(*overrides: str) -> "DictConfig":
    """Return the config that these overrides give."""
    from hydra import compose, initialize_config_dir

    from spaceship.cli.main import prepare

    prepare()
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return compose("config", overrides=list(overrides))


def experiment(*overrides: str) -> "Experiment":
    """Return the Experiment of the config that these overrides give."""
    from spaceship.experiment import Experiment

    return Experiment.of(composed(*overrides), overrides)


def dataset(*overrides: str) -> "Dataset":
    """Return the checked data set that these overrides choose, made afresh.

    >>> len(dataset("data.n_groups=30").train) > 0
    True
    """
    from spaceship.data.checks import checked

    job = experiment(*overrides)
    return checked(job.source.read(job.task), job.task)


def kaggle_data(folder: Path) -> "Dataset":
    """Return the checked data set of a folder with Kaggle's files."""
    return dataset("data=local", f"data.dir={folder}")


def part_to_predict(*overrides: str) -> "DataFrame":
    """Return the test part of the data set that these overrides choose.

    >>> "Transported" in part_to_predict("data.n_groups=30")
    False
    """
    part = dataset(*overrides).test
    if part is None:
        raise ValueError(f"expected rows to predict, found none with {overrides}")
    return part


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return the median, and in brackets the least and the most.

    >>> spread([3.0, 1.0, 2.26], 1)
    '2.3 (1.0 … 3.0)'
    """
    known = sorted(values)
    middle, low, high = (f"{one:.{digits}f}" for one in (median(known), known[0], known[-1]))
    return f"{middle} ({low} … {high})"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown, every column but the first aligned to the right."""
    lines = [tuple(head), ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def commit() -> str:
    """Return the commit of this checkout, and whether files differ from it.

    >>> commit().startswith("commit ")
    True
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"commit {git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


def machine() -> str:
    """Return a line about the machine: Python, versions of libraries, cores, date, commit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    when = f"{datetime.now(UTC).date().isoformat()}, {commit()}"
    local = "; local settings" if (ROOT / "configs" / "local" / "default.yaml").exists() else ""
    return f"Python {platform.python_version()}, {versions}; {cores} cores; {when}{local}\n"


def progress(text: str) -> None:
    """Print a line about the progress on standard error, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows the defaults."""
    style = argparse.ArgumentDefaultsHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=style)


def kaggle_parser(description: str | None) -> argparse.ArgumentParser:
    """Return such a parser that requires a folder with Kaggle's files."""
    options = parser(description)
    options.add_argument("--data", type=kaggle_folder, required=True, help="Kaggle's files")
    return options


def kaggle_folder(text: str) -> Path:
    """Return the absolute path of a folder with Kaggle's files, for argparse."""
    folder = Path(text).expanduser().absolute()
    if not (folder / "train.csv").is_file():
        message = f"expected a folder with Kaggle's train.csv, found none in {folder}"
        raise argparse.ArgumentTypeError(message)
    return folder


def names(text: str) -> list[str]:
    """Return the names in a list with commas, for argparse."""
    return [name.strip() for name in text.split(",") if name.strip()]


def numbers(text: str) -> list[int]:
    """Return the whole numbers in a list with commas, for argparse."""
    return [int(name) for name in names(text)]
