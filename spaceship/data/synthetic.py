"""Synthetic passengers: a data source that needs no file, the same for the same seed."""

import hashlib
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spaceship.data._base import DataSource, Table, Tables
from spaceship.data.memory import TableSize
from spaceship.errors import ConfigError, expected
from spaceship.task.spaceship_titanic.generator.passengers import generate
from spaceship.task.task import Task

GENERATOR_VERSION = 2
"""Raise it with any change that makes the same parameters give other passengers."""
BUILT_IN = "spaceship_titanic"
"""The task whose rows are generated."""
FEWEST_GROUPS, MOST_GROUPS = 10, 10_000_000
_ROWS_A_GROUP, _ROW_BYTES = 1.4, 138
_WANTED = {  # of each parameter in messages: its range, and an example
    "n_groups": (f"a whole number, {FEWEST_GROUPS} to {MOST_GROUPS}", 9280),
    "seed": ("a whole number, 0 or more", 2912),
    "drift": ("a number, 0 to 1", 0.5),
    "test_fraction": ("a number above 0 and below 1", 0.33),
}


class _Parameters(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)
    n_groups: int = Field(ge=FEWEST_GROUPS, le=MOST_GROUPS)
    seed: int = Field(ge=0)
    drift: float = Field(ge=0, le=1)
    test_fraction: float = Field(gt=0, lt=1)


class SyntheticData(DataSource):
    """Passengers drawn from measured shares and a known label model, in groups of 1 to 8 people.

    `drift` is how far population and label model have moved away, 0 (not at all) to 1;
    `test_fraction` of the groups have no label. Raise one ConfigError that lists all arguments out
    of range.

    >>> source = SyntheticData(n_groups=300, seed=1, drift=0.0, test_fraction=0.33)
    >>> source.read(task).train.frame.shape[1]
    14
    """

    name: ClassVar[str] = "synthetic"

    def __init__(self, n_groups: int, seed: int, drift: float, test_fraction: float) -> None:
        """Keep the arguments once all of them are in range."""
        self.n_groups, self.seed = n_groups, seed
        self.drift, self.test_fraction = drift, test_fraction
        try:
            _Parameters.model_validate(vars(self))
        except ValidationError as error:
            names = [str(fault["loc"][0]) for fault in error.errors()]
            raise ConfigError("\n".join(self._fault(name) for name in names)) from None

    def check(self, task: Task | None) -> None:
        """Raise ConfigError if the task has other columns."""
        if task is not None:
            check_built_in(task)

    def fingerprint(self, task: Task) -> str:
        """Return a hash of the parameters and the generator's version."""
        del task
        shape = (self.n_groups, self.seed, float(self.drift), float(self.test_fraction))
        key = (self.name, GENERATOR_VERSION, *shape)
        return hashlib.sha256(repr(key).encode()).hexdigest()

    def size(self, task: Task) -> TableSize:
        """Return the size of the passengers, of whom all are made before some are drawn."""
        del task
        return TableSize(_ROWS_A_GROUP * self.n_groups, _ROW_BYTES)

    def less(self, share: float) -> str:
        """Return the setting that makes fewer passengers."""
        return f"data.n_groups={max(round(share * self.n_groups), FEWEST_GROUPS)}"

    def read(self, task: Task) -> Tables:
        """Return the passengers, whole groups dealt to train and test at random."""
        check_built_in(task)
        everyone, group = generate(self.n_groups, self.seed, self.drift)
        n_test = min(max(round(self.test_fraction * self.n_groups), 1), self.n_groups - 1)
        deal = np.random.default_rng([self.seed, 1]).permutation(self.n_groups)
        is_test = (deal < n_test)[group]
        test = everyone[is_test].drop(columns=task.label)
        sample = test[[task.id_name]].assign(**{task.label: False})
        train = Table(everyone[~is_test], "synthetic train")
        return Tables(train, Table(test, "synthetic test"), Table(sample, "synthetic sample"))

    def _fault(self, name: str) -> str:
        wanted, example = _WANTED[name]
        do = f"try data.{name}={example}"
        return expected(f"data.{name} to be {wanted}", repr(getattr(self, name)), do)


def check_built_in(task: Task) -> None:
    """Raise ConfigError unless the task is the one whose rows the generator makes.

    >>> check_built_in(task)
    """
    if task.name != BUILT_IN:
        do = "use data=local data.dir=FOLDER, or try things out with data=resample"
        raise ConfigError(expected(f"data=synthetic with task={BUILT_IN}", task.name, do))
