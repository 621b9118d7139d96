"""Suspicions about a table: leaks of the label, contradictions, train and test that part."""

import numpy as np
import pandas as pd

from spaceship.task.inference.proposal import Asked, propose
from tests.task.test_inference import CUSTOMERS, customers, doubts, proposed


def test_suspicions() -> None:
    frame = customers()
    churned = (frame["churn"] == "yes").to_numpy()
    rng = np.random.default_rng(1)
    frame = frame.assign(
        refund=churned * 9 + rng.normal(size=CUSTOMERS).round(3),
        letter=np.where(churned, "sent", "none"),
        position=np.arange(100, 100 + CUSTOMERS),
    ).astype("str")
    made = proposed(frame)
    assert "predicts the label alone (AUC 1.000" in doubts(made, "refund")
    assert "predicts the label alone (AUC 1.000" in doubts(made, "letter")
    assert "grows with every row" in doubts(made, "position")
    assert not doubts(made, "fee") + doubts(made, "plan")
    assert not made.suspicions


def test_a_number_that_is_the_label_is_suspected_in_a_regression() -> None:
    net = np.random.default_rng(0).normal(50, 9, 1000)
    made = proposed(pd.DataFrame({"churn": net, "gross": net * 1.2, "age": net.round(-1)}))
    assert "predicts the label alone (R² 0.99" in doubts(made, "gross")
    assert not doubts(made, "age")


def test_suspicions_about_train_and_test() -> None:
    rows = range(CUSTOMERS)
    train = customers(
        since=[f"2023-01-{1 + n % 28:02d}" for n in rows], house=[f"h{n}" for n in rows]
    )
    test = train.drop(columns=["churn", "plan"]).assign(since="2024-05-01")
    made = proposed(train, test, group="house")
    assert "no date in both: train 2023-01-01 to 2023-01-28, test 2024" in doubts(made, "since")
    assert made.findings["plan"].about == "left out: the test file lacks it"
    assert "60 groups (house) are in both train and test" in made.suspicions


def test_a_column_with_one_value_in_most_rows_is_no_candidate_for_the_group() -> None:
    company = ["none"] * 40 + [f"c{number % 6}" for number in range(20)]
    frame = customers().assign(company=company)
    assert "company" not in proposed(frame).groups
    assert "company" in proposed(frame.assign(company=company[40:] * 3)).groups


def test_twins_of_another_label_are_counted() -> None:
    frame = pd.DataFrame({"x": [1, 1, 2, 3], "z": [5, 5, 5, 6], "churn": ["y", "n", "y", "n"]})
    assert "2 rows have a twin with another churn" in proposed(frame).suspicions[-1]


def test_rows_without_a_label_are_counted() -> None:
    frame = customers()
    frame.loc[:4, "churn"] = None
    assert "5 rows have no churn" in proposed(frame).suspicions


def test_numbers_that_overflow_do_not_stop_the_search_for_leaks() -> None:
    rows = pd.DataFrame({"x": [f"1.{n:02}e307" for n in range(60)], "y": ["a", "b"] * 30})
    made = propose(rows, None, Asked(label="y"))
    assert [*made.findings] == ["x"]
