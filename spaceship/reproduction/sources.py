"""Data of a run made again: by digest from their source, the run's artifacts or the cache."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from spaceship.config.build import build
from spaceship.config.settings import Data
from spaceship.data._base import DataSource
from spaceship.data.cache import data_folder
from spaceship.data.draw import Sample
from spaceship.data.recorded import RecordedData
from spaceship.errors import DataError, SpaceshipError, expected, parts_of
from spaceship.progress import phase
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import Provenance
from spaceship.task.task import Task

_FILES = ("dir", "train", "test")
_DATABASES = ("sqlite:///", "duckdb:///")


@dataclass(frozen=True)
class Found:
    """Data of a run: where they are, in words, and how another command gets them."""

    place: str
    node: Mapping[str, Any]  # of the group `data`
    name: str  # of the data source
    tables: Path | None = None  # typed ones, that are put into its cache
    task: Task | None = None  # whose they are

    def store(self, outputs: Path) -> None:
        """Put the typed tables into the cache of an outputs folder.

        >>> Found("the source", {}, "local").store(tmp_path)
        """
        if self.tables is not None and self.task is not None:
            RecordedData(self.node["raw"]).store(self.tables, self.task, outputs)


def find_data(run: RecordedRun, outputs: Iterable[Path], *, present: bool) -> Found:
    """Return the data of a run: the recorded ones or, `present`, those of the source as it is now.

    The source comes first if it has not changed, then tables among the artifacts, then the caches
    below the outputs folders. Else it is the source as it is now: the first stage tells. Raise
    DataError if there is nothing at all.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(experiment.dataset)
    >>> find_data(RecordedRun.read(tmp_path), [], present=False).place
    'the source'
    """
    record = run.provenance
    task = _task(record)
    node, raw, fault = _node(record), run.raw, ""
    try:
        with phase("Looking for the data"):
            source = _source(node)
            source.check(task)
            now = source.fingerprint(task)
        if present or not raw or now == raw:
            return Found("the source", node, record.data["name"])
    except SpaceshipError as error:
        wanted, found, _ = parts_of(error.args[0])
        fault = f"{found} (wanted: {wanted})" if found else str(error)
        if present:
            raise
    for folder, place in kept_tables(run, outputs) if raw else ():
        target = f"{RecordedData.__module__}.{RecordedData.__name__}"
        kept = {"_target_": target, "raw": raw}
        why = "cannot be had any more" if fault else "has changed since"
        words = f"{place}; the source {why}" if "_target_" in node else place  # of an era
        return Found(words, kept, RecordedData.name, folder, task)
    if fault:
        do = "bring them back to where they were; a run with record.data=true keeps its tables"
        what = f"the data of {run.name}, from their source or a copy"
        raise DataError(expected(what, fault, do))
    return Found("the source, which has changed since", node, record.data["name"])


def kept_tables(run: RecordedRun, outputs: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the folders with the typed tables of a run, and their places in words.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(experiment.dataset)
    >>> [place.partition(" in ")[0] for _, place in kept_tables(RecordedRun.read(tmp_path), [])]
    ['the cache']
    """
    if run.data is not None:
        yield run.data, "the tables kept with the run"
    if not run.raw:
        return
    record = run.provenance
    for folder in dict.fromkeys([*outputs, Path(record.config["paths"]["outputs"])]):
        place = data_folder(_Stored(record), _task(record), folder, run.raw)
        if (place / "meta.json").is_file():
            yield place, f"the cache in {folder}"


def _task(record: Provenance) -> Task:
    return Task.read({"name": record.task["name"], **record.config["task"]})


class _Stored(RecordedData):
    """The name and the sample of a recorded source, which name its folder in the cache."""

    def __init__(self, record: Provenance) -> None:
        super().__init__("")
        size = record.config["data"].get("sample")
        self.sample = None if size is None else Sample(size)
        vars(self)["name"] = record.data["name"]


def _node(record: Provenance) -> dict[str, Any]:
    """Return the recorded node, its relative paths as they were meant in the folder of then."""
    node, folder = {k: v for k, v in record.data.items() if k != "name"}, Path(record.folder)
    for key in _FILES:
        value = node.get(key)
        if isinstance(value, str) and (folder / Path(value).expanduser()).exists():
            node[key] = str(folder / Path(value).expanduser())
    for start in _DATABASES:
        url = node.get("url")
        if isinstance(url, str) and url.startswith(start) and not url.startswith(f"{start}/"):
            node["url"] = f"{start}{folder / url.removeprefix(start)}"
    return node


def _source(node: Mapping[str, Any]) -> DataSource:
    """Return the source; raise DataError if the record does not say all of it."""
    if "_target_" not in node or "***" in json.dumps(node):
        found = (
            "a password that no record keeps" if "_target_" in node else "none that is read again"
        )
        raise DataError(expected("the data source in full", found, "see docs/record.md"))
    own = {key: value for key, value in node.items() if key not in Data.model_fields}
    made = build(OmegaConf.create(own))
    if not isinstance(made, DataSource):
        raise DataError(expected("a data source", str(node["_target_"]), "choose another run"))
    return made
