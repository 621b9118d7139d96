"""Tables of a mode as a file for people and programs: CSV or JSON, by the end of its name."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from spaceship.errors import ConfigError, expected
from spaceship.files import VERSION, csv_text, harmless, write_atomically

_FORMATS = (".csv", ".json")


def table_path(key: str, value: str | None, formats: tuple[str, ...] = _FORMATS) -> Path | None:
    """Return the file that a setting names, None if it names none.

    Raise ConfigError if it is a folder, or its name ends otherwise.

    >>> table_path("history.output", "moves.csv").name
    'moves.csv'

    """
    if value is None:
        return None
    path = Path(value).expanduser().absolute()
    if path.suffix not in formats or path.is_dir():
        files = " or ".join(f"FILE{end}" for end in formats)
        do = f"give a name that ends in {' or '.join(formats)}, such as x{formats[0]}"
        raise ConfigError(expected(f"{key}={files}", repr(value), do))
    return path


def write_table(
    path: Path, name: str, rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> None:
    """Write rows to a file; `name` is their key in JSON.

    >>> rows = [{"name": "=1+1", "score": 0.5}]
    >>> write_table(tmp_path / "a.csv", "runs", rows, ["name", "score"])
    >>> print((tmp_path / "a.csv").read_text(), end="")
    name,score
    '=1+1,0.5
    """
    text = json.dumps({"version": VERSION, name: [*rows]}, indent=2) + "\n"
    if path.suffix == ".csv":
        import pandas as pd

        text = csv_text(pd.DataFrame(rows, columns=[*columns]).map(harmless))
    write_atomically(path, text)
