"""Commands that faults are injected into, and the state that must follow each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.chaos.state import SQLITE_FILES, State

if TYPE_CHECKING:
    from spaceship.tracking.store import Store

SMALL = (
    *("data.n_groups=300", "features=raw", "split.n_folds=2", "threads=1"),
    *("gate=predecessor", "gate.floor.minimum=0", "gate.gain.minimum=0.001"),
)
STUDY, TRIALS = "faults", 2
PREDICTING = {"inference", "parts", "default"}
_LINE = ("mode=train", "model=logistic_regression")
_TREE = ("mode=train", "model=random_forest", "model.estimator.n_estimators=3")
_TUNE = (
    *("mode=tune", "model=logistic_regression", "hydra.launcher.n_jobs=1", "mode.blend=null"),
    *("hydra.sweeper.timeout=null", f"hydra.sweeper.study_name={STUDY}"),
    f"hydra.sweeper.n_trials={TRIALS}",
)
_OUTPUTS = "${paths.outputs}"
CLEANED = "the versions are 2, 3"
"""The gap that `mode=clean` leaves in the versions of the state `history`."""
_CLEAN = ("mode=clean", "clean.dry_run=false", "clean.keep_versions=1", "clean.older_than=0")
_INIT = (
    *("mode=init", f"data.train={_OUTPUTS}/people.csv", "task.label=Transported"),
    *("task.name=people", "task.overwrite=true"),
)
_SIMULATE = (
    *("mode=simulate", "model=logistic_regression", "simulate.eras=2", "simulate.groups=100"),
    *("gate=predecessor", "gate.floor.minimum=0"),
)
STATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "empty": (),
    "champion": (("mode=pp",), (*_LINE, "model.estimator.C=1e-9"), ("mode=inference",)),
    "challenged": ((*_TREE, "gate.gain.minimum=1000"),),
    "history": (("mode=promote",), (*_LINE, "gate.force=true", "reason=third")),
}
"""Commands that make each state from the one before it; the first champion has learnt nothing."""


@dataclass(frozen=True)
class Command:
    """A command and the state that it starts from."""

    arguments: tuple[str, ...]  # overrides after `python scripts/run.py`
    state: str  # one of `STATES`
    next: Callable[[str, int], set[str]] = lambda champion, _: {champion}
    """Versions that may be champion afterwards, from the champion before and the last version."""


@dataclass(frozen=True)
class Outcome:
    """Outcome of one injected fault."""

    statuses: tuple[int, ...]  # exit status of the command, and of its repetition, if there was one
    before: State
    after: State  # after the fault
    end: State  # after the repetition
    submissions: tuple[str, str]  # submission.csv after the fault and in the end: old, new or torn
    reached: bool  # whether the fault was injected at all
    broken: tuple[str, ...]  # invariants that do not hold in the end


COMMANDS = {
    "first": Command(_LINE, "empty", lambda _, last: {str(last)}),
    "train": Command(_LINE, "challenged", lambda _, last: {str(last)}),
    "tune": Command(_TUNE, "champion"),
    "promote": Command(("mode=promote",), "challenged", lambda _, __: {"2"}),
    "rollback": Command(("mode=rollback",), "history", lambda old, _: {str(int(old) - 1)}),
    "inference": Command(("mode=inference",), "champion"),
    "parts": Command(("mode=inference", "inference.part_rows=40"), "champion"),
    "clean": Command(_CLEAN, "history"),
    "default": Command(("mode=default", *_LINE[1:]), "challenged", lambda _, last: {str(last)}),
    "pp": Command(("mode=pp", "data.seed=7"), "champion"),
    "history": Command(("mode=history", f"history.output={_OUTPUTS}/moves.csv"), "history"),
    "init": Command(_INIT, "champion"),
    "simulate": Command(_SIMULATE, "champion"),
}
"""Every verb; `first` is a training without a champion, `parts` predictions in several parts."""


def judge(name: str, outcome: Outcome, *, survived: bool, keeps: bool = False) -> list[str]:
    """Return what is wrong with the outcome of a fault, by the rules of docs/reliability.md.

    Args:
        name: Name of the command.
        outcome: Outcome of the fault.
        survived: Whether the command must end with status 0 in spite of the fault.
        keeps: Whether unfinished files and folders may stay.

    """
    before, after, end = outcome.before, outcome.after, outcome.end
    sqlite = SQLITE_FILES.rstrip("*")
    left = [one for one in end.unfinished if not (keeps or one.startswith(sqlite))]
    end = replace(end, unfinished=left)
    done = _is_done(COMMANDS[name], before, after)
    first, *again = outcome.statuses
    start = after if again else before
    kept = done and outcome.statuses[-1] != 0
    following = COMMANDS[name].next(str(start.champion), len(end.versions))
    expected = {str(start.champion)} if kept else following
    fair = {0, 2} if name == "promote" and done else {0}  # no challenger is left to promote
    wrong = {
        "the fault was not reached": not outcome.reached,
        f"after the fault version {after.champion} is champion": (
            after.champion != before.champion and not done
        ),
        f"the command ended with status {first}": survived and first != 0,
        f"given again, it ended with status {again}": not set(again) <= fair,
        f"in the end version {end.champion} is champion": end.champion not in expected,
        f"the submission was {outcome.submissions[0]}, is {outcome.submissions[1]}": (
            "torn" in outcome.submissions
            or (name in PREDICTING and outcome.submissions[1] != "new")
        ),
        f"left over: {end.leftovers()}": bool(end.leftovers()),
    }
    return [
        *(f"after the fault: {fault}" for fault in after.faults),
        *(what for what, is_wrong in wrong.items() if is_wrong),
        *end.faults,
        *outcome.broken,
    ]


def _is_done(command: Command, before: State, after: State) -> bool:
    """Return whether the champion had moved as the command wants before the fault ended it."""
    expected = command.next(str(before.champion), len(after.versions))
    return after.champion != before.champion and after.champion in expected


def sweep_faults(outputs: Path) -> list[str]:
    """Return what is wrong with a sweep that should be done, by its study and its folder."""
    import optuna

    from hydra_plugins.spaceship_optuna._storage import open_storage

    storage = open_storage(str(outputs / "studies" / f"{STUDY}.journal"))
    trials = optuna.load_study(study_name=STUDY, storage=storage).get_trials()
    kept = [trial for trial in trials if "void" not in trial.user_attrs]
    states = Counter(trial.state.name for trial in kept)
    finished = all(trial.state.is_finished() for trial in kept)
    verdicts = list(outputs.glob("multiruns/*/*/*/verdict.json"))
    wrong = {
        f"trials: {dict(states)}": len(kept) != TRIALS or not finished,
        f"{len(verdicts)} jobs are gated": len(verdicts) != 1,
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def clean_faults(store: "Store", outputs: Path, broken: list[str]) -> list[str]:
    """Return what is wrong after cleaning: all of `broken` but the gap, and what is left to do."""
    from spaceship.config.settings import Clean
    from spaceship.registry.cleaning import Rules

    settings = Clean(dry_run=True, keep_versions=1, older_than=0, close_host=None)
    plan = Rules(store, outputs / "locks", settings).plan()
    folders = outputs.parent.glob("**/models/m-*")  # a server leaves empty ones
    models = [one.name for one in folders if any(path.is_file() for path in one.rglob("*"))]
    kept = [str(one.source).rpartition("/")[2] for one in plan.kept_versions]
    wrong = {
        "version 1 is still there": CLEANED not in broken,
        f"{len(plan.runs)} old runs are still there": bool(plan.runs),
        f"the stored models are {models}": sorted(models) != sorted(kept),
    }
    found = [what for what, is_wrong in wrong.items() if is_wrong]
    return [*(one for one in broken if one != CLEANED), *found]
