"""`hydra/launcher=ray` for any Hydra app: jobs on the machines of a Ray cluster, or on this one.

Copy this folder to `hydra_plugins/` on the path of an app and install `REQUIREMENTS`.
"""

__all__ = ["REQUIREMENTS"]

REQUIREMENTS = ("hydra-core>=1.3.8,<1.4", "omegaconf>=2.3.1", "ray>=2.60,<3")
"""Packages that the launcher imports."""
