"""Mutated tables: cells, columns, rows, and the sample submission."""

import csv
import io
import random
from collections.abc import Callable

from scripts.fuzz.case import Content
from scripts.fuzz.words import NASTY

Table = list[list[str]]
Folder = dict[str, Content]
"""What lies in a data folder, by name; mutations change it and return what they did."""

TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"


def written(table: Table) -> bytes:
    """Return a table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


def one_of(draw: random.Random, files: Folder) -> tuple[str, bytes]:
    """Return a file that is bytes, train and test more often than the sample."""
    known = [name for name in (TRAIN, TEST, TRAIN, TEST, SAMPLE) if type(files.get(name)) is bytes]
    name = draw.choice(known)
    return name, content_of(files[name])


def content_of(content: Content) -> bytes:
    """Return the bytes of a file, which is none that a function makes."""
    if not isinstance(content, bytes):
        raise TypeError(f"expected bytes, found {content}")
    return content


def cells(draw: random.Random, files: Folder) -> str:
    """Put values of another kind in a column, or in all of them."""
    name, table = _table(draw, files)
    place, value = draw.randrange(len(table[0])), draw.choice(NASTY)
    share = draw.choice([0.0, 0.02, 0.5, 1.0])
    rows = [row for row in table[1:] if draw.random() < share] or table[1:2]
    what = draw.choice(["one value", "one value", "any values", "another column", "every column"])
    other = draw.randrange(len(table[0]))
    for row in rows:
        if what == "every column":
            row[1:] = [value] * (len(row) - 1)
        elif place < len(row):
            known = {"one value": value, "any values": draw.choice(NASTY)}
            row[place] = known.get(what, row[min(other, len(row) - 1)])
    files[name] = written(table)
    return f"{name}: {what} {value[:20]!r} in {len(rows)} of column {table[0][place]!r}"


def columns(draw: random.Random, files: Folder) -> str:
    """Drop, double, rename or move columns, or damage the header."""
    name, table = _table(draw, files)
    place, other = draw.randrange(len(table[0])), draw.randrange(len(table[0]))
    header = table[0]
    what = draw.choice([
        "drop", "double", "rename", "space", "upper", "swap", "shuffle", "extra", "empty name",
        "two of a name", "many", "no header", "header twice", "only", "lose header field",
    ])  # fmt: skip
    if what in {"rename", "space", "upper", "empty name", "two of a name"}:
        old = header[place]
        near = [old[:-1], f"{old}_x", old.replace("P", "p"), "🚀", "x" * 9000, "a\nb", '"', "0"]
        renamed = {"rename": draw.choice(near), "space": f" {old}\t", "upper": old.upper()}
        header[place] = renamed.get(what, header[other] if what == "two of a name" else "")
    elif what == "no header":
        del table[0]
    elif what == "header twice":
        table.insert(draw.randrange(len(table)), [*header])
    elif what == "lose header field":
        del header[place]
    else:
        width = len(header)
        kept = {
            "drop": [n for n in range(width) if n != place],
            "only": [place],
            "double": [*range(width), place],
            "swap": [{place: other, other: place}.get(n, n) for n in range(width)],
            "shuffle": draw.sample(range(width), width),
        }.get(what, [*range(width)])
        extra = {"extra": ["spare"], "many": [f"c{n}" for n in range(700)]}.get(what, [])
        table = [[row[n] for n in kept if n < len(row)] + extra for row in table]
    files[name] = written(table)
    return f"{name}: {what}, column {place}"


def rows(draw: random.Random, files: Folder) -> str:
    """Take, repeat or rearrange rows."""
    name, table = _table(draw, files)
    header, *rows = table
    group = group_of(draw.choice(rows)[0]) if rows else ""
    few = draw.choice([0, 1, 2, 3, 5, 10])
    choices: dict[str, Callable[[], Table]] = {
        "few": lambda: rows[:few],
        "doubled": lambda: rows + [[*row] for row in draw.sample(rows, min(few, len(rows)))],
        "one group": lambda: [[f"{group}_{n:02}", *row[1:]] for n, row in enumerate(rows)],
        "one class": lambda: [row for row in rows if row[-1] == rows[0][-1]],
        "one of a class": lambda: [r for n, r in enumerate(rows) if not n or r[-1] != rows[0][-1]],
        "shuffled": lambda: draw.sample(rows, len(rows)),
        "reversed": lambda: rows[::-1],
        "first of each group": lambda: [row for row in rows if row[0].endswith("_01")],
        "nothing known": lambda: [[r[0], *[""] * (len(r) - 2), r[-1]] for r in rows],
        "one label gone": lambda: [[*row[:-1], ""] if not n else row for n, row in enumerate(rows)],
        "all alike": lambda: [[row[0], *rows[0][1:-1], row[-1]] for row in rows],
        "blank lines": lambda: [one for row in rows for one in (row, [])],
        "short row": lambda: [row[:few] if n == 1 else row for n, row in enumerate(rows)],
        "the other file": lambda: read(files[draw.choice([TRAIN, TEST])])[1:],
        "many groups of one": lambda: [[f"{n:05}_01", *r[1:]] for n, r in enumerate(rows, 10**4)],
    }
    what = draw.choice(list(choices))
    files[name] = written([header, *choices[what]()])
    return f"{name}: {what} ({few})"


def sample(draw: random.Random, files: Folder) -> str:
    """Replace the sample submission."""
    header, *rows = read(files[SAMPLE])
    choices: dict[str, Callable[[], Table]] = {
        "empty": list,
        "header only": lambda: [header],
        "no header": lambda: rows,
        "other ids": lambda: [header, *([f"9{one}", label] for one, label in rows)],
        "another order": lambda: [header, *rows[::-1]],
        "one less": lambda: [header, *rows[1:]],
        "one more": lambda: [header, *rows, ["9999_99", "False"]],
        "one twice": lambda: [header, *rows, rows[0]],
        "ids missing": lambda: [header, *(["", label] for _, label in rows)],
        "labels": lambda: [header, *([one, draw.choice(NASTY)] for one, _ in rows)],
        "label column twice": lambda: [[*row, row[-1]] for row in [header, *rows]],
        "id column twice": lambda: [[row[0], *row] for row in [header, *rows]],
        "columns swapped": lambda: [row[::-1] for row in [header, *rows]],
        "id only": lambda: [row[:1] for row in [header, *rows]],
        "nasty ids": lambda: [header, *([draw.choice(NASTY), label] for _, label in rows)],
    }
    what = draw.choice(list(choices))
    files[SAMPLE] = written(choices[what]())
    return f"{SAMPLE}: {what}"


def _table(draw: random.Random, files: Folder) -> tuple[str, Table]:
    name, _ = one_of(draw, files)
    return name, read(files[name])


def read(content: Content) -> Table:
    """Return the rows of a file; one that is damaged already counts as a header alone."""
    try:
        lines = csv.reader(io.StringIO(content_of(content).decode()))
        table = [row for row in lines if row]
    except (csv.Error, UnicodeDecodeError, TypeError):
        table = []
    return table if table and table[0] else [["PassengerId"]]


def group_of(passenger: str) -> str:
    """Return the travel group of a PassengerId."""
    return passenger.partition("_")[0]
