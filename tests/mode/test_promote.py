"""Promotion of a challenger whose gate wants its run made again first."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from spaceship.config.installation import configs
from spaceship.errors import ConfigError, RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.promote import promote
from spaceship.records import to_plain
from spaceship.registry.registry import CHALLENGER
from spaceship.registry.reproduced import NEEDS_PROOF, REPRODUCED, Reproduced
from tests.mode.champions import add, champion


def typed(experiment: Experiment, *overrides: str) -> Experiment:
    """Return the experiment of a command on the same store."""
    places = [f"paths.outputs={experiment.outputs}", f"tracking.uri={experiment.store.uri}"]
    with initialize_config_dir(str(configs()), version_base="1.3"):
        return Experiment.of(compose("config", [*places, "mode=promote", *overrides]))


def tag(experiment: Experiment, key: str, value: str) -> None:
    client, model = experiment.store.client, experiment.registry.model
    client.set_model_version_tag(model, "1", key, value)


@pytest.mark.parametrize("chosen", ["", "gate=strict"])
def test_promote_waits_until_the_run_was_made_again(
    experiment: Experiment, model: Path, chosen: str
) -> None:
    add(experiment, model, CHALLENGER)
    if not chosen:  # the gate that judged it wanted a proof
        tag(experiment, NEEDS_PROOF, "true")
    command = typed(experiment, *filter(None, [chosen]))
    refused = r"never was; make its run again: .* mode=reproduce run=challenger .* gate.force=true"
    with pytest.raises(RegistryError, match=refused):
        promote(command)
    assert champion(experiment) is None
    once = Reproduced().once_more("2026-11-30T08:00:00+00:00", "AMD EPYC, Linux")
    tag(experiment, REPRODUCED, json.dumps(to_plain(once)))
    done = promote(command)
    assert champion(experiment) == "1"
    assert done.summary is not None
    assert done.summary.reproduced == once


def test_force_goes_without_a_proof_for_a_reason(experiment: Experiment, model: Path) -> None:
    add(experiment, model, CHALLENGER)
    tag(experiment, NEEDS_PROOF, "true")
    with pytest.raises(ConfigError, match=r"expected a reason for gate\.force=true"):
        promote(typed(experiment, "gate.force=true"))
    promote(typed(experiment, "gate.force=true", "reason=a fire"))
    assert champion(experiment) == "1"
    assert experiment.registry.aliases.moves()[-2].reason == "Forced: a fire"


def test_no_gate_no_proof(experiment: Experiment, model: Path) -> None:
    add(experiment, model, CHALLENGER)
    promote(typed(experiment))
    assert champion(experiment) == "1"
