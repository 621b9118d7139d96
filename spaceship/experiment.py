"""The job's one Experiment: its config, checked and typed, and the objects it describes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.config.build import build
from spaceship.config.nodes import Nodes, check_features
from spaceship.config.settings import Data, Settings
from spaceship.config.unused import is_unused
from spaceship.errors import ConfigError, expected
from spaceship.files import why_unwritable
from spaceship.process.kept import KEPT, Kept
from spaceship.registry.command_lines import repeated
from spaceship.registry.registry import Registry
from spaceship.registry.role import SETTING, VARIABLE, give_up_promotion
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from spaceship.data._base import Dataset, DataSource
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

Made = TypeVar("Made")


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
        logged = OmegaConf.select(cfg, "mode.logged", default=True)
        if logged and (fault := why_unwritable(made.outputs)):
            do = "choose another folder: paths.outputs=DIR"
            raise ConfigError(expected(f"to write to {made.outputs}", fault, do))
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
        if self.given is not None:
            return self.given
        if in_trial():
            return self.kept.once("source", self.nodes.resolved("data"), self._source)
        return self._source()

    def _source(self) -> "DataSource":
        from spaceship.data._base import DataSource

        source, size = self._built("data", DataSource), self.settings.data.sample
        if size is not None:
            from spaceship.data.draw import Sample

            source.sample = Sample(size)
        return source

    def check_memory(self) -> None:
        """Raise DataError if the tables need more memory than there is, before they are read.

        They are looked at once for all choices of a sweep: a database counts its rows.
        """
        key = self.nodes.resolved("data"), self.task
        size = self.kept.once("table size", key, lambda: self.source.size(self.task))
        if size is not None:
            from spaceship.data.memory import BASE, available_memory, check_memory, own_memory

            check_memory(size, self.source.less, available_memory() + min(own_memory(), BASE))

    @cached_property
    def task(self) -> "Task":
        """The meaning of the columns, as `task=` says."""
        from spaceship.task.task import Task

        node = self.nodes.resolved("task")
        if not isinstance(node, Mapping) or "overwrite" in node:
            form = "task=new, the form of mode=init"
            do = "choose one with task=NAME, or write one with mode=init"
            found = form if isinstance(node, Mapping) else repr(node)
            raise ConfigError(expected("a task", found, do))
        return Task.read({"name": self.nodes.choice("task"), **node})

    @property
    def known_task(self) -> "Task":
        """The task with its classes: as the YAML names them, else as the data holds them."""
        task = self.task
        return task if task.classes or not task.is_classification else self.dataset.task

    @cached_property
    def dataset(self) -> "Dataset":
        """The checked data set of `data=`, from Parquet where it was loaded before.

        The trials of a sweep share it: files that change while a sweep goes on are not noticed by a
        process that has read them.
        """
        return self._shared("dataset", lambda: self.stored_dataset()[0])

    @cached_property
    def training(self) -> "TrainingPart":
        """The training part with its folds, which the trials of a sweep share."""
        from spaceship.evaluation.twins import TrainingPart

        data, protocol = self.dataset, self.protocol
        return self._shared(
            "training part", lambda: TrainingPart.of(data.train, data.task, protocol), protocol
        )

    def _shared(self, kind: str, make: Callable[[], Made], *rests_on: object) -> Made:
        """Return what all trials of a process have in common; made anew outside a sweep."""
        if not in_trial():
            return make()
        key = (self.source, self.outputs, self.task.model_dump_json(), *rests_on)
        return self.kept.once(kind, key, make)

    def stored_dataset(self) -> "tuple[Dataset, Path]":
        """Return the data set and its folder; raise DataError for a leak if `data.on_leak` says."""
        from spaceship.data.cache import load_dataset

        refuse = self.settings.data.on_leak == "fail"
        return load_dataset(self.source, self.task, self.outputs, refuse_leaks=refuse)

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
        model = f"{self.task.name}-{self.source.name}"
        words = repeated(self.overrides)
        return Registry(self.store, model, self.outputs / "locks", words, self.may_promote)

    @cached_property
    def gate(self) -> "Gate":
        """The promotion policy of `gate=`; ConfigError if it is forced without a reason."""
        from spaceship.gate.policy import Gate

        policy = self._built("gate", Gate)
        for name in ("force", "reseal"):
            if getattr(policy, name):
                self._check_reason(name)
        if policy.force and not self.registry.aliases.may_promote:
            found, do = f"{SETTING} or {VARIABLE}=false", "leave out gate.force=true"
            raise ConfigError(expected("a process that may promote for gate.force=true", found, do))
        if policy.reseal and policy.dry_run:
            what, do = "gate.reseal=true without gate.dry_run=true", "leave one of them out"
            raise ConfigError(expected(what, "both", do))
        return policy

    @cached_property
    def engine(self) -> "Engine":
        """The place where the parts of a table are scored."""
        from spaceship.engine._base import Engine

        return self._built("engine", Engine)

    @property
    def needs_proof(self) -> bool:
        """Whether the gate, if it is in use, wants a run made again before it is champion."""
        return not is_unused(self.nodes.setting("gate")) and self.gate.needs_proof

    @property
    def forced(self) -> bool:
        """`gate.force`; ConfigError without a reason."""
        forced = self._of_gate("force", default=False)
        if forced:
            self._check_reason("force")
        return forced

    @property
    def dry_run(self) -> bool:
        """`gate.dry_run`, which promote and rollback need without the gate."""
        return self._of_gate("dry_run", default=False)

    @property
    def may_promote(self) -> bool:
        """`gate.may_promote`: whether this job may move `champion`."""
        return self._of_gate("may_promote", default=True)

    def _check_reason(self, name: str) -> None:
        if not self.settings.why:
            found = "none" if self.settings.reason is None else "an empty one"
            do = 'say why: reason="mended data"'
            raise ConfigError(expected(f"a reason for gate.{name}=true", found, do))

    def _of_gate(self, name: str, *, default: bool) -> bool:
        value = self.nodes.setting(f"gate.{name}")
        if value not in (True, False, None):
            raise ConfigError(expected(f"gate.{name}=true or false", repr(value), "change it"))
        return default if value is None else value is True

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
        from spaceship.registry.recipe_choice import champion_recipe, chosen_recipe

        return chosen_recipe(
            self.nodes,
            self.overrides,
            champion=lambda: champion_recipe(self.registry),
            best=self._best_of_study,
        )

    def _best_of_study(self, study: str, top: int) -> "list[Recipe]":
        from spaceship.model.recipe import Recipe
        from spaceship.tracking.best_jobs import best_recipes, study_folder

        folder, metric = study_folder(self.store, study), self.objectives[0]
        found = best_recipes(folder, top, metric, self.blank_report(""))
        return [Recipe.from_plain(one) for one in found]

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

    def blank_report(self, name: str) -> "Report":
        """Return a report that names the data and the protocol in use, still without figures."""
        return replace(self._blank_report, name=name)

    @cached_property
    def _blank_report(self) -> "Report":
        from spaceship.evaluation.report import Report

        def make() -> Report:
            data = self.dataset
            protocol = self.protocol.on(data.train, data.task)
            plain = data.task.to_plain()
            report = Report("", self.source.name, data.digest, protocol=protocol, task=plain)
            return replace(report, rows=len(data.train), drawn_from=data.drawn_from)

        return self._shared("blank report", make, self.protocol)

    def over(self, source: "DataSource", settings: Settings) -> "Experiment":
        """Return the same experiment on other data and in other places, sharing nothing."""
        return replace(self, settings=settings, given=source, kept=Kept())

    def _built(self, group: str, kind: type[Made]) -> Made:
        """Return the object of a group's node if it is of the kind that the group needs."""
        node = self.nodes.resolved(group)
        if group == "data" and isinstance(node, Mapping):  # keys of all sources, see Settings
            node = {key: value for key, value in node.items() if key not in Data.model_fields}
        made = build(node)
        if not isinstance(made, kind):
            message = f"expected {group}._target_ to be a {kind.__name__}, found {node['_target_']}"
            raise ConfigError(f"{message}; choose one of configs/{group} with {group}=NAME")
        return made
