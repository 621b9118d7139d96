"""Customers who may leave: a small task and raw rows, for runs that are made again or compared."""

import numpy as np
import pandas as pd

TASK = """
problem: binary
label: churn
positive: "yes"
id: customer
columns: {plan: category, fee: number, since: date}
files: {train: train.csv, test: null, sample: null}
"""
"""YAML of the task."""
_LEAVES = 30  # fee, above which customers leave


def customers(n: int = 160, plans: str = "abc", *, digits: int = 3) -> pd.DataFrame:
    """Return raw rows; the label follows fee and plan, the ids have so many digits.

    >>> customers(2, digits=5)["customer"].tolist()
    ['c-00000', 'c-00001']
    """
    rng = np.random.default_rng(7)
    fee, plan = rng.uniform(0, 50, n).round(2), rng.choice([*plans], n)
    churn = np.where(fee + 10 * (plan == "a") + rng.normal(0, 5, n) > _LEAVES, "yes", "no")
    days = pd.Series(pd.date_range("2024-01-01", periods=n, freq="D"))
    return pd.DataFrame(
        {
            "customer": [f"c-{at:0{digits}d}" for at in range(n)],
            "plan": plan,
            "fee": fee.astype(str),
            "since": days.dt.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
            "churn": churn,
        }
    )
