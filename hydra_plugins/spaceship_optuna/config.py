"""Settings of `hydra/sweeper=optuna`, its samplers and pruners, for Hydra's config store."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

_SAMPLERS: dict[str, dict[str, Any]] = {
    "tpe": {
        "_target_": "optuna.samplers.TPESampler",
        "seed": None,
        "n_startup_trials": 10,
        "multivariate": True,
        "group": True,  # parameters of one candidate are learnt together, apart from the others'
        "constant_liar": True,  # trials still running count as bad: workers spread out
    },
    "random": {"_target_": "optuna.samplers.RandomSampler", "seed": None},
    "qmc": {"_target_": "optuna.samplers.QMCSampler", "seed": None},
    "cmaes": {"_target_": "optuna.samplers.CmaEsSampler", "seed": None},
    "gp": {"_target_": "optuna.samplers.GPSampler", "seed": None},
    "nsgaii": {"_target_": "optuna.samplers.NSGAIISampler", "seed": None},
    "nsgaiii": {"_target_": "optuna.samplers.NSGAIIISampler", "seed": None},
    # Every point of the candidates' spaces, in turn; they are to be ranges with steps, or choices.
    "grid": {"_target_": "optuna.samplers.GridSampler", "search_space": None, "seed": None},
}
PRUNERS: dict[str, dict[str, Any]] = {
    "wilcoxon": {
        "_target_": "hydra_plugins.spaceship_optuna._pruner.PairedWilcoxonPruner",
        "p_threshold": 0.3,  # two folds, both worse than the best trial's, have p = 0.25
        "n_startup_steps": 2,
    },
    "median": {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 5},
    "percentile": {"_target_": "optuna.pruners.PercentilePruner", "percentile": 25.0},
    "successive_halving": {"_target_": "optuna.pruners.SuccessiveHalvingPruner"},
    "hyperband": {"_target_": "optuna.pruners.HyperbandPruner"},
    "nop": {"_target_": "optuna.pruners.NopPruner"},
}
DEFAULT_PRUNER = "wilcoxon"


@dataclass
class OptunaSweeperConf:
    """The sweeper's settings; the names are those of Hydra's own Optuna plugin where it has them.

    Attributes:
        sampler: Group `hydra/sweeper/sampler`.
        pruner: Group `hydra/sweeper/pruner`; `nop` never prunes.
        direction: `minimize` or `maximize`, or a list of them for several objectives; None takes
            those of the host's objectives, else `minimize`.
        n_trials: Finished trials in all, those before a resume included.
        timeout: Seconds after which no trial is started; None for no limit.
        n_jobs: Workers; None takes the launcher's own number. The basic launcher has one.
        storage: Path or URL of a storage; None is a journal file of its own for each study.
        study_name: Processes that share storage and name share the study; None makes a new name.
        resume: Name of a study to resume, or `last`.
        max_failure_rate: Share of `n_trials` that may fail before the sweep stops.
        min_trials_per_candidate: Trials each candidate gets before the sampler is free.
        search_space: Config node that holds a candidate's own search space.
        custom_search_space: Dotted path of a function of config and trial that suggests more.
        params: Sweeps, as on the command line, by key.
        dry_run: Log candidates, spaces and first trials, and run nothing.

    >>> OptunaSweeperConf(n_trials=50).pruner
    '???'

    """

    defaults: list[Any] = field(
        default_factory=lambda: [{"sampler": "tpe"}, {"pruner": DEFAULT_PRUNER}]
    )
    _target_: str = "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper"
    _recursive_: bool = False  # sampler and pruner are built in each worker, not here
    sampler: Any = MISSING
    pruner: Any = MISSING
    direction: Any = None
    n_trials: int = 20
    timeout: float | None = None
    n_jobs: int | None = None
    storage: Any | None = None
    study_name: str | None = None
    resume: str | None = None
    max_failure_rate: float = 0.5
    min_trials_per_candidate: int = 3
    search_space: str | None = "model.search_space"
    custom_search_space: str | None = None
    params: dict[str, Any] | None = None
    dry_run: bool = False


def register() -> None:
    """Make `hydra/sweeper=optuna` and its samplers and pruners selectable.

    >>> "optuna.yaml" in ConfigStore.instance().list("hydra/sweeper")
    True

    """
    store = ConfigStore.instance().store
    store(group="hydra/sweeper", name="optuna", node=OptunaSweeperConf, provider="spaceship_optuna")
    for group, choices in (("sampler", _SAMPLERS), ("pruner", PRUNERS)):
        for name, node in choices.items():
            store(group=f"hydra/sweeper/{group}", name=name, node=node, provider="spaceship_optuna")


register()
