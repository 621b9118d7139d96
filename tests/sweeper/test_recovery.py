"""Trials whose workers die, stop or fall silent: each is closed once and run again."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from omegaconf import DictConfig
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna import _queue, _recovery, _study
from hydra_plugins.spaceship_optuna._recovery import Waits
from hydra_plugins.spaceship_optuna._study import VOID
from hydra_plugins.spaceship_optuna.process import process_tags
from hydra_plugins.spaceship_optuna.trial import PrunedError, report
from tests.sweeper.studies import DEAD, ELSEWHERE, PLAN, claim, slots, worker_of

Open = Callable[[], optuna.Study]


def test_dead_worker_trial_is_void_and_asked_again(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    trial = claim(study, DEAD)
    assert _recovery.requeue_dead(study) == [trial.number]
    buried, again = study.get_trials()[0], study.get_trials()[2]
    assert buried.state == TrialState.FAIL
    assert VOID in buried.user_attrs
    assert again.system_attrs["fixed_params"] == buried.system_attrs["fixed_params"]
    assert again.user_attrs["default"] is True
    assert slots(study) == [0, 1]


def test_trial_over_which_every_worker_dies_stands_as_failed(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    for _ in range(3):
        claim(study, DEAD)
        assert len(_recovery.requeue_dead(study)) == 1
    assert _queue.claim(study, 5) is None
    (failed,) = _study.counted(study)
    assert "3 workers died" in failed.user_attrs["error"]


@pytest.mark.parametrize(("owner", "found"), [(None, False), (DEAD, False), (ELSEWHERE, True)])
def test_a_trial_of_another_machine_keeps_the_study_at_work(
    study: optuna.Study, owner: dict[str, str] | None, *, found: bool
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = claim(study, owner) if owner else claim(study)
    assert _recovery.others_at_work(study) is found
    study.tell(trial.number, state=TrialState.FAIL)
    assert not _recovery.others_at_work(study)


def test_interruptions_are_not_held_against_a_trial(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    for _ in range(5):
        claim(study)
        assert len(_recovery.release_own(study)) == 1
    assert _study.counted(study) == []
    assert _queue.is_left(study, 1)


def test_dead_worker_trial_that_two_processes_find_is_asked_again_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = claim(study, DEAD)
    found = study.get_trials(states=(TrialState.RUNNING,))
    assert _recovery.requeue_dead(study) == [trial.number]
    with monkeypatch.context() as patch:
        patch.setattr(study, "get_trials", lambda **_: found)  # what the other one saw before
        assert _recovery.requeue_dead(study) == []
    assert [one.state for one in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


@pytest.mark.parametrize("ending", [None, ValueError("no"), PrunedError([]), "reported"])
def test_worker_whose_trial_was_given_up_goes_on(
    study: optuna.Study, tmp_path: Path, ending: Any
) -> None:
    study.enqueue_trial({"candidate": "a", "a/x": 0.5}, user_attrs={"slot": 0})

    def task(_: DictConfig) -> float:
        _recovery.release_own(study)
        if ending == "reported":
            report([{"value": 0.5}])
        if isinstance(ending, Exception):
            raise ending
        return 0.5

    worker_of(study, task, tmp_path).run_trial(study, claim(study))
    assert VOID in study.get_trials()[0].user_attrs
    assert [one.state for one in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_trial_of_this_process_is_given_back(study: optuna.Study) -> None:
    study.enqueue_trial({})
    trial = claim(study, process_tags())
    assert _recovery.release_own(study) == [trial.number]


def test_live_workers_keep_their_trials(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    claim(study)
    claim(study, ELSEWHERE)
    assert _recovery.requeue_dead(study) == []


def test_silent_worker_of_another_machine_is_given_up(
    study: optuna.Study,
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = claim(study, ELSEWHERE)
    start = time.monotonic()
    assert _recovery.wait_for_workers(study, Waits(silence=0.3)) == [trial.number]
    assert time.monotonic() - start >= 0.3
    assert _queue.is_left(study, 1)


def test_study_rests_when_the_process_that_goes_on_has_ended(
    study: optuna.Study,
) -> None:
    _queue.plan_trials(study, PLAN, 5, 1)

    def work() -> None:
        for _ in range(4):
            time.sleep(0.1)  # between two trials none is running
            study.tell(claim(study), 1.0)

    other = threading.Thread(target=work)
    other.start()
    assert _recovery.wait_until_idle(study, 5, Waits(idle=0.3, poll=0.02)) == []
    assert len(_study.counted(study)) == 4
    other.join()


def test_study_without_trials_left_or_stopped_is_at_rest_at_once(
    study: optuna.Study,
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    start = time.monotonic()
    _recovery.wait_until_idle(study, 0, Waits(idle=60))
    study.set_user_attr("stopped", "2 trials have failed")
    _recovery.wait_until_idle(study, 1, Waits(idle=60))
    assert time.monotonic() - start < 5


def test_trial_of_a_worker_killed_before_it_signed_is_given_back(
    study: optuna.Study,
) -> None:
    study.enqueue_trial({})
    study.ask()
    _recovery.release_all(study, Waits(sign=0.5))
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]
