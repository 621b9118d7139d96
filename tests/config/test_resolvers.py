"""Resolvers that the configs use."""

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from spaceship.config.build import resolved
from spaceship.config.installation import checkout
from spaceship.config.resolvers import register_resolvers


def test_resolvers() -> None:
    home, here = "${abspath:${path}}", "${abspath:x}"
    register_resolvers()
    cfg = OmegaConf.create({"path": "~/x", "root": "${project_root:}", "home": home, "here": here})
    assert resolved(cfg) == {
        "path": "~/x",
        "root": str(checkout()),
        "home": str(Path.home() / "x"),
        "here": str(Path.cwd() / "x"),
    }
    cores = resolved(OmegaConf.create({"n": "${cores:}"}))["n"]
    assert isinstance(cores, int)
    assert 1 <= cores <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("problem", "chosen"),
    [("binary", "ac"), ("multiclass", "ad"), ("regression", "bb"), (None, "ac")],
)
def test_targets_follow_the_kind_of_problem(problem: str | None, chosen: str) -> None:
    register_resolvers()
    own = {"two": "${kind:a,b}", "three": "${kind:c,b,d}"}
    config = OmegaConf.create({"task": {"problem": problem}, **own})
    assert config.two + config.three == chosen
