"""The population stability index, by hand and by property; profiles that are compared."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.drift.profile import PROFILE_FILE, Column, Profile
from spaceship.drift.psi import FLOOR, Drift, chance, compare, psi
from spaceship.errors import RegistryError
from spaceship.files import write_json
from spaceship.records import read_record, to_plain

PLANETS = Column(1000.0, 0.1, (0.5, 0.3, 0.1), levels=("Earth", "Europa", "Mars"))
AGES = Column(1000.0, 0.02, (0.0, 0.49, 0.49), edges=(-1.0, 27.0))
BEFORE = Profile(1000, {"HomePlanet": PLANETS, "Age": AGES})

# any counts, so that shares add up to one; or none at all
counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=30)


def shares(values: list[int]) -> tuple[float, ...]:
    return tuple(value / max(sum(values), 1) for value in values)


def only(reference: Column, new: Column) -> Drift:
    (drift,) = compare(Profile(1000, {"it": reference}), Profile(1000, {"it": new}))
    return drift


def test_the_index_by_hand() -> None:
    # (0.2 - 0.5) ln(0.2 / 0.5) + (0.8 - 0.5) ln(0.8 / 0.5)
    assert psi((0.5, 0.5), (0.2, 0.8)) == pytest.approx(0.27488722 + 0.14100109)


def test_an_empty_bin_counts_as_the_floor() -> None:
    expected = (FLOOR - 0.5) * math.log(FLOOR / 0.5) + 0.5 * math.log(1.0 / 0.5)
    assert psi((0.5, 0.5), (0.0, 1.0)) == pytest.approx(expected)
    assert psi((0.0, 1.0), (0.0, 1.0)) == 0.0
    assert psi((0.5, 0.5), (0.0, 1.0), 0.01) < psi((0.5, 0.5), (0.0, 1.0))


def test_bins_that_do_not_match_are_a_fault() -> None:
    with pytest.raises(ValueError, match="zip"):
        psi((0.5, 0.5), (1.0,))


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 9999)), max_size=30))
def test_the_index_is_finite_never_negative_and_symmetric(pairs: list[tuple[int, int]]) -> None:
    ours, theirs = shares([one for one, _ in pairs]), shares([two for _, two in pairs])
    index = psi(ours, theirs)
    assert math.isfinite(index)
    assert index >= 0
    assert index == pytest.approx(psi(theirs, ours))
    assert psi(ours, ours) == 0


@given(counts, st.integers(0, 10_000), st.floats(0, 1e6), st.floats(0, 1e6))
def test_whatever_is_compared_has_a_finite_index(
    values: list[int], gaps: int, before: float, now: float
) -> None:
    *known, missing = shares([*values, gaps])
    levels = tuple(f"level {number}" for number in range(len(values)))
    full = Column(before, missing, tuple(known), levels=levels)
    blank = Column(now, 1.0, ())
    for reference, new in ((full, blank), (blank, full), (full, replace(full, rows=now))):
        drift = only(reference, new)
        assert math.isfinite(drift.psi)
        assert drift.psi >= 0
        assert math.isfinite(drift.chance)
        assert drift.chance > 0
        assert 0 <= drift.unseen_share <= 1 + 1e-9


def test_chance_is_the_quantile_of_a_chi_square() -> None:
    # chi-square with 9 degrees of freedom exceeds 27.877 once in a thousand
    assert chance(10, 2000.0, 2000.0) == pytest.approx(27.877 / 1000, rel=1e-4)
    assert chance(10, 1e9, 100.0) == pytest.approx(0.27877, rel=1e-4)


def test_equal_profiles_have_not_drifted() -> None:
    drifts = compare(BEFORE, BEFORE)
    assert [drift.psi for drift in drifts] == [0.0, 0.0]
    assert {drift.size for drift in drifts} == {"chance"}


def test_the_farthest_column_comes_first() -> None:
    moved = replace(AGES, shares=(0.0, 0.09, 0.89))
    drifts = compare(BEFORE, replace(BEFORE, columns=BEFORE.columns | {"Age": moved}))
    assert [drift.column for drift in drifts] == ["Age", "HomePlanet"]


def test_a_rise_of_gaps_is_drift() -> None:
    drift = only(PLANETS, replace(PLANETS, missing=0.4, shares=(0.2, 0.3, 0.1)))
    assert (drift.missing_before, drift.missing_now) == (0.1, 0.4)
    assert drift.psi == pytest.approx(0.3 * math.log(0.4 / 0.1) + 0.3 * math.log(0.5 / 0.2))


def test_order_and_absence_of_categories_do_not_matter() -> None:
    turned = replace(PLANETS, levels=("Mars", "Earth", "Europa"), shares=(0.1, 0.5, 0.3))
    assert only(PLANETS, turned).psi == 0
    none_left = replace(PLANETS, levels=("Earth", "Europa"), shares=(0.6, 0.3))
    drift = only(PLANETS, none_left)
    half_a_row = 0.5 / 1000
    expected = (0.1 - half_a_row) * math.log(0.1 / half_a_row) + 0.1 * math.log(0.6 / 0.5)
    assert drift.psi == pytest.approx(expected)
    assert (drift.unseen, drift.unseen_share) == ((), 0.0)


def test_categories_never_seen_are_named() -> None:
    levels = ("Earth", "Europa", "Mars", "Pluto", "Vesta")
    drift = only(PLANETS, replace(PLANETS, levels=levels, shares=(0.4, 0.3, 0.1, 0.07, 0.03)))
    assert drift.unseen == ("Pluto", "Vesta")
    assert drift.unseen_share == pytest.approx(0.1)
    half_a_row = 0.5 / 1000
    expected = (0.1 - half_a_row) * math.log(0.1 / half_a_row) + 0.1 * math.log(0.5 / 0.4)
    assert drift.psi == pytest.approx(expected)


def test_where_not_all_categories_are_known_none_is_called_unseen() -> None:
    cut = replace(PLANETS, shares=(0.5, 0.3), levels=("Earth", "Europa"), other=0.1)
    drift = only(cut, PLANETS)
    assert (drift.psi, drift.unseen, drift.unseen_share) == (0.0, (), 0.0)


def test_bins_of_another_profile_are_a_fault() -> None:
    with pytest.raises(ValueError, match="bins of the reference"):
        only(AGES, replace(AGES, edges=(-1.0, 28.0)))


def test_columns_that_only_one_profile_has_are_not_compared() -> None:
    assert [one.column for one in compare(BEFORE, Profile(9, {"Age": AGES}))] == ["Age"]
    assert [one.column for one in compare(Profile(9, {"Age": AGES}), BEFORE)] == ["Age"]


@pytest.mark.parametrize(
    ("index", "word"), [(0.04, "chance"), (0.09, "small"), (0.1, "moderate"), (0.25, "large")]
)
def test_the_word_for_a_size(index: float, word: str) -> None:
    assert Drift("Age", index, 0.05, 0.0, 0.0).size == word


def test_what_chance_explains_is_beyond_no_limit() -> None:
    by_chance = Drift("Age", 0.4, 0.5, 0.0, 0.0)
    assert not by_chance.exceeds(0.1)
    assert replace(by_chance, chance=0.3).exceeds(0.1)
    assert not replace(by_chance, chance=0.3).exceeds(0.4)


def test_a_profile_is_read_as_it_was_written(tmp_path: Path) -> None:
    edges = (math.nextafter(0.0, -1.0), 0.0, 0.1 + 0.2)
    spends = Column(math.pi, 1 / 3, (0.0, 0.6, 0.1, 0.0), edges)
    profile = replace(BEFORE, columns=BEFORE.columns | {"Spa": spends})
    write_json(tmp_path / PROFILE_FILE, to_plain(profile))
    assert read_record(tmp_path / PROFILE_FILE, Profile) == profile
    assert json.loads((tmp_path / PROFILE_FILE).read_text())["version"] == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 9}', '{"version": 1}'])
def test_a_file_that_holds_no_profile_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / PROFILE_FILE).write_text(content)
    with pytest.raises(RegistryError, match=r"profile\.json"):
        read_record(tmp_path / PROFILE_FILE, Profile)


@pytest.mark.parametrize(
    "columns",
    [
        [],
        {"Age": None},
        {"Age": {"edges": None}},
        {"Age": {"shares": 1, "levels": [], "edges": None}},
        {"Age": {"shares": [], "levels": [], "edges": [1]}},
    ],
)
def test_a_broken_profile_is_told(tmp_path: Path, columns: object) -> None:
    content = {"version": 1, "rows": 1, "columns": columns}
    (tmp_path / PROFILE_FILE).write_text(json.dumps(content))
    with pytest.raises(
        RegistryError, match=r"expected profile\.columns.* found .* in .*profile\.json"
    ):
        read_record(tmp_path / PROFILE_FILE, Profile)
