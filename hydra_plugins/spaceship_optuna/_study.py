"""A study in shared storage: opened or joined, and held to what it rests on."""

import json
import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from spaceship.config.build import flatten
from spaceship.errors import ConfigError
from spaceship.process import is_orphan, process_tags

log = logging.getLogger(__name__)

DEFAULT = "default"
"""User attribute of a trial that runs a candidate's default configuration."""
VOID = "void"
"""User attribute of a trial that does not count: its worker died, or it repeated another one."""
STOPPED = "stopped"
"""User attribute of a study that no worker goes on with; its value says why."""
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
LAST = "last"
_CREATOR, _READY, _FACTS = "creator", "ready", "facts"
_JOIN_SECONDS = 60
"""How long to wait for a creator on another machine, which may have died."""
_SIGN_SECONDS = 5
"""How long to wait for a creator's signature."""


def latest_study(folder: Path, storage: BaseStorage | None) -> str:
    """Return the name of the study that was worked at last.

    Args:
        folder: Where journal files are, one a study.
        storage: What holds all studies instead, if it was given.

    Raises:
        ConfigError: There is none.

    """
    if storage is None:
        files = sorted(folder.glob("*.journal"), key=lambda path: path.stat().st_mtime)
        names = [path.stem for path in files]
    else:
        started = optuna.get_all_study_summaries(storage)
        names = [one.study_name for one in sorted(started, key=lambda one: one._study_id)]  # noqa: SLF001
    if not names:
        where = folder if storage is None else "hydra.sweeper.storage"
        message = f"expected a study in {where} to resume, found none; start one without resume"
        raise ConfigError(message)
    return names[-1]


def checked_name(name: str) -> str:
    """Return a study's name that can stand in a file's name and on a command line.

    Raises:
        ConfigError: It cannot.

    """
    if name == LAST or not re.fullmatch(r"[\w+-][\w .+-]*", name):
        message = (
            "expected hydra.sweeper.study_name of letters, digits, spaces and _ . + -, other than "
            f"{LAST}, found {name!r}"
        )
        raise ConfigError(message)
    return name


def new_name() -> str:
    """Return a study name that sorts by time and that no two processes share."""
    return f"{datetime.now():%Y-%m-%d-%H-%M-%S}-{os.getpid()}"  # noqa: DTZ005 - the user's clock


def open_study(
    storage: BaseStorage, name: str, directions: Sequence[str], *, must_exist: bool
) -> tuple[optuna.Study, bool]:
    """Return the study of a name, and whether this process created it.

    Whoever joins a study waits until its creator has made it ready, or is found dead.

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
            study = optuna.create_study(
                study_name=name, storage=storage, directions=_enums(directions)
            )
            study.set_user_attr(_CREATOR, process_tags())
            created = True
        except optuna.exceptions.DuplicatedStudyError:
            log.info("Another process has just created the study %s; joining it.", name)
    study = optuna.load_study(study_name=name, storage=storage)
    if not created:
        _await_creator(study)
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
    old, new = flatten(noted), flatten(now)
    differences = [
        f"{key}: was {old.get(key, 'nothing')}, is {new.get(key, 'nothing')}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    if differences:
        message = f"study {study.study_name} rests on something else: " + "; ".join(differences)
        raise ConfigError(f"{message}. Undo the change, or start a new study")


def lasting(fixed: Sequence[str], facts: Mapping[str, Any]) -> list[str]:
    """Return the fixed overrides that figures rest on and that no fact tells of already."""
    passing = {"paths", "hydra", "tracking", "gate", "threads", "inference", "mode", "reason"}
    nodes = [item.lstrip("+~").partition("=")[0].partition(".")[0] for item in fixed]
    pairs = zip(fixed, nodes, strict=True)
    return sorted(item for item, node in pairs if node not in passing and node not in facts)


def make_ready(study: optuna.Study) -> None:
    """Let others join the study."""
    study.set_user_attr(_READY, True)


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that are finished and count."""
    trials = study.get_trials(deepcopy=False, states=FINISHED)
    return [trial for trial in trials if VOID not in trial.user_attrs]


def stop_if_failing(study: optuna.Study, settings: Mapping[str, Any]) -> None:
    """Stop a study of which more trials have failed than `hydra.sweeper` allows."""
    failed = [one for one in counted(study) if one.state == TrialState.FAIL]
    if len(failed) > settings["max_failure_rate"] * settings["n_trials"]:
        study.set_user_attr(STOPPED, f"{len(failed)} trials have failed")


def _await_creator(study: optuna.Study) -> None:
    start = time.monotonic()
    while not study.user_attrs.get(_READY):
        creator = study.user_attrs.get(_CREATOR)
        patience = _SIGN_SECONDS if creator is None else _JOIN_SECONDS
        if time.monotonic() - start > patience or (creator and is_orphan(creator)):
            return
        time.sleep(0.2)
