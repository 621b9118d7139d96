"""`mode=clean`: old versions, runs and files are listed, and deleted with `clean.dry_run=false`."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import pandas as pd

from spaceship.config.installation import typed_again
from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.files import csv_text, harmless, write_atomically
from spaceship.progress import phase
from spaceship.registry.cleaning import Plan, Rules
from spaceship.registry.erasure import Erasure
from spaceship.registry.old_files import OldFiles, size_of
from spaceship.results import Result, report_result
from spaceship.screen import Commands, show
from spaceship.text import counted

log = logging.getLogger(__name__)

LIST_FILE = "clean.csv"
_LOCK_SECONDS = 300
_SHOWN = 5  # failures that the message names
_VERSIONS = "versions"


@dataclass(frozen=True)
class Item:
    """A thing to delete."""

    kind: str  # such as `runs`
    name: str
    size: int | None  # of its files, in bytes; None where they are on another machine
    delete: Callable[[], None]


@dataclass(frozen=True)
class CleanKind:
    """Number and size of the things of one kind."""

    items: int
    bytes: int  # of files on this machine


@dataclass(frozen=True)
class CleanResult(Result):
    """Things to delete, or deleted."""

    dry_run: bool  # nothing was deleted
    kinds: dict[str, CleanKind]  # such as versions, runs, job folders
    kept_versions: int
    kept_runs: int
    file: str  # with the name of each thing
    failures: list[str]  # things that could not be deleted


def clean(experiment: Experiment) -> CleanResult:
    """List what may be deleted; delete it if `clean.dry_run` is false.

    Raise RegistryError if something cannot be deleted, or another process is cleaning for too long.
    """
    store, settings = experiment.store, experiment.settings.clean
    rules = Rules(store, experiment.outputs / "locks", settings)
    erasure = Erasure(store)
    if settings.dry_run:
        for run in rules.on_host():
            log.info("To close as KILLED: run %s of %s", run.info.run_name, settings.close_host)
        listed, plan = _show(experiment, rules, erasure)
        if listed:
            deleting = typed_again(("clean.dry_run=",), "clean.dry_run=false")
            show(log, Commands({"delete it; nothing is deleted yet": deleting}))
        return _result(experiment, listed, plan, erasure)
    with _alone(rules.lock_folder):
        _close_runs(rules, experiment.outputs)
        listed, plan = _show(experiment, rules, erasure)
        with phase("Deleting", len(listed)) as steps:
            for kind, items in groupby(listed, lambda item: item.kind):
                with rules.locked() if kind == _VERSIONS else nullcontext():
                    for item in items:
                        item.delete()
                        steps.advance(kind)
        with phase("Shrinking the store"), rules.locked():
            erasure.shrink()
        if not erasure.erases:
            log.info(
                "Artifacts are deleted, rows only marked: `mlflow gc` of the server erases them."
            )
    result = _result(experiment, listed, plan, erasure)
    if erasure.failures:
        report_result(result)
        found = "; ".join(erasure.failures[:_SHOWN])
        found += f"; and {len(erasure.failures)} in all" if len(erasure.failures) > _SHOWN else ""
        do = "mend that and run mode=clean again: what is deleted already stays so"
        raise RegistryError(expected("to delete everything listed", found, do))
    return result


def _result(experiment: Experiment, items: list[Item], plan: Plan, erasure: Erasure) -> CleanResult:
    kinds = {
        kind: CleanKind(len(found), sum(item.size or 0 for item in found))
        for kind, found in ((kind, [*group]) for kind, group in groupby(items, lambda x: x.kind))
    }
    return CleanResult(
        dry_run=experiment.settings.clean.dry_run,
        kinds=kinds,
        kept_versions=len(plan.kept_versions),
        kept_runs=len(plan.kept_runs),
        file=str(experiment.job.folder / LIST_FILE),
        failures=[str(one) for one in erasure.failures],
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep the other processes of this machine from cleaning during the block."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "clean.lock", timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        found = f"another process cleaning for {_LOCK_SECONDS} s"
        raise RegistryError(
            expected("no other process that cleans", found, "try again later")
        ) from error


def _close_runs(rules: Rules, outputs: Path) -> None:
    """Close the runs of dead processes, and of the machine that `clean.close_host` names.

    First runs of trials are written that are not in MLflow yet.
    """
    rules.store.close_orphans(outputs)
    rules.write_pending()
    for run in rules.on_host():
        rules.store.end_run(run.info.run_id, "KILLED")
        log.info("Closed as KILLED: run %s of %s", run.info.run_name, rules.settings.close_host)


def _show(experiment: Experiment, rules: Rules, erasure: Erasure) -> tuple[list[Item], Plan]:
    """Return the things to delete and their plan; print a summary, write a file of all names."""
    with phase("Listing what can go"):
        plan = rules.plan()
        old = OldFiles(experiment.outputs, plan.kept_runs, rules.before, rules.is_elsewhere)
        items = [*_rows(plan, erasure), *_files(old, erasure)]
    for kind, group in groupby(items, lambda item: item.kind):
        found = list(group)
        log.info("%7d %-20s %s", len(found), kind, "" if kind == _VERSIONS else _megabytes(found))
    path = experiment.job.folder / LIST_FILE
    rows = [(item.kind, harmless(item.name), item.size) for item in items]
    write_atomically(path, csv_text(pd.DataFrame(rows, columns=["kind", "name", "bytes"])))
    kept = counted(len(plan.kept_versions), "version"), counted(len(plan.kept_runs), "run")
    stays = [*map(len, (plan.kept_versions, plan.kept_runs))] in ([0, 1], [1, 0])
    stay = f"{' and '.join(kept)} {'stays' if stays else 'stay'}"
    if items:
        log.info("In all %s can go, %s; by name: %s", _megabytes(items), stay, path)
    else:
        log.info("Nothing to delete. %s.", stay)
    return items, plan


def _rows(plan: Plan, erasure: Erasure) -> Iterator[Item]:
    """Yield what goes from the store, in an order that can be resumed."""
    for version in plan.versions:
        name = f"{version.name} {version.version}"
        yield Item(_VERSIONS, name, 0, partial(erasure.version, version))
    for model in plan.models:
        size = erasure.size(str(model.artifact_location))
        yield Item("stored models", model.model_id, size, partial(erasure.model, model))
    for run in plan.runs:
        size = erasure.size(str(run.info.artifact_uri))
        yield Item("runs", run.info.run_id, size, partial(erasure.run, run))


def _files(old: OldFiles, erasure: Erasure) -> Iterator[Item]:
    """Yield the files that go from the outputs folder."""
    kinds = {"job folders": old.jobs, "cached data sets": old.data_sets, "studies": old.studies}
    for kind, find in kinds.items():
        for path in find():
            name = path.relative_to(old.outputs).as_posix()
            yield Item(kind, name, size_of(path), partial(erasure.files, path, old))


def _megabytes(items: Iterable[Item]) -> str:
    known = [item.size for item in items if item.size is not None]
    return f"{sum(known) / 1e6:.1f} MB"
