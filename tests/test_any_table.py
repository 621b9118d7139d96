"""Nasty tables from file to verdict: each ends with a result, or status 2 and one message."""

import sys
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scripts.fuzz.case import MENDABLE, Case, Ended, output_faults
from scripts.fuzz.nasty import Nasty, nasty
from scripts.fuzz.tables import FORM, quoted
from tests import forks
from tests.commands import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the outputs folder that all tables share, its database made."""
    return tmp_path_factory.mktemp("outputs")


def end(folder: Path, *arguments: str) -> Ended:
    """Run a command in a folder and return how it ended."""
    command = [sys.executable, str(ROOT / "scripts" / "run.py"), *arguments]
    done = forks.run(command, folder, 60)
    return Ended(done.returncode, done.stdout, done.stderr, 0)


def check_end(ended: Ended, arguments: tuple[str, ...]) -> None:
    """Fail unless a command ended with a result, or with status 2 and one message."""
    assert [*output_faults(Case("", "", "", arguments, {}), ended)] == [], ended.errors
    assert ended.noise == "", ended.errors
    message = ended.errors[ended.errors.find("error: ") :].strip()
    assert ended.status != MENDABLE or FORM.search(message), message


def run(drawn: Nasty, outputs: Path, folder: Path) -> Ended:
    """Propose a task for a table, train on it and predict; return the end of the last command."""
    for name, content in drawn.files().items():
        (folder / name).write_bytes(content)
    place = (f"data.dir={folder}", f"paths.outputs={outputs}")
    name = folder.name.replace("_", "-")
    roles = [f"task.{role}={quoted(column)}" for role, column in drawn.roles.items()]
    ended = end(folder, "mode=init", f"task.name=t{name}", *roles, *place)
    check_end(ended, ())
    if ended.status == 0:
        predicted = folder / "predicted.csv"
        more = (f"task=t{name}", f"inference.output={predicted}")
        ended = end(folder, *drawn.settings, *more, *place)
        check_end(ended, drawn.settings)
    return ended


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(draw=st.randoms(use_true_random=False))
def test_a_nasty_table_ends_with_a_result_or_a_message(draw: Random, outputs: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(nasty(draw), outputs, Path(folder))
