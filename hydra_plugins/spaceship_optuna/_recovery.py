"""Recovery of trials whose worker is dead or being terminated: closed, counted, requeued."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import optuna
import psutil
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._queue import DEATHS, OWNER, discard, is_left
from hydra_plugins.spaceship_optuna._study import DEFAULT, ERROR, FINISHED, STOPPED
from hydra_plugins.spaceship_optuna._upstream import storage_of, trial_id
from hydra_plugins.spaceship_optuna.process import is_here, is_orphan, is_others, is_own, process_id

log = logging.getLogger(__name__)

DIED = "its worker died: killed, out of memory, or ended by the job itself"
_MOST_DEATHS = 3  # of workers during one trial, deaths of workers beside it included


@dataclass(frozen=True)
class Waits:
    """Waits in seconds."""

    poll: float = 0.2  # between two looks at the storage
    idle: float = 1  # longer than a process needs from one trial's end to the next one's start
    sign: float = 10  # longest time between a worker's claim of a trial and its signature
    terminate: float = 15  # longest wait for workers being terminated; longer than `sign`
    silence: float = 60  # shortest wait for a silent worker on another machine


WAITS = Waits()


def requeue_dead(
    study: optuna.Study, waits: Waits = WAITS, *, count_deaths: bool = True
) -> list[int]:
    """Close running trials of dead workers, requeue each, and return their numbers.

    A trial that kills one worker after the other is not requeued: it stands as failed. A trial
    that another process closes at the same time is left to that process. Deaths after a user's
    interruption are not counted.
    """
    dead = [trial for trial in _running(study) if _is_dead(trial, waits)]
    return _close(study, dead, more_deaths=int(count_deaths))


def release_all(study: optuna.Study, waits: Waits = WAITS) -> None:
    """Requeue the running trials of this process and its workers, which are being terminated.

    A worker killed between claim and signature leaves a trial without an owner: that one is
    requeued only when it can no longer be signed.
    """
    release_own(study)
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    deadline = time.monotonic() + waits.terminate
    while time.monotonic() < deadline:
        requeue_dead(study, waits, count_deaths=False)
        owners = [trial.user_attrs.get(OWNER) for trial in _running(study)]
        if not any(owner is None or process_id(owner) in children for owner in owners):
            return
        time.sleep(waits.poll)


def others_at_work(study: optuna.Study) -> bool:
    """Return whether a process that may live, on any machine, but not of ours, runs a trial."""
    return any(is_others(one.user_attrs.get(OWNER, {})) for one in _running(study))


def release_own(study: optuna.Study) -> list[int]:
    """Requeue the running trials of this process, which is about to end; return their numbers."""
    own = [one for one in _running(study) if is_own(one.user_attrs.get(OWNER, {}))]
    return _close(study, own, more_deaths=0)


def wait_for_workers(study: optuna.Study, waits: Waits = WAITS) -> list[int]:
    """Wait until no trial of the study is running; return the numbers of those that were lost.

    Whether a worker on another machine is alive cannot be seen: it is waited for ten times as long
    as the study's longest trial took.
    """
    start, logged, lost = time.monotonic(), False, []
    while running := _running(study):
        lost += requeue_dead(study, waits)
        waited = time.monotonic() - start
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        longest = max((one.duration.total_seconds() for one in complete if one.duration), default=0)
        if waited > max(waits.silence, 10 * longest):
            foreign = [one for one in running if not is_here(one.user_attrs.get(OWNER, {}))]
            lost += _close(study, foreign, more_deaths=1)
        if waited > 1 and not logged:
            logged = True
            log.info("Waiting for %d trial(s) of other processes.", len(running))
        time.sleep(waits.poll)
    return lost


def wait_until_idle(study: optuna.Study, n_trials: int, waits: Waits = WAITS) -> list[int]:
    """Wait until no process works at the study; return the numbers of trials that were lost.

    While trials wait in the queue, another process may be between two trials: the study is idle
    only when no trial has ended for a while either.
    """
    lost, before = wait_for_workers(study, waits), -1
    while is_left(study, n_trials) and not study.user_attrs.get(STOPPED):
        ended = len(study.get_trials(deepcopy=False, states=FINISHED))
        if ended == before:
            break
        before = ended
        time.sleep(waits.idle)
        lost += wait_for_workers(study, waits)
    return lost


def _close(study: optuna.Study, trials: Sequence[FrozenTrial], *, more_deaths: int) -> list[int]:
    """Close abandoned trials and requeue each, unless too many workers died during it.

    Return the numbers of those that were still open.
    """
    closed = []
    for trial in trials:
        deaths = trial.user_attrs.get(DEATHS, 0) + more_deaths
        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            if deaths < _MOST_DEATHS:
                fixed = trial.system_attrs.get("fixed_params", {}) | trial.params
                default = {DEFAULT: True} if DEFAULT in trial.user_attrs else {}
                discard(study, trial, "its worker died", fixed, default | {DEATHS: deaths})
            else:
                message = f"WorkerDied: {deaths} workers died over it"
                storage_of(study).set_trial_user_attr(trial_id(trial), ERROR, message)
                study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            closed.append(trial.number)
    return closed


def _running(study: optuna.Study) -> Sequence[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _is_dead(trial: FrozenTrial, waits: Waits) -> bool:
    owner = trial.user_attrs.get(OWNER)
    if owner is None:  # killed between claim and signature, unless it is signing just now
        started = trial.datetime_start
        now = datetime.now()  # noqa: DTZ005 - Optuna's own clock
        return started is None or (now - started).total_seconds() > waits.sign
    return is_orphan(owner)
