"""Mutated data folders in Kaggle's format: bytes, cells, columns, rows, sizes, files."""

import bz2
import csv
import gzip
import io
import lzma
import os
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from fuzz_case import Case, Content

Table = list[list[str]]
Folder = dict[str, Content]
Mutation = Callable[[random.Random, Folder], str]
"""Changes a folder in place and returns what it did."""

TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"
GROUPS = {TRAIN: 170, TEST: 60}
"""Travel groups of the folder that is mutated; 1.4 passengers each."""
LARGE_EVERY, LARGEST_EVERY, LARGEST = 200, 1000, 1_000_000
TWICE = 0.15
"""Share of the cases that are mutated a second time."""
QUICK = ("model=logistic_regression", "split.n_folds=2", "gate.floor=0.5")
MODES = (
    ("mode=pp", "features=raw"),
    ("mode=pp", "features=raw"),
    ("mode=pp", "features=full"),
    ("mode=inference",),
    ("mode=inference",),
    ("mode=train", "features=raw"),
    ("mode=train", "features=full"),
    ("mode=train", "features=full", "model=lgbm", "model.estimator.n_estimators=5"),
    ("mode=train", "features=baseline", "model=hist_gradient_boosting"),
)
NASTY = (
    "", " ", "nan", "NaN", "NA", "None", "null", "inf", "-inf", "Infinity", "1e400", "-1e400",
    "1e15", "1e16", "1e300", "-1", "-0", "0", "0.0", "1", "1.0", "1e-320", "99999999999999999999",
    "9" * 400, "0x1F", "1_000", "1,5", "1 000", "12abc", "True", "true", "FALSE", "yes", "T", "2",
    "1j", "#REF!", "=1+1", '=cmd|"/C calc"!A0', "@SUM(A1)", "'; DROP TABLE runs; --", "../../etc",
    "🚀", "é", "e\u0301", "\u202eabc", "\ufeff", "\u00a0", "\u2028", "\x1b[31m", "\x07", "\x1a",
    "a\nb", "a\r\nb", '"', '""', "'", ",", ";", "\\", "\\N", "{}", "${seed}", "%s", "<b>", "x" * 5000,
    "x" * 140_000, "0001_01", "_", "0001", "0001_", "_01", "1_1", "-1_01", "٣_٣", "0001_01_02",
    "B/0/P", "B/0", "B//P", "//", "B/-1/P", "B/1e9/P", "B/" + "9" * 30 + "/P", "B/٣/P", "b/0/p",
    "Earth", "EARTH", " Earth ", "Mars\t", "55 Cancri e", "1970-01-01", "24 years", "１２", "½",
)  # fmt: skip


def cut(folder: Path | None) -> dict[str, Table]:
    """Return the first whole travel groups of Kaggle's files, or of embedded passengers."""
    if folder is None:
        from spaceship.data.synthetic import SyntheticData

        people = SyntheticData(sum(GROUPS.values()), 2912, 0.0, 0.26).load()
        texts = {TRAIN: people.train.to_csv(index=False), TEST: people.test.to_csv(index=False)}
    else:
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in GROUPS}
    tables = {}
    for name, text in texts.items():
        header, *rows = csv.reader(io.StringIO(text))
        groups = list(dict.fromkeys(_group(row[0]) for row in rows))[: GROUPS[name]]
        tables[name] = [header, *(row for row in rows if _group(row[0]) in set(groups))]
    ids = [row[0] for row in tables[TEST][1:]]
    return tables | {SAMPLE: [["PassengerId", "Transported"], *([one, "False"] for one in ids)]}


def written(table: Table) -> bytes:
    """Return a table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


def case(number: int, seed: int, tables: Mapping[str, Table], folder: Path) -> Case:
    """Return the data case of a number: always the same for the same seed and passengers."""
    name = f"data-{number}"
    draw = random.Random(f"{seed} {name}")  # noqa: S311 - nothing secret
    files: Folder = {one: written(table) for one, table in tables.items()}
    if (number + 1) % LARGE_EVERY == 0:
        size = LARGEST if (number + 1) % LARGEST_EVERY == 0 else draw.choice([10_000, 100_000])
        kind, mode, notes = "large", draw.choice(MODES[:4]), [_large(draw, files, size)]
    else:
        kind, mode = list(KINDS)[number % len(KINDS)], draw.choice(MODES)
        notes = [KINDS[kind](draw, files)]
        if draw.random() < TWICE:
            notes.append(KINDS[draw.choice(["bytes", "cells", "columns", "rows"])](draw, files))
    places = (f"data.dir={folder}", f"paths.outputs={folder.with_name('outputs')}")
    arguments = (*QUICK, *mode, "data=local", *places)
    return Case(name, f"data: {kind}", "; ".join(notes), arguments, files)


def _bytes(draw: random.Random, files: Folder) -> str:
    name, data = _one(draw, files)
    place = draw.randrange(len(data) + 1)
    what = draw.choice(["flip", "cut", "NUL", "drop", "repeat", "noise", "quote", "tail", "head"])
    if what == "flip":
        changed = bytearray(data)
        for _ in range(draw.choice([1, 3, 30])):
            if changed:
                changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        files[name] = bytes(changed)
    elif what == "cut":
        files[name] = data[:place]
    else:
        size = draw.choice([1, 2, 40])
        chunk = {
            "NUL": b"\0" * size,
            "noise": draw.randbytes(size),
            "quote": b'"' * size,
            "repeat": data[place : place + 50 * size],
        }
        end = draw.choice([b"\n\n", b"\x1a", b",,,", b"  ", b"\r", b'"', b"\0", b"END\n", b"\n,\n"])
        if what in chunk:
            files[name] = data[:place] + chunk[what] + data[place:]
        elif what == "drop":
            files[name] = data[:place] + data[place + 5 * size :]
        else:
            files[name] = data + end if what == "tail" else end + data
    return f"{name}: {what} at {place}"


def _cells(draw: random.Random, files: Folder) -> str:
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


def _columns(draw: random.Random, files: Folder) -> str:
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
        table = [[row[n] for n in kept] + extra for row in table]
    files[name] = written(table)
    return f"{name}: {what}, column {place}"


def _rows(draw: random.Random, files: Folder) -> str:
    name, table = _table(draw, files)
    header, *rows = table
    group = _group(draw.choice(rows)[0]) if rows else ""
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
        "the other file": lambda: _read(files[draw.choice([TRAIN, TEST])])[1:],
        "many groups of one": lambda: [[f"{n:05}_01", *r[1:]] for n, r in enumerate(rows, 10**4)],
    }
    what = draw.choice(list(choices))
    files[name] = written([header, *choices[what]()])
    return f"{name}: {what} ({few})"


def _encodings(draw: random.Random, files: Folder) -> str:
    name, data = _one(draw, files)
    text = data.decode("utf-8", "replace")
    accented = text.replace("a", "é", 3)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, data)
    choices: dict[str, bytes] = {
        "BOM": b"\xef\xbb\xbf" + data,
        "two BOMs": b"\xef\xbb\xbf" * 2 + data,
        "CRLF": data.replace(b"\n", b"\r\n"),
        "CR": data.replace(b"\n", b"\r"),
        "mixed ends": re.sub(rb"\n", lambda _: draw.choice([b"\n", b"\r\n", b"\r"]), data),
        **{kind: accented.encode(kind) for kind in ("utf-16", "utf-16-le", "utf-16-be")},
        **{kind: accented.encode(kind) for kind in ("utf-32", "utf-7", "latin-1", "utf-8-sig")},
        "cp1252": data.replace(b"a", b"\x93", 2),
        "surrogates": data.replace(b"a", b"\xed\xa0\x80", 1),
        "overlong": data.replace(b"a", b"\xc0\xaf", 1),
        "gzip": gzip.compress(data),
        "gzip twice": gzip.compress(gzip.compress(data)),
        "gzip cut": gzip.compress(data)[: draw.randrange(5, 500)],
        "gzip with a tail": gzip.compress(data) + b"tail",
        "two gzips": gzip.compress(data) + gzip.compress(b""),
        "zip": packed.getvalue(),
        "bz2": bz2.compress(data),
        "xz": lzma.compress(data),
        "semicolons": data.replace(b",", b";"),
        "tabs": data.replace(b",", b"\t"),
        "JSON": b'[{"PassengerId": "0001_01"}]',
        "HTML": b"<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n",
        "git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
        "Parquet": b"PAR1" + draw.randbytes(50),
    }
    what = draw.choice(list(choices))
    files[name] = choices[what]
    return f"{name}: {what}"


def _sizes(draw: random.Random, files: Folder) -> str:
    name, _ = _one(draw, files)
    size = draw.choice([0, 1, 2, 3, 10, 100, 10_000])
    filler = draw.choice([b"", b"\n", b",", b'"', b"\0", b" ", b"a", b"\xff", b"a,b\n", b"\r"])
    files[name] = (filler * size)[:size]
    return f"{name}: {size} bytes of {filler!r}"


def _files(draw: random.Random, files: Folder) -> str:
    name = draw.choice(list(files))
    data = files[name]
    made: dict[str, Callable[[Path], object]] = {
        "a folder": Path.mkdir,
        "a link to itself": lambda path: path.symlink_to(path),
        "a link to nothing": lambda path: path.symlink_to("nowhere"),
        "a link to its folder": lambda path: path.symlink_to("."),
        "a pipe": os.mkfifo,
        "a device without end": lambda path: path.symlink_to("/dev/zero"),
        "an empty device": lambda path: path.symlink_to("/dev/null"),
        "a link through a file": lambda path: path.symlink_to(f"{path.name}.gz/x"),
        "a link to the other": lambda path: path.symlink_to(TEST if name == TRAIN else TRAIN),
        "unreadable": lambda path: (path.write_bytes(bytes(data)), path.chmod(0)),  # type: ignore[arg-type]
    }
    what = draw.choice([*made, "missing", "missing", "packed only", "packed badly", "packed too"])
    if what in made:
        files[name] = made[what]
    elif what != "packed too":
        del files[name]
    if "packed" in what:
        content = bytes(data) if what == "packed badly" else gzip.compress(bytes(data))  # type: ignore[arg-type]
        files[f"{name}.gz"] = content
    return f"{name}: {what}"


def _sample(draw: random.Random, files: Folder) -> str:
    header, *rows = _read(files[SAMPLE])
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


def _large(draw: random.Random, files: Folder, size: int) -> str:
    """Repeat the passengers, each time in groups of their own."""
    name = draw.choice([TRAIN, TEST])
    header, *rows = _read(files[name])
    times = size // max(len(rows), 1)
    text = written(rows).decode()
    body = re.sub(r"(?m)^(\d+)_", r"#\1_", text)
    parts = [body.replace("#", f"9{time:05}") for time in range(times)]
    files[name] = written([header]) + "".join(parts).encode()
    return f"{name}: {times * len(rows)} rows"


def _one(draw: random.Random, files: Folder) -> tuple[str, bytes]:
    """Return a file that is bytes, train and test more often than the sample."""
    known = [name for name in (TRAIN, TEST, TRAIN, TEST, SAMPLE) if type(files.get(name)) is bytes]
    name = draw.choice(known)
    return name, bytes(files[name])  # type: ignore[arg-type]


def _table(draw: random.Random, files: Folder) -> tuple[str, Table]:
    name, _ = _one(draw, files)
    return name, _read(files[name])


def _read(content: Content) -> Table:
    """Return the rows of a file; one that is damaged already counts as a header alone."""
    try:
        table = list(csv.reader(io.StringIO(bytes(content).decode())))  # type: ignore[arg-type]
    except (csv.Error, UnicodeDecodeError, TypeError):
        table = []
    return table if table and table[0] else [["PassengerId"]]


def _group(passenger: str) -> str:
    return passenger.partition("_")[0]


KINDS: dict[str, Mutation] = {
    "bytes": _bytes,
    "cells": _cells,
    "columns": _columns,
    "rows": _rows,
    "encodings": _encodings,
    "sizes": _sizes,
    "files": _files,
    "sample": _sample,
}
