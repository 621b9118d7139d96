"""Case of the fuzzer: one mutated input, its end, and the judgement of that end."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKED, REFUSED, STOPPED = "worked", "refused", "stopped"
MENDABLE, REFUSED_BY_GATE = 2, 3
"""Exit statuses beside 0 that are documented."""
TERMINATED = (143, 130)
"""Statuses of a case that ran out of time; CatBoost makes an interruption of every signal."""
_PROGRESS = re.compile(r".* (…|\.\.\.)$|  \S")  # lines of phases

Content = bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One mutated input."""

    name: str  # value for `--only`
    kind: str  # row of the table
    note: str  # description of the mutation
    arguments: tuple[str, ...]  # command line, without its outputs folder
    files: Mapping[str, Content]  # data folder: by name bytes, or a function that makes the file


@dataclass(frozen=True)
class Ended:
    """End of a case: exit status, both streams, seconds, and changes outside its folder."""

    status: int
    output: str
    errors: str
    seconds: float
    intrusions: Sequence[str] = ()

    @property
    def kind(self) -> str:
        """Return the column of the table, if nothing is wrong."""
        if self.status in TERMINATED:
            return STOPPED
        return WORKED if self.status in (0, REFUSED_BY_GATE) else REFUSED

    @property
    def noise(self) -> str:
        """Return the first line that a library printed on stderr, if there is any."""
        lines = (line for line in self.errors.splitlines() if line)
        first = next((line for line in lines if not _PROGRESS.match(line)), "")
        return "" if first.startswith(("error: ", "usage: ")) else first


def output_faults(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what is wrong with the exit status and the output."""
    allowed = {0, MENDABLE, *TERMINATED}
    if any("require" in argument for argument in case.arguments):
        allowed.add(REFUSED_BY_GATE)
    if ended.status not in allowed:
        yield f"exit status {ended.status}"
    for name, text in (("stdout", ended.output), ("stderr", ended.errors)):
        if "Traceback (most" in text:
            yield f"a traceback on {name}"
    if ended.status == MENDABLE:
        messages = len(re.findall(r"^(?:run\.py: )?error: ", ended.errors, re.MULTILINE))
        if messages != 1:
            yield f"{messages} messages on stderr"


def state_faults(
    ended: Ended, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the changes of the state that a case must not make."""
    if after.get("running"):
        yield f"{after['running']} runs stand as RUNNING"
    earned = ended.status == 0 and re.search(r"Verdict: ch|champion is now", ended.output)
    if after["aliases"] != before["aliases"] and not earned:
        yield f"aliases moved from {before['aliases']} to {after['aliases']}"
    if after["submission"] != before["submission"]:
        yield from _submission_faults(after["submission"], ended)


def _submission_faults(text: str | None, ended: Ended) -> Iterator[str]:
    printed = re.search(r"(\d+) predictions", ended.output)
    if text is None or printed is None or ended.status != 0:
        yield "submission.csv changed, though nothing was predicted"
        return
    rows = re.findall(r"^\d+_\d+,(?:True|False)\n", text, re.MULTILINE)
    if len(rows) != int(printed[1]) or text != "".join(["PassengerId,Transported\n", *rows]):
        yield "submission.csv is not whole"


def state(outputs: Path) -> dict[str, Any]:
    """Return the state of an outputs folder: aliases, number of open runs, submission."""
    submission, database = (
        outputs / "submissions" / "spaceship_titanic-synthetic.csv",
        outputs / "mlflow.db",
    )
    state: dict[str, Any] = {"submission": None, "aliases": []}
    if submission.is_file():
        state["submission"] = submission.read_bytes().decode(errors="replace")
    if database.is_file():
        with closing(sqlite3.connect(database)) as connection:
            aliases = connection.execute(
                "SELECT name, alias, version FROM registered_model_aliases"
            )
            state["aliases"] = sorted(aliases)
            counted = connection.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'")
            state["running"] = counted.fetchone()[0]
    return state
