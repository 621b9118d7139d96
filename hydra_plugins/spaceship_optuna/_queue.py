"""The trials of a study as a queue that any number of processes and machines work off.

The budget is laid out in slots, one a trial that counts. Each slot's trial waits in the storage; a
worker claims one by an atomic change of state. Where two processes fill a slot at the same time,
the trial with the lower number counts: whatever is killed or raced for, each slot is run once.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import optuna
import psutil
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from hydra_plugins.spaceship_optuna._spaces import Plan
from hydra_plugins.spaceship_optuna._study import DEFAULT, FINISHED, STOPPED, VOID
from spaceship.process import is_orphan, is_own, process_tags, uninterrupted

log = logging.getLogger(__name__)

_OWNER, _SLOT, _DEATHS = "owner", "slot", "deaths"
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


def plan_trials(
    study: optuna.Study, plan: Plan, n_trials: int, minimum: int, *, grid: bool = False
) -> None:
    """Queue what is missing: defaults first, then each candidate's share, then free trials.

    Args:
        study: New or resumed.
        plan: Candidates and spaces.
        n_trials: Trials that count, in all.
        minimum: Trials each candidate gets before the sampler is free to choose.
        grid: Whether every point of the spaces is tried in turn instead.

    """
    trials = study.get_trials(deepcopy=False)
    counting = [trial for trial in trials if VOID not in trial.user_attrs]
    filled = {trial.user_attrs.get(_SLOT) for trial in counting}
    strangers = sum(_SLOT not in trial.user_attrs for trial in counting)  # somebody enqueued them
    starts = _fair_start(plan, 1 if grid else minimum)
    if grid:
        firsts = [params for params, _ in starts]
        starts += [(params, {}) for params in plan.grid() if params not in firsts]
        if n_trials < len(starts):
            log.warning(
                "Of the grid's %d points %d are tried; see n_trials.", len(starts), n_trials
            )
        n_trials = min(n_trials, len(starts))
    for slot in range(n_trials - strangers):
        if slot not in filled:
            params, attributes = starts[slot] if slot < len(starts) else ({}, {})
            study.enqueue_trial(params, user_attrs={**attributes, _SLOT: slot})


def is_left(study: optuna.Study, n_trials: int) -> bool:
    """Tell whether trials wait for somebody to run them."""
    return bool(_waiting(study, n_trials))


@uninterrupted()
def claim(
    study: optuna.Study,
    storage: BaseStorage,
    n_trials: int,
    sampler: Callable[[int], BaseSampler] | None = None,
) -> Trial | None:
    """Return the next waiting trial, claimed for this process, or None if none is left.

    Args:
        study: The study.
        storage: Where it is.
        n_trials: Trials that count, in all.
        sampler: Makes the study's sampler for a trial's number, once that is known.

    """
    for waiting in _waiting(study, n_trials):
        try:
            if not storage.set_trial_state_values(waiting._trial_id, TrialState.RUNNING):  # noqa: SLF001
                continue
            storage.set_trial_user_attr(waiting._trial_id, _OWNER, process_tags())  # noqa: SLF001
            if _is_planned_twice(study, waiting):
                void(study, waiting, "planned twice")
                continue
        except optuna.exceptions.UpdateFinishedTrialError:  # somebody was quicker
            continue
        if sampler is not None:
            study.sampler = sampler(waiting.number)
        return Trial(study, waiting._trial_id)  # noqa: SLF001
    return None


def void(
    study: optuna.Study,
    trial: FrozenTrial | Trial,
    reason: str,
    again: Mapping[str, Any] | None = None,
    **attributes: Any,
) -> None:
    """Close a trial that does not count, and queue another one in its slot.

    The order matters to other processes: were it not void before the other one waits, that one
    would seem planned twice; were it closed before, the study would seem to be over.

    Args:
        study: The study.
        trial: Claimed by this process, or by one that is gone.
        reason: Why it does not count.
        again: Parameters of the other one; None for no other.
        **attributes: More of the other one's user attributes.

    """
    study._storage.set_trial_user_attr(trial._trial_id, VOID, reason)  # noqa: SLF001
    if again is not None:
        kept = {key: trial.user_attrs[key] for key in (_SLOT, _DEATHS) if key in trial.user_attrs}
        study.enqueue_trial(dict(again), user_attrs=kept | attributes)
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


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
        owners = [trial.user_attrs.get(_OWNER) for trial in _running(study)]
        if not any(owner is None or _process_id(owner) in children for owner in owners):
            return
        time.sleep(_POLL_SECONDS)


def _process_id(owner: Mapping[str, str]) -> int:
    return int(json.loads(owner["spaceship.process"])[0])


def give_back(study: optuna.Study) -> list[int]:
    """Close this process's running trials, because it is about to end, and queue each again."""
    own = [one for one in _running(study) if is_own(one.user_attrs.get(_OWNER, {}))]
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


def _fair_start(plan: Plan, minimum: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return parameters and attributes of the trials that give every candidate its chance."""
    queue: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for one in plan.candidates:
        own = {plan.name(one, key): value for key, value in one.defaults.items()}
        queue.append((own | plan.choose(one), {DEFAULT: True}))
    for _ in range(minimum - 1):
        queue += [(dict(plan.choose(one)), {}) for one in plan.candidates]
    return queue


def _waiting(study: optuna.Study, n_trials: int) -> Sequence[FrozenTrial]:
    """Return the waiting trials, but those that only a larger budget needs."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    return [trial for trial in trials if trial.user_attrs.get(_SLOT, 0) < n_trials]


def _running(study: optuna.Study) -> Sequence[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _is_planned_twice(study: optuna.Study, trial: FrozenTrial) -> bool:
    slot = trial.user_attrs.get(_SLOT)
    return slot is not None and any(
        other.number < trial.number
        and other.user_attrs.get(_SLOT) == slot
        and VOID not in other.user_attrs
        for other in study.get_trials(deepcopy=False)
    )


def _close(study: optuna.Study, trials: Sequence[FrozenTrial], *, more_deaths: int) -> list[int]:
    """Close trials that nobody goes on with; return the numbers of those that still were open."""
    closed = []
    for trial in trials:
        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            _close_one(study, trial, trial.user_attrs.get(_DEATHS, 0) + more_deaths)
            closed.append(trial.number)
    return closed


def _close_one(study: optuna.Study, trial: FrozenTrial, deaths: int) -> None:
    """Close a trial and ask again, unless too many died over it."""
    if deaths < _MOST_DEATHS:
        fixed = trial.system_attrs.get("fixed_params", {}) | trial.params
        default = {DEFAULT: True} if DEFAULT in trial.user_attrs else {}
        void(study, trial, "its worker died", fixed, **default, **{_DEATHS: deaths})
    else:
        message = f"WorkerDied: {deaths} workers died over it"
        study._storage.set_trial_user_attr(trial._trial_id, "error", message)  # noqa: SLF001
        study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _longest(study: optuna.Study) -> float:
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max((one.duration.total_seconds() for one in trials if one.duration), default=0.0)


def _is_here(trial: FrozenTrial) -> bool:
    """Tell whether a trial's worker is known to be of this machine."""
    mine, owner = process_tags(), trial.user_attrs.get(_OWNER, {})
    return any(owner.get(key) == mine[key] for key in mine if key.endswith("host"))


def _is_gone(trial: FrozenTrial) -> bool:
    owner = trial.user_attrs.get(_OWNER)
    if owner is None:  # killed between the claim and its signature, unless it is signing just now
        started = trial.datetime_start
        now = datetime.now()  # noqa: DTZ005 - Optuna's own clock
        return started is None or (now - started).total_seconds() > _SIGN_SECONDS
    return is_orphan(owner)
