"""Settings of `hydra/launcher=ray`, for Hydra's config store."""

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore

ENVIRONMENT = (
    *("DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"),
    *("SPACESHIP_MAY_PROMOTE", "SPACESHIP_WORKERS"),
)


@dataclass
class RayLauncherConf:
    """The launcher's settings.

    >>> RayLauncherConf(n_jobs=2).address is None
    True
    """

    _target_: str = "hydra_plugins.spaceship_ray.launcher.RayLauncher"
    n_jobs: int = -1  # jobs at once; -1: one a core
    address: str | None = None  # HOST:PORT of a cluster to join; None: one that ends with the jobs
    environment: list[str] = field(default_factory=lambda: [*ENVIRONMENT])
    """Variables of this process that jobs on a joined cluster have, too; an own one has them all.

    No password belongs here: Ray sends them as they are.
    """


def register() -> None:
    """Make `hydra/launcher=ray` selectable.

    >>> "ray.yaml" in ConfigStore.instance().list("hydra/launcher")
    True
    """
    ConfigStore.instance().store(
        group="hydra/launcher", name="ray", node=RayLauncherConf, provider="spaceship_ray"
    )


register()
