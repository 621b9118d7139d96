"""The notebooks run from top to bottom and are kept without output."""

import ast
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests import forks

read_notebook: Callable[..., Any] = nbformat.read  # it has no annotations
ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "explore.ipynb"
FIRST_STEPS = ROOT / "notebooks" / "first_steps.ipynb"
CHARTS_OF_DATA = 3
FEW = ("data.n_groups=1200", "threads=1")


@pytest.fixture(autouse=True)
def _jupyter_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep everything Jupyter writes inside the test's own folder."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep everything the project writes inside the test's own folder."""
    chosen = [f"paths.outputs={tmp_path / 'outputs'}", *FEW]
    monkeypatch.setenv("SPACESHIP_OVERRIDES", shlex.join(chosen))
    return chosen


def executed(path: Path = NOTEBOOK) -> list[dict[str, Any]]:
    """Run a notebook in a kernel of its own and return the outputs of its cells."""
    from nbclient import NotebookClient

    notebook = read_notebook(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [output for cell in cells for output in cell.outputs]


def charts(outputs: list[dict[str, Any]]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def printed(outputs: list[dict[str, Any]]) -> str:
    return "".join(output["text"] for output in outputs if output.get("name") == "stdout")


def test_there_are_no_others() -> None:
    assert {*NOTEBOOK.parent.glob("*.ipynb")} == {NOTEBOOK, FIRST_STEPS}


@pytest.mark.parametrize("path", [NOTEBOOK, FIRST_STEPS], ids=lambda path: path.stem)
def test_is_valid_small_and_without_output(path: Path) -> None:
    notebook = read_notebook(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]
    assert path.stat().st_size < 20_000


@pytest.mark.slow
def test_without_a_champion_it_draws_the_data_and_says_how_to_make_one(
    overrides: list[str],
) -> None:
    outputs = executed()
    assert charts(outputs) == CHARTS_OF_DATA
    assert "no champion of spaceship_titanic-synthetic yet" in printed(outputs)
    assert f"python scripts/run.py mode=train {shlex.join(overrides)}" in printed(outputs)


@pytest.mark.slow
def test_with_a_champion_it_draws_its_errors(overrides: list[str]) -> None:
    train = ["mode=train", "model=logistic_regression", "features=raw", "gate.floor.minimum=0.5"]
    command = [sys.executable, str(ROOT / "scripts" / "run.py"), *train, *overrides]
    assert forks.run(command).returncode == 0
    outputs = executed()
    assert charts(outputs) == CHARTS_OF_DATA + 1
    assert "logistic_regression on raw, version 1:" in printed(outputs)
    assert "judged on other data" not in printed(outputs)


def test_the_first_steps_need_the_python_api_alone() -> None:
    notebook = read_notebook(FIRST_STEPS, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert {*re.findall(r"^(?:import|from) (\S+)", code, re.MULTILINE)} == {
        "spaceship",
        "sklearn.datasets",
    }


@pytest.mark.slow
def test_the_first_steps_end_with_a_champion_and_its_predictions(
    database: Path, tmp_path: Path
) -> None:
    (tmp_path / "outputs").mkdir()
    shutil.copy(database, tmp_path / "outputs" / "mlflow.db")
    shutil.copy(FIRST_STEPS, tmp_path)
    local = tmp_path / "configs" / "local" / "default.yaml"
    local.parent.mkdir(parents=True)
    local.write_text(f"# @package _global_\npaths:\n  outputs: {tmp_path / 'outputs'}\n")
    outputs = executed(tmp_path / FIRST_STEPS.name)
    assert {output["output_type"] for output in outputs} <= {
        *("display_data", "execute_result", "stream")
    }
    texts = [output["data"]["text/plain"] for output in outputs if "data" in output]
    assert texts[1].startswith("train: Champion: ")
    assert any("benign" in text and "malignant" in text for text in texts)
    assert any("push" in text and "error" in text for text in texts)
    assert Path(ast.literal_eval(texts[-1])).is_file()
    assert "logistic_regression on table" in printed(outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert (tmp_path / "outputs" / "runs").is_dir()
