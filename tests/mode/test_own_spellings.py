"""A table with yes and no, its own form of dates, decimal commas and a sign for what is missing."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.commands import ROOT

pytestmark = pytest.mark.slow

ROW = "C{0:05d};{1};{2};{3};{4:02d}.{5:02d}.2024;{6};{7}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with such a table, and the task that mode=init writes for it."""
    folder = tmp_path_factory.mktemp("farm")
    rows = ["customer;paperless;tenure;fee;sown;soil;left"]
    for n in range(1, 121):
        fee = "?" if n % 17 == 0 else f"{20 + n % 13},{n % 10}5"
        soil, late = ("loam", "clay", "sand")[n % 3], n * 7 % 40
        flag, left = ("no", "yes")[n % 2], ("no", "yes")[late < 15]
        rows.append(ROW.format(n, flag, late, fee, 1 + n % 28, 1 + n % 12, soil, left))
    (folder / "farm.csv").write_text("\n".join(rows))
    run(folder, "mode=init", "task.name=farm", "task.label=left", "task.id=customer")
    assert 'format: "%d.%m.%Y"' in (folder / "configs/task/farm.yaml").read_text()
    run(folder, "mode=train", "task=farm", "model=logistic_regression", "split.n_folds=2")
    return folder


def run(folder: Path, *words: str, status: int = 0) -> Any:
    """Return what a whole command answers."""
    command = [sys.executable, str(ROOT / "scripts/run.py"), *words, "data.train=farm.csv"]
    done = forks.run([*command, "paths.outputs=outputs", "output=json"], folder, 120)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) | {"stderr": done.stderr}


def test_champion_explains_and_predicts(folder: Path) -> None:
    changes = {"paperless": "no", "soil": "peat", "fee": "12,5", "sown": "02.03.2024"}
    words = [f"explain.set.{name}={value}" for name, value in changes.items()]
    found = run(folder, "mode=explain", "task=farm", "row=C00001", *words)
    result, values = found["result"], found["result"]["what_if"]["changes"]
    assert values == changes | {"fee": 12.5}
    assert result["warnings"] == ["peat is a soil that the champion has never seen"]
    pushed = {one["column"]: one["value"] for one in result["pushes"]}
    assert (pushed["paperless"], pushed["sown"], pushed["tenure"]) == ("yes", "02.02.2024", 7.0)
    page = Path(result["files"]["html"]).read_text()
    assert result["data_digest"][:12] in page
    assert result["made"][:10] in page
    rows = (folder / "farm.csv").read_text().splitlines()[:3]
    (folder / "new.csv").write_text("\n".join(rows))
    own = ("task=farm", "inference.input=new.csv")
    same = run(folder, "mode=explain", *own, "row=C00002", "explain.set.soil=sand")
    assert same["result"]["warnings"] == ["soil is sand already"]
    assert run(folder, "mode=inference", *own)["result"]["rows"] == 2


def test_a_row_is_asked_for_before_the_store_is_opened(folder: Path) -> None:
    found = run(folder, "mode=explain", "task=farm", status=2)
    assert "row=ID, a value of the column customer in train, found none" in found["stderr"]
    assert "MLflow" not in found["stderr"]
