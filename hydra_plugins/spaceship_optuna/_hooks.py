"""Hooks of a sweep's host: a Hydra callback that implements them describes and follows studies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

if TYPE_CHECKING:
    from optuna import Study


@dataclass(frozen=True)
class Objective:
    """One objective of a study.

    >>> Objective("cv_log_loss", "minimize", step_metric="log_loss").direction
    'minimize'
    """

    name: str = "value"  # in results and plots
    direction: str = "minimize"  # or `maximize`
    step_metric: str = "value"  # its key in the metrics that `trial.report` takes


@dataclass(frozen=True)
class StudyTerms:
    """Terms of a study that its host knows; the defaults are those of an app without a host.

    >>> StudyTerms(n_steps=5).objectives
    ()
    """

    objectives: Sequence[Objective] = ()  # empty: those of `hydra.sweeper.direction`
    n_steps: int | None = None  # that each trial reports; none is pruned after its last step
    step: str = "step"  # what people call one
    folder: Path | None = None  # of the journal files; None: beside the sweeps
    without_effect: Collection[str] = ("hydra",)  # config nodes that a resume may change
    changes_config: bool = True  # whether a job may change its config: each gets its own copy then


class StudyHooks:
    """Base of a Hydra callback that hosts studies; each default is right for an app without one.

    What a hook raises ends the sweep. A failure inside a trial is signalled as Hydra does it: by
    the status and return value that `on_job_end` sets.

    >>> StudyHooks().study_facts(config=None, workers=2)
    {}
    """

    def study_terms(self, config: DictConfig) -> StudyTerms:  # noqa: ARG002
        """Return the terms of a study; each worker asks once."""
        return StudyTerms()

    def study_facts(self, config: DictConfig, workers: int) -> Mapping[str, object]:  # noqa: ARG002
        """Return facts that a resumed study has to share, such as a digest of the data."""
        return {}

    def study_code(self) -> Mapping[str, object]:
        """Return facts of the code, such as its version, that a resume may change if told to."""
        return {}

    def retrain_overrides(self, overrides: Sequence[str]) -> Sequence[str]:
        """Return the overrides of a single run, given those of the sweep."""
        return overrides

    def trial_run_id(self, folder: Path) -> str | None:  # noqa: ARG002
        """Return the id of the tracking run of the trial whose job is in a folder."""
        return None

    def on_study_start(self, config: DictConfig, study: "Study") -> None:
        """Follow a study that is opened, new or resumed, before its first trial."""

    def on_trial_lost(self, config: DictConfig, folder: Path, reason: str) -> None:
        """Follow a trial whose process was ended from outside, given its job's folder and why."""

    def on_trials_end(self, config: DictConfig) -> None:
        """Follow the end of a study's last trial, before its results are written."""

    def on_study_end(self, config: DictConfig, files: list[Path], summary: str, best: Path) -> None:
        """Follow a study that has results: their files, the leaderboard, the best job's folder."""


def host_of(callbacks: Sequence[object]) -> StudyHooks:
    """Return the first callback that hosts studies, or hooks that do nothing."""
    return next((one for one in callbacks if isinstance(one, StudyHooks)), StudyHooks())
