"""Results of modes: typed records that `output=json` shows to a program, beside next commands."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class Result:
    """Base of the record that a mode returns: a frozen dataclass in the mode's own module.

    Its fields become the object `result` of `output=json`, and its definition in the schema.

    >>> @dataclass(frozen=True)
    ... class CountResult(Result):
    ...     rows: int
    >>> CountResult(3).objective is None
    True
    """

    @property
    def objective(self) -> float | list[float] | None:
        """The value that Hydra's sweepers optimise, None of a mode that has none."""
        return None


@dataclass
class CommandRecord:
    """All that `output=json` shows of a command, collected while it runs.

    >>> record = CommandRecord(wanted=True)
    >>> record.report_next({"train a model": "spaceship mode=train"})
    >>> record.next
    [('train a model', 'spaceship mode=train')]
    """

    wanted: bool = False  # whether the command line has output=json
    command: str = ""  # as typed
    mode: str | None = None
    task: str | None = None
    data_source: str | None = None
    folder: str | None = None  # of the job, or of the multirun
    run_id: str | None = None  # of its MLflow run
    result: Result | None = None
    verdict: object = None  # a record of the gate
    error: object = None  # a record of the command line
    next: list[tuple[str, str]] = field(default_factory=list)  # purposes and commands
    warnings: list[str] = field(default_factory=list)

    def report_next(self, by_purpose: Mapping[str, str]) -> None:
        """Add commands that may follow this one, by purpose."""
        if self.wanted:
            self.next += by_purpose.items()

    def report_warning(self, text: str) -> None:
        """Add a warning, unless the same one is there already."""
        if self.wanted and text not in self.warnings:
            self.warnings.append(text)


COMMAND = CommandRecord()
"""The command of this process."""


def report_result(result: Result) -> None:
    """Keep the result of this process's command, the last one if there are several.

    The entry point calls this for whatever a mode returns. A mode calls it itself only where it
    raises an error after its work, such as a refusal, and has a result all the same.

    >>> before = COMMAND.result
    >>> report_result(Result())
    >>> COMMAND.result = before
    """
    COMMAND.result = result
