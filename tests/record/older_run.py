"""Recorded run of an older state of the project, as a colleague would send it: a packed folder.

Made at commit a1764967 with `mode=train data.n_groups=150 record.data=true model=lgbm features=raw
model.estimator.n_estimators=10 model.estimator.num_leaves=7 split.n_folds=2`; the folder holds the
files of the run, its typed tables and its serving model.
"""

from pathlib import Path
from shutil import unpack_archive

from spaceship.record.recorded_run import RecordedRun

COMMIT = "a1764967ba99bfa12e1f0ce973bbc7968433f61c"


def older_run(folder: Path) -> RecordedRun:
    """Return the run, its files below a folder."""
    unpack_archive(Path(__file__).with_suffix(".zip"), folder)
    return RecordedRun.read(folder / "older_run", "the older run")
