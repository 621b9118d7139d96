"""Typed settings: one frozen model per section of configs/config.yaml, checked once a job."""

from typing import Annotated, Literal, Self

from omegaconf import DictConfig, OmegaConf
from pydantic import (
    AfterValidator,
    Field,
    FiniteFloat,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.build import resolved
from spaceship.config.secrets import check_stored
from spaceship.config.section import Half, Section, Text, Threads, setting
from spaceship.config.setting_faults import refusal
from spaceship.config.unused import is_unused

MOST_ERAS = 100
"""Largest value of `simulate.eras`."""


def _share_or_rows(size: float | None) -> float | None:
    if size is not None and size > 1 and not float(size).is_integer():
        raise PydanticCustomError("sample", "neither a share nor a number of rows")
    return size


class Paths(Section):
    """`paths.*`: folders."""

    data: Text | None = setting("a folder, or null")
    outputs: Text = setting("a folder", min_length=1)


class Data(Section):
    """`data.on_leak` and `data.sample`, the keys that all data sources share."""

    on_leak: Literal["warn", "fail"] = setting("one of fail, warn", default="warn")
    sample: Annotated[float | None, AfterValidator(_share_or_rows)] = setting(
        "a share above 0 and below 1, a number of rows, or null", default=None, gt=0
    )


class Split(Section):
    """`split.*`: the hold-out and the folds.

    >>> Split(kind="time", holdout_fraction=0.2, n_folds=5, salt=None, gap=7.0).gap
    7.0
    """

    kind: Literal["hash", "time"] = setting("one of hash, time", default="hash")
    holdout_fraction: float = setting("a number above 0 and below 1", gt=0, lt=1)
    n_folds: int = setting("a whole number, 2 or more", ge=2)
    salt: Text | None = setting("a text")
    gap: FiniteFloat = setting("a number, 0 or more, and 0 with split=hash", default=0.0, ge=0)

    @field_validator("salt", "gap")
    @classmethod
    def _fit_kind(cls, value: str | float | None, info: ValidationInfo) -> str | float | None:
        """Raise if the hash has no salt, or a gap."""
        wrong = value is None if info.field_name == "salt" else value != 0
        if info.data.get("kind") == "hash" and wrong:
            raise PydanticCustomError("split", "not for split=hash")
        return value


class Objective(Section):
    """`objective.*`: the metrics that a job returns; the best job is best by the first."""

    metric: str | list[str] = setting("a metric, or a list of them", min_length=1)

    @property
    def metrics(self) -> list[str]:
        """The metrics as a list.

        >>> Objective(metric="cv_log_loss").metrics
        ['cv_log_loss']
        """
        return [self.metric] if isinstance(self.metric, str) else list(self.metric)


class Clean(Section):
    """`clean.*`: what `mode=clean` keeps."""

    dry_run: bool = setting("true or false")
    keep_versions: int = setting("a whole number, 1 or more", ge=1)
    older_than: FiniteFloat | None = setting("a number of days, 0 or more, or null", ge=0)
    close_host: Text | None = setting("the name of a machine, or null")


class History(Section):
    """`history.*`: the moment and the file of `mode=history`."""

    output: Text | None = setting("FILE.csv, FILE.json or null")
    at: Text | None = setting("a day or a moment such as 2026-11-17T12:00, or null")


class Leaderboard(Section):
    """`leaderboard.*`: the runs and the file of `mode=leaderboard`."""

    top: int = setting("a whole number, 1 or more", ge=1)
    trials: bool = setting("true or false")
    output: Text | None = setting("FILE.csv, FILE.json or null")


class Compare(Section):
    """`compare.*`: the two runs and the file of `mode=compare`."""

    runs: list[Text] | Text | None = setting("a list of two runs, or null")
    output: Text | None = setting("FILE.md, FILE.json or null")


class Report(Section):
    """`report.*`: the run and the file of `mode=report`."""

    of_jobs: bool = setting("true or false")
    run: Text | None = setting("the id of a run, the start of it, its name, or null")
    output: Text | None = setting("FILE.html, or null")


class Record(Section):
    """`record.*`: what the record of a run holds beside digests."""

    data: bool = setting("true or false", default=False)


class Reproduce(Section):
    """`reproduce.*`: what `mode=reproduce` takes from the record, and what from the present."""

    against: Literal["bits", "tolerance"] = setting("one of bits, tolerance", default="bits")
    code: Literal["recorded", "present"] = setting("one of present, recorded", default="recorded")
    data: Literal["recorded", "present"] = setting("one of present, recorded", default="recorded")
    environment: Literal["present", "locked"] = setting("one of locked, present", default="present")
    output: Text | None = setting("a folder, or null", default=None)


class Explain(Section):
    """`explain.*`: the row that `mode=explain` explains, and what if it were another one."""

    row: Text | None = setting("the id of a row, or null")
    set: list[Annotated[str, Field(pattern="=")]] = setting(
        "a list of texts COLUMN=VALUE, as explain.set.COLUMN=VALUE makes it"
    )
    nearest: int = setting("a whole number, 0 to 100", ge=0, le=100)
    draws: int = setting("a whole number, 2 to 10000", ge=2, le=10_000)


class Inference(Section):
    """`inference.*`: the file of predictions and the limit of drift."""

    output: Text | None = setting("a file")
    overwrite: bool = setting("true or false")
    input: Text | None = setting("a CSV or Parquet file, or null")
    proba: bool = setting("true or false")
    part_rows: int = setting("a whole number, 1 or more", ge=1)
    max_drift: FiniteFloat | None = setting("a number, 0 or more, or null", ge=0)
    on_drift: Literal["warn", "fail"] = setting("one of fail, warn")
    submit: bool = setting("true or false")
    submit_wait: FiniteFloat = setting("a number of seconds, 0 or more", ge=0)


class Serve(Section):
    """`serve.*`: the server of `mode=serve`."""

    port: int = setting("a port, 1 to 65535, or 0 for any that is free", ge=0, le=65535)


class Simulate(Section):
    """`simulate.*`: the eras of `mode=simulate`."""

    eras: int = setting(f"a whole number, 2 to {MOST_ERAS}", ge=2, le=MOST_ERAS)
    window: int | None = setting("a whole number, 1 or more, or null", ge=1, le=MOST_ERAS)
    groups: int = setting("a whole number, 10 to 5000000", ge=10, le=5_000_000)
    drift_from: float = setting("a number, 0 to 1", ge=0, le=1)
    drift_to: float = setting("a number, 0 to 1", ge=0, le=1)

    @property
    def drifts(self) -> list[float]:
        """The drift of every era, and of the one that arrives after the last."""
        import numpy as np

        return [float(x) for x in np.linspace(self.drift_from, self.drift_to, self.eras + 1)]

    def span(self, era: int) -> tuple[int, int]:
        """Return the oldest and the newest era that the candidate of an era learns from.

        >>> Simulate(eras=6, window=2, groups=400, drift_from=0.0, drift_to=1.0).span(5)
        (4, 5)
        """
        return 1 if self.window is None else max(1, era - self.window + 1), era


class Tracking(Section):
    """`tracking.*`: the MLflow store."""

    uri: str | None = setting("the address of an MLflow store")
    artifacts: Text | None = setting("a folder, or null where a server decides")
    experiment: Text = setting("a name", min_length=1)


class Settings(Section):
    """Every setting of a job that is no node with a `_target_`.

    >>> Split(holdout_fraction=0.2, n_folds=5, salt="spaceship").n_folds
    5
    """

    seed: int = setting("a whole number, 0 to 4294967295", ge=0, lt=2**32)
    threads: Threads = setting("1 or more, or -1 for all cores")
    calibration: Literal["none", "isotonic", "sigmoid", "temperature"] = setting(
        "one of none, isotonic, sigmoid, temperature"
    )
    threshold: Half | Literal["tuned"] = setting("0.5 or tuned")
    paths: Paths
    data: Data = Data()
    split: Split = Split.model_construct()  # as it is where a mode makes no use of it
    objective: Objective
    output: Literal["text", "json"] = setting("text or json")
    reason: Text | None = setting("a text, or null")
    run: Text | None = setting("the id of a run, the start of it, its name, or null")
    runs: list[Text] | Text | None = setting("a list of two runs, or null")
    clean: Clean
    compare: Compare
    history: History
    explain: Explain
    leaderboard: Leaderboard
    report: Report
    record: Record
    reproduce: Reproduce = Reproduce()
    inference: Inference
    serve: Serve
    simulate: Simulate
    tracking: Tracking

    @classmethod
    def read(cls, cfg: DictConfig) -> Self:
        """Return the settings of a composed config, interpolations resolved.

        Raise ConfigError that lists every key that is missing, unknown or out of its range.
        """
        of_data = {key: OmegaConf.select(cfg, f"data.{key}") for key in Data.model_fields}
        check_stored(cfg)
        try:
            nodes = {name: resolved(cfg.get(name)) for name in cls.model_fields if name != "data"}
            values = {name: node for name, node in nodes.items() if not is_unused(node)}
            known = {key: value for key, value in of_data.items() if value is not None}
            return cls.model_validate(values | {"data": known})
        except ValidationError as error:
            raise refusal(error, cls) from None

    @property
    def why(self) -> str:
        """The reason given with `reason=`, without blanks around it; empty if there is none."""
        return redact((self.reason or "").strip())
