"""Terminal tables: alignment, missing values, and a module that is cheap to import."""

import subprocess
import sys

import pytest

from hydra_plugins.spaceship_optuna.tables import aligned, cell


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    table = aligned([("a", "bbb", "c"), ("aaaa", "b", "cc")], "<>")
    assert table.splitlines() == ["a     bbb   c", "aaaa    b  cc"]


def test_lines_do_not_end_in_spaces() -> None:
    assert aligned([("a", "longer"), ("b", "x")]).splitlines() == ["a  longer", "b  x"]


def test_a_table_without_rows_is_empty() -> None:
    assert aligned([]) == ""


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        aligned([("a", "b"), ("c",)])


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [(0, "d", "0"), (None, ".4f", "-"), (float("nan"), "", "-"), (0.5, "+.2%", "+50.00%")],
)
def test_cells(value: object, form: str, text: str) -> None:
    assert cell(value, form) == text


def test_no_heavy_library_is_imported() -> None:
    code = (
        "import sys; import hydra_plugins.spaceship_optuna.tables;"
        "print({'optuna', 'pandas', 'rich', 'numpy', 'scipy'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
