"""What a candidate has earned, and why; kept as `verdict.json` in the job's folder."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from spaceship.errors import RegistryError
from spaceship.files import VERSION, read_json, write_json
from spaceship.gate.rule._base import AWARDS, Check

VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class Verdict:
    """What a candidate earned, and why.

    Attributes:
        award: The highest alias earned, one of `AWARDS`.
        reason: One line for a person.
        rule: The name of the rule that the award rests on; `all` where every rule was met.
        numbers: The figures behind it; None for one that could not be computed.
        checks: The outcome of every rule.

    """

    award: str
    reason: str
    rule: str
    numbers: dict[str, float | None] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an award that does not exist."""
        if self.award not in AWARDS:
            msg = f"An award must be one of {', '.join(sorted(AWARDS))}, got {self.award!r}."
            raise ValueError(msg)

    def table(self) -> str:
        """Return a line for each rule: its number, its threshold, and whether it was met."""
        lines = []
        for check in self.checks:
            number = "unknown" if check.number is None else f"{check.number:.5g}"
            met = "passed" if check.passed else f"failed: {check.otherwise} at the most"
            told = f"  {check.rule:<17} {number:>10}  {check.relation} {check.threshold:<8g} {met}"
            lines.append(f"{told}; {check.detail}" if check.detail else told)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        return {"version": VERSION, **asdict(self), "checks": [asdict(c) for c in self.checks]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Return the verdict that `to_dict` described; what was noted beside it is left out."""
        names = {one.name for one in fields(cls)}
        known = {key: value for key, value in content.items() if key in names}
        return cls(**known | {"checks": tuple(Check(**check) for check in known["checks"])})

    def write(self, folder: Path) -> None:
        """Write `verdict.json`, atomically."""
        write_json(folder / VERDICT_FILE, self.to_dict())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote; a missing verdict is a refusal.

        Raises:
            RegistryError: The file is broken or of another version.

        """
        path = folder / VERDICT_FILE
        if not path.exists():
            return cls("refused", f"Refused: no verdict was written to {path}.", "missing_verdict")
        try:
            return cls.from_dict(read_json(path))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"Expected a verdict in {path}, found {error!r}. Run the job again."
            raise RegistryError(msg) from error
