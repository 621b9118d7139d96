"""The commands that faults strike, and what is right in the end; part of bench_faults."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.chaos.state import State

SMALL = (
    *("data.n_groups=300", "features=raw", "split.n_folds=2", "threads=1"),
    *("gate.floor.minimum=0", "gate.gain.minimum=0.001"),
)
_SQLITE = "mlflow.db-"
"""Start of the names of files that SQLite itself takes up when the database is next opened."""
STUDY, TRIALS = "faults", 2
_LINE = ("mode=train", "model=logistic_regression")
_TREE = ("mode=train", "model=random_forest", "model.estimator.n_estimators=3")
_TUNE = (
    *("mode=tune", "model=logistic_regression", "hydra.launcher.n_jobs=1", "mode.blend=null"),
    *("hydra.sweeper.timeout=null", f"hydra.sweeper.study_name={STUDY}"),
    f"hydra.sweeper.n_trials={TRIALS}",
)
STATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "champion": (("mode=pp",), (*_LINE, "model.estimator.C=1e-9"), ("mode=inference",)),
    "challenged": ((*_TREE, "gate.gain.minimum=1000"),),
    "history": (("mode=promote",), (*_LINE, "gate.force=true", "reason=third")),
}
"""What each state adds to the one before it: commands; the first champion knows nothing."""


@dataclass(frozen=True)
class Verb:
    """A command and what it finds.

    Attributes:
        arguments: What follows `python scripts/run.py`.
        state: What stands before it, one of `STATES`.
        next: Which versions may be champion after it, given who was before and how many there are.

    """

    arguments: tuple[str, ...]
    state: str
    next: Callable[[str, int], set[str]]


@dataclass(frozen=True)
class Struck:
    """What came of one fault.

    Attributes:
        ends: How the struck command ended, and the same command given again, if it was.
        stood: What stood before, after the fault, and in the end.
        submission: Whose submission file stood after the fault and in the end: `old`, `new`.
        reached: Whether the fault struck at all.
        broken: Promises that are broken in the end.

    """

    ends: tuple[int, ...]
    stood: tuple[State, State, State]
    submission: tuple[str, str]
    reached: bool
    broken: tuple[str, ...]


VERBS = {
    "train": Verb(_LINE, "challenged", lambda _, known: {str(known)}),
    "tune": Verb(_TUNE, "champion", lambda champion, _: {champion}),
    "promote": Verb(("mode=promote",), "challenged", lambda _, __: {"2"}),
    "rollback": Verb(("mode=rollback",), "history", lambda champion, _: {str(int(champion) - 1)}),
    "inference": Verb(("mode=inference",), "champion", lambda champion, _: {champion}),
}
"""Every command, under the name that the table shows."""


def judge(name: str, struck: Struck, *, survived: bool, keeps: bool = False) -> list[str]:
    """Return what is wrong with what came of a fault; see docs/reliability.md for what is right.

    Args:
        name: The command's.
        struck: What came of it.
        survived: Whether the command has to live through the fault.
        keeps: Whether files and folders that were not finished may stay.

    """
    (before, after, end), verb = struck.stood, VERBS[name]
    stays = [name for name in end.unfinished if not (keeps or name.startswith(_SQLITE))]
    end = replace(end, unfinished=stays)
    done = _done(verb, before, after)
    faults = [f"after the fault: {fault}" for fault in after.faults]
    if not struck.reached:
        faults.append("the fault was not reached")
    if after.champion != before.champion and not done:
        faults.append(f"after the fault version {after.champion} is champion")
    if survived and struck.ends[0] != 0:
        faults.append(f"the command ended with status {struck.ends[0]}")
    if len(struck.ends) > 1 and struck.ends[1] not in _fair(name, done=done):
        faults.append(f"given again, it ended with status {struck.ends[1]}")
    start = after if len(struck.ends) > 1 else before
    if end.champion not in _expected(name, start, end, done=done and struck.ends[-1] != 0):
        faults.append(f"in the end version {end.champion} is champion")
    if "torn" in struck.submission or (name == "inference" and struck.submission[1] != "new"):
        faults.append(f"the submission was {struck.submission[0]}, is {struck.submission[1]}")
    if end.leftovers():
        faults.append(f"left over: {end.leftovers()}")
    return [*faults, *end.faults, *struck.broken]


def _done(verb: Verb, before: State, after: State) -> bool:
    """Tell whether the champion moved as the command wanted before the fault ended it."""
    expected = verb.next(str(before.champion), len(after.versions))
    return after.champion != before.champion and after.champion in expected


def _fair(name: str, *, done: bool) -> set[int]:
    """Return the statuses with which a command that is given again may end."""
    return {0, 2} if name == "promote" and done else {0}  # no challenger is left to promote


def _expected(name: str, start: State, end: State, *, done: bool) -> set[str]:
    """Return who may be champion in the end."""
    if done:
        return {str(start.champion)}
    return VERBS[name].next(str(start.champion), len(end.versions))


def unfinished_sweep(outputs: Path) -> list[str]:
    """Return what is wrong with a sweep that should be done, as its study and its folder tell."""
    import optuna

    from hydra_plugins.spaceship_optuna._storage import open_storage

    storage = open_storage(str(outputs / "studies" / f"{STUDY}.journal"))
    trials = optuna.load_study(study_name=STUDY, storage=storage).get_trials()
    kept = [trial for trial in trials if "void" not in trial.user_attrs]
    states = Counter(trial.state.name for trial in kept)
    verdicts = list(outputs.glob("multiruns/*/*/*/verdict.json"))
    wrong = {
        f"trials: {dict(states)}": len(kept) != TRIALS or not all(_finished(kept)),
        f"{len(verdicts)} jobs are gated": len(verdicts) != 1,
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def _finished(trials: Sequence[object]) -> list[bool]:
    return [trial.state.is_finished() for trial in trials]  # type: ignore[attr-defined]
