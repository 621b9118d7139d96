"""Simple model of a registry: what its aliases, records and the way back must be at any time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from spaceship.tracking.tag_names import plain

OPEN = {"preparing", "intent"}
Record = dict[str, str | int | None]


def must(condition: object, message: object) -> None:
    """Raise AssertionError if a condition does not hold."""
    if not condition:
        raise AssertionError(message)


@dataclass
class Model:
    """One registered model as it must be, told of each change made by hand.

    >>> model = Model()
    >>> model.led(None, "1"), model.led("1", "2"), model.led("2", "3")
    (None, None, None)
    >>> model.way_back("3"), model.way_back("9"), model.way_back(None)
    (['2', '1'], ['3', '2', '1'], ['2', '1', '3'])
    """

    whole: dict[str, bool] = field(default_factory=dict)  # versions that exist; False: damaged
    aliases: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)  # value of each record's tag, by its key
    line: list[str] = field(default_factory=list)  # champions that count for the way back
    last: str | None = None  # champion that the last finished move led to

    def led(self, before: str | None, after: str | None) -> None:
        """Note a finished move of the champion, and the change outside that it shows."""
        self.line = _on(self.line if before == self.last else _on(self.line, before), after)
        self.last = after

    def way_back(self, current: str | None) -> list[str]:
        """Return the versions to go back to, the first to try first."""
        line, last = self.line, self.last
        cut = next((one for one in self.open_records() if one["alias"] == "champion"), None)
        if cut and cut["state"] == "intent" and cut["after"] == current:  # killed after its move
            line = _on(line if cut["before"] == last else _on(line, _text(cut["before"])), current)
        elif current != last:
            line = _on(line, current)
        return [*reversed(line[:-1]), *(line[-1:] if current is None else [])]

    def open_records(self) -> list[Record]:
        """Return the records of moves that have not ended."""
        return [one for one in map(json.loads, self.records.values()) if one["state"] in OPEN]

    def read(self, tags: Mapping[str, str]) -> None:
        """Check the records against those seen before, and note which moves have finished."""
        found = {key: value for key, value in tags.items() if plain(key).startswith("move-")}
        for key, value in self.records.items():
            if json.loads(value)["state"] not in OPEN:
                must(found.get(key) == value, f"the record {key} of a finished move has changed")
        before = None
        for key in sorted(found, key=lambda key: json.loads(found[key])["number"]):
            record = json.loads(found[key])
            number, follows = (0, None) if before is None else (before["number"], before["key"])
            must(record["number"] > number, f"{key} has the number of the record before it")
            must(record["follows"] == follows, f"{key} does not follow {follows}")
            before = record
            new = self.records.get(key) != found[key]
            if new and record["state"] == "done" and record["alias"] == "champion":
                self.led(record["before"], record["after"])
        self.records = found
        must(len(self.open_records()) <= 1, "two moves are open")

    def best(self) -> str | None:
        """Return the version that a rollback must bring back."""
        back = self.way_back(self.aliases.get("champion"))
        return next((number for number in back if self.whole.get(number)), None)


def _on(line: list[str], number: str | None) -> list[str]:
    """Return the line with a version at its end; those rolled back to it do not count any more."""
    if number is None:
        return line
    return [*(line[: line.index(number)] if number in line else line), number]


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
