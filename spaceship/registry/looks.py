"""Records of looks: every comparison on a hold-out, kept with the registered model for ever."""

import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self, TypeVar

from spaceship.errors import RegistryError, expected
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.looks import Looks
from spaceship.gate.verdict import Verdict
from spaceship.records import from_text, to_plain
from spaceship.registry.aliases import Aliases
from spaceship.registry.moves import Line, Records, account, now
from spaceship.text import one_line

Record = TypeVar("Record")
_LOOK, _RESEAL = "look-", "reseal-"
_REASON_LENGTH = 500


@dataclass(frozen=True)
class Look:
    """One comparison on a hold-out; a look without a result was interrupted, and counts."""

    run_id: str
    at: Line  # ISO 8601, UTC; shown, never compared
    by: Line
    seal: int  # number of reseals before it
    split: Line  # names the hold-out: see `split_name`
    holdout: str  # digest of the ids of its rows
    rows: int
    candidates: int  # that the compared one is the best of
    result: str = ""  # the award


@dataclass(frozen=True)
class Reseal:
    """One change to a new hold-out, which retires the looks before it."""

    at: Line
    by: Line
    split: Line
    reason: Line


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
        """Return the records of a registered model; raise RegistryError if one is unreadable."""
        broken: dict[str, str] = {}
        tags = sorted(aliases.tags().items())

        def found(prefix: str, kind: type[Record]) -> list[Record]:
            records = []
            for key, text in tags:
                if key.startswith(prefix):
                    try:
                        records.append(from_text(kind, text, "the tag"))
                    except RegistryError as error:
                        broken[key] = str(error).partition(";")[0]
            return records

        made = cls(aliases, found(_LOOK, Look), found(_RESEAL, Reseal))
        if broken:
            raise RegistryError(aliases.unreadable(Records([], broken)))
        return made

    def check(self, protocol: Protocol | None, *, reseal: bool) -> None:
        """Raise RegistryError if a hold-out is retired, or a reseal would not change it."""
        seal, split, looks = len(self.reseals), split_name(protocol), self.looks
        now = {look.split for look in looks if look.seal == seal}
        if reseal and split in {look.split for look in looks}:
            what, do = "a hold-out that no look has used", "add split.salt=TEXT, any new text"
            raise RegistryError(expected(what, split, do))
        retired = {look.split for look in looks if look.seal < seal} - now
        if not reseal and split in retired:
            present = self.reseals[-1].split
            do = f"add split.salt={present.partition('salt ')[2]}, for example in configs/local"
            found = f"{split}, retired by a reseal"
            raise RegistryError(expected(f"the hold-out in use ({present})", found, do))

    def next(self, candidate: Report) -> Looks:
        """Return the number of a candidate's look, and of the candidates compared so far.

        Looks at a hold-out of less than half of the present rows count no more; each reseal counts
        as one candidate, and a repeated comparison of the same run once.
        """
        seal, rows = len(self.reseals), _n_rows(candidate)
        counted = [
            look
            for look in self.looks
            if look.seal == seal and 2 * look.rows >= rows and look.run_id != candidate.run_id
        ]
        before = sum(look.candidates for look in counted)
        return Looks(len(counted) + 1, before + seal + candidate.candidates)

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
            len(ids),
            candidate.candidates,
        )
        self._write(f"{_LOOK}{look.run_id}", look)
        return look

    def end(self, look: Look, verdict: Verdict) -> None:
        """Add the award to the record of a look."""
        self._write(f"{_LOOK}{look.run_id}", replace(look, result=str(verdict.award)))

    def reseal(self, protocol: Protocol | None, reason: str) -> None:
        """Record a new hold-out, which retires the looks so far."""
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
        client, text = self.aliases.store.client, json.dumps(to_plain(record))
        client.set_registered_model_tag(self.aliases.model, key, text)


def split_name(protocol: Protocol | None) -> str:
    """Return the name of a hold-out: all fractions of one salt hold out the same groups first.

    >>> split_name(Protocol(0.2, "spaceship", 5, 1))
    'hash salt spaceship'
    """
    if protocol is None:
        return "unknown"
    if protocol.kind == "time":
        return f"time from {protocol.earliest}"
    return f"hash salt {protocol.salt}"


def _n_rows(candidate: Report) -> int:
    return 0 if candidate.holdout is None else len(candidate.holdout.ids)
