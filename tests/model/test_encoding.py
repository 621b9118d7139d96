"""Both encodings on small frames: what is learnt in fit decides what comes out."""

import numpy as np
import pandas as pd
import pytest

from spaceship.model.encoding import MOST_CATEGORIES, MOST_ONE_HOT, Encoding, encoder
from spaceship.task.typed_rows import values_of


def frame(planets: list[object], ages: list[float]) -> pd.DataFrame:
    planet = pd.Series(planets, dtype="str")
    return pd.DataFrame({"HomePlanet": planet, "Age": np.array(ages, dtype="float64")})


TRAIN = frame(["Mars", "Earth", np.nan, "Mars"], [10.0, np.nan, 30.0, 50.0])


def test_native_learns_sorted_categories() -> None:
    encoded = encoder(Encoding.NATIVE).fit_transform(TRAIN)
    assert encoded["HomePlanet"].cat.categories.tolist() == ["Earth", "Mars"]
    assert encoded["HomePlanet"].isna().tolist() == [False, False, True, False]
    assert encoded["Age"].dtype == "float64"


def test_native_makes_unseen_missing_and_keeps_the_dtype() -> None:
    native = encoder(Encoding.NATIVE).fit(TRAIN)
    encoded = native.transform(frame(["Pluto", "Mars"], [1.0, 2.0]))
    assert encoded["HomePlanet"].isna().tolist() == [True, False]
    assert encoded["HomePlanet"].dtype == native.transform(TRAIN)["HomePlanet"].dtype


def test_native_takes_columns_without_a_known_value() -> None:
    blank = frame([np.nan, np.nan], [np.nan, np.nan])
    encoded = encoder(Encoding.NATIVE).fit(blank).transform(TRAIN)
    assert encoded["HomePlanet"].isna().all()


def test_native_numbers_are_the_codes_of_its_categories() -> None:
    native = encoder(Encoding.NATIVE).fit(TRAIN)
    rows = frame(["Pluto", "Mars", np.nan, "Earth"], [1.0, np.nan, 0.1 + 0.2, -0.0])
    encoded = native.transform(rows)
    codes = encoded["HomePlanet"].cat.codes.astype(float)
    wanted = pd.DataFrame({"HomePlanet": codes.where(codes >= 0), "Age": rows["Age"]}).to_numpy()
    for planets in (rows["HomePlanet"], values_of(rows["HomePlanet"])):
        found = native.coded({"HomePlanet": planets, "Age": rows["Age"]})
        np.testing.assert_array_equal(found.values, wanted)


def test_native_keeps_index_and_names() -> None:
    native = encoder(Encoding.NATIVE).fit(TRAIN)
    odd = TRAIN.set_axis([9, 5, 7, 1])
    assert native.transform(odd).index.tolist() == [9, 5, 7, 1]
    assert native.get_feature_names_out().tolist() == ["HomePlanet", "Age"]


def test_onehot_scales_imputes_and_marks_what_was_missing() -> None:
    encoded = encoder(Encoding.ONEHOT).fit_transform(TRAIN)
    assert set(encoded.dtypes) == {np.dtype("float64")}
    assert not encoded.isna().any(axis=None)
    assert encoded["Age"].mean() == pytest.approx(0)
    assert encoded["Age"].std(ddof=0) == pytest.approx(1)
    assert encoded["Age"].iloc[1] == pytest.approx(0)  # the median, 30, is the mean here too
    assert encoded["missingindicator_Age"].gt(0).tolist() == [False, True, False, False]


def test_onehot_gives_missing_a_column_and_unseen_none() -> None:
    onehot = encoder(Encoding.ONEHOT).fit(TRAIN)
    levels = [name for name in onehot.get_feature_names_out() if name.startswith("HomePlanet")]
    assert levels == ["HomePlanet=Earth", "HomePlanet=Mars", "HomePlanet=%nan"]
    encoded = onehot.transform(frame(["Pluto", "Mars", np.nan], [1.0, 2.0, 3.0]))[levels]
    assert encoded.to_numpy().tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_onehot_takes_a_number_never_seen() -> None:
    blank = frame(["Mars", "Earth"], [np.nan, np.nan])
    assert not encoder(Encoding.ONEHOT).fit(blank).transform(TRAIN).isna().any(axis=None)


def test_onehot_takes_missing_where_training_had_none() -> None:
    onehot = encoder(Encoding.ONEHOT).fit(frame(["Mars", "Earth"], [1.0, 2.0]))
    assert not onehot.transform(frame([np.nan], [np.nan])).isna().any(axis=None)


def test_native_keeps_the_commonest_of_very_many_categories() -> None:
    levels = [f"level {number}" for number in range(1000)]
    many = pd.DataFrame({"code": pd.Series([*levels, *levels[500:700]], dtype="str")})
    kept = encoder(Encoding.NATIVE).fit_transform(many)["code"].cat.categories
    assert len(kept) == MOST_CATEGORIES
    assert {*levels[500:700]} <= {*kept}


def test_onehot_gives_the_rarest_of_very_many_categories_one_column() -> None:
    levels = [f"level {number}" for number in range(1000)] * 2
    many = pd.DataFrame({"code": pd.Series([*levels, *levels[:50]], dtype="str")})
    encoded = encoder(Encoding.ONEHOT).fit_transform(many)
    assert encoded.shape[1] == MOST_ONE_HOT
    assert encoded.sum(axis=1).eq(1).all()


def test_onehot_names_are_unique_and_free_of_signs_that_estimators_refuse() -> None:
    odd = {"a": ["b_c", "b c", "b[c", "b%5Bc", "nan", None], "a_b": ["c", "d", "c", "d", "c", "d"]}
    names = encoder(Encoding.ONEHOT).fit_transform(pd.DataFrame(odd, dtype="str")).columns
    assert names.is_unique
    assert not names.str.contains(r'[\[\]<>{}":,\s]').any()
    assert names[0] == "a=b%20c"
