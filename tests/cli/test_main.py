"""Exit statuses: what a user can mend is told in one message, everything else with a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from sklearn.utils._param_validation import InvalidParameterError

from spaceship.cli.main import exit_with
from spaceship.errors import DataError, RefusedError
from tests import forks
from tests.commands import Shell

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "run.py"


def wrapped(error: Exception) -> Exception:
    """Return the error as a library passes it on: as the cause of one of its own."""
    outer = RuntimeError("the store failed")
    outer.__cause__ = error
    return outer


def end(error: BaseException) -> int:
    def main() -> NoReturn:
        raise error

    with pytest.raises(SystemExit) as caught:
        exit_with(main)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (DataError("expected, found, do"), 2, "error: expected, found, do\n"),
        (RefusedError("no gain"), 3, "error: no gain\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 2, "found: No space left on device"),
        (wrapped(OSError(errno.EROFS, os.strerror(errno.EROFS))), 2, "Read-only file system"),
        (RuntimeError("(sqlite3.OperationalError) database or disk is full"), 2, "disk is full"),
        (InvalidParameterError("C must be positive"), 2, "found: C must be positive; see configs"),
        (MemoryError("Unable to allocate 9 TiB"), 2, "found none left: Unable to allocate"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "expected to use /x, found"),
    ],
)
def test_what_a_user_can_mend_is_one_message(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(error) == status
    assert said in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("line", [["~model=[]"], ["model=null"]])
def test_what_hydra_cannot_compose_is_one_message(line: list[str]) -> None:
    done = forks.run([sys.executable, str(SCRIPT), *line])
    assert done.returncode == 2
    assert done.stderr.startswith("error: expected a command line and configs that Hydra takes")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--package", "nope", "--cfg", "job"], "package 'nope' not found in config"),
        (["~tracking.artifacts"], "expected tracking.artifacts to be a folder, or null"),
        (["history=5"], "expected history to be a section, found 5; "),
        (["~history"], "expected history to be a section, found None; "),
        (["split=5"], "expected a choice of split, found split=5; choose one of hash, time"),
        (["=1"], "expected a key of the config, found =1; see --keys"),
        (["~split"], "expected split to be a section, found None; "),
        (
            ["mode=simulate", "+simulate.more=1"],
            "expected simulate.more not to be there (known: eras, ",
        ),
        (["model=lgbm", "model.estimator.n_estimators=-0.5"], "settings the estimator takes"),
        (
            ["model=random_forest", f"model.estimator.max_features={2**63}"],
            "settings the estimator takes",
        ),
    ],
)
def test_what_a_command_line_breaks_is_one_message(
    shell: Shell, line: list[str], said: str
) -> None:
    done = shell(*line)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_a_bug_keeps_its_traceback() -> None:
    def main() -> NoReturn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_with(main)


def test_an_override_that_cannot_be_read_says_how_to_quote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(OverrideParseException) as caught:
        OverridesParser.create().parse_overrides(["reason=it's (better)"])
    assert end(caught.value) == 2
    assert """'KEY="a, (value)"'""" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = [sys.executable, str(SCRIPT), "--cfg", "job"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
