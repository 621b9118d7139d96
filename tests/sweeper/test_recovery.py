"""Trials whose workers die, stop or fall silent: each is closed once and run again."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from hydra.core.utils import JobReturn, JobStatus
from optuna.trial import TrialState
from studies import DEAD, ELSEWHERE, PLAN, claim, slots, worker_of

from hydra_plugins.spaceship_optuna import _queue, _study
from hydra_plugins.spaceship_optuna import _recovery as _lost
from hydra_plugins.spaceship_optuna._study import VOID
from hydra_plugins.spaceship_optuna.trial import PrunedError
from spaceship.process import process_tags

Open = Callable[[], optuna.Study]


def test_dead_worker_trial_is_void_and_asked_again(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    trial = claim(study, DEAD)
    assert _lost.bury(study) == [trial.number]
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
        assert len(_lost.bury(study)) == 1
    assert _queue.claim(study, study._storage, 5) is None
    (failed,) = _study.counted(study)
    assert "3 workers died" in failed.user_attrs["error"]


def test_interruptions_are_not_held_against_a_trial(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    for _ in range(5):
        claim(study)
        assert len(_lost.give_back(study)) == 1
    assert _study.counted(study) == []
    assert _queue.is_left(study, 1)


def test_dead_worker_trial_that_two_processes_find_is_asked_again_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = claim(study, DEAD)
    found = _lost._running(study)
    assert _lost.bury(study) == [trial.number]
    monkeypatch.setattr(_lost, "_running", lambda _: found)  # what the other one saw before
    assert _lost.bury(study) == []
    assert [one.state for one in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


@pytest.mark.parametrize("ending", [None, ValueError("no"), PrunedError([]), "reported"])
def test_worker_whose_trial_was_given_up_goes_on(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, ending: Any
) -> None:
    study.enqueue_trial({"candidate": "a", "a/x": 0.5}, user_attrs={"slot": 0})
    worker, trial = worker_of(study), claim(study)

    def job(_study: optuna.Study, trial: optuna.Trial, _config: Any) -> JobReturn:
        _lost.give_back(study)
        if ending == "reported":
            trial.report(0.5, 0)
        status = JobStatus.FAILED if isinstance(ending, Exception) else JobStatus.COMPLETED
        return JobReturn(_return_value=ending or 0.5, status=status)

    monkeypatch.setattr(worker, "_configure", lambda *_: ...)
    monkeypatch.setattr(worker, "_run_job", job)
    worker._run_trial(study, trial)
    assert VOID in study.get_trials()[0].user_attrs
    assert [one.state for one in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_trial_is_given_back_though_the_clock_was_set(study: optuna.Study) -> None:
    study.enqueue_trial({})
    pid, created = json.loads(process_tags()["spaceship.process"])
    trial = claim(study, {**process_tags(), "spaceship.process": json.dumps([pid, created - 1])})
    assert _lost.give_back(study) == [trial.number]


def test_live_workers_keep_their_trials(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    claim(study)
    claim(study, ELSEWHERE)
    assert _lost.bury(study) == []


def test_silent_worker_of_another_machine_is_given_up(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lost, "_PATIENCE_SECONDS", 0.3)
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = claim(study, ELSEWHERE)
    start = time.monotonic()
    assert _lost.await_others(study) == [trial.number]
    assert time.monotonic() - start >= 0.3
    assert _queue.is_left(study, 1)


def test_study_rests_when_the_process_that_goes_on_has_ended(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lost, "_REST_SECONDS", 0.3)
    monkeypatch.setattr(_lost, "_POLL_SECONDS", 0.02)
    _queue.plan_trials(study, PLAN, 5, 1)

    def work() -> None:
        for _ in range(4):
            time.sleep(0.1)  # between two trials none is running
            study.tell(claim(study), 1.0)

    other = threading.Thread(target=work)
    other.start()
    assert _lost.await_rest(study, 5) == []
    assert len(_study.counted(study)) == 4
    other.join()


def test_study_without_trials_left_or_stopped_is_at_rest_at_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lost, "_REST_SECONDS", 60)
    _queue.plan_trials(study, PLAN, 1, 1)
    start = time.monotonic()
    _lost.await_rest(study, 0)
    study.set_user_attr("stopped", "2 trials have failed")
    _lost.await_rest(study, 1)
    assert time.monotonic() - start < 5


def test_trial_of_a_worker_killed_before_it_signed_is_given_back(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lost, "_SIGN_SECONDS", 0.5)
    study.enqueue_trial({})
    study.ask()
    _lost.abandon(study)
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]
