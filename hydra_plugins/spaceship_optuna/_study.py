"""Study in shared storage: found by `resume=`, created or joined, checked against its facts."""

import json
import logging
import os
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._errors import SettingsError, mismatch
from hydra_plugins.spaceship_optuna._upstream import by_creation
from hydra_plugins.spaceship_optuna.config_text import flatten, node_of
from hydra_plugins.spaceship_optuna.process import is_orphan, process_tags

log = logging.getLogger(__name__)

DEFAULT = "default"  # attribute of a trial of a candidate's default configuration
VOID = "void"  # attribute of a trial that does not count: its worker died, or it repeats another
ERROR = "error"  # attribute of a failed trial: the error's class and message
STOPPED = "stopped"  # attribute of a study that no worker continues: the reason
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
LAST = "last"
REFUSE, GO_ON = "refuse", "go_on"  # values of hydra.sweeper.on_code_change
_CREATOR, _READY, _FACTS, _CODE = "creator", "ready", "facts", "code"
_JOIN_SECONDS = 60  # longest wait for a creator on another machine, which may have died
_SIGN_SECONDS = 5  # longest wait for a creator's signature


def latest_study(folder: Path, storage: BaseStorage | None) -> str:
    """Return the name of the last study in a database, or in a folder of journal files."""
    if storage is None:
        files = sorted(folder.glob("*.journal"), key=lambda path: path.stat().st_mtime)
        names = [path.stem for path in files]
    else:
        names = [one.study_name for one in by_creation(optuna.get_all_study_summaries(storage))]
    if not names:
        where = folder if storage is None else "hydra.sweeper.storage"
        raise mismatch(f"a study in {where} to resume", "none", "start one without resume")
    return names[-1]


def check_name(name: str) -> None:
    """Raise if a study's name cannot stand in a file name and on a command line."""
    if name == LAST or not re.fullmatch(r"[\w+-][\w .+-]*", name):
        wanted = "hydra.sweeper.study_name of letters, digits, spaces and _ . + -, other than"
        raise SettingsError(f"expected {wanted} {LAST}, found {name!r}")


def new_name() -> str:
    """Return a study name that sorts by time and that no two processes share."""
    return f"{datetime.now():%Y-%m-%d-%H-%M-%S}-{os.getpid()}"  # noqa: DTZ005 - the user's clock


def open_study(
    storage: BaseStorage, name: str, directions: Sequence[str], *, must_exist: bool
) -> tuple[optuna.Study, bool]:
    """Return the study of a name, and whether this process created it.

    A process that joins a study waits until its creator has opened it to joiners, or is dead.
    """
    names = optuna.get_all_study_names(storage)
    if must_exist and name not in names:
        raise no_such_study(name, "hydra.sweeper.storage", names)
    created = False
    if name not in names:
        enums = [StudyDirection[direction.upper()] for direction in directions]
        try:
            study = optuna.create_study(study_name=name, storage=storage, directions=enums)
            study.set_user_attr(_CREATOR, process_tags())
            created = True
        except optuna.exceptions.DuplicatedStudyError:
            log.info("Another process has just created the study %s; joining it.", name)
    study = optuna.load_study(study_name=name, storage=storage)
    if not created:
        _wait_for_creator(study)
    found = [direction.name.lower() for direction in study.directions]
    if found != list(directions):
        wanted, action = f"a study that optimises {list(directions)}", "give the study another name"
        raise mismatch(wanted, f"{found} in {name}", f"{action}: hydra.sweeper.study_name=…")
    return study, created


def no_such_study(name: str, where: object, names: Iterable[str]) -> SettingsError:
    """Return the error of a study that is to be resumed, with the names of those there are."""
    found = ", ".join(sorted(names)) or "none"
    return mismatch(f"a study {name!r} in {where} to resume", found, "check hydra.sweeper.resume")


def check_facts(study: optuna.Study, facts: Mapping[str, object]) -> None:
    """Store the facts of a new study; raise an error that lists those that differ on resume."""
    now = json.loads(json.dumps(facts, sort_keys=True, default=str))
    stored = study.user_attrs.get(_FACTS)
    if stored is None:
        study.set_user_attr(_FACTS, now)
        return
    if differences := _differences(stored, now):
        message = f"study {study.study_name} rests on something else: {differences}"
        raise SettingsError(f"{message}. Undo the change, or start a new study")


def check_code(study: optuna.Study, code: Mapping[str, object], on_change: str) -> None:
    """Raise an error if other code has run the study's trials, unless `on_change` is `go_on`.

    A study from before this was on record goes on.
    """
    stored = study.user_attrs.get(_CODE)
    if not code or stored == code:
        return
    if stored is None and study.get_trials(deepcopy=False):
        log.info("Which code has run the study so far is not on record; it goes on.")
    elif stored is not None:
        differences = _differences(stored, code)
        if on_change != GO_ON:
            wanted = f"the code that has run the trials of {study.study_name}"
            action = "go back to it, start a new study, or add hydra.sweeper.on_code_change=go_on"
            raise mismatch(wanted, f"other code ({differences})", action)
        log.warning("The study goes on under other code: %s", differences)
    study.set_user_attr(_CODE, dict(code))


def _differences(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    old, new = flatten(before), flatten(now)
    return "; ".join(
        f"{key}: was {old.get(key, 'nothing')}, is {new.get(key, 'nothing')}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def result_overrides(fixed: Sequence[str], without_effect: Collection[str]) -> list[str]:
    """Return the fixed overrides that change results: a resume has to repeat them."""
    return sorted(item for item in {*fixed} if node_of(item) not in without_effect)


def open_to_joiners(study: optuna.Study) -> None:
    """Let other processes join the study: its queue is complete."""
    study.set_user_attr(_READY, True)


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """Return the finished trials that count."""
    trials = study.get_trials(deepcopy=False, states=FINISHED)
    return [trial for trial in trials if VOID not in trial.user_attrs]


def stop_if_failing(study: optuna.Study, most: float) -> None:
    """Stop a study if more trials than `most` have failed."""
    failed = [one for one in counted(study) if one.state == TrialState.FAIL]
    if len(failed) > most:
        study.set_user_attr(STOPPED, f"{len(failed)} trials have failed")


def _wait_for_creator(study: optuna.Study) -> None:
    start = time.monotonic()
    while not study.user_attrs.get(_READY):
        creator = study.user_attrs.get(_CREATOR)
        longest = _SIGN_SECONDS if creator is None else _JOIN_SECONDS
        if time.monotonic() - start > longest or (creator and is_orphan(creator)):
            return
        time.sleep(0.2)
