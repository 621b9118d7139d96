"""The job's one Experiment: its config, checked and typed, and the objects it describes."""

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.config.build import build_kind
from spaceship.config.nodes import Nodes, check_features
from spaceship.config.settings import Settings
from spaceship.config.unused import is_unused
from spaceship.files import check_writable
from spaceship.process.kept import KEPT, Kept
from spaceship.registry.command_lines import repeated
from spaceship.registry.registry import Registry
from spaceship.registry.role import give_up_promotion
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from spaceship.data._base import Dataset, DataSource
    from spaceship.data.in_use import DataInUse
    from spaceship.drift.alert import DriftAlert
    from spaceship.engine._base import Engine
    from spaceship.evaluation.cross_validation import PreparedFold
    from spaceship.evaluation.losses import Labels
    from spaceship.evaluation.protocol import Protocol
    from spaceship.evaluation.report import Report
    from spaceship.evaluation.twins import TrainingPart
    from spaceship.gate.policy import Gate
    from spaceship.model.recipe import Recipe
    from spaceship.task.task import Task


@dataclass(frozen=True)
class Experiment:
    """What one job works with; each part is built at its first use.

    >>> experiment.recipe().name, experiment.protocol.n_folds, experiment.registry.model
    ('logistic_regression', 2, 'spaceship_titanic-synthetic')
    """

    settings: Settings
    nodes: Nodes  # that `data=`, `features=`, `model=` and `gate=` chose
    overrides: tuple[str, ...] = ()  # of the command line, such as `features=raw`
    given: "DataSource | None" = None  # in place of the one that `data=` chose
    kept: Kept = field(default_factory=Kept)  # shared with other jobs of the process

    @classmethod
    def of(cls, cfg: DictConfig, overrides: tuple[str, ...] = ()) -> Self:
        """Return the Experiment of a composed config.

        With `gate.may_promote=false` this process, and all that it starts, can no longer move
        `champion`. Raise ConfigError that lists every setting that cannot be used.
        """
        made = cls(Settings.read(cfg), Nodes(cfg), overrides, kept=KEPT)
        if not made.may_promote:
            give_up_promotion()
        if OmegaConf.select(cfg, "mode.logged", default=True):
            check_writable(made.outputs, "choose another folder: paths.outputs=DIR")
        return made

    @classmethod
    def of_job(cls, cfg: DictConfig) -> Self:
        """Return the Experiment of the job that Hydra is running, the same for hooks and task."""
        from hydra.core.hydra_config import HydraConfig

        overrides = tuple(item.lstrip("+~") for item in HydraConfig.get().overrides.task)
        return KEPT.once("experiment", Job.current(), lambda: cls.of(cfg, overrides))

    @cached_property
    def job(self) -> Job:
        """The job that Hydra is running."""
        return Job.current()

    @property
    def outputs(self) -> Path:
        """The absolute folder of every byte of state."""
        return Path(self.settings.paths.outputs).expanduser().absolute()

    @cached_property
    def source(self) -> "DataSource":
        """The data source of `data=`; the trials of a sweep share it."""
        from spaceship.data.in_use import chosen_source

        return self.given or chosen_source(self.nodes, self.settings.data.sample, self.kept)

    @cached_property
    def data(self) -> "DataInUse":
        """The data of `data=`, its stored copy and its size."""
        from spaceship.data.in_use import DataInUse

        refuse, node = self.settings.data.on_leak == "fail", self.nodes.resolved("data")
        return DataInUse(self.source, node, self.task, self.outputs, self.kept, refuse)

    @cached_property
    def task(self) -> "Task":
        """The meaning of the columns, as `task=` says."""
        from spaceship.task.chosen import read_task

        return read_task(self.nodes.choice("task"), self.nodes.resolved("task"))

    @property
    def known_task(self) -> "Task":
        """The task with its classes: as the YAML names them, else as the data holds them."""
        task = self.task
        return task if task.classes or not task.is_classification else self.dataset.task

    @cached_property
    def dataset(self) -> "Dataset":
        """The checked data set of `data=`, from Parquet where it was loaded before."""
        return self.data.shared("dataset", lambda: self.data.stored()[0])

    @cached_property
    def training(self) -> "TrainingPart":
        """The training part with its folds, which the trials of a sweep share."""
        from spaceship.evaluation.twins import TrainingPart

        data, protocol = self.dataset, self.protocol
        make = partial(TrainingPart.of, data.train, data.task, protocol)
        return self.data.shared("training part", make, protocol)

    @cached_property
    def labels(self) -> "Labels":
        """The label of every labelled row: files of predictions carry none."""
        from spaceship.evaluation.losses import Labels

        return Labels.of(self.dataset.task, self.dataset.train)

    @cached_property
    def store(self) -> Store:
        """The MLflow store of `tracking=`."""
        where = self.settings.tracking
        key = (where.uri or "", where.artifacts or None, where.experiment)
        return self.kept.once("store", key, lambda: Store(*key))

    @cached_property
    def registry(self) -> Registry:
        """The registry of the models of `task=` trained on `data=`."""
        name, words = f"{self.task.name}-{self.source.name}", repeated(self.overrides)
        return Registry(self.store, name, self.outputs / "locks", words, self.may_promote)

    @cached_property
    def gate(self) -> "Gate":
        """The promotion policy of `gate=`; ConfigError if it is forced without a reason."""
        from spaceship.gate.policy import Gate
        from spaceship.registry.gate_switches import check_switches

        policy = build_kind(self.nodes.resolved("gate"), "gate", Gate)
        check_switches(policy, self.settings.reason, self.registry.aliases)
        return policy

    @cached_property
    def engine(self) -> "Engine":
        """The place where the parts of a table are scored."""
        from spaceship.engine._base import Engine

        return build_kind(self.nodes.resolved("engine"), "engine", Engine)

    @property
    def needs_proof(self) -> bool:
        """Whether the gate, if it is in use, wants a run made again before it is champion."""
        return not is_unused(self.nodes.setting("gate")) and self.gate.needs_proof

    @property
    def forced(self) -> bool:
        """`gate.force`; ConfigError without a reason."""
        from spaceship.registry.gate_switches import check_reason

        forced = self.nodes.switch("gate.force", default=False)
        if forced:
            check_reason("force", self.settings.reason)
        return forced

    @property
    def dry_run(self) -> bool:
        """`gate.dry_run`, which promote and rollback need without the gate."""
        return self.nodes.switch("gate.dry_run", default=False)

    @property
    def may_promote(self) -> bool:
        """`gate.may_promote`: whether this job may move `champion`."""
        return self.nodes.switch("gate.may_promote", default=True)

    @cached_property
    def protocol(self) -> "Protocol":
        """The hold-out and the folds that every figure rests on."""
        from spaceship.evaluation.protocol import Protocol

        self.nodes.resolved("split")  # raises if it is unused
        return Protocol(**dict(self.settings.split), seed=self.settings.seed)

    @cached_property
    def objectives(self) -> list[str]:
        """The metrics that a job returns; the best job is best by the first."""
        from spaceship.evaluation.objectives import check_objectives

        check_objectives(self.settings.objective.metrics, self.task.problem)
        return self.settings.objective.metrics

    @cached_property
    def alert(self) -> "DriftAlert":
        """The limit of drift, and the reaction beyond it."""
        from spaceship.drift.alert import DriftAlert, Reaction

        limit = self.settings.inference
        return DriftAlert(limit.max_drift, Reaction(limit.on_drift))

    def check(self) -> None:
        """Raise if objectives or gate cannot be used, before any work is done."""
        _ = self.objectives, self.gate

    def recipe(self) -> "Recipe":
        """Return everything needed to build the pipeline again, interpolations unresolved."""
        from spaceship.registry.recipe_choice import best_of_study, chosen_recipe

        def best(study: str, top: int) -> "list[Recipe]":
            return best_of_study(self.store, study, top, self.objectives[0], self.blank_report)

        return chosen_recipe(self.nodes, self.overrides, lambda: self.registry, best)

    def pipeline(self, recipe: "Recipe") -> "Pipeline":
        """Return the unfitted pipeline of a recipe, seeds and threads taken from this job."""
        from spaceship.model.pipeline import build_recipe
        from spaceship.model.recipe import Recipe

        own = Recipe.from_plain(self.nodes.resolved_values(recipe.to_plain()))
        for one in (own, *(own.members or ())):
            check_features(one.features, self.task.name)
        return build_recipe(own, self.known_task, self.settings.seed)

    def folds(self, recipe: "Recipe") -> "dict[int, PreparedFold] | None":
        """Return the prepared folds that the trials of this process share, None outside a sweep.

        They are the same for all trials whose data, split, features and encoding are the same. A
        recipe with inner folds of its own prepares its columns itself.
        """
        if not in_trial() or not recipe.prepares_alone:
            return None
        steps = [recipe.encoding, recipe.features, self.dataset.digest, repr(self.protocol)]
        key = json.dumps(steps, sort_keys=True)
        return self.kept.once(f"folds {key}", key, dict)

    @cached_property
    def blank_report(self) -> "Report":
        """A report of the data and the protocol in use, without a name and figures."""
        from spaceship.evaluation.report import Report

        make = partial(Report.blank, self.source.name, self.dataset, self.protocol)
        return self.data.shared("blank report", make, self.protocol)
