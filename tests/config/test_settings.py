"""Settings are checked at once, and every fault is one line of the message."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from spaceship.config.settings import Settings
from spaceship.errors import ConfigError

GOOD: dict[str, Any] = {
    "seed": 42,
    "threads": 1,
    "calibration": "none",
    "threshold": 0.5,
    "paths": {"data": None, "outputs": "outputs"},
    "split": {"holdout_fraction": 0.2, "n_folds": 5, "salt": "spaceship"},
    "objective": {"metric": "cv_log_loss"},
    "output": "text",
    "reason": None,
    "run": None,
    "runs": None,
    "compare": {"runs": None, "output": None},
    "clean": {"dry_run": True, "keep_versions": 10, "older_than": 30, "close_host": None},
    "history": {"output": None, "at": None},
    "leaderboard": {"top": 20, "trials": False, "output": None},
    "report": {"of_jobs": True, "run": None, "output": None},
    "record": {"data": False},
    "reproduce": {
        "against": "bits",
        "code": "recorded",
        "data": "recorded",
        "environment": "present",
        "output": None,
    },
    "explain": {"row": None, "set": [], "nearest": 5, "draws": 200},
    "inference": {
        "output": "out.csv",
        "overwrite": False,
        "input": None,
        "proba": False,
        "part_rows": 32768,
        "max_drift": None,
        "on_drift": "warn",
        "submit": False,
        "submit_wait": 60.0,
    },
    "serve": {"port": 8080},
    "simulate": {"eras": 6, "window": 1, "groups": 4000, "drift_from": 0.0, "drift_to": 1.0},
    "tracking": {"uri": "sqlite:///a.db", "artifacts": None, "experiment": "spaceship"},
}


def read(**changes: Any) -> Settings:
    """Return the settings of the good config with some keys, dotted, set to something else."""
    cfg = OmegaConf.create(GOOD)
    for key, value in changes.items():
        OmegaConf.update(cfg, key.replace("__", "."), value, force_add=True)
    return Settings.read(cfg)


def test_numbers_may_be_names() -> None:
    settings = read(reason=7, tracking__experiment=2026, split__salt=1.5, paths__outputs=3)
    assert (settings.reason, settings.tracking.experiment) == ("7", "2026")
    assert (settings.split.salt, settings.paths.outputs) == ("1.5", "3")


def test_a_split_in_time_has_a_gap_and_no_salt() -> None:
    split = read(split__kind="time", split__salt=None, split__gap=7).split
    assert (split.kind, split.salt, split.gap) == ("time", None, 7.0)


@pytest.mark.parametrize("threads", [-1, 1, 64])
def test_usable_threads(threads: int) -> None:
    assert read(threads=threads).threads == threads


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        *[("threads", value, "1 or more, or -1") for value in (0, -2, "abc", 1.5, None, True)],
        *[("seed", value, "a whole number, 0 to") for value in (-1, 2**32, "x", 1.0, True)],
        *[("split.n_folds", value, "2 or more") for value in (1, 2.5, "5", None, True)],
        *[("split.holdout_fraction", value, "above 0") for value in (0, 1, "x", None, True, 2)],
        *[("split.kind", value, "one of hash, time") for value in ("random", None, 3)],
        *[("split.gap", value, "0 or more") for value in (-1, 7, "x", None, True)],
        *[("split.gap", float(value), "0 or more") for value in ("inf", "nan")],
        ("split.salt", None, "a text"),
        *[("clean.dry_run", value, "true or false") for value in (None, "no", 0)],
        *[("clean.keep_versions", value, "1 or more") for value in (0, 2.5, None)],
        *[("clean.older_than", value, "0 or more, or null") for value in (-1, "30d", True)],
        *[("inference.max_drift", value, "0 or more") for value in (-0.1, "x", True)],
        *[("inference.max_drift", float(value), "0 or more") for value in ("inf", "nan")],
        ("inference.input", True, "a CSV or Parquet file, or null"),
        *[("inference.part_rows", value, "a whole number, 1 or more") for value in (0, 1.5, True)],
        *[("inference.proba", value, "true or false") for value in (None, 1, "yes")],
        ("inference.on_drift", "panic", "one of fail, warn"),
        ("calibration", "magic", "one of none, isotonic, sigmoid, temperature"),
        *[("threshold", value, "0.5 or tuned") for value in (0.4, "best", True)],
        *[("objective.metric", value, "a metric") for value in (3, list[object](), None, "")],
        *[("simulate.eras", value, "2 to 100") for value in (1, 101, 2.0, None)],
        *[("simulate.window", value, "1 or more, or null") for value in (0, 1.5, "all")],
        *[("simulate.groups", value, "10 to 5000000") for value in (9, "x", 5_000_001)],
        *[("simulate.drift_to", value, "a number, 0 to 1") for value in (-0.1, 1.1, "x", True)],
        ("tracking", None, "a section"),
    ],
)
def test_values_out_of_range_are_named(key: str, value: object, wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**{key.replace(".", "__"): value})
    told = str(caught.value)
    assert f"expected {key} to be " in told
    assert wanted in told
    assert f"found {value!r}" in str(caught.value)


def test_every_fault_is_listed_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read(seed="x", split__n_folds=1, split__more=3, simulate__eras=0)
    message = str(caught.value)
    told = ("seed to be", "n_folds to be", "eras to be")
    assert [message.count(key) for key in told] == [1, 1, 1]
    assert (
        "split.more not to be there (known: kind, holdout_fraction, n_folds, salt, gap)" in message
    )
    assert "\n" not in message


def test_a_deleted_setting_is_missed() -> None:
    cfg = OmegaConf.create(GOOD)
    del cfg.split["salt"]
    with pytest.raises(ConfigError, match=r"expected split\.salt to be a text, found nothing"):
        Settings.read(cfg)
