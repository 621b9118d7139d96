"""Digests of the same training in two places: another folder, HOME, locale, time zone, hash seed.

`python -m scripts.bench.elsewhere [MODEL ...]` trains each model here and there and prints the
first stage whose digest is not the same; it ends with status 1 if there is one.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from spaceship.config.installation import PACKAGE
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import in_short

RECIPES = {
    "logistic_regression": ["features=table"],
    "random_forest": ["features=full"],
    "hist_gradient_boosting": ["features=full", "calibration=isotonic"],
    "lgbm": ["features=full", "threshold=tuned"],
    "xgboost": ["features=table"],
    "catboost": ["features=full"],
    "svm": ["features=raw"],
    "blend": ["features=table", "model.n_folds=2"],
}
"""Overrides by model: each feature set, and each choice by inner folds, at least once."""
_QUICK = ["mode=train", "data.n_groups=400", "split.n_folds=2", "report.of_jobs=false"]
_HERE = {"PYTHONHASHSEED": "1"}
_THERE = {"PYTHONHASHSEED": "2", "LC_ALL": "C", "LANG": "C", "TZ": "Asia/Tokyo"}


def train(folder: Path, model: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the digest of each stage of a training in a folder, which is its HOME."""
    folder.mkdir(parents=True)
    words = [*_QUICK, f"model={model}", *RECIPES[model], f"hydra.run.dir={folder}/job"]
    subprocess.run(
        [sys.executable, "-m", "spaceship", *words, f"paths.outputs={folder}/outputs"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "HOME": str(folder), **environment},
    )
    return in_short(RecordedRun.read(folder / "job").provenance.stages)


def main(models: list[str]) -> int:
    """Print a line a model; return 1 if a digest depends on the place.

    >>> main([])
    0
    """
    unequal = 0
    for model in models:
        with tempfile.TemporaryDirectory() as temporary:
            here = train(Path(temporary) / "here", model, _HERE)
            there = train(Path(temporary) / "other place" / "deeper", model, _THERE)
        first = next((name for name in here if here[name] != there.get(name)), "")
        unequal += bool(first)
        stages = f"{len(here)} stages are equal"
        sys.stdout.write(f"{model:24}{f'{first} differs' if first else stages}\n")
    return int(unequal > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [*RECIPES]))
