"""Nasty tables: odd names, types, sizes, labels, groups, dates and files, drawn at random.

The same generator serves the fuzzer (a seeded `random.Random`) and hypothesis (`st.randoms()`).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from scripts.fuzz.mutated_tables import Table
from scripts.fuzz.nasty_columns import (
    HOPELESS,
    KINDS,
    LABELS,
    NAMES,
    happens,
    unseen,
)
from scripts.fuzz.nasty_files import encoded

Values = list[str]

_SIZES = (0, 1, 2, 3, 5, 8, *(20,) * 3, *(40,) * 4, *(60,) * 6, *(90,) * 4, *(120,) * 4, 200, 300)
_WIDTHS = (0, 1, 2, 2, 3, 3, 4, 4, 5, 6, 8)
_MANY = 400
_DAMAGED = ("latin-1", "utf-16", "cut", "NUL", "sep line", "titles")
_FORMS = (
    ("utf-8",) * 40
    + ("bom", "crlf", "gz", "semicolons", "tabs", "quoted", "parquet", "parquet") * 2
    + _DAMAGED
)
_BLEND = (
    *("model=blend", "model.n_folds=2", "model.members.lgbm.estimator.n_estimators=5"),
    "model.members.catboost.estimator.iterations=5",
)
_MODELS = (
    *(("model=lgbm", "model.estimator.n_estimators=5"),) * 6,
    ("model=logistic_regression",),
    ("model=logistic_regression",),
    ("model=catboost", "model.estimator.iterations=5"),
    ("model=xgboost", "model.estimator.n_estimators=5"),
    ("model=random_forest", "model.estimator.n_estimators=5"),
    ("model=hist_gradient_boosting", "model.estimator.max_iter=5"),
    _BLEND,
)
_FORCED = ("gate.force=true", "reason=tried")


@dataclass(frozen=True)
class Nasty:
    """One nasty table, its test part and the settings it is run with."""

    note: str
    train: Table  # header and rows
    test: Table | None
    form: str = "utf-8"
    roles: Mapping[str, str] = field(default_factory=dict)  # label, id, group, time
    settings: tuple[str, ...] = ()  # of the command that trains

    def files(self) -> dict[str, bytes]:
        """Return the content of each file by its name."""
        tables = {"train.csv": self.train}
        tables |= {} if self.test is None else {"test.csv": self.test}
        return dict(encoded(name, table, self.form) for name, table in tables.items())

    def without(self, column: int) -> "Nasty":
        """Return the table without a column, in both parts if the test part has it there."""
        name = self.train[0][column]
        train = [row[:column] + row[column + 1 :] for row in self.train]
        test = self.test
        if test is not None and name in test[0]:
            at = test[0].index(name)
            test = [row[:at] + row[at + 1 :] for row in test]
        return replace(self, train=train, test=test)

    def rows(self, start: int, stop: int) -> "Nasty":
        """Return the table with a part of its training rows."""
        return replace(self, train=[self.train[0], *self.train[1:][start:stop]])


def nasty(draw: random.Random) -> Nasty:
    """Return a table: always the same for the same state of the generator."""
    size = draw.choice(_SIZES)
    columns, notes = _columns(draw, size)
    roles: dict[str, str] = {}
    for role, share in (("id", 0.35), ("group", 0.35), ("time", 0.2)):
        if happens(draw, share):
            name = {"id": "customer id", "group": "clinic", "time": "day"}[role]
            kind = draw.choice(_ROLE_KINDS[role])
            columns.append((name, KINDS[kind](draw, size)))
            notes.append(f"{role}: {kind}")
            if happens(draw, 0.9):
                roles[role] = draw.choice([name] * 15 + [draw.choice(columns)[0]])
    label = draw.choice(list(LABELS)[: None if happens(draw, 0.25) else -HOPELESS])
    names = [name for name in NAMES if name not in dict(columns)]
    columns.append((draw.choice([*("y",) * 40, *names]), LABELS[label](draw, size)))
    roles["label"] = columns[-1][0] if happens(draw, 0.98) else draw.choice(columns)[0]
    notes.insert(0, f"{size} rows, label {label}")
    draw.shuffle(columns)
    train = _table(columns, size)
    test = _test(draw, columns, roles, notes)
    form = draw.choice(_FORMS)
    return Nasty(", ".join([*notes, form]), train, test, form, roles, _settings(draw, roles, test))


def _columns(draw: random.Random, size: int) -> tuple[list[tuple[str, Values]], list[str]]:
    width = _MANY if happens(draw, 0.02) else draw.choice(_WIDTHS)
    columns: list[tuple[str, Values]] = []
    notes: list[str] = []
    for place in range(width):
        kind = draw.choice(list(KINDS))
        name = draw.choice([f"c{place}", f"c{place}", draw.choice(NAMES)])
        if name in dict(columns) and happens(draw, 0.9):
            name = f"c{place}"
        columns.append((name, KINDS[kind](draw, size)))
        notes.append(kind)
    if width and happens(draw, 0.05):
        columns.append((f" {columns[0][0]} ", columns[0][1]))
        notes.append("a name twice")
    return columns, notes[:8]


def _test(
    draw: random.Random,
    columns: list[tuple[str, Values]],
    roles: Mapping[str, str],
    notes: list[str],
) -> Table | None:
    """Return the rows to predict, in any relation to the training columns."""
    size, label = draw.choice([0, 1, 5, *(20,) * 9]), roles["label"]
    drawn = []
    for name, values in columns:
        found = [draw.choice(values or [""]) for _ in range(size)]
        if name == roles.get("id") and happens(draw, 0.9):
            found = [f"T-{row}" for row in range(size)]
        if name == roles.get("group") and happens(draw, 0.9):
            found = [f"test {one}" for one in found]
        if name != label:
            drawn.append((name, found))
    choices: dict[str, Callable[[], list[tuple[str, Values]]]] = {
        "same columns": lambda: drawn,
        "unseen values": lambda: [(n, [unseen(draw, one) for one in v]) for n, v in drawn],
        "with the label": lambda: [*drawn, (label, ["1"] * size)],
        "a column less": lambda: drawn[1:],
        "other columns": lambda: [(f"{name}_2", values) for name, values in drawn],
        "shuffled": lambda: draw.sample(drawn, len(drawn)),
        "other types": lambda: [(n, [draw.choice(["x", "7", ""]) for _ in v]) for n, v in drawn],
    }
    what = draw.choice(["none", "none", "none", *["same columns"] * 7, "unseen values", *choices])
    if what == "none":
        return None
    notes.append(f"test: {what}, {size} rows")
    return _table(choices[what](), size)


def _table(columns: list[tuple[str, Values]], size: int) -> Table:
    rows = [[values[row] for _, values in columns] for row in range(size)]
    return [[name for name, _ in columns], *rows]


def _settings(draw: random.Random, roles: Mapping[str, str], test: Table | None) -> tuple[str, ...]:
    settings = ["mode=default" if test is not None else "mode=train"]
    settings += [*draw.choice(_MODELS), f"split.n_folds={draw.choice([2, 3])}"]
    settings.append(f"features={draw.choice(['table', 'table', 'table', 'raw'])}")
    if happens(draw, 0.6 if "time" in roles else 0.03):
        settings[-2:-2] = ["split=time"]
    if happens(draw, 0.7):
        settings += _FORCED
    elif happens(draw, 0.5):
        settings.append("gate=strict")
    if happens(draw, 0.1):
        settings.append(f"calibration={draw.choice(['isotonic', 'sigmoid', 'temperature'])}")
    if happens(draw, 0.05):
        settings.append("threshold=tuned")
    return tuple(settings)


_ROLE_KINDS = {
    "id": (*("unique",) * 9, *("numbers from 1",) * 3, "repeated", "any"),
    "group": ("few", "few", "pairs", "pairs", "unique", "constant", "one and rest", "half missing"),
    "time": (
        *("days", "moments", "integers") * 3,
        "odd dates",
        "small integers",
        "constant",
        "any",
    ),
}
