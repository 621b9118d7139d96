"""Runs of trials for tests: saved in folders, below a sweep whose process is gone."""

from pathlib import Path

from spaceship.tracking.store import FOLDER_TAG, Store, run_params, run_tags
from spaceship.tracking.trial_runs import TrialRun

GONE = {"mlflow.spaceship.process": "[999999999, 1.0]"}


def saved(
    folder: Path, number: int = 3, run_id: str = "a" * 32, parent: str = "b" * 32
) -> TrialRun:
    """Return a running trial's run, saved in its folder."""
    tags = run_tags({"trial": str(number), FOLDER_TAG: str(folder)}, parent)
    run = TrialRun(f"svm #{number}", tags, run_params({"C": "1.0"}), run_id=run_id)
    run.save(folder)
    return run


def killed_sweep(store: Store, folder: Path) -> str:
    """Return the run above the trials of a sweep whose process is gone."""
    parent = store.start_run("sweep", {FOLDER_TAG: str(folder)})
    store.set_tags(parent, GONE)
    return parent


def statuses(store: Store) -> list[str]:
    runs = store.client.search_runs([store.experiment_id])
    return sorted(run.info.status for run in runs)
