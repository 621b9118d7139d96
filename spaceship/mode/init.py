"""`mode=init`: a task proposed from a file, written to `configs/task/NAME.yaml`."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import yaml
from pydantic import ValidationError

from spaceship.config.faults import list_faults
from spaceship.config.installation import configs, program_anywhere
from spaceship.config.overrides import override
from spaceship.data.csv_form import DELIMITERS, CsvForm, sniff_delimiter
from spaceship.data.table_reader import PACKED, find_files, read_table
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.files import write_atomically
from spaceship.progress import phase
from spaceship.registry.command_lines import repeated
from spaceship.results import Result
from spaceship.screen import Commands, show
from spaceship.task.inference.names import is_safe
from spaceship.task.inference.page import page
from spaceship.task.inference.profile import shown
from spaceship.task.inference.proposal import Asked, Proposal, propose
from spaceship.task.task import Files, Task
from spaceship.text import one_line, shell_line

log = logging.getLogger(__name__)

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_FOLDER = Path("configs") / "task"
_FORM = "new"  # the choice of task= that holds the words of a person
_LISTED = 60  # columns in the table on the terminal
_WIDTH = 30  # characters of a name there


@dataclass(frozen=True)
class InitResult(Result):
    """A task proposed from a file."""

    task: str
    file: str  # the task's YAML
    rows: int
    problem: str
    label: str
    id: str | None
    group: str | None
    time: str | None
    columns: dict[str, str | None]  # type by name; null: left out
    checks: dict[str, list[str]]  # doubts to look at by column, "" for the whole table


def init(experiment: Experiment) -> InitResult:
    """Write the task's YAML, print what was inferred, what to check and the next command."""
    data = experiment.nodes.resolved("data")
    asked = _asked(experiment, data)
    train_path, test_path, sample = _paths(data)
    name = _name(asked, data, train_path)
    target = Path.cwd() / _FOLDER / f"{name}.yaml"
    if target.exists() and not asked.overwrite:
        do = "mend it, choose task.name=OTHER, or replace it with task.overwrite=true"
        raise ConfigError(expected(f"no file {_FOLDER / target.name} yet", "one", do))
    form = CsvForm.of(data.get("separator"), data.get("encoding"))
    with phase("Reading the files"):
        train = read_table(train_path, form).dropna(how="all")
        test = None if test_path is None else read_table(test_path, form).dropna(how="all")
    with phase("Inferring the columns' types"):
        made = propose(train, test, asked)
    files = Files(train=train_path.name, test=_file(test_path), sample=_file(sample))
    command = _next(name, data, experiment.overrides)
    text = page(made, name, files, _origin([(train_path, train), (test_path, test)]))
    Task.read(yaml.safe_load(text))  # a page that cannot be used is not written
    write_atomically(target, text)
    _report(made, name, target, command)
    doubts = {column: [*one.doubts] for column, one in made.findings.items() if one.doubts}
    return InitResult(
        task=name,
        file=str(target),
        rows=made.rows,
        problem=made.label.problem.value,
        label=made.label_name,
        id=made.id,
        group=made.group,
        time=made.time,
        columns={
            name: None if one.column is None else one.column.type.value
            for name, one in made.findings.items()
        },
        checks={"": [*made.suspicions]} | doubts,
    )


def _asked(experiment: Experiment, data: Mapping[str, object]) -> Asked:
    """Return the words of a person; raise ConfigError if they name a task or another source."""
    if (chosen := experiment.nodes.choice("task")) not in {_FORM, "task"}:
        do = f"leave out task={chosen}; give task.name=NAME task.label=COLUMN"
        raise ConfigError(expected("mode=init without a task", f"task={chosen}", do))
    if not str(data.get("_target_")).endswith(".LocalData"):
        do = "export some rows, give the file as data.train=FILE, use the page with data=sql"
        found = f"data={experiment.nodes.choice('data')}"
        raise ConfigError(expected("mode=init to read files", found, do))
    try:
        return Asked.model_validate(experiment.nodes.resolved("task"))
    except ValidationError as error:
        faults = list_faults(error, "task")
        raise ConfigError(f"expected {faults}; see the keys of --cfg job mode=init") from error


def _paths(data: Mapping[str, object]) -> tuple[Path, Path | None, Path | None]:
    """Return the files of train, test and sample submission that `data=local` names."""
    given = {key: data.get(key) for key in ("dir", "train", "test")}
    paths = {key: _absolute(str(one)) for key, one in given.items() if one is not None}
    if "train" in paths:
        return paths["train"], paths.get("test"), None
    if "dir" not in paths or "test" in paths:
        found = "data.test alone" if "test" in paths else "neither"
        do = "give the folder, or the file with the label (and data.test=FILE beside it)"
        raise ConfigError(expected("data.dir=DIR or data.train=FILE", found, do))
    return find_files(paths["dir"])


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _name(asked: Asked, data: Mapping[str, object], train: Path) -> str:
    """Return the task's name: as given, or from the file or the folder."""
    stem = train.name.partition(".")[0]
    found = stem if data.get("train") is not None and stem != "train" else train.parent.name
    name = asked.name or re.sub(r"[^A-Za-z0-9_-]+", "_", found).strip("_-") or "table"
    if asked.name is None and name == "new":
        name = "new_table"
    if not re.fullmatch(_NAME, name) or name == "new":
        do = "use letters, digits, _, - and ., and another word than new"
        raise ConfigError(expected("task.name to be the name of a file", shown(name), do))
    return name


def _file(path: Path | None) -> str | None:
    if path is not None and not is_safe(path.name):
        do = "rename it"
        raise ConfigError(expected("a file's name that a YAML can hold", shown(path.name), do))
    return None if path is None else path.name


def _origin(tables: list[tuple[Path | None, pd.DataFrame | None]]) -> str:
    """Return date, files, rows and delimiters in words."""
    told = []
    for path, frame in tables:
        if path is not None and frame is not None:
            size = f"{len(frame):,} rows, {frame.shape[1]} columns"
            told.append(f"{one_line(path.name)} ({size}{_separated(path)})")
    return f"on {datetime.now(UTC).date()} from {' and '.join(told)}"


def _separated(path: Path) -> str:
    """Return in words what separates the fields of a plain file, unless commas do."""
    if path.suffix in {".parquet", ".pq", *PACKED}:
        return ""
    with path.open("rb") as file:
        found = sniff_delimiter(file.read(1 << 18))
    return f", separated by {DELIMITERS[found]}" if found in DELIMITERS else ""


def _next(name: str, data: Mapping[str, object], overrides: Sequence[str]) -> str:
    """Return the command that trains on the task with the same outputs, as it is typed.

    A new task reads local files by itself; one with the name of a shipped task needs to be told.
    """
    shipped = (configs() / "task" / f"{name}.yaml").exists()
    given = [(key, data.get(key)) for key in ("dir", "train", "test")]
    words = [override(f"data.{key}", str(value)) for key, value in given if value is not None]
    own = ["data=local"] if shipped else []
    written = tuple(f"data.{key}=" for key, _ in given)
    more = [one for one in repeated(overrides) if not one.startswith(written)]
    return f"{program_anywhere()} {shell_line([f'task={name}', *own, *words, *more])}"


def _report(made: Proposal, name: str, target: Path, command: str) -> None:
    label = made.label
    log.info("Task %s: %s rows, %s, %s", name, f"{made.rows:,}", label.problem.value, label.why)
    for line in _lines(made):
        log.info("%s", one_line(line))
    for one in made.suspicions:
        log.warning("Check: %s", one_line(one))
    for column, finding in made.findings.items():
        for doubt in finding.doubts:
            log.warning("Check %s: %s", one_line(column), doubt)
    log.info("Written: %s", target)
    show(log, Commands({"read and mend it, then train on it": command}))


def _lines(made: Proposal) -> Iterator[str]:
    """Yield the roles and a line per column."""
    roles = {"id": made.id, "group": made.group, "time": made.time}
    yield f"  {'label':{_WIDTH}} {one_line(made.label_name)}"
    for role, column in roles.items():
        also = [*(made.groups if role == "group" else made.times if role == "time" else [])]
        hint = f"none (candidates: {', '.join(map(one_line, also))})" if also else "none"
        yield f"  {role:{_WIDTH}} {hint if column is None else one_line(column)}"
    for column, finding in [*made.findings.items()][:_LISTED]:
        kind = "-" if finding.column is None else finding.column.type.value
        yield f"  {one_line(column)[:_WIDTH]:{_WIDTH}} {kind:9} {finding.about}"
    if (more := len(made.findings) - _LISTED) > 0:
        yield f"  … and {more} columns more"
