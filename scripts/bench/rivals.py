"""One contestant of `bench_accuracy.py`: learns from one CSV file, gives chances for another.

It also runs in the environments of other projects, so it imports nothing of this one at the top.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LABEL, ID = "Transported", "PassengerId"
TUNING = 0.6
"""Share of a budget after which `mode=tune` starts no further trial; the rest is for its blend."""


def main() -> None:
    """Write the probability of True for each row that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant")
    parser.add_argument("folder", type=Path, help="holds learn.csv and ask.csv")
    parser.add_argument("--budget", type=int, required=True, help="seconds")
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    name = asked.contestant.partition(" ")[0]
    if name in {"flaml", "autogluon"}:
        chance = {"flaml": flaml, "autogluon": autogluon}[name](*frames(asked), asked.budget)
    elif name == "tune":
        chance = tune(asked.folder, asked.budget, asked.seed)
    else:
        chance = own(asked.contestant, asked.folder, asked.seed)
    text = "\n".join(repr(float(value)) for value in chance)
    (asked.folder / "chance.txt").write_text(text)


def frames(asked: argparse.Namespace) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return what a user of another tool would read from the files, ids left out."""
    import pandas as pd

    learn, ask = (pd.read_csv(asked.folder / f"{name}.csv") for name in ("learn", "ask"))
    return learn.drop(columns=ID), ask.drop(columns=ID)


def flaml(learn: "pd.DataFrame", ask: "pd.DataFrame", budget: int) -> Any:
    """Let FLAML search for the budget."""
    from flaml import AutoML

    automl = AutoML()
    labels = learn.pop(LABEL).astype(int)
    automl.fit(
        learn, labels, task="classification", metric="log_loss", time_budget=budget, verbose=0
    )
    return automl.predict_proba(ask)[:, 1]


def autogluon(learn: "pd.DataFrame", ask: "pd.DataFrame", budget: int) -> Any:
    """Let AutoGluon bag and stack for the budget, without torch and in this process."""
    from autogluon.tabular import TabularPredictor

    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor(LABEL, eval_metric="log_loss", path=place, verbosity=0)
        predictor.fit(
            learn,
            time_limit=budget,
            presets="best_quality",
            excluded_model_types=["NN_TORCH", "FASTAI"],
            dynamic_stacking=False,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        )
        return predictor.predict_proba(ask)[True].to_numpy()


def own(contestant: str, folder: Path, seed: int) -> Any:
    """Fit one of this project's candidates, or a library's defaults on the feature set `raw`."""
    from scripts.bench import measure as bench
    from spaceship.cli.main import prepare

    prepare()
    from spaceship import experiment as parts
    from spaceship.data.checks import check
    from spaceship.data.csv_reader import read_csv
    from spaceship.evaluation.cross_validation import positive_probability

    learn = check(read_csv(folder / "learn.csv"), source="learn", labelled=True)
    ask = check(read_csv(folder / "ask.csv"), source="ask", labelled=False)
    defaults = contestant.endswith(" defaults")
    name = contestant.removesuffix(" defaults")
    cfg = bench.composed(
        f"model={name}", f"features={'raw' if defaults else 'full'}", f"seed={seed}"
    )
    pipeline = parts.pipeline(cfg, parts.recipe(cfg, features_chosen=True))
    if defaults:
        plain = {"categorical_features": "from_dtype"} if name.startswith("hist") else {}
        if name == "catboost":
            plain = {"logging_level": "Silent", "allow_writing_files": False}
        pipeline.set_params(estimator=type(pipeline[-1])(**plain))
    return positive_probability(pipeline.fit(learn, learn[LABEL].to_numpy()), ask)


def tune(folder: Path, budget: int, seed: int) -> Any:
    """Run `mode=tune` on the learning rows as a user would; the champion gives the chances."""
    from scripts.bench import measure as bench
    from spaceship import experiment as parts
    from spaceship.data.checks import check
    from spaceship.data.csv_reader import read_csv
    from spaceship.evaluation.cross_validation import positive_probability
    from spaceship.registry import packaging

    place = folder / "kaggle"
    place.mkdir(exist_ok=True)
    (place / "train.csv").write_bytes((folder / "learn.csv").read_bytes())
    (place / "test.csv").write_bytes((folder / "ask.csv").read_bytes())
    options = ["data=local", f"data.dir={place}", f"paths.outputs={folder / 'outputs'}"]
    sweep = ["mode=tune", f"seed={seed}", f"hydra.sweeper.sampler.seed={seed}"]
    sweep += [f"hydra.sweeper.timeout={TUNING * budget:.0f}", "hydra.sweeper.n_trials=1000"]
    subprocess.run([*bench.run(*sweep), *options], check=True, stdout=sys.stderr)
    registry = parts.registry(bench.composed(*options))
    champion = packaging.load(registry.model_uri(registry.champion()))
    ask = check(read_csv(folder / "ask.csv"), source="ask", labelled=False)
    return positive_probability(champion, ask)


if __name__ == "__main__":
    main()
