"""Typos of one letter in keys, groups and choices: how often the right name is suggested."""

import random
import string
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.measure import machine, measure, parser, progress, run, spread, table
from spaceship.cli.main import prepare
from spaceship.cli.names import Names

BAR_SUGGESTED, BAR_CPU = 0.95, 1.0
SETTINGS = ("model=lgbm", "gate=strict", "hydra/sweeper=optuna")
"""Choices whose keys are misspelt, too; they are on the command line beside the typo."""
USER_CAN_MEND = 2  # exit status
_OF_HYDRA = ("hydra/sweeper", "hydra/launcher", "hydra/sweeper/sampler", "hydra/sweeper/pruner")
_LETTERS = string.ascii_lowercase + "_"


@dataclass(frozen=True)
class Typo:
    """A command with one letter wrong, and the override that is meant."""

    kind: str  # key, group or choice
    slip: str  # insert, delete, replace or swap
    words: tuple[str, ...]  # of the command, the wrong one last
    right: str  # what the suggestion has to begin with


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=200, help="typos")
    options.add_argument("--seed", type=int, default=14, help="of the typos")
    chosen = options.parse_args(arguments)
    rows: dict[str, list[tuple[bool, float, bool]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for typo in typos(chosen.count, chosen.seed):
            outputs = Path(folder) / "outputs"
            done = measure(run(*typo.words, outputs=outputs), Path(folder))
            refused = done.status == USER_CAN_MEND and not [*Path(folder).iterdir()]
            suggested = is_suggested(typo, done.output)
            if not suggested or not refused:
                progress(f"{typo.words} → {typo.right}: {done.status} {done.output.strip()}")
            rows.setdefault(typo.kind, []).append((suggested, done.cpu, refused))
    print(machine())
    head = ["typo in a", "commands", "right name suggested", "status 2, nothing left", "CPU s"]
    total = {"together": [one for found in rows.values() for one in found]}
    print(table(head, [_row(kind, found) for kind, found in (rows | total).items()]))
    done_all = total["together"]
    share = sum(one[0] for one in done_all) / len(done_all)
    met = share >= BAR_SUGGESTED and all(cpu <= BAR_CPU and fine for _, cpu, fine in done_all)
    print(f"Bars ({BAR_SUGGESTED:.0%}, {BAR_CPU} CPU s each): {'met' if met else 'missed'}.")
    sys.exit(not met)


def typos(count: int, seed: int) -> list[Typo]:
    """Return commands with one letter wrong each, drawn from all names of the configs.

    >>> [typo.kind for typo in typos(3, seed=1)]
    ['key', 'group', 'choice']
    """
    prepare()
    names = Names.of_configs()
    config = names.composed(SETTINGS)
    draw = random.Random(seed)  # noqa: S311 - no secret
    own = [one for one in names.choices if not one.startswith("hydra") or one in _OF_HYDRA]
    groups = [one for one in own if names.choices[one]]
    settings = [one for one in config.names() if "_target_" not in one and "." in one]
    found: list[Typo] = []
    while len(found) < count:
        kind = ("key", "group", "choice")[len(found) % 3]
        if kind == "key":
            right = draw.choice(settings)
            slip, wrong = _misspelt(right, draw)
            typo = Typo(kind, slip, (*SETTINGS, f"{wrong}=1"), f"{right}=1")
            known = config.takes(wrong)
        else:
            group = draw.choice(groups)
            choice = draw.choice(names.choices[group])
            slip, wrong = _misspelt(group if kind == "group" else choice, draw)
            word = f"{wrong}={choice}" if kind == "group" else f"{group}={wrong}"
            typo = Typo(kind, slip, (word,), f"{group}={choice}")
            known = wrong in (names.choices if kind == "group" else names.choices[group])
        if not known and choice_fits(typo):
            found.append(typo)
    return found


def choice_fits(typo: Typo) -> bool:
    """Return whether a typo is of an override that a command may have as it stands.

    >>> choice_fits(Typo("choice", "swap", ("gate/rule=flor",), "gate/rule=floor"))
    False
    """
    return not typo.right.startswith(("gate/rule=", "local=")) and not typo.right.endswith("unused")


def is_suggested(typo: Typo, output: str) -> bool:
    """Return whether a message has the right override among its suggestions.

    >>> is_suggested(typos(1, seed=1)[0], "error: no idea")
    False
    """
    meant = output.partition("did you mean ")[2].partition(": ")[0]
    return typo.right in meant.replace("(or ", "").replace(", or", "").strip(")").split()


def _misspelt(word: str, draw: random.Random) -> tuple[str, str]:
    """Return a kind of slip, and a word with one such slip."""
    at, letter = draw.randrange(len(word)), draw.choice(_LETTERS)
    slips: Iterator[tuple[str, str]] = iter(
        (
            ("insert", word[:at] + letter + word[at:]),
            ("delete", word[:at] + word[at + 1 :]),
            ("replace", word[:at] + letter + word[at + 1 :]),
            ("swap", word[:at] + word[at : at + 2][::-1] + word[at + 2 :]),
        )
    )
    return draw.choice([*slips])


def _row(kind: str, found: Sequence[tuple[bool, float, bool]]) -> list[str]:
    suggested, fine = (sum(one[at] for one in found) for at in (0, 2))
    share = f"{suggested} ({suggested / len(found):.1%})"
    return [kind, str(len(found)), share, str(fine), spread(one[1] for one in found)]


if __name__ == "__main__":
    main()
