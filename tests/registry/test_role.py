"""Processes that may not promote: by setting, by environment, by a call written by hand."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from spaceship.api.reading import reading
from spaceship.errors import ConfigError, RoleError
from spaceship.experiment import Experiment
from spaceship.gate.policy import Gate
from spaceship.gate.verdict import LoggedVerdict
from spaceship.registry import role
from spaceship.registry.aliases import Aliases
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.registry.role import VARIABLE, may_promote
from tests.commands import QUICK, Shell
from tests.registry.candidates import RULES, NewJob, Twins, aliases, one_better, promotion

BOUND = "gate.may_promote=false"
LOGISTIC = ["mode=train", "model=logistic_regression", *QUICK]


@pytest.fixture(autouse=True)
def _free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free this process before a test, and after one that gives up promotion."""
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(role, "given_up", False)


def bound_by_environment(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv(VARIABLE, "false")
    return registry


def bound_by_setting(registry: Registry, _: pytest.MonkeyPatch) -> Registry:
    return replace(registry, promotes=False)


@pytest.mark.parametrize("text", ["0", "f", "n", "nope", "False"])
def test_only_a_word_of_consent_leaves_the_right_to_promote(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for consent in ("", "1", "true", "YES", " on "):
        monkeypatch.setenv(VARIABLE, consent)
        assert may_promote()
    monkeypatch.setenv(VARIABLE, text)
    assert not may_promote()


def test_reading_with_the_setting_binds_the_process(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "kept")
    before = {name: value for name, value in os.environ.items() if name != VARIABLE}
    with reading([f"paths.outputs={experiment.outputs}", BOUND]) as made:
        assert made.registry.aliases.current() == {}
    assert {name: value for name, value in os.environ.items() if name != VARIABLE} == before
    assert os.environ[VARIABLE] == "false"
    with pytest.raises(RoleError):
        replace(experiment.registry.aliases, promotes=True).move(CHAMPION, "1", "mine")


@pytest.mark.parametrize("bind", [bound_by_environment, bound_by_setting])
def test_no_call_of_the_registry_moves_the_champion(
    bind: Callable[[Registry, pytest.MonkeyPatch], Registry],
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = registry.aliases
    with free.lock():
        prepared = free.prepare(CHAMPION, {CHAMPION: None}, "begun before")
    held = bind(registry, monkeypatch).aliases
    for call in (
        lambda: held.move(CHAMPION, "1", "mine"),
        lambda: held.prepare(CHAMPION, {CHAMPION: None}, "mine"),
        lambda: held.complete(prepared, "1"),
        lambda: held.take_away(CHAMPION, "1", "mine"),
    ):
        with pytest.raises(RoleError, match="expected a process that may move champion"):
            call()
    assert held.current() == {}


@pytest.mark.parametrize("forced", [False, True])
def test_the_best_candidate_becomes_challenger_at_most(
    registry: Registry, new_job: NewJob, twins: Twins, *, forced: bool
) -> None:
    gate = Gate(**RULES, may_promote=False, force=forced)
    job = new_job(twins.good)
    verdict = promotion(registry, gate, reason="mine").judge(job)
    assert str(verdict.award) == CHALLENGER
    assert verdict.reason.startswith("Challenger: the first one, ")
    assert verdict.reason.endswith("; every rule is met; this process may not promote.")
    assert aliases(registry)[0] is None
    assert aliases(registry)[1] is not None


def test_without_a_champion_a_challenger_gives_way_to_a_better_one_alone(
    registry: Registry, new_job: NewJob, twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bound = promotion(registry, Gate(**RULES, may_promote=False))
    assert bound.judge(new_job(twins.weak)).award == CHALLENGER
    worse = new_job(twins.weak)
    verdict = bound.judge(worse)
    assert (verdict.award, verdict.rule) == ("refused", "any_gain")
    assert (verdict.numbers["look"], verdict.rival) == (2, CHALLENGER)
    assert "against the challenger's " in verdict.reason
    assert "champion" not in verdict.reason
    assert LoggedVerdict.read(worse.folder).champion_before is None
    assert any("candidate  challenger  difference" in line for line in caplog.messages)
    assert aliases(registry) == (None, "1")
    better = bound.judge(new_job(twins.good))
    assert better.award == CHALLENGER
    assert better.reason.endswith("; every rule is met; this process may not promote.")
    assert aliases(registry) == (None, "2")
    free = promotion(registry).judge(new_job(twins.weak))
    assert (free.award, free.rival) == (CHAMPION, CHAMPION)
    assert free.reason.startswith("Champion: the first one, ")


def test_a_challenger_that_is_replaced_meanwhile_is_compared_with_again(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = promotion(registry, Gate(**RULES, may_promote=False))
    for holdout in (twins.weak, twins.good):
        bound.judge(new_job(holdout))
    assert aliases(registry) == (None, "2")
    client, current = registry.store.client, Aliases.current
    client.set_registered_model_alias(registry.model, CHALLENGER, "1")
    first = [{CHALLENGER: "1"}]

    def overtaken(self: Aliases) -> dict[str, str]:
        """Return what was, while another machine moves the alias."""
        client.set_registered_model_alias(registry.model, CHALLENGER, "2")
        return first.pop() if first else current(self)

    monkeypatch.setattr(Aliases, "current", overtaken)
    assert bound.judge(new_job(one_better(twins.weak))).award == "refused"
    assert not first
    assert aliases(registry) == (None, "2")


def test_an_experiment_binds_its_process(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hydra import compose, initialize_config_dir

    from spaceship.config.installation import configs

    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", ["data.n_groups=60", f"paths.outputs={experiment.outputs}", BOUND])
    Experiment.of(cfg)
    by_hand = Registry(experiment.store, "another", experiment.outputs / "locks")
    with pytest.raises(RoleError):
        by_hand.aliases.move(CHAMPION, "1", "mine")
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(RoleError):  # as nothing gives promotion back
        replace(by_hand.aliases, promotes=True).move(CHAMPION, "1", "mine")
    monkeypatch.setattr(role, "given_up", False)
    with initialize_config_dir(str(configs()), version_base="1.3"):
        forcing = compose("config", [BOUND, "gate.force=true", "reason=mine"])
    with pytest.raises(ConfigError, match="leave out gate"):
        _ = Experiment.of(forcing).gate


def test_no_verb_moves_the_champion(shell: Shell) -> None:
    trained = shell(*LOGISTIC, BOUND)
    assert trained.returncode == 0, trained.stderr
    assert "Verdict: challenger" in trained.stdout
    assert "a person makes the challenger champion" in trained.stdout
    assert "run.py" not in trained.stdout.partition("Next")[2].partition("See")[0]
    for words, environment in (
        (["mode=promote", BOUND], {}),
        (["mode=promote"], {VARIABLE: "false"}),
        (["mode=promote", "gate.may_promote=true"], {VARIABLE: "false"}),
        (["mode=promote", f"+hydra.job.env_set.{VARIABLE}=true"], {VARIABLE: "false"}),
        (["mode=rollback", BOUND], {}),
        (["mode=simulate", BOUND, *QUICK], {}),
        ([*LOGISTIC, BOUND, "gate.force=true", "reason=mine"], {}),
    ):
        refused = shell(*words, **environment)
        assert refused.returncode == 2, words
        assert "may" in refused.stderr, words
        assert "Traceback" not in refused.stderr
    grid = shell("-m", "mode=train", "model=logistic_regression,svm", BOUND, *QUICK)
    assert grid.returncode == 0, grid.stderr
    assert shell.champion() is None
    unable = shell("mode=inference", BOUND)
    assert "found none, and version" in unable.stderr
    assert "a person makes it champion with mode=promote" in unable.stderr
    assert shell("mode=promote", BOUND, "gate.dry_run=true").returncode == 0
    assert shell("mode=promote").returncode == 0
    assert shell.champion() is not None
