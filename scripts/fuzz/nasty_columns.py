"""Columns of nasty tables: names, and values of every kind as the text of a CSV file."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from scripts.fuzz.words import NASTY

Make = Callable[[random.Random, int], list[str]]

NAMES = (
    "", " ", "id", "group", "row", "fold", "index", "class", "label", "target", "missing", "name",
    "group_size", "time", "None", "null", "~", "true", "no", "1", "1.0", "0", "-1", "1e5", ".inf",
    "Unnamed: 0", "__index_level_0__", "level_0", "${seed}", "${", "a=b", "a:b", "a: b", "- a",
    "[0]", "[", "{}", "{", "<b>", '"', "'", "it's", 'say "a"', "a,b", "a;b", "a\nb", "a\tb", "#",
    "a #b", "!tag", "&anchor", "*", "%", "@", "`", "|", ">", "\\", "\\n", "🚀", "é", "e\u0301",
    "日本", "\u202eabc", "\u00a0", "x" * 300, "y.z", "columns", "task", "problem", "NaN", "def",
    "predicted", "probability", "missingindicator_a", "a (€/kg)", "Fläche [m²]", "C:\\x", "/", "..",
    "2024-01-01", "=1+1", "0x1F", "1_000", "12:30", "\u2028", "\ufeffa", "\x07",
)  # fmt: skip
_WORDS = ("the", "machine", "stopped", "again", "über", "naïve", "🚀", "no", "oil", "left,", '"as"')
_INFINITE = ("inf", "-inf", "1e999", "-0.0", "0", "nan", "3")
_LINES = ("a\nb", "a\rb", "a\r\nb", '"', "\\", ",", "\t", " ")
_DAY = "2024-02-28"
_ODD_DATES = (
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%d %b %Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+02:00", "%b %d, %Y", "%I:%M %p", "%Y-W%V", "%Y-%m",
)  # fmt: skip
_TRUTHS = (
    ("yes", "no"), ("Y", "N"), ("TRUE", "false"), ("t", "f"), ("1", "0"), ("1.0", "0.0"),
    ("on", "off"), ("oui", "non"), ("✓", "✗"), ("+", "-"), ("Yes ", " no"), ("ja", "nein"),
    ("True", "0"), ("x", ""),
)  # fmt: skip


def happens(draw: random.Random, share: float) -> bool:
    """Return True in a share of the draws."""
    return draw.random() < share


def _each(one: Callable[[random.Random], object]) -> Make:
    """Return a maker of a column whose values are drawn one by one, now and then missing."""

    def make(draw: random.Random, size: int) -> list[str]:
        share = draw.choice([0.0, 0.0, 0.0, 0.1, 0.5, 0.95])
        hole = draw.choice(["", "", "", "NA", "-", "?", "-999", "null", "N/A"])
        return [hole if happens(draw, share) else str(one(draw)) for _ in range(size)]

    return make


def _few(draw: random.Random, size: int) -> list[str]:
    levels = draw.sample([*_WORDS, "A", "B", "a", " A", "1", "01", "é", *NASTY], 4)
    return [draw.choice(levels) for _ in range(size)]


def _truths(draw: random.Random, size: int) -> list[str]:
    pair = draw.choice(_TRUTHS)
    return [draw.choice(pair) for _ in range(size)]


def _dates(form: str) -> Callable[[random.Random], str]:
    start = datetime.fromisoformat(_DAY)
    return lambda draw: (start + timedelta(minutes=draw.randrange(10**6))).strftime(form)


def _odd_dates(draw: random.Random, size: int) -> list[str]:
    forms = draw.sample(_ODD_DATES, draw.choice([1, 1, 1, 2]))
    return [_dates(draw.choice(forms))(draw) for _ in range(size)]


def _far_dates(draw: random.Random) -> str:
    return draw.choice(["0001-01-01", "9999-12-31", "1677-09-20", "2262-04-12", _DAY, "2024-02-30"])


def _constant(draw: random.Random, size: int) -> list[str]:
    return [draw.choice(["0", "a", "", "1e400", "2024-01-01", "true", "🚀"])] * size


def _one_and_rest(draw: random.Random, size: int) -> list[str]:
    return ["odd" if row == 0 else draw.choice(["rest", "rest"]) for row in range(size)]


def _shuffled(values: list[str], draw: random.Random) -> list[str]:
    draw.shuffle(values)
    return values


def _huge(draw: random.Random) -> str:
    return f"{draw.random()}e{draw.choice([-320, -30, 30, 200, 307])}"


def _text(draw: random.Random) -> str:
    return " ".join(draw.choice(_WORDS) for _ in range(draw.choice([1, 4, 9, 30])))


KINDS: dict[str, Make] = {
    "numbers": _each(lambda draw: round(draw.gauss(0, 10), 3)),
    "small integers": _each(lambda draw: draw.randrange(5)),
    "integers": _each(lambda draw: draw.randrange(-1000, 1000)),
    "huge integers": _each(lambda draw: draw.randrange(10**17, 10 ** draw.choice([18, 19, 40]))),
    "huge numbers": _each(_huge),
    "infinities": _each(
        lambda draw: draw.choice(["inf", "-inf", "1e999", "-0.0", "0", "nan", "3"])
    ),
    "decimal commas": _each(lambda draw: f"{draw.randrange(100)},{draw.randrange(100):02}"),
    "thousands": _each(lambda draw: f"{draw.randrange(1, 99)}.{draw.randrange(1000):03},5"),
    "money": _each(lambda draw: f"${draw.randrange(1, 99)},{draw.randrange(1000):03}"),
    "percent": _each(lambda draw: f"{draw.randrange(100)} %"),
    "numbers and words": _each(
        lambda draw: draw.choice([draw.randrange(99), "none", "high", "<5"])
    ),
    "few": _few,
    "many": _each(lambda draw: f"level {draw.randrange(60)}"),
    "truths": _truths,
    "text": _each(_text),
    "lines": _each(
        lambda draw: draw.choice(["a\nb", "a\r\nb", '"', "\\", ",", "\t", " ", _text(draw)])
    ),
    "long": _each(lambda draw: draw.choice(["a b "]) * draw.choice([1, 2000, 30_000])),
    "days": _each(_dates("%Y-%m-%d")),
    "moments": _each(_dates("%Y-%m-%d %H:%M:%S")),
    "odd dates": _odd_dates,
    "far dates": _each(_far_dates),
    "constant": _constant,
    "missing": lambda _, size: [""] * size,
    "unique": lambda draw, size: _shuffled([f"C-{row:04}" for row in range(size)], draw),
    "numbers from 1": lambda _, size: [str(row + 1) for row in range(size)],
    "repeated": lambda draw, size: [f"C-{draw.randrange(size // 2 + 1)}" for _ in range(size)],
    "pairs": lambda _, size: [f"clinic {row // 2}" for row in range(size)],
    "one and rest": _one_and_rest,
    "half missing": _each(lambda draw: draw.choice(["", "A", "B", "C", "D", "E"])),
    "any": _each(lambda draw: draw.choice(NASTY[:-20])),
    "nasty": lambda draw, size: [draw.choice(NASTY)] * size,
}
"""Makers of a feature's values, by name."""


def _classes(*classes: str) -> Make:
    return lambda draw, size: [draw.choice(classes) for _ in range(size)]


def _rare(draw: random.Random, size: int) -> list[str]:
    """Return classes of which two have one row each."""
    rare = ["rare", "rarer"][:size]
    return rare + [draw.choice(["a", "b"]) for _ in range(size - len(rare))]


def _holes(make: Make) -> Make:
    def made(draw: random.Random, size: int) -> list[str]:
        return ["" if happens(draw, 0.3) else one for one in make(draw, size)]

    return made


def _one_odd(_: random.Random, size: int) -> list[str]:
    return ["7" if row == size // 2 else "5" for row in range(size)]


LABELS: dict[str, Make] = {
    "yes or no": _classes("yes", "no"),
    "truths": _truths,
    "0 or 1": _classes("0", "1"),
    "1.0 or 2.0": _classes("1.0", "2.0"),
    "two of a kind": _one_odd,
    "three classes": _classes("setosa", "virginica", "é 🚀"),
    "odd classes": _classes("a,b", 'say "c"', "1", " d", "e\nf", "g\rh"),
    "cases of a class": _classes("A", "a", "b", "B "),
    "rare classes": _rare,
    "many classes": _classes(*(f"k{n}" for n in range(30))),
    "reserved classes": _classes("null x", "True", "False", "None?", "0"),
    "numbers of classes": _classes("0", "1", "2"),
    "classes and numbers": _classes("1", "2.5", "high", "2024-01-01"),
    "amounts": KINDS["numbers"],
    "amounts, some missing": _holes(KINDS["numbers"]),
    "classes, some missing": _holes(_classes("a", "b", "c")),
    "two, some missing": _holes(_classes("lost", "won")),
    "huge amounts": KINDS["huge numbers"],
    "huge whole amounts": KINDS["huge integers"],
    "decimal commas": KINDS["decimal commas"],
    "mostly zero": _each(lambda draw: draw.choice([0, 0, 0, 0, 0, 0, round(draw.random(), 3)])),
    "infinities": KINDS["infinities"],
    "one class": _classes("a"),
    "constant": KINDS["constant"],
    "missing": KINDS["missing"],
    "days": KINDS["days"],
    "text": KINDS["text"],
    "unique": KINDS["unique"],
    "any": KINDS["any"],
}
"""Makers of a label's values, by name; the last ones cannot be predicted."""
HOPELESS = 8


def unseen(draw: random.Random, value: str) -> str:
    """Return another value than a training row holds, or the same."""
    return draw.choice(
        [value, "", f"{value}x", "new", "-1", "1e300", "é\n", "2031-01-01", f"{value}0"]
    )
