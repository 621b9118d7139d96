"""A table to follow the tutorial with: customers of households, some of whom leave.

    python customers.py

writes customers.csv (2,000 rows with the label `churned`) and new_customers.csv (20 without it).
"""

import numpy as np
import pandas as pd

rng = np.random.default_rng(7)
households = np.repeat(np.arange(1200), rng.integers(1, 4, 1200))[:2020]
n = len(households)
tenure = rng.gamma(2.0, 14.0, n).round().clip(0, 120)
plan = rng.choice(["basic", "family", "premium"], n, p=[0.5, 0.3, 0.2])
calls = rng.poisson(np.where(plan == "basic", 2.4, 1.2))
spend = (20 + 22 * (plan == "premium") + 9 * (plan == "family") + rng.gamma(4, 2, n)).round(2)
mood = rng.normal(0, 1.0, 1200)[households]  # members of a household leave together
early, unhappy = tenure < 18, calls > 2
odds = np.select([early & unhappy, early | unhappy], [2.6, -0.1], -1.8) + 0.4 * mood
odds += np.where(plan == "premium", -1.2, 0.05 * (spend - 28))
table = pd.DataFrame(
    {
        "customer": [f"C{number:05d}" for number in range(n)],
        "household": [f"H{number:04d}" for number in households],
        "plan": plan,
        "tenure": tenure.astype(int),
        "calls": calls,
        "spend": np.where(rng.random(n) < 0.03, np.nan, spend),
        "paperless": rng.choice(["yes", "no"], n),
    }
)
table["churned"] = np.where(rng.random(n) < 1 / (1 + np.exp(-2 * odds)), "yes", "no")
table[:2000].to_csv("customers.csv", index=False)
table[2000:].drop(columns="churned").to_csv("new_customers.csv", index=False)
