"""Start-up time of `--help`, `--cfg job` and shell completion, against a minimal Hydra app."""

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.bench.measure import RUN, Measured, machine, measure, parser, spread, table

BAR = 1.6
HEAVY = ("mlflow", "pandas", "sklearn", "lightgbm", "catboost", "optuna", "matplotlib")
APP = {
    "app.py": """\
import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    print(cfg)


if __name__ == "__main__":
    main()
""",
    "conf/config.yaml": "defaults:\n  - _self_\n  - db: mysql\nseed: 1\nname: app\nrate: 0.1\n",
    "conf/db/mysql.yaml": "driver: mysql\nport: 3306\n",
    "conf/db/postgresql.yaml": "driver: postgresql\nport: 5432\n",
}


@dataclass(frozen=True)
class Query:
    """One question to both scripts; of each pair the first is for the minimal app."""

    name: str
    flags: tuple[str, ...]
    answers: tuple[str, str]  # text that the output must contain
    begun: tuple[str, str] = ("", "")  # word to complete


QUERIES = (
    Query("`--help`", ("--help",), ("postgresql", "inference")),
    Query("`--cfg job`", ("--cfg", "job"), ("3306", "holdout_fraction")),
    Query(
        "completion of a group",
        ("-sc", "query=bash"),
        ("db=postgresql", "mode=train"),
        ("db=", "mode="),
    ),
    Query("completion of a key", ("-sc", "query=bash"), ("seed=", "seed="), ("se", "se")),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=15, help="timed runs of each script")
    runs = options.parse_args(arguments).runs
    with tempfile.TemporaryDirectory() as folder:
        scripts = (write_app(Path(folder)), RUN)
        rows = [compare(query, scripts, runs) for query in QUERIES]
    print(machine())
    ratios = ["ratio of medians", "ratios of pairs", "CPU ratio", f"at most {BAR}"]
    print(table(["query", "minimal app, s", "spaceship, s", *ratios, "imports"], rows))


def compare(query: Query, scripts: tuple[Path, Path], runs: int) -> list[str]:
    """Return a row: both scripts run in turn, so that a busy moment slows both."""
    for which in (0, 1):
        answer(query, scripts, which)  # writes the bytecode that Python caches
    pairs = [(answer(query, scripts, 0), answer(query, scripts, 1)) for _ in range(runs)]
    walls = [[pair[which].wall for pair in pairs] for which in (0, 1)]
    cpus = [median(pair[which].cpu for pair in pairs) for which in (0, 1)]
    ratio = median(walls[1]) / median(walls[0])
    each = spread(own / base for base, own in zip(*walls, strict=True))
    loaded = heavy_imports(answer(query, scripts, 1, "-X", "importtime").output)
    met = "yes" if ratio <= BAR and not loaded else "no"
    ratios = [f"{ratio:.2f}", each, f"{cpus[1] / cpus[0]:.2f}", met]
    return [query.name, *(spread(wall) for wall in walls), *ratios, ", ".join(loaded) or "-"]


def answer(query: Query, scripts: tuple[Path, Path], which: int, *python: str) -> Measured:
    """Return the cost of one query to the minimal app (0) or the project (1)."""
    script = scripts[which]
    line = f"python {script.name} {query.begun[which]}"  # as the shell function of Hydra gives it
    command = [sys.executable, *python, str(script), *query.flags]
    measured = measure(command, COMP_LINE=line, COMP_POINT=str(len(line)))
    return measured.expect(query.answers[which])


def heavy_imports(output: str) -> list[str]:
    """Return the heavy packages that `-X importtime` names."""
    loaded = set(re.findall(r"^import time:.*\|\s+(\w+)", output, re.MULTILINE))
    return [name for name in HEAVY if name in loaded]


def write_app(folder: Path) -> Path:
    """Write the minimal app and return its script."""
    for name, content in APP.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder / "app.py"


if __name__ == "__main__":
    main()
