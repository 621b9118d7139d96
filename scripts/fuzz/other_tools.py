"""Mutated data folders as other tools and hasty people leave them: spreadsheets, names, copies."""

import bz2
import csv
import io
import lzma
import random
import zipfile
from collections.abc import Callable

from scripts.fuzz.mutated_tables import SAMPLE, TEST, TRAIN, Folder, Table, one_of, read, written

SETTINGS = (
    *((),) * 6,
    ("data.on_leak=fail",),
    ("data.on_leak=warn",),
    ("data.separator=semicolon",),
    ("data.separator=tab",),
    ("data.encoding=cp1252",),
    ("data.encoding=utf-16", "data.separator=comma"),
    ('++task.decimal=","',),
)
"""Settings that such folders are read with."""
_WORDS = [
    ("VERDADEIRO", "FALSO"),
    ("WAHR", "FALSCH"),
    ("VRAI", "FAUX"),
    ("YES", "no"),
    ("t", "f"),
    ("1.0", "0"),
    ("ИСТИНА", "ЛОЖЬ"),
    ("on", "maybe"),
]
_TITLES = ["Report", "Report;;", "Report,2912", '"a, title"', ";;;;", ",,,", "", "sep=;", "sep=|"]
_ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "utf-32", "shift_jis"]


def spreadsheet(draw: random.Random, files: Folder) -> str:
    """Write a file, or all of them, as a spreadsheet of another country does."""
    names = [*files] if draw.random() < 0.5 else [one_of(draw, files)[0]]  # noqa: PLR2004
    delimiter, (true, false) = draw.choice(";;\t|,"), draw.choice(_WORDS)
    decimal = draw.choice([",", ",", "."])
    title = [draw.choice(_TITLES) for _ in range(draw.choice([0, 0, 1, 1, 2, 5]))]
    encoding, end = draw.choice(_ENCODINGS), draw.choice(["\r\n", "\n", "\r"])
    for name in names:
        words = {"True": true, "False": false}
        table = [[words.get(cell, cell) for cell in row] for row in read(files[name])]
        if decimal == ",":
            table = [[_comma(cell) for cell in row] for row in table]
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(table)
        whole = end.join([*title, text.getvalue()])
        files[name] = whole.encode(encoding, errors="replace")
    about = f"{delimiter!r}, {decimal!r}, {true}, {encoding}, {title}, ends {end!r}"
    return f"{', '.join(names)}: as a spreadsheet, {about}"


def _comma(cell: str) -> str:
    whole, point, part = cell.partition(".")
    return f"{whole},{part}" if point and whole.isdigit() and part.isdigit() else cell


def names(draw: random.Random, files: Folder) -> str:
    """Give a file, or its columns, nearly the right name."""
    name, data = one_of(draw, files)
    table = read(data)
    changes: dict[str, Callable[[str], str]] = {
        "upper": str.upper,
        "title": str.title,
        "blank": lambda one: f" {one} ",
        "cut": lambda one: one[:-1],
        "underscore": "_".join,
        "number": lambda one: f"{one} (1)",
    }
    what = draw.choice([*changes])
    if draw.random() < 0.5:  # noqa: PLR2004
        stem, _, ending = name.partition(".")
        del files[name]
        ending = draw.choice([ending, ending, "CSV", "tsv", "parquet", "csv.zip", "csv.dvc"])
        files[f"{changes[what](stem)}.{ending}"] = data
        return f"{name}: named {what}, {ending}"
    place = draw.randrange(len(table[0]))
    few = draw.random() < 0.5  # noqa: PLR2004
    table[0] = [
        changes[what](one) if at == place or not few else one for at, one in enumerate(table[0])
    ]
    if draw.random() < 0.2:  # noqa: PLR2004
        table = [[*row, row[place]] for row in table]
    files[name] = written(table)
    return f"{name}: columns named {what}"


def packed(draw: random.Random, files: Folder) -> str:
    """Pack a file, or put another one in its place."""
    name, data = one_of(draw, files)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for member in draw.choice([[name], [name, "README.md"], [TRAIN, TEST], ["a", "b"]]):
            opened.writestr(member, data)
    choices = {
        "zip": archive.getvalue(),
        "bz2": bz2.compress(data),
        "xz": lzma.compress(data),
        "bz2, cut": bz2.compress(data)[:-9],
        "xz, cut": lzma.compress(data)[:-9],
        "zip of zip": _zipped(archive.getvalue()),
        "annex": b"/annex/objects/SHA256E-s9--00.csv\n",
        "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + draw.randbytes(99),
        "7z": b"7z\xbc\xaf\x27\x1c" + draw.randbytes(99),
        "zstd": b"\x28\xb5\x2f\xfd" + draw.randbytes(99),
        "SQLite": b"SQLite format 3\0" + draw.randbytes(99),
        "JSON": b'{"PassengerId": {"0": "0001_01"}}',
    }
    what = draw.choice([*choices])
    files[name] = choices[what]
    return f"{name}: {what}"


def _zipped(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("inner.zip", data)
    return archive.getvalue()


def leaks(draw: random.Random, files: Folder) -> str:
    """Copy rows, spell ids and categories in two ways, or let a column tell the label."""
    tables = {name: read(files[name]) for name in (TRAIN, TEST)}
    what = draw.choice(["copies", "known", "zeros", "decimals", "case", "blanks", "told", "sample"])
    name = draw.choice([TRAIN, TEST])
    rows = tables[name][1:]
    few = rows[: draw.choice([1, 3, 20, len(rows)])]
    if what == "copies":
        tables[name] += [[f"9{row[0]}", *row[1:]] for row in few]
    elif what == "known":
        learnt = tables[TRAIN][1 : 1 + len(few)]
        tables[TEST] += [[draw.choice(["9", "0", ""]) + row[0], *row[1:-1]] for row in learnt]
    elif what in {"zeros", "decimals"}:
        for row in few:
            row[0] = row[0].lstrip("0") if what == "zeros" else row[0].replace("_", ".0_", 1)
    elif what in {"case", "blanks"}:
        for row in few:
            row[1:2] = [one.upper() if what == "case" else f"  {one}\u00a0" for one in row[1:2]]
    elif what == "told":
        _tell(tables)
    files.update({one: written(table) for one, table in tables.items()})
    if what == "sample":
        files[SAMPLE] = written([[cell.swapcase() for cell in row] for row in read(files[SAMPLE])])
    return f"{name}: {what}, {len(few)} rows"


def _tell(tables: dict[str, Table]) -> None:
    """Put the label into a column of numbers."""
    for table in tables.values():
        place = table[0].index("Age") if "Age" in table[0] else 0
        for row in table[1:]:
            if len(row) > place:
                row[place] = "1" if row[-1] == "True" else "0"
