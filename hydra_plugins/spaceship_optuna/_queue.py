"""The trials of a study as a queue that any number of processes and machines work off.

The budget is laid out in slots, one a trial that counts. Each slot's trial waits in the storage; a
worker claims one by an atomic change of state. Where two processes fill a slot at the same time,
the trial with the lower number counts: whatever is killed or raced for, each slot is run once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from hydra_plugins.spaceship_optuna._search_space import Plan
from hydra_plugins.spaceship_optuna._study import DEFAULT, VOID
from spaceship.process import process_tags, uninterrupted

log = logging.getLogger(__name__)

OWNER, _SLOT, DEATHS = "owner", "slot", "deaths"


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
            storage.set_trial_user_attr(waiting._trial_id, OWNER, process_tags())  # noqa: SLF001
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
        kept = {key: trial.user_attrs[key] for key in (_SLOT, DEATHS) if key in trial.user_attrs}
        study.enqueue_trial(dict(again), user_attrs=kept | attributes)
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


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


def _is_planned_twice(study: optuna.Study, trial: FrozenTrial) -> bool:
    slot = trial.user_attrs.get(_SLOT)
    return slot is not None and any(
        other.number < trial.number
        and other.user_attrs.get(_SLOT) == slot
        and VOID not in other.user_attrs
        for other in study.get_trials(deepcopy=False)
    )
