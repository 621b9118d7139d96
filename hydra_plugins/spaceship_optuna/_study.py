"""A study in shared storage: opened or joined, planned ahead, and cleaned of the dead.

The whole budget is put in the queue as waiting trials when the study starts. A worker claims one by
an atomic change of state, so any number of processes and machines run exactly the trials planned,
each once, without waiting for each other.
"""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from hydra_plugins.spaceship_optuna._spaces import Candidate, Plan
from spaceship.errors import ConfigError
from spaceship.process import is_orphan, process_tags

log = logging.getLogger(__name__)

CANDIDATE = "candidate"
DEFAULT = "default"
VOID = "void"
"""User attribute of a trial that does not count: its worker died, or it repeated another one."""
OWNER = "owner"
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
_PLANNED = "planned"
_FACTS = "facts"
_LAST = "last"
JOIN_SECONDS = 60


def locate_storage(storage: Any, folder: Path, study_name: str) -> Any:
    """Return where a study is stored, in words any process understands.

    Args:
        storage: `hydra.sweeper.storage`; None for a journal file of the study's own.
        folder: Where journal files go.
        study_name: Names the journal file.

    """
    if storage is not None:
        return storage
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder.absolute() / f"{study_name}.journal")


def open_storage(located: Any) -> BaseStorage:
    """Return the storage that `locate_storage` located.

    Args:
        located: A path to a journal file (`.journal`, `.log`), a database URL, or a storage.

    Raises:
        ConfigError: The storage cannot be opened.

    """
    if isinstance(located, BaseStorage):
        return located
    url = str(located)
    try:
        if url.endswith((".journal", ".log")):
            backend = JournalFileBackend(url.removeprefix("journal://"))
            return JournalStorage(backend)
        patience = {"timeout": 60} if url.startswith("sqlite") else {}
        return RDBStorage(url, engine_kwargs={"connect_args": patience})
    except Exception as error:
        message = (
            f"expected a storage in hydra.sweeper.storage, found: {str(error).splitlines()[0]}; "
            "leave it null for a file under paths.outputs, or give sqlite:///FILE, "
            "postgresql+psycopg://USER@HOST/DATABASE or a path ending in .journal"
        )
        raise ConfigError(message) from error


def latest_study(folder: Path) -> str:
    """Return the name of the study whose journal file changed last.

    Raises:
        ConfigError: There is none.

    """
    files = sorted(folder.glob("*.journal"), key=lambda path: path.stat().st_mtime)
    if not files:
        message = f"expected a study in {folder} to resume, found none; start one without resume"
        raise ConfigError(message)
    return files[-1].stem


def new_name() -> str:
    """Return a study name that sorts by time and that no two processes share."""
    return f"{datetime.now():%Y-%m-%d-%H-%M-%S}-{os.getpid()}"  # noqa: DTZ005 - the user's clock


def open_study(
    storage: BaseStorage, name: str, directions: Sequence[str], *, must_exist: bool
) -> tuple[optuna.Study, bool]:
    """Return the study of a name, and whether this process created it.

    Raises:
        ConfigError: It must exist and does not, or it has other directions.

    """
    names = optuna.get_all_study_names(storage)
    if must_exist and name not in names:
        known = ", ".join(sorted(names)) or "none"
        message = f"expected a study {name!r} to resume, found {known}; check hydra.sweeper.resume"
        raise ConfigError(message)
    created = False
    if name not in names:
        try:
            optuna.create_study(study_name=name, storage=storage, directions=_enums(directions))
            created = True
        except optuna.exceptions.DuplicatedStudyError:
            log.info("Another process has just created the study %s; joining it.", name)
    study = optuna.load_study(study_name=name, storage=storage)
    found = [direction.name.lower() for direction in study.directions]
    if found != list(directions):
        message = f"expected a study that optimises {list(directions)}, found {found} in {name}"
        raise ConfigError(f"{message}; give the study another name: hydra.sweeper.study_name=…")
    return study, created


def _enums(directions: Sequence[str]) -> list[StudyDirection]:
    return [StudyDirection[name.upper()] for name in directions]


def agree(study: optuna.Study, facts: Mapping[str, Any]) -> None:
    """Note what the study rests on, or refuse to go on with another.

    Args:
        study: New or resumed.
        facts: What must stay the same: search spaces, objective, data digest, protocol.

    Raises:
        ConfigError: A fact differs; the message names each difference.

    """
    now = json.loads(json.dumps(facts, sort_keys=True, default=str))
    noted = study.user_attrs.get(_FACTS)
    if noted is None:
        study.set_user_attr(_FACTS, now)
        return
    differences = [
        f"{key}: was {noted.get(key)}, is {now.get(key)}"
        for key in sorted({*noted, *now})
        if noted.get(key) != now.get(key)
    ]
    if differences:
        message = f"study {study.study_name} rests on something else: " + "; ".join(differences)
        raise ConfigError(f"{message}. Undo the change, or start a new study")


def plan_trials(
    study: optuna.Study, plan: Plan, n_trials: int, minimum: int, *, created: bool
) -> None:
    """Queue the trials that are missing: defaults first, then each candidate's share, then free.

    Args:
        study: New or resumed.
        plan: Candidates and spaces.
        n_trials: Trials that count, in all.
        minimum: Trials each candidate gets before the sampler is free to choose.
        created: Whether this process created the study; another one waits for its plan.

    """
    if not created:
        _wait_for_plan(study)
    trials = study.get_trials(deepcopy=False)
    counting = [trial for trial in trials if VOID not in trial.user_attrs]
    queue = [] if trials else _fair_start(plan.candidates, minimum)
    for params, attributes in queue[:n_trials]:
        study.enqueue_trial(params, user_attrs=attributes)
    for _ in range(n_trials - len(counting) - len(queue)):
        study.enqueue_trial({})
    study.set_user_attr(_PLANNED, True)


def claim(study: optuna.Study, storage: BaseStorage) -> Trial | None:
    """Return the next waiting trial, claimed for this process, or None if none is left."""
    for waiting in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        try:
            if storage.set_trial_state_values(waiting._trial_id, TrialState.RUNNING):  # noqa: SLF001
                trial = Trial(study, waiting._trial_id)  # noqa: SLF001
                trial.set_user_attr(OWNER, process_tags())
                return trial
        except optuna.exceptions.UpdateFinishedTrialError:
            continue
    return None


def bury(study: optuna.Study, *, own: bool = False) -> int:
    """Close running trials whose worker is gone and queue each again, once; return how many.

    A trial whose worker died twice is not asked a third time: it stands as failed.

    Args:
        study: The study.
        own: Whether to take this process for gone too, because it is about to end.

    """
    gone = [trial for trial in _running(study) if _is_gone(trial, own=own)]
    for trial in gone:
        again = trial.user_attrs.get("retries", 0) + 1
        if again == 1:
            study._storage.set_trial_user_attr(trial._trial_id, VOID, "its worker died")  # noqa: SLF001
            attributes = {
                key: trial.user_attrs[key] for key in (DEFAULT,) if key in trial.user_attrs
            }
            fixed = trial.system_attrs.get("fixed_params", {}) | trial.params
            study.enqueue_trial(fixed, user_attrs=attributes | {"retries": again})
        else:
            study._storage.set_trial_user_attr(trial._trial_id, "error", "its worker died twice")  # noqa: SLF001
        study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
    return len(gone)


def await_others(study: optuna.Study) -> None:
    """Wait until no live worker, of this machine or another, has a trial of the study."""
    while _running(study):
        bury(study)
        time.sleep(0.5)


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that are finished and count."""
    trials = study.get_trials(deepcopy=False, states=FINISHED)
    return [trial for trial in trials if VOID not in trial.user_attrs]


def _fair_start(
    candidates: Sequence[Candidate], minimum: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return parameters and attributes of the trials that give every candidate its chance."""
    alone = len(candidates) == 1
    queue = []
    for one in candidates:
        own = {parameter_name(one, key, alone=alone): v for key, v in one.defaults.items()}
        queue.append((own | _named(one, alone=alone), {DEFAULT: True}))
    for _ in range(minimum - 1):
        queue += [(_named(one, alone=alone), {}) for one in candidates]
    return queue


def parameter_name(candidate: Candidate, key: str, *, alone: bool) -> str:
    """Return a parameter's name in the study: candidates do not share parameters."""
    return key if alone else f"{candidate.label}/{key}"


def _named(candidate: Candidate, *, alone: bool) -> dict[str, Any]:
    return {} if alone else {CANDIDATE: candidate.label}


def _wait_for_plan(study: optuna.Study) -> None:
    """Wait for the process that created the study, unless it seems to have died over it."""
    deadline = time.monotonic() + JOIN_SECONDS
    before = -1
    while not study.user_attrs.get(_PLANNED) and time.monotonic() < deadline:
        now = len(study.get_trials(deepcopy=False))
        if now == before and now:
            return
        before = now
        time.sleep(1)


def _running(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _is_gone(trial: FrozenTrial, *, own: bool) -> bool:
    owner = trial.user_attrs.get(OWNER)
    if owner is None:  # killed between the claim and its signature, unless it is signing just now
        started = trial.datetime_start
        return started is None or (datetime.now() - started).total_seconds() > 1  # noqa: DTZ005
    return is_orphan(owner) or (own and owner == process_tags())
