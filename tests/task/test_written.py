"""Typed values as files write them: whatever is written is read again as the same value."""

import pandas as pd

from spaceship.task.raw_frame import typed
from spaceship.task.task import Task
from spaceship.task.written import as_written, shown, written, written_slice

COLUMNS = {
    "paid": {"type": "boolean", "levels": ["no", "yes"], "missing": ["?"]},
    "open": "boolean",
    "sown": {"type": "date", "format": "%d.%m.%Y", "missing": ["0"]},
    "seen": {"type": "datetime", "format": "%Y-%m-%dT%H:%M%z"},
    "day": "date",
    "fee": {"type": "number", "decimal": ",", "missing": ["-1"]},
    "soil": {"type": "category", "missing": ["?"]},
}
TASK = Task.read(
    {"problem": "regression", "label": "y", "columns": COLUMNS, "slices": ["paid", "soil"]}
)
RAW = pd.DataFrame(
    {
        "paid": ["yes", "no", "?"],
        "open": ["1", "false", ""],
        "sown": ["31.01.2024", "01.12.2025", "0"],
        "seen": ["2024-01-31T12:30+0200", "2024-02-01T00:00+0000", None],
        "day": ["2024-12-29", "2024-12-30", None],
        "fee": ["1.234,5", "17", "-1"],
        "soil": ["loam", "?", "clay"],
    },
    dtype="str",
)


def test_what_is_written_is_read_again() -> None:
    frame = typed(RAW, TASK.raw)
    again = as_written(frame, TASK.raw)
    pd.testing.assert_frame_equal(typed(again, TASK.raw), frame)
    assert again["paid"].tolist()[:2] == ["yes", "no"]
    assert again["sown"].tolist()[:2] == ["31.01.2024", "01.12.2025"]


def test_values_are_shown_in_the_spelling_of_their_column() -> None:
    frame = typed(RAW, TASK.raw)
    first = {name: shown(written(frame[name].iloc[0], one)) for name, one in TASK.raw.items()}
    assert first == {
        "paid": "yes",
        "open": "True",
        "sown": "31.01.2024",
        "seen": "2024-01-31T10:30+0000",
        "day": "2024-12-29",
        "fee": "1234.5",
        "soil": "loam",
    }
    assert {shown(written(frame[name].iloc[2])) for name in frame if name != "soil"} == {"-"}
    assert (shown(17.0), shown(None, missing="")) == ("17", "")


def test_slices_of_booleans_are_named_as_files_spell_them() -> None:
    names = [written_slice(TASK, "paid", value) for value in ("True", "False", "missing")]
    assert names == ["yes", "no", "missing"]
    assert written_slice(TASK, "soil", "True") == "True"
