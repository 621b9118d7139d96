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

from scripts.fuzz import other_tools
from scripts.fuzz.case import Case
from scripts.fuzz.mutated_tables import (
    SAMPLE,
    TEST,
    TRAIN,
    Folder,
    Table,
    cells,
    columns,
    content_of,
    group_of,
    one_of,
    read,
    rows,
    sample,
    written,
)

Mutation = Callable[[random.Random, Folder], str]
"""Changes a folder in place and returns what it did."""

GROUPS = {TRAIN: 170, TEST: 60}
"""Travel groups of the folder that is mutated; 1.4 passengers each."""
LARGE_EVERY, LARGEST_EVERY, LARGEST = 200, 1000, 1_000_000
TWICE = 0.15
"""Share of the cases that are mutated a second time."""
QUICK = ("model=logistic_regression", "split.n_folds=2", "gate.floor.minimum=0.5")
OTHER_TOOLS = {"spreadsheets", "near names", "packing", "leaks"}
"""Kinds whose folders are read with settings of their own."""
TREES = ("model=lgbm", "model.estimator.n_estimators=5")
MODES: tuple[tuple[str, ...], ...] = (
    ("mode=pp", "features=raw"),
    ("mode=pp", "features=baseline"),
    ("mode=pp", "features=full"),
    ("mode=pp", "features=full"),
    ("mode=inference",),
    ("mode=inference",),
    ("mode=inference",),
    ("mode=train", "features=raw"),
    ("mode=train", "features=full", "report.of_jobs=false"),
    (*("mode=train", "features=full", "report.of_jobs=false"), *TREES),
)


def cut(folder: Path | None) -> dict[str, Table]:
    """Return the first whole travel groups of Kaggle's files, or of embedded passengers."""
    if folder is None:
        from scripts.bench.measure import dataset, part_to_predict

        few = (f"data.n_groups={sum(GROUPS.values())}", "data.test_fraction=0.26")
        parts = {TRAIN: dataset(*few).train, TEST: part_to_predict(*few)}
        texts = {name: part.to_csv(index=False) for name, part in parts.items()}
    else:
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in GROUPS}
    tables = {}
    for name, text in texts.items():
        header, *rows = csv.reader(io.StringIO(text))
        groups = list(dict.fromkeys(group_of(row[0]) for row in rows))[: GROUPS[name]]
        tables[name] = [header, *(row for row in rows if group_of(row[0]) in set(groups))]
    ids = [row[0] for row in tables[TEST][1:]]
    return tables | {SAMPLE: [["PassengerId", "Transported"], *([one, "False"] for one in ids)]}


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
    own = draw.choice(other_tools.SETTINGS) if kind in OTHER_TOOLS else ()
    arguments = (*QUICK, *mode, "data=local", *own, *places)
    return Case(name, f"data: {kind}", "; ".join(notes), arguments, files)


def _bytes(draw: random.Random, files: Folder) -> str:
    name, data = one_of(draw, files)
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


def _encodings(draw: random.Random, files: Folder) -> str:
    name, data = one_of(draw, files)
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
    name, _ = one_of(draw, files)
    size = draw.choice([0, 1, 2, 3, 10, 100, 10_000])
    filler = draw.choice([b"", b"\n", b",", b'"', b"\0", b" ", b"a", b"\xff", b"a,b\n", b"\r"])
    files[name] = (filler * size)[:size]
    return f"{name}: {size} bytes of {filler!r}"


def _files(draw: random.Random, files: Folder) -> str:
    name = draw.choice(list(files))
    data = content_of(files[name])

    def unreadable(path: Path) -> None:
        path.write_bytes(data)
        path.chmod(0)

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
        "unreadable": unreadable,
    }
    what = draw.choice([*made, "missing", "missing", "packed only", "packed badly", "packed too"])
    if what in made:
        files[name] = made[what]
    elif what != "packed too":
        del files[name]
    if "packed" in what:
        files[f"{name}.gz"] = data if what == "packed badly" else gzip.compress(data)
    return f"{name}: {what}"


def _large(draw: random.Random, files: Folder, size: int) -> str:
    """Repeat the passengers, each time in groups of their own."""
    name = draw.choice([TRAIN, TEST])
    header, *rows = read(files[name])
    times = size // max(len(rows), 1)
    text = written(rows).decode()
    body = re.sub(r"(?m)^(\d+)_", r"#\1_", text)
    parts = [body.replace("#", f"9{time:05}") for time in range(times)]
    files[name] = written([header]) + "".join(parts).encode()
    if name == TEST:
        del files[SAMPLE]  # of other rows
    return f"{name}: {times * len(rows)} rows"


KINDS: dict[str, Mutation] = {
    "bytes": _bytes,
    "cells": cells,
    "columns": columns,
    "rows": rows,
    "encodings": _encodings,
    "sizes": _sizes,
    "files": _files,
    "sample": sample,
    "spreadsheets": other_tools.spreadsheet,
    "near names": other_tools.names,
    "packing": other_tools.packed,
    "leaks": other_tools.leaks,
}
