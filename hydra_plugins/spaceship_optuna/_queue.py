"""Queue of a study's trials that any number of processes and machines work off.

The budget is a row of slots, one for each trial that counts. Each slot's trial waits in the
storage; a worker claims it by an atomic change of state. If two processes fill the same slot, the
trial with the lower number counts: each slot is run once, whichever process is killed or late.
"""

import logging
from collections.abc import Mapping, Sequence

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from hydra_plugins.spaceship_optuna._samplers import SamplerMaker
from hydra_plugins.spaceship_optuna._search_space import SearchPlan
from hydra_plugins.spaceship_optuna._study import DEFAULT, VOID
from hydra_plugins.spaceship_optuna._upstream import storage_of, trial_id
from hydra_plugins.spaceship_optuna.process import process_tags, uninterrupted

log = logging.getLogger(__name__)

OWNER, _SLOT, DEATHS = "owner", "slot", "deaths"


def plan_trials(
    study: optuna.Study, plan: SearchPlan, n_trials: int, minimum: int, *, grid: bool = False
) -> None:
    """Queue the trials that are missing to `n_trials` that count, including those before a resume.

    Defaults come first, then the rest of each arm's `minimum`, then trials that the sampler is free
    to choose; with `grid`, every point of the spaces in turn instead.
    """
    trials = study.get_trials(deepcopy=False)
    counting = [trial for trial in trials if VOID not in trial.user_attrs]
    filled = {trial.user_attrs.get(_SLOT) for trial in counting}
    enqueued_by_others = sum(_SLOT not in trial.user_attrs for trial in counting)
    starts = _fair_start(plan, 1 if grid else minimum)
    if grid:
        firsts = [params for params, _ in starts]
        starts += [(params, {}) for params in plan.grid() if params not in firsts]
        if n_trials < len(starts):
            short = "Of the grid's %d points %d are tried; see n_trials."
            log.warning(short, len(starts), n_trials)
        n_trials = min(n_trials, len(starts))
    for slot in range(n_trials - enqueued_by_others):
        if slot not in filled:
            params, attributes = starts[slot] if slot < len(starts) else ({}, {})
            study.enqueue_trial(params, user_attrs={**attributes, _SLOT: slot})


def is_left(study: optuna.Study, n_trials: int) -> bool:
    """Return whether trials wait for a worker."""
    return bool(_waiting(study, n_trials))


@uninterrupted()
def claim(study: optuna.Study, n_trials: int, sampler: SamplerMaker | None = None) -> Trial | None:
    """Return the next waiting trial, claimed for this process, or None if none is left."""
    storage = storage_of(study)
    for waiting in _waiting(study, n_trials):
        identity = trial_id(waiting)
        try:
            if not storage.set_trial_state_values(identity, TrialState.RUNNING):
                continue
            storage.set_trial_user_attr(identity, OWNER, process_tags())
            if _is_planned_twice(study, waiting):
                discard(study, waiting, "planned twice")
                continue
        except optuna.exceptions.UpdateFinishedTrialError:  # another process was quicker
            continue
        if sampler is not None:
            study.sampler = sampler(waiting.number)
        return Trial(study, identity)
    return None


def discard(
    study: optuna.Study,
    trial: FrozenTrial | Trial,
    reason: str,
    again: Mapping[str, object] | None = None,
    attributes: Mapping[str, object] | None = None,
) -> None:
    """Close a claimed trial that does not count, and queue a replacement in its slot.

    1. Mark the trial void; else its replacement looks like a duplicate.
    2. Queue the replacement; else the study looks finished.
    3. Close the trial.

    The trial is claimed by this process, or by a dead one. `again` are the parameters of the
    replacement, None for no replacement, and `attributes` its user attributes.
    """
    storage_of(study).set_trial_user_attr(trial_id(trial), VOID, reason)
    if again is not None:
        kept = {key: trial.user_attrs[key] for key in (_SLOT, DEATHS) if key in trial.user_attrs}
        study.enqueue_trial(dict(again), user_attrs=kept | dict(attributes or {}))
    study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _fair_start(
    plan: SearchPlan, minimum: int
) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return parameters and attributes of the trials that give every arm its share."""
    defaults = []
    for arm in plan.arms:
        own = plan.parameters(arm).items()
        known = {name: arm.defaults[one.key] for name, one in own if one.key in arm.defaults}
        defaults.append(known | plan.choose(arm))
    free = [plan.choose(arm) for arm in plan.arms] * (minimum - 1)
    return [(own, {DEFAULT: True}) for own in defaults] + [(own, {}) for own in free]


def _waiting(study: optuna.Study, n_trials: int) -> Sequence[FrozenTrial]:
    """Return the waiting trials, without those that only a larger budget needs."""
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
