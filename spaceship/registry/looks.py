"""Records of looks: every comparison on a hold-out, kept with the registered model for ever."""

import json
import sys
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self, TypeVar

from spaceship.errors import RegistryError, expected
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.looks import Looks
from spaceship.gate.verdict import Verdict
from spaceship.records import fitting, from_text, to_plain
from spaceship.registry.aliases import Aliases
from spaceship.registry.moves import Line, account, now
from spaceship.text import one_line
from spaceship.tracking.tag_names import hidden, plain

Record = TypeVar("Record")
_LOOK, _RESEAL = "look-", "reseal-"
_REASON_LENGTH, _SALT_LENGTH = 500, 100
_HASH = "hash salt "


@dataclass(frozen=True)
class Look:
    """One comparison on a hold-out; a look without a result was interrupted, and counts.

    >>> Look.unreadable("look-a1b2").candidates
    1
    """

    run_id: str
    at: Line  # ISO 8601, UTC; shown, never compared
    by: Line
    seal: int  # number of reseals before it
    split: Line  # names the hold-out: see `split_name`
    holdout: str  # digest of the ids of its rows
    rows: int  # labelled ones of the data, those that a sample was drawn from too
    candidates: int  # that the compared one is the best of
    result: str = ""  # the award

    @classmethod
    def unreadable(cls, key: str) -> Self:
        """Return what a broken record counts as: a look at any number of rows."""
        return cls(key, "", "", 0, "unreadable", "", sys.maxsize, 1)


@dataclass(frozen=True)
class Reseal:
    """One change to a new hold-out; the looks before it no longer count.

    >>> Reseal.unreadable("reseal-0001").split
    'unreadable'
    """

    at: Line
    by: Line
    split: Line
    reason: Line

    @classmethod
    def unreadable(cls, key: str) -> Self:
        """Return what a broken record counts as: a reseal."""
        return cls("", "", "unreadable", key)


@dataclass(frozen=True)
class LookRecords:
    """The looks at the hold-outs of one registered model, whatever run or machine made them.

    >>> LookRecords.read(registry.aliases).looks
    []
    """

    aliases: Aliases
    looks: list[Look]  # those of retired hold-outs too
    reseals: list[Reseal]  # oldest first

    @classmethod
    def read(cls, aliases: Aliases) -> Self:
        """Return the records of a registered model; an unreadable one counts as a look."""
        tags = sorted((plain(key), key, text) for key, text in aliases.tags().items())
        reseals = [_record(Reseal, *tag) for name, *tag in tags if name.startswith(_RESEAL)]
        looks = [_record(Look, *tag) for name, *tag in tags if name.startswith(_LOOK)]
        once = {look.run_id: look for look in looks}  # begun by an older release, ended by this one
        return cls(aliases, [*once.values()], reseals)

    def check(self, report: Report, *, reseal: bool) -> None:
        """Raise RegistryError if a hold-out is retired, or a reseal would not change it."""
        split = split_name(report.protocol)
        looks = [look for look in self.looks if look.run_id != report.run_id]
        if reseal and split in {look.split for look in looks}:
            what, do = "a hold-out that no look has used", "add split.salt=TEXT, any new text"
            if report.protocol is not None and report.protocol.kind == "time":
                do = "give more data: looks at less than half of the rows count no more"
            raise RegistryError(expected(what, split, do))
        now = {look.split for look in looks if look.seal == len(self.reseals)}
        retired = {look.split for look in looks if look.seal < len(self.reseals)} - now
        if not reseal and split in retired:
            present = self.reseals[-1].split
            salt = present.removeprefix(_HASH)
            do = "add split=time" if salt == present else f"add split.salt={salt}"
            found = f"{split}, retired by a reseal"
            what = f"the hold-out in use ({present})"
            raise RegistryError(expected(what, found, f"{do}, for example in configs/local"))

    def next(self, candidate: Report) -> Looks:
        """Return the number of a candidate's look, and of the candidates compared so far.

        Looks at less than half of the present labelled rows do not count; each reseal counts as one
        candidate, and a repeated comparison of the same run once.
        """
        counted = [
            look
            for look in self.looks
            if 2 * look.rows >= (candidate.drawn_from or candidate.rows)
            and look.run_id != candidate.run_id
        ]
        present = [look for look in counted if look.seal == len(self.reseals)]
        sums = (sum(look.candidates for look in looks) for looks in (present, counted))
        own = len(self.reseals) + candidate.candidates
        return Looks(len(present) + 1, *(before + own for before in sums))

    def begin(self, candidate: Report) -> Look:
        """Record a look before any figure of the hold-out is shown."""
        ids = [] if candidate.holdout is None else sorted(candidate.holdout.ids)
        digest = blake2b("\0".join(ids).encode(), digest_size=8).hexdigest()
        look = Look(
            str(candidate.run_id),
            now().isoformat(timespec="seconds"),
            account(),
            len(self.reseals),
            split_name(candidate.protocol),
            digest,
            candidate.drawn_from or candidate.rows,
            candidate.candidates,
        )
        self._write(f"{_LOOK}{look.run_id}", look)
        return look

    def end(self, look: Look, verdict: Verdict) -> None:
        """Add the award to the record of a look."""
        self._write(f"{_LOOK}{look.run_id}", replace(look, result=str(verdict.award)))

    def reseal(self, protocol: Protocol | None, reason: str) -> None:
        """Record a new hold-out, so that earlier looks do not count, unless it is on record."""
        if self.reseals and self.reseals[-1].split == split_name(protocol):
            return
        number = len(self.reseals) + 1
        new = Reseal(
            now().isoformat(timespec="seconds"),
            account(),
            split_name(protocol),
            one_line(reason)[:_REASON_LENGTH],
        )
        self._write(f"{_RESEAL}{number:04d}", new)
        self.reseals.append(new)

    def _write(self, key: str, record: Look | Reseal) -> None:
        self.aliases.create_model()
        text = json.dumps(to_plain(record), ensure_ascii=False)
        self.aliases.store.client.set_registered_model_tag(self.aliases.model, hidden(key), text)


def _record(kind: type[Record], key: str, text: str) -> Record:
    try:
        return from_text(kind, text, f"the tag {key}")
    except RegistryError:
        return kind.unreadable(key)  # type: ignore[attr-defined,no-any-return]


def split_name(protocol: Protocol | None) -> str:
    """Return the name of a hold-out: all fractions of one salt hold out the same groups first.

    >>> split_name(Protocol(0.2, "spaceship", 5, 1))
    'hash salt spaceship'
    """
    if protocol is None:
        return "unknown"
    if protocol.kind == "time":
        return f"time by {protocol.by}"
    return _HASH + fitting(one_line(str(protocol.salt)), _SALT_LENGTH)
