"""Synthetic passengers: seconds to load, accuracy on real passengers, shares, drift."""

import sys
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from scripts.bench.measure import (
    dataset,
    experiment,
    kaggle_data,
    kaggle_parser,
    machine,
    measure,
    names,
    spread,
    table,
)

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

MILLION = 716_000  # travel groups; 1.4 people each
SECONDS, WITHIN, REAL = 20, (0.79, 0.83), 0.74
DRIFTS = (0.25, 0.5, 1.0)
DRIFTING = "lgbm"  # the model of the table of drift
GROUPS, SEED = 100_000, 11  # of the comparison of shares
POINTS = 2.0  # largest difference of a share, in percentage points
AGES = (0, 1, 5, 13, 18, 26, 36, 51, 80)
BILLS = (0, 1, 51, 201, 501, 1001, 2001, 5001, 1_000_000)
MODELS = "lgbm,catboost,xgboost,hist_gradient_boosting,random_forest,svm,logistic_regression,blend"
LOAD = """\
import time
import yaml
from spaceship.config.installation import configs
from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.task.task import Task
task = Task.read(yaml.safe_load((configs() / "task" / "spaceship_titanic.yaml").read_text()))
start = time.perf_counter()
people = checked(SyntheticData({groups}, 2912, 0.0, 0.33).read(task), task)
print(len(people.train) + len(people.test), time.perf_counter() - start)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    options = kaggle_parser(__doc__)
    options.add_argument("--seeds", type=int, default=3, help="generator seeds of a model")
    options.add_argument("--runs", type=int, default=3, help="timed runs of a million passengers")
    options.add_argument("--models", type=names, default=MODELS, help="names in configs/model")
    given = options.parse_args(arguments)
    loads = [load_row(given.runs)]  # first: this process is still small
    print(machine())
    print(table(["passengers", "load, s", "peak, MB", f"{SECONDS} s"], loads))
    real = kaggle_data(given.data)  # now this process may grow
    head = ["model on full", f"other synthetic, {WITHIN[0]} … {WITHIN[1]}", "met"]
    rows = (accuracy_row(model, range(given.seeds), real.train) for model in given.models)
    print(table([*head, f"real, at least {REAL}", "met"], rows))
    head = ["column", "worst, points", "value", f"within {POINTS}"]
    print(table(head, share_rows(real)))
    head = ["drift", f"{DRIFTING} of no drift", "retrained", "gain by retraining"]
    print(table(head, (drift_row(drift, range(given.seeds)) for drift in DRIFTS)))


def load_row(runs: int) -> list[str]:
    """Return the cost of a million passengers, checks included, in processes of their own."""
    command = [sys.executable, "-c", LOAD.format(groups=MILLION)]
    measured = [measure(command).expect("") for _ in range(runs)]
    people, *_ = measured[0].output.split()
    seconds = [float(one.output.split()[1]) for one in measured]
    peak = spread((one.peak for one in measured), 0)
    met = "yes" if max(seconds) <= SECONDS else "no"
    return [f"{int(people):,}", spread(seconds, 1), peak, met]


def synthetic(seed: int, drift: float = 0.0) -> "pd.DataFrame":
    """Return labelled passengers of the default's number: about 8,700."""
    return dataset("data.n_groups=9280", f"data.seed={seed}", f"data.drift={drift}").train


def fitted(model: str, frame: "pd.DataFrame") -> "Pipeline":
    """Return a model with the full features, fitted on all rows."""
    job = experiment(f"model={model}", "features=full")
    return job.pipeline(job.recipe()).fit(frame, frame["Transported"].to_numpy())


def accuracy(pipeline: "Pipeline", frame: "pd.DataFrame") -> float:
    """Return the share of right predictions."""
    return float((pipeline.predict(frame) == frame["Transported"].to_numpy()).mean())


def accuracy_row(model: str, seeds: Sequence[int], real: "pd.DataFrame") -> list[str]:
    """Return a model's accuracy on other synthetic passengers and on real ones."""
    pipelines = [fitted(model, synthetic(seed)) for seed in seeds]
    others = [accuracy(one, synthetic(1000 + seed)) for seed, one in enumerate(pipelines)]
    reals = [accuracy(pipeline, real) for pipeline in pipelines]
    inside = "yes" if WITHIN[0] <= min(others) and max(others) <= WITHIN[1] else "no"
    met = "yes" if min(reals) >= REAL else "no"
    return [model, spread(others, 4), inside, spread(reals, 4), met]


def drift_row(drift: float, seeds: Sequence[int]) -> list[str]:
    """Return the accuracy on drifted passengers of a model of old and one of drifted ones."""
    tests = [synthetic(1000 + seed, drift) for seed in seeds]
    stale, fresh = (
        [accuracy(fitted(DRIFTING, synthetic(seed, learnt)), tests[seed]) for seed in seeds]
        for learnt in (0.0, drift)
    )
    gain = fmean(fresh) - fmean(stale)
    return [str(drift), spread(stale, 4), spread(fresh, 4), f"{gain:+.4f}"]


def share_rows(real: Any) -> Iterator[list[str]]:
    """Yield, for each column, the value whose share differs most from that in Kaggle's files."""
    import pandas as pd

    from spaceship.task.spaceship_titanic.generator.passengers import generate

    made = generate(GROUPS, SEED, 0.0)[0]
    both = columns(pd.concat([real.train, real.test], ignore_index=True))
    for name, column in columns(made).items():
        yield [name, *worst(shares(column), shares(both[name]))]
    yield ["Transported", *worst(shares(made["Transported"]), shares(real.train["Transported"]))]


def columns(frame: "pd.DataFrame") -> dict[str, "pd.Series"]:
    """Return the columns whose values are counted, numbers in bands."""
    import pandas as pd

    from spaceship.task.spaceship_titanic.columns import SPENDS

    group, cabin = frame["PassengerId"].str[:-3], frame["Cabin"].str.split("/", expand=True)
    found = {name: frame[name] for name in ("HomePlanet", "Destination", "CryoSleep", "VIP")}
    found |= {"deck": cabin[0], "side": cabin[2], "group size": group.map(group.value_counts())}
    found |= {name: pd.cut(frame[name], BILLS, right=False) for name in SPENDS}
    found["Age"] = pd.cut(frame["Age"], AGES, right=False)
    return found | {"Name": frame["Name"].mask(frame["Name"].notna(), "known")}


def shares(column: "pd.Series") -> dict[str, float]:
    """Return the share of each value among the known, and of missing values among all."""
    known = column.value_counts(normalize=True)
    found = {str(value): float(share) for value, share in known.items()}
    return found | {"missing": float(column.isna().mean())}


def worst(found: dict[str, float], wanted: dict[str, float]) -> list[str]:
    """Return the largest difference in points, its value, and whether it is small enough."""
    gaps = {value: 100 * (found.get(value, 0.0) - share) for value, share in wanted.items()}
    value = max(gaps, key=lambda name: abs(gaps[name]))
    return [f"{gaps[value]:+.2f}", value, "yes" if abs(gaps[value]) <= POINTS else "no"]


if __name__ == "__main__":
    main()
