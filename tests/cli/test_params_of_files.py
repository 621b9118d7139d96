"""Wrong names among the sweeps of a YAML file: they are corrected where they stand."""

import sys
from pathlib import Path

import pytest

from tests import forks
from tests.commands import ROOT

SCRIPT = ROOT / "scripts" / "run.py"

PARAMS = [
    ('modle: "lgbm,svm"', "modle=lgbm,svm", "model=lgbm,svm"),
    ('model: "lgbm,smv"', "model=lgbm,smv", "model=lgbm,svm"),
    ('split.n_fold: "2,3"', "split.n_fold=2,3", "split.n_folds=2,3"),
    (
        'model: "lgbm"\n      model.estimator.num_leavs: "4,8"',
        "model.estimator.num_leavs=4,8",
        "model.estimator.num_leaves=4,8",
    ),
]


@pytest.mark.parametrize(("params", "found", "meant"), PARAMS)
@pytest.mark.parametrize("mode", ["-m mode=train", "mode=tune"])
def test_params_of_a_file_are_corrected_where_they_stand(
    tmp_path: Path, mode: str, params: str, found: str, meant: str
) -> None:
    folder = tmp_path / "configs" / "experiment"
    folder.mkdir(parents=True)
    text = f"# @package _global_\nhydra:\n  sweeper:\n    params:\n      {params}\n"
    (folder / "mine.yaml").write_text(text)
    out = tmp_path / "outputs"
    words = [*mode.split(), "experiment=mine", f"paths.outputs={out}"]
    done = forks.run([sys.executable, str(SCRIPT), *words], tmp_path)
    assert done.returncode == 2
    told = f"found {found} in hydra.sweeper.params; did you mean {meant}"
    assert told in " ".join(done.stderr.split())
    assert done.stderr.rstrip().endswith(f": mend {folder}/mine.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["configs"]


def test_params_of_a_folder_of_configs_are_corrected(tmp_path: Path) -> None:
    shared = tmp_path / "shared" / "experiment"
    shared.mkdir(parents=True)
    text = "# @package _global_\nhydra: {sweeper: {params: {model: 'lgbm,svm', "
    (shared / "ours.yaml").write_text(text + "model.estimator.num_leaves: '4,8'}}}\n")
    words = ["-m", "mode=train", "experiment=ours", f"--config-dir={shared.parent}"]
    done = forks.run([sys.executable, str(SCRIPT), *words], tmp_path)
    assert done.returncode == 2
    told = "did you mean model=lgbm model.estimator.num_leaves=4,8"
    assert told in done.stderr
    assert done.stderr.rstrip().endswith(f": mend {shared}/ours.yaml")
