"""Settings of `hydra/sweeper=optuna`, its samplers and pruners, for Hydra's config store."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

_SAMPLERS: dict[str, dict[str, object]] = {
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
PRUNERS: dict[str, dict[str, object]] = {
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

    >>> OptunaSweeperConf(n_trials=50).pruner
    '???'
    """

    defaults: list[Any] = field(
        default_factory=lambda: [{"sampler": "tpe"}, {"pruner": DEFAULT_PRUNER}]
    )
    _target_: str = "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper"
    _recursive_: bool = False  # sampler and pruner are built in each worker, not here
    sampler: Any = MISSING  # group `hydra/sweeper/sampler`
    pruner: Any = MISSING  # group `hydra/sweeper/pruner`; `nop` never prunes
    direction: Any = None  # minimize, maximize or a list; None: the host's, else minimize
    n_trials: int = 20  # finished trials in all, those before a resume included
    timeout: float | None = None  # seconds after which no trial is started; None for no limit
    trial_timeout: float | None = None  # seconds after which a trial is ended and has failed
    n_jobs: int | None = None  # workers; None: the launcher's own number; basic has one
    storage: Any | None = None  # path or URL; None: a journal file of its own for each study
    study_name: str | None = None  # shared by processes that share the study; None: a new name
    resume: str | None = None  # name of a study to resume, or `last`
    on_code_change: str = "refuse"  # of a study under other code; or `go_on`
    max_failure_rate: float = 0.5  # share of `n_trials` that may fail before the sweep stops
    min_trials_per_candidate: int = 3  # before the sampler is free to choose
    search_space: str | None = "model.search_space"  # node of a candidate's own space
    custom_search_space: str | None = None  # MODULE.FUNCTION of config and trial: suggests more
    params: dict[str, Any] | None = None  # sweeps, as on the command line, by key
    dry_run: bool = False  # log candidates, spaces and first trials, and run nothing


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
