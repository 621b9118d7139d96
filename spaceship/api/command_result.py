"""Result of a command: the object that `output=json` prints, as a record with a readable form."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from spaceship import errors

if TYPE_CHECKING:
    import pandas as pd

Content = Mapping[str, Any]
"""An object of JSON."""
_FAULT, _INTERRUPTED = 1, 130  # exit statuses
_PLAIN = (str, int, float)
_ARGUMENT = re.compile(r"\b(?:mode|task|data)=([\w.-]+)")  # of a method, where its name is enough
_DIGITS = 4  # of a figure in the readable form


@dataclass(frozen=True, repr=False)
class CommandResult:
    """Everything that a command says of itself; a refusal by the gate is a result, too.

    Attributes:
        mode: The command, such as `train`.
        status: Exit status: 0 done, 3 refused under `gate.require=true`.
        task: Name of the task; None where the command has none.
        data_source: Name of the data source, such as `local`.
        folder: Folder of the job or the sweep, with its log and files; None if it made none.
        run_id: Id of the MLflow run; None for a command that only reads.
        result: The command's own figures, described in docs/output.md.
        verdict: The gate's verdict with `award`, `reason` and `scores`; None if nothing was judged.
        next: Commands that may follow, by purpose.
        warnings: Warnings, as they were printed.
        raw: The whole object.

    Example:
        >>> verdict = {"award": "champion", "reason": "Champion: the first one above 0.78."}
        >>> result = CommandResult.of({"mode": "train", "verdict": verdict, "run_id": "a1b2"})
        >>> result.award, result.run_id
        ('champion', 'a1b2')
        >>> result
        train: Champion: the first one above 0.78.
          MLflow run: a1b2

    """

    mode: str
    status: int = 0
    task: str | None = None
    data_source: str | None = None
    folder: Path | None = None
    run_id: str | None = None
    result: Content = field(default_factory=dict)
    verdict: Content | None = None
    next: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    raw: Content = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Content) -> Self:
        """Return the result in the object of a command.

        Raises:
            SpaceshipError: The command has ended with an error, which is raised as it was there.
            RuntimeError: It has ended with a fault of the program.
            KeyboardInterrupt: It was interrupted.

        """
        if raw.get("error") and raw.get("outcome") != "refused":
            raise _error(raw["error"], raw["status"])
        names = ("status", "task", "data_source", "run_id", "verdict")
        given = {name: raw[name] for name in names if name in raw}
        return cls(
            str(raw.get("mode")),
            folder=Path(raw["folder"]) if raw.get("folder") else None,
            result=raw.get("result") or {},
            next={one["purpose"]: _typed(one["command"]) for one in raw.get("next") or ()},
            warnings=tuple(raw.get("warnings") or ()),
            raw=raw,
            **given,
        )

    @property
    def award(self) -> str | None:
        """The gate's award: `champion`, `challenger` or `refused`; None if nothing was judged."""
        return None if self.verdict is None else str(self.verdict["award"])

    @property
    def metrics(self) -> Mapping[str, float]:
        """The figures of the candidate by name, of a sweep's best one; empty if none was scored."""
        places = (self.result, self.result.get("best"), self.result.get("trained"))
        found = [one["metrics"] for one in places if isinstance(one, Mapping) and "metrics" in one]
        return dict(found[0] or {}) if found else {}

    def table(self, name: str) -> "pd.DataFrame":
        """Return a list of `result` as a frame, such as the `pushes` of an explanation.

        Args:
            name: Name of the list.

        Returns:
            A row an item, with its fields as columns.

        Raises:
            ConfigError: `result` has no such list; the message names those that it has.

        """
        import pandas as pd

        lists = [key for key, value in self.result.items() if isinstance(value, list)]
        if name not in lists:
            what = f"one of the lists of mode={self.mode}: {', '.join(lists) or 'none'}"
            raise errors.ConfigError(errors.expected(what, repr(name), "choose one"))
        return pd.DataFrame(self.result[name])

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *(f"  {name}: {text}" for name, text in self._lines())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in self._lines()
        )
        return f"<p><b>{html.escape(self._headline())}</b></p><table>{rows}</table>"

    def _headline(self) -> str:
        if self.verdict is None:
            return f"{self.mode}: {self.raw.get('outcome') or 'done'}"
        return f"{self.mode}: {self.verdict['reason']}"

    def _lines(self) -> list[tuple[str, str]]:
        """Return what there is to tell, as pairs of a name and a text."""
        figures = [
            (name, f"{value:.{_DIGITS}g}" + (f" ± {deviation:.2g}" if deviation else ""))
            for name, value in self.metrics.items()
            if name.startswith("cv_") and not name.endswith("_std") and value is not None
            for deviation in [self.metrics.get(f"{name}_std")]
        ]
        plain = [(name, one) for name, one in self.result.items() if isinstance(one, _PLAIN)]
        places = [*plain, ("folder", self.folder), ("MLflow run", self.run_id)]
        return [
            *figures,
            *((name, str(value)) for name, value in places if value is not None),
            *(("warning", text) for text in self.warnings),
            *self.next.items(),
        ]


def _typed(text: str | None) -> str:
    """Return a text with its commands as a person types them."""
    return (text or "").replace(" output=json", "")


def _named(message: str, commands: Iterable[str]) -> str:
    """Return a message that suggests the right names alone, without the commands that have them.

    >>> message = "found task=wien; did you mean task=wine: spaceship task=wine"
    >>> _named(message, ["spaceship task=wine"])
    'found task=wien; did you mean "wine"'
    """
    told, meant, names = message.partition("did you mean ")
    for one in commands:
        names = names.partition(f": {one}")[0]
    return told + meant + _ARGUMENT.sub(r'"\1"', names)


def _error(found: Content, status: int) -> BaseException:
    commands = map(_typed, found.get("suggestions") or ())
    message, kind = _named(_typed(found["message"]), commands), str(found["kind"])
    if status == _INTERRUPTED:
        return KeyboardInterrupt(message)
    if status == _FAULT:
        return RuntimeError(f"{kind}: {message}")
    known = getattr(errors, kind, None)
    is_own = isinstance(known, type) and issubclass(known, errors.SpaceshipError)
    return known(message) if is_own else errors.SpaceshipError(message)  # type: ignore[misc]
