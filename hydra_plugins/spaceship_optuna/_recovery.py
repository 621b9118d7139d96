"""Trials whose worker is gone or about to go: closed, counted, and queued again."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import optuna
import psutil
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._queue import DEATHS, OWNER, is_left, void
from hydra_plugins.spaceship_optuna._study import DEFAULT, FINISHED, STOPPED
from spaceship.process import is_orphan, is_own, process_tags

log = logging.getLogger(__name__)

_MOST_DEATHS = 3
"""Workers that may die over one trial; those that die beside it count, too."""
_SIGN_SECONDS = 10
_POLL_SECONDS = 0.2
_REST_SECONDS = 1
"""Longer than a living process needs from the end of one trial to the start of the next."""
_END_SECONDS = 15
"""How long workers that are being ended may take; longer than one may take to sign."""
_PATIENCE_SECONDS = 60
"""Shortest time that a silent worker on another machine is waited for."""


def bury(study: optuna.Study, *, blame: bool = True) -> list[int]:
    """Close running trials whose worker is gone and queue each again; return their numbers.

    A trial over which one worker after the other dies is not asked again: it stands as failed.
    Those that another process closes at the same time are left to that one.

    Args:
        study: The study.
        blame: Whether the deaths are counted: those of a user's interruption are not.

    """
    gone = [trial for trial in _running(study) if _is_gone(trial)]
    return _close(study, gone, more_deaths=int(blame))


def abandon(study: optuna.Study) -> None:
    """Give back what this process and its workers have; they are being ended.

    A worker killed between a claim and its signature leaves a trial that nobody owns: that one is
    waited for until it is known not to be just being signed.
    """
    give_back(study)
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        bury(study, blame=False)
        owners = [trial.user_attrs.get(OWNER) for trial in _running(study)]
        if not any(owner is None or _process_id(owner) in children for owner in owners):
            return
        time.sleep(_POLL_SECONDS)


def give_back(study: optuna.Study) -> list[int]:
    """Close this process's running trials, because it is about to end, and queue each again."""
    own = [one for one in _running(study) if is_own(one.user_attrs.get(OWNER, {}))]
    return _close(study, own, more_deaths=0)


def await_others(study: optuna.Study) -> list[int]:
    """Wait until no worker has a trial of the study; return the numbers of those that died.

    Whether a worker on another machine still lives cannot be seen: it is given ten times as long as
    the study's longest trial took.
    """
    start, told, gone = time.monotonic(), False, []
    while running := _running(study):
        gone += bury(study)
        waited = time.monotonic() - start
        if waited > max(_PATIENCE_SECONDS, 10 * _longest(study)):
            foreign = [one for one in running if not _is_here(one)]
            gone += _close(study, foreign, more_deaths=1)
        if waited > 1 and not told:
            log.info("Waiting for %d trial(s) that other processes are at.", len(running))
            told = True
        time.sleep(_POLL_SECONDS)
    return gone


def await_rest(study: optuna.Study, n_trials: int) -> list[int]:
    """Wait until nobody works at a study any more; return the numbers of trials that were lost.

    While trials are left, one that is not running may be the next that another process claims, so
    that it is over only when nothing has ended for a while either.
    """
    gone, before = await_others(study), -1
    while is_left(study, n_trials) and not study.user_attrs.get(STOPPED):
        ended = len(study.get_trials(deepcopy=False, states=FINISHED))
        if ended == before:
            break
        before = ended
        time.sleep(_REST_SECONDS)
        gone += await_others(study)
    return gone


def _close(study: optuna.Study, trials: Sequence[FrozenTrial], *, more_deaths: int) -> list[int]:
    """Close trials that nobody goes on with; return the numbers of those that still were open."""
    closed = []
    for trial in trials:
        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            _close_one(study, trial, trial.user_attrs.get(DEATHS, 0) + more_deaths)
            closed.append(trial.number)
    return closed


def _close_one(study: optuna.Study, trial: FrozenTrial, deaths: int) -> None:
    """Close a trial and ask again, unless too many died over it."""
    if deaths < _MOST_DEATHS:
        fixed = trial.system_attrs.get("fixed_params", {}) | trial.params
        default = {DEFAULT: True} if DEFAULT in trial.user_attrs else {}
        void(study, trial, "its worker died", fixed, **default, **{DEATHS: deaths})
    else:
        message = f"WorkerDied: {deaths} workers died over it"
        study._storage.set_trial_user_attr(trial._trial_id, "error", message)  # noqa: SLF001
        study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _longest(study: optuna.Study) -> float:
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max((one.duration.total_seconds() for one in trials if one.duration), default=0.0)


def _running(study: optuna.Study) -> Sequence[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _process_id(owner: Mapping[str, str]) -> int:
    return int(json.loads(owner["spaceship.process"])[0])


def _is_here(trial: FrozenTrial) -> bool:
    """Tell whether a trial's worker is known to be of this machine."""
    mine, owner = process_tags(), trial.user_attrs.get(OWNER, {})
    return any(owner.get(key) == mine[key] for key in mine if key.endswith("host"))


def _is_gone(trial: FrozenTrial) -> bool:
    owner = trial.user_attrs.get(OWNER)
    if owner is None:  # killed between the claim and its signature, unless it is signing just now
        started = trial.datetime_start
        now = datetime.now()  # noqa: DTZ005 - Optuna's own clock
        return started is None or (now - started).total_seconds() > _SIGN_SECONDS
    return is_orphan(owner)
