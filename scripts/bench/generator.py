"""Whether the invented passengers are quick to make and like the real ones."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from scripts.bench import marginals as bench_marginals
from scripts.bench import measure as bench
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

MILLION = 716_000  # travel groups; 1.4 people each
SECONDS, WITHIN, REAL = 20, (0.79, 0.83), 0.74
DRIFTS = (0.25, 0.5, 1.0)
STUDIED = "lgbm"  # the candidate whose staleness is shown
LOAD = """\
import time
from spaceship.data.synthetic import SyntheticData
start = time.perf_counter()
people = SyntheticData({groups}, 2912, 0.0, 0.33).load()
print(len(people.train) + len(people.test), time.perf_counter() - start)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, help="folder of Kaggle's files")
    parser.add_argument("--seeds", type=int, default=3, help="generator seeds a candidate")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of a million passengers")
    parser.add_argument("--models", type=bench.names, default=",".join(families()), help="measured")
    asked = parser.parse_args(arguments)
    loads = [load_row(asked.runs)]  # first: this process is still small
    prepare()
    real = labelled(asked.data) if asked.data else None
    print(bench.machine())
    print(bench.table(["passengers", "load, s", "process, s", "peak, MB", f"{SECONDS} s"], loads))
    low, high = WITHIN
    head = ["candidate on full", f"other synthetic, {low} … {high}", "met", "default's hold-out"]
    rows = (accuracy_row(model, range(asked.seeds), real) for model in asked.models)
    print(bench.table([*head, f"real, at least {REAL}", "met"], rows))
    source = "Kaggle's files" if asked.data else "figures measured on Kaggle's files"
    print(f"Shares of values, 100,000 travel groups against {source}:\n")
    head = ["column", "worst, points", "value", f"within {bench_marginals.POINTS}"]
    print(bench.table(head, bench_marginals.rows(asked.data)))
    head = ["drift", f"{STUDIED} of no drift", "retrained", "gain by retraining"]
    print(bench.table(head, (drift_row(drift, range(asked.seeds)) for drift in DRIFTS)))


def families() -> list[str]:
    """Return every model that can be built here."""
    found = sorted(path.stem for path in (bench.ROOT / "configs" / "model").glob("*.yaml"))
    optional = ("xgboost", "tabpfn", "tabicl")
    missing = {"champion"} | {name for name in optional if find_spec(name) is None}
    return [name for name in found if name not in missing]


def load_row(runs: int) -> list[str]:
    """Return what a million passengers take, checks included, in processes of their own."""
    command = [sys.executable, "-c", LOAD.format(groups=MILLION)]
    measured = [bench.measure(command).expect("") for _ in range(runs)]
    told = [one.output.split() for one in measured]
    seconds = [float(words[1]) for words in told]
    return [
        f"{int(told[0][0]):,}",
        bench.spread(seconds, 1),
        bench.spread((one.wall for one in measured), 1),
        bench.spread((one.peak for one in measured), 0),
        "yes" if max(seconds) <= SECONDS else "no",
    ]


def crowd(seed: int, drift: float = 0.0) -> "pd.DataFrame":
    """Return labelled passengers of the default's number: about 8,700."""
    from spaceship.data.synthetic import SyntheticData

    data = bench.composed().data
    return SyntheticData(data.n_groups, seed, drift, data.test_fraction).load().train


def labelled(folder: Path) -> "pd.DataFrame":
    """Return the real passengers whose fate is known."""
    from spaceship.data.local import LocalData

    return LocalData(folder).load().train


def fitted(model: str, frame: "pd.DataFrame") -> "Pipeline":
    """Return a candidate with the full features, fitted on all rows."""
    from spaceship import experiment as parts

    cfg = bench.composed(f"model={model}", "features=full")
    pipeline = parts.pipeline(cfg, parts.recipe(cfg, features_chosen=True))
    return pipeline.fit(frame, frame["Transported"].to_numpy())


def accuracy(pipeline: "Pipeline", frame: "pd.DataFrame") -> float:
    """Return the share of right predictions."""
    return float((pipeline.predict(frame) == frame["Transported"].to_numpy()).mean())


def accuracy_row(model: str, seeds: Sequence[int], real: Any) -> list[str]:
    """Return how a candidate fares on other synthetic, held-out and real passengers."""
    others, reals = [], []
    for seed in seeds:
        pipeline = fitted(model, crowd(seed))
        others.append(accuracy(pipeline, crowd(1000 + seed)))
        if real is not None:
            reals.append(accuracy(pipeline, real))
    inside = WITHIN[0] <= min(others) and max(others) <= WITHIN[1]
    found = [bench.spread(others, 4), "yes" if inside else "no", f"{default_holdout(model):.4f}"]
    if not reals:
        return [model, *found, "-", "-"]
    return [model, *found, bench.spread(reals, 4), "yes" if min(reals) >= REAL else "no"]


def default_holdout(model: str) -> float:
    """Return the twin's hold-out accuracy on the default data, which the gate's floor judges."""
    from spaceship import experiment as parts
    from spaceship.evaluation import twins as training

    cfg = bench.composed(f"model={model}", "features=full")
    pipeline = parts.pipeline(cfg, parts.recipe(cfg, features_chosen=True))
    frame = parts.data_source(cfg).load().train
    return training.fit_twin(pipeline, frame, parts.protocol(cfg))[1].accuracy


def drift_row(drift: float, seeds: Sequence[int]) -> list[str]:
    """Return how a model of the old passengers fares on moved ones, and one of moved ones."""
    stale, fresh = [], []
    for seed in seeds:
        moved = crowd(1000 + seed, drift)
        stale.append(accuracy(fitted(STUDIED, crowd(seed)), moved))
        fresh.append(accuracy(fitted(STUDIED, crowd(seed, drift)), moved))
    gain = fmean(fresh) - fmean(stale)
    return [str(drift), bench.spread(stale, 4), bench.spread(fresh, 4), f"{gain:+.4f}"]


if __name__ == "__main__":
    main()
