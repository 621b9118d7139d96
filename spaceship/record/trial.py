"""Record of a sweep's trial: that of its sweep, with its own config, process and digests."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlflow import MlflowException
from omegaconf import OmegaConf

from spaceship.config.installation import from_anywhere
from spaceship.config.nodes import Nodes
from spaceship.config.resolvers import register_resolvers
from spaceship.data.digest import TableDigest
from spaceship.errors import RegistryError, expected
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.files import write_json
from spaceship.record.code import CODE_TAG
from spaceship.record.environment import ENVIRONMENT_FILES, ENVIRONMENT_TAG, Environment
from spaceship.record.run_record import Provenance
from spaceship.records import read_record, to_plain
from spaceship.registry.registry import PROVENANCE_FILE
from spaceship.tracking.leaderboard import PARENT_TAG
from spaceship.tracking.store import FOLDER_TAG, Store
from spaceship.tracking.tag_names import hidden


def write_trial(store: Store, run_id: str, tags: Mapping[str, str], folder: Path) -> None:
    """Write the record of a trial into a folder; raise RegistryError if its own folder is gone.

    >>> tags = {FOLDER_TAG: str(tmp_path / "gone"), PARENT_TAG: "a1b2"}
    >>> write_trial(store, "c3d4", tags, tmp_path)
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected config and report of trial c3d4, found none in ...
    """
    own, above = Path(tags.get(FOLDER_TAG, "")), tags[PARENT_TAG]
    saved = next(own.glob("*/config.yaml"), None)
    if saved is None or not (own / REPORT_FILE).is_file():
        do = f"train its candidate by itself: {from_anywhere(tags.get('command', ''))}"
        raise RegistryError(expected(f"config and report of trial {run_id}", f"none in {own}", do))
    with suppress(MlflowException):
        store.client.download_artifacts(above, PROVENANCE_FILE, str(folder))
    sweep = read_record(folder / PROVENANCE_FILE, Provenance)
    worker = own.parent / ENVIRONMENT_FILES.replace("*", tags.get(ENVIRONMENT_TAG, ""))
    known = read_record(worker, Environment) if worker.is_file() else sweep.environment
    codes = [sweep.code, *(one.code for one in sweep.later if one.code is not None)]
    report, nodes = Report.read(own), _nodes(own, saved, known.cores)
    digests = json.loads(tags.get(hidden("stages"), "{}"))
    record = replace(
        sweep,
        run_id=run_id,
        config=nodes.loggable(),
        code=next((one for one in codes if one.digest == tags.get(CODE_TAG)), sweep.code),
        environment=known,
        later=[],
        recipe=nodes.resolved_values(report.recipe),
        stages={name: {"rows": TableDigest(one)} for name, one in digests.items()},
    )
    write_json(folder / PROVENANCE_FILE, to_plain(record))


def _nodes(own: Path, saved: Path, cores: int) -> Nodes:
    """Return the saved config of a trial, with the threads that its worker had."""
    register_resolvers()
    config: Any = OmegaConf.load(saved)
    if "cores" in str(OmegaConf.to_container(config, resolve=False)["threads"]):  # type: ignore[index, call-overload]
        path = own.parent / "multirun.yaml"
        sweep: Any = OmegaConf.load(path) if path.is_file() else {}
        workers = int(OmegaConf.select(sweep, "hydra.launcher.n_jobs") or 1) if sweep else 1
        config.threads = max(1, cores // (cores if workers == -1 else workers))
    return Nodes(config)
