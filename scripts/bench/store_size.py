"""Time of commands and disk used with 200 versions and 2,000 runs, against a folder with one.

Both folders hold the same champion. Each command runs in turn in the one and in the other. Then
`mode=clean` cleans the large folder, and its size is compared with that of a folder that never held
more than what stays.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from scripts.bench.filled_store import Filler
from scripts.bench.measure import machine, measure, parser, progress, run, spread, table

MODEL = "spaceship_titanic-synthetic"
BAR, DISK_BAR = 1.2, 1.1
KEPT = 11  # versions that `clean.keep_versions=10` keeps: rollbacks lead from the last to the first
QUICK = ("data.n_groups=1000", "features=raw", "split.n_folds=3")
TRAIN = ("mode=train", *QUICK, "model=lgbm")
FORCED = ("gate.force=true", "reason=first")
VERBS = {
    "mode=history": ("mode=history",),
    "mode=train": TRAIN,
    "mode=inference": ("mode=inference", *QUICK),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    options = parser(__doc__)
    options.add_argument("--versions", type=int, default=200, help="versions in the large folder")
    options.add_argument("--jobs", type=int, default=2000, help="runs in the large folder")
    options.add_argument("--looks", type=int, default=2000, help="looks at its hold-out on record")
    options.add_argument("--runs", type=int, default=9, help="timed runs of each command")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = made(folder / "small"), made(folder / "large")
        runs = given.jobs - given.versions
        Filler(large, MODEL, age=60).fill(given.versions - 1, runs, given.looks)
        rows = [compared(verb, (small, large), given.runs) for verb in VERBS]
        disk = cleaned(large, folder / "kept", min(KEPT, given.versions) - 1, given.looks)
    print(machine())
    ratios = ["ratio of medians", "CPU ratio", f"at most {BAR}"]
    head = f"{given.versions} versions, {given.jobs} runs, {given.looks} looks, s"
    print(table(["command", "one version, s", head, *ratios], rows))
    print(table(["disk, MB", "full", "cleaned", "never held more", "ratio"], [disk]))


def made(outputs: Path) -> Path:
    """Return a new outputs folder with a champion."""
    measure(run(*TRAIN, *FORCED, outputs=outputs)).expect("Verdict: champion")
    return outputs


def compared(verb: str, folders: tuple[Path, Path], runs: int) -> list[str]:
    """Return a row: a command in both folders in turn, so that a busy moment slows both."""
    measured = []
    for number in range(runs + 1):
        pair = [measure(run(*VERBS[verb], outputs=folder)).expect("") for folder in folders]
        progress(f"{verb} {number}: {pair[0].wall:.2f} s, {pair[1].wall:.2f} s")
        measured.append(pair)
    walls = [[pair[which].wall for pair in measured[1:]] for which in (0, 1)]
    cpus = [median(pair[which].cpu for pair in measured[1:]) for which in (0, 1)]
    ratio = median(walls[1]) / median(walls[0])
    shown = [f"{ratio:.2f}", f"{cpus[1] / cpus[0]:.2f}", "yes" if ratio <= BAR else "no"]
    return [f"`{verb}`", *(spread(wall) for wall in walls), *shown]


def cleaned(large: Path, other: Path, versions: int, looks: int) -> list[str]:
    """Return a row: the disk that a folder takes full, cleaned, and if it had always been small."""
    full = megabytes(large)
    clean = run("mode=clean", "clean.dry_run=false", "clean.older_than=0", outputs=large)
    progress(measure(clean).expect("stay").output)
    Filler(made(other), MODEL).fill(versions, 0, looks)
    after, bare = megabytes(large), megabytes(other)
    met = "yes" if after <= DISK_BAR * bare else "no"
    return ["", *(f"{one:.1f}" for one in (full, after, bare)), f"{after / bare:.2f} ({met})"]


def megabytes(folder: Path) -> float:
    """Return the disk space of all files in a folder.

    >>> megabytes(tmp_path)
    0.0
    """
    return sum(512 * path.lstat().st_blocks for path in folder.rglob("*")) / 1e6


if __name__ == "__main__":
    main()
