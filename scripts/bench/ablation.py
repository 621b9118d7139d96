"""What each block of the features `full` is worth, left out or added, or an option of a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.bench import features as bench_features
from scripts.bench import measure as bench
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "log_loss", "ece")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the paired change that each block makes, model by model."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, required=True, help="Kaggle's files")
    parser.add_argument("--models", type=bench.names, default="catboost,lgbm", help="candidates")
    parser.add_argument("--blocks", type=bench.names, default="", help="only these; all by default")
    parser.add_argument(
        "--options", type=bench.names, default="", help="overrides to measure instead of blocks"
    )
    parser.add_argument("--seeds", type=bench.names, default="42,123,2026", help="of all drawn")
    asked = parser.parse_args(arguments)
    prepare()  # before anything that has threads is imported
    from spaceship.task.spaceship_titanic.features._blocks import BLOCKS

    frame, seeds = bench_features.load(asked.data), [int(seed) for seed in asked.seeds]
    shipped: list[str] = list(bench.composed("features=full").features.blocks)
    print(bench.machine())
    print(f"{len(frame)} passengers, base: {' + '.join(shipped)}\n")
    for model in asked.models:
        base = folds(frame, model, shipped, seeds)
        head = [model, *(f"{metric} ± SE (seeds better)" for metric in METRICS)]
        print(bench.table([*head], [["base", *(level(base, metric) for metric in METRICS)]]))
        changes = {one: (shipped, [one]) for one in asked.options} or {
            f"{'-' if name in shipped else '+'} {name}": (changed(shipped, name), [])
            for name in asked.blocks or BLOCKS
        }
        for change, (blocks, options) in changes.items():
            other = folds(frame, model, blocks, seeds, *options)
            cells = (bench_features.difference(other, base, metric) for metric in METRICS)
            print(f"| {change} | {' | '.join(cells)} |", flush=True)
        print()


def changed(blocks: Sequence[str], name: str) -> list[str]:
    """Return the blocks without the one named or, where it is not among them, with it at the end.

    A block that fills gaps goes first, because the others build on it.
    """
    if name in blocks:
        return [one for one in blocks if one != name]
    return [name, *blocks] if name.startswith("fill_") else [*blocks, name]


def folds(
    frame: "pd.DataFrame", model: str, blocks: Sequence[str], seeds: Sequence[int], *options: str
) -> bench_features.Folds:
    """Return the metrics of each fold by seed."""
    chosen = f"features.blocks=[{','.join(blocks)}]"
    return {
        seed: bench_features.scores(frame, model, "full", seed, chosen, *options) for seed in seeds
    }


def level(scored: bench_features.Folds, metric: str) -> str:
    """Return the mean over seeds, with the lowest and the highest."""
    values = bench_features.means(scored, metric)
    return f"{sum(values) / len(values):.4f} ({min(values):.4f} … {max(values):.4f})"


if __name__ == "__main__":
    main()
