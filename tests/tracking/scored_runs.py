"""Runs as jobs and sweeps leave them, made in a moment."""

from collections.abc import Mapping

from spaceship.tracking.store import Store

PARENT = "mlflow.parentRunId"


def scored(
    store: Store,
    recipe: str,
    score: float,
    tags: Mapping[str, str] | None = None,
    metric: str = "accuracy",
) -> str:
    """Make a run with a cross-validated score, of the tag `status`; return its id."""
    own = {"task": "spaceship_titanic", "mode": "train", "command": "spaceship mode=train"}
    own |= {"data_source": "synthetic", "data_digest": "d1", "candidate": recipe}
    run_id = store.start_run(f"{recipe} · synthetic", own | dict(tags or {}))
    figures = {f"cv_{metric}": score, f"cv_{metric}_std": 0.01}
    store.log_scores(run_id, figures)
    store.end_run(run_id, (tags or {}).get("status", "FINISHED"))
    return run_id


def sweep(store: Store, *, study: bool) -> str:
    """Make the run above the jobs of a sweep or of a grid; return its id."""
    tags = {"task": "spaceship_titanic", "mode": "tune", "sweep": "s", "award": "champion"}
    tags |= {"command": "spaceship mode=tune", "candidate": "best"}
    return store.start_run("tune: lgbm", tags | ({"study": "s"} if study else {}))


def trial(store: Store, above: str, recipe: str, score: float, **tags: str) -> str:
    """Make a trial of a sweep, which has no task of its own; return its id."""
    of_trial = {"task": "", "mode": "", "command": "", PARENT: above, "trial": "0"}
    return scored(store, recipe, score, of_trial | tags)
