"""Studies and their queue in real storage: nothing is run twice, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from filelock import Timeout
from hydra.core.utils import JobReturn, JobStatus
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages.journal import JournalFileSymlinkLock
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna import _queue, _study
from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._journal import open_journal
from hydra_plugins.spaceship_optuna._spaces import Candidate, Plan
from hydra_plugins.spaceship_optuna._storage import locate_storage
from hydra_plugins.spaceship_optuna._study import VOID
from hydra_plugins.spaceship_optuna._worker import Worker
from spaceship.errors import ConfigError
from spaceship.process import process_tags
from spaceship.trial import PrunedError

PARAMETER = Parameter("x", FloatDistribution(0, 1))
PLAN = Plan((), tuple(Candidate(one, (f"model={one}",), (PARAMETER,), {"x": 0.5}) for one in "ab"))
Open = Callable[[], optuna.Study]
DEAD = {**process_tags(), "spaceship.process": json.dumps([2**22 + 1, 0.0])}
ELSEWHERE = {**process_tags(), "spaceship.host": "another-machine"}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Give the path of a journal file that is not there yet."""
    return tmp_path / "s.journal"


@pytest.fixture
def study(journal: Path) -> optuna.Study:
    """Give a new study in a journal file."""
    study, created = _study.open_study(
        open_journal(str(journal)), "s", ["minimize"], must_exist=False
    )
    assert created
    return study


def _claim(study: optuna.Study, owner: object = None, n_trials: int = 5) -> optuna.Trial:
    trial = _queue.claim(study, study._storage, n_trials)
    assert trial is not None
    if owner is not None:
        trial.set_user_attr("owner", owner)
    return trial


def _worker(study: optuna.Study) -> Worker:
    """Return a worker that has all it needs for what is not its job itself."""
    nothing: Any = None
    settings = {"n_trials": 5, "max_failure_rate": 0.5, "custom_search_space": None}
    return Worker(nothing, nothing, nothing, PLAN, settings, study.study_name, nothing)


def _slots(study: optuna.Study) -> list[int]:
    kept = [one for one in study.get_trials() if VOID not in one.user_attrs]
    return sorted(trial.user_attrs["slot"] for trial in kept)


def test_fair_start(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 7, 2)
    fixed = [trial.system_attrs["fixed_params"] for trial in study.get_trials()]
    assert fixed == [
        {"a/x": 0.5, "candidate": "a"},
        {"b/x": 0.5, "candidate": "b"},
        {"candidate": "a"},
        {"candidate": "b"},
        {},
        {},
        {},
    ]


@pytest.mark.parametrize(("n_trials", "told"), [(3, True), (4, False)])
def test_grid_that_is_tried_in_part_says_so(
    study: optuna.Study, caplog: pytest.LogCaptureFixture, n_trials: int, *, told: bool
) -> None:
    own = (Parameter("x", CategoricalDistribution([1, 2, 3, 4])),)
    _queue.plan_trials(
        study, Plan((), (Candidate("a", (), own, {"x": 1}),)), n_trials, 3, grid=True
    )
    assert ("Of the grid's 4 points 3 are tried" in caplog.text) is told


def test_plan_that_was_cut_short_is_completed(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 3, 2)
    _queue.plan_trials(study, PLAN, 7, 2)
    assert _slots(study) == list(range(7))
    assert [one.system_attrs["fixed_params"] for one in study.get_trials()][3] == {"candidate": "b"}


def test_trials_enqueued_by_others_count(study: optuna.Study) -> None:
    study.enqueue_trial({"candidate": "a", "a/x": 0.1})
    _queue.plan_trials(study, PLAN, 3, 1)
    assert len(study.get_trials()) == 3
    assert _claim(study).number == 0


def test_slot_planned_twice_is_run_once(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    study.enqueue_trial({}, user_attrs={"slot": 1})
    for _ in range(2):
        study.tell(_claim(study), 1.0)
    assert _queue.claim(study, study._storage, 5) is None
    assert len(_study.counted(study)) == 2
    assert study.get_trials()[2].user_attrs[VOID] == "planned twice"


def test_point_in_place_of_a_repeated_one_can_be_claimed_at_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed: list[int] = []
    enqueue = study.enqueue_trial

    def enqueue_and_claim(*arguments: Any, **more: Any) -> None:
        enqueue(*arguments, **more)
        claimed.append(_claim(study).number)  # as another worker may, before anything else is done

    enqueue({}, user_attrs={"slot": 0})
    trial = _claim(study)
    monkeypatch.setattr(study, "enqueue_trial", enqueue_and_claim)
    _worker(study)._replace(study, trial, PLAN.candidates[0])
    assert claimed == [1]
    assert _slots(study) == [0]
    assert study.get_trials()[0].state == TrialState.FAIL


def test_smaller_budget_leaves_the_rest_waiting(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 3, 1)
    assert _queue.is_left(study, 1)
    study.tell(_claim(study, n_trials=1), 1.0)
    assert not _queue.is_left(study, 1)
    assert _queue.claim(study, study._storage, 1) is None


def test_claims_from_many_threads_are_exclusive(journal: Path, study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 12, 1)
    claimed: list[int] = []

    def work() -> None:
        own = open_journal(str(journal))
        mine = optuna.load_study(study_name="s", storage=own)
        while (trial := _queue.claim(mine, own, 12)) is not None:
            claimed.append(trial.number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == list(range(12))


def test_dead_worker_trial_is_void_and_asked_again(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    trial = _claim(study, DEAD)
    assert _queue.bury(study) == [trial.number]
    buried, again = study.get_trials()[0], study.get_trials()[2]
    assert buried.state == TrialState.FAIL
    assert VOID in buried.user_attrs
    assert again.system_attrs["fixed_params"] == buried.system_attrs["fixed_params"]
    assert again.user_attrs["default"] is True
    assert _slots(study) == [0, 1]


def test_trial_over_which_every_worker_dies_stands_as_failed(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    for _ in range(3):
        _claim(study, DEAD)
        assert len(_queue.bury(study)) == 1
    assert _queue.claim(study, study._storage, 5) is None
    (failed,) = _study.counted(study)
    assert "3 workers died" in failed.user_attrs["error"]


def test_interruptions_are_not_held_against_a_trial(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    for _ in range(5):
        _claim(study)
        assert len(_queue.give_back(study)) == 1
    assert _study.counted(study) == []
    assert _queue.is_left(study, 1)


def test_dead_worker_trial_that_two_processes_find_is_asked_again_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = _claim(study, DEAD)
    found = _queue._running(study)
    assert _queue.bury(study) == [trial.number]
    monkeypatch.setattr(_queue, "_running", lambda _: found)  # what the other one saw before
    assert _queue.bury(study) == []
    assert [one.state for one in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


@pytest.mark.parametrize("ending", [None, ValueError("no"), PrunedError([]), "reported"])
def test_worker_whose_trial_was_given_up_goes_on(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, ending: Any
) -> None:
    study.enqueue_trial({"candidate": "a", "a/x": 0.5}, user_attrs={"slot": 0})
    worker, trial = _worker(study), _claim(study)

    def job(_study: optuna.Study, trial: optuna.Trial, _config: Any) -> JobReturn:
        _queue.give_back(study)
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
    trial = _claim(study, {**process_tags(), "spaceship.process": json.dumps([pid, created - 1])})
    assert _queue.give_back(study) == [trial.number]


def test_live_workers_keep_their_trials(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    _claim(study)
    _claim(study, ELSEWHERE)
    assert _queue.bury(study) == []


def test_silent_worker_of_another_machine_is_given_up(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_PATIENCE_SECONDS", 0.3)
    _queue.plan_trials(study, PLAN, 1, 1)
    trial = _claim(study, ELSEWHERE)
    start = time.monotonic()
    assert _queue.await_others(study) == [trial.number]
    assert time.monotonic() - start >= 0.3
    assert _queue.is_left(study, 1)


def test_study_rests_when_the_process_that_goes_on_has_ended(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_REST_SECONDS", 0.3)
    monkeypatch.setattr(_queue, "_POLL_SECONDS", 0.02)
    _queue.plan_trials(study, PLAN, 5, 1)

    def work() -> None:
        for _ in range(4):
            time.sleep(0.1)  # between two trials none is running
            study.tell(_claim(study), 1.0)

    other = threading.Thread(target=work)
    other.start()
    assert _queue.await_rest(study, 5) == []
    assert len(_study.counted(study)) == 4
    other.join()


def test_study_without_trials_left_or_stopped_is_at_rest_at_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_REST_SECONDS", 60)
    _queue.plan_trials(study, PLAN, 1, 1)
    start = time.monotonic()
    _queue.await_rest(study, 0)
    study.set_user_attr("stopped", "2 trials have failed")
    _queue.await_rest(study, 1)
    assert time.monotonic() - start < 5


def test_lock_of_a_killed_process_is_free_at_once(journal: Path, study: optuna.Study) -> None:
    hold = (
        "import sys, time; from hydra_plugins.spaceship_optuna._journal import open_journal;"
        "s = open_journal(sys.argv[1]); s._backend._lock.acquire(); print('held', flush=True);"
        "time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(journal)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    start = time.monotonic()
    study.set_user_attr("key", 1)
    assert time.monotonic() - start < 2


def test_lock_is_held_though_optunas_own_is_let_go(journal: Path, study: optuna.Study) -> None:
    lock = study._storage._backend._lock
    lock.acquire()
    theirs = JournalFileSymlinkLock(str(journal))
    theirs.acquire()
    theirs.release()
    with pytest.raises(Timeout):
        open_journal(str(journal))._backend._lock._lock.acquire(timeout=0.1)
    lock.release()


def test_trial_is_claimed_and_signed_or_neither(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = study._storage
    sign = storage.set_trial_user_attr

    def interrupted(*arguments: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        sign(*arguments)

    monkeypatch.setattr(storage, "set_trial_user_attr", interrupted)
    study.enqueue_trial({})
    with pytest.raises(KeyboardInterrupt):
        _queue.claim(study, storage, 5)
    monkeypatch.undo()
    assert _queue.give_back(study) == [0]
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_trial_of_a_worker_killed_before_it_signed_is_given_back(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_queue, "_SIGN_SECONDS", 0.5)
    study.enqueue_trial({})
    study.ask()
    _queue.abandon(study)
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_line_that_a_killed_process_left_unfinished_is_cut_off(
    journal: Path, study: optuna.Study
) -> None:
    study.set_user_attr("before", 1)
    with journal.open("a") as file:
        file.write('{"op_code":2,"wor')
    assert optuna.load_study(study_name="s", storage=open_journal(str(journal))).user_attrs
    study.set_user_attr("after", 2)
    fresh = optuna.load_study(study_name="s", storage=open_journal(str(journal)))
    assert fresh.user_attrs["before"] == 1
    assert fresh.user_attrs["after"] == 2


def test_entry_that_was_written_outlives_its_process(journal: Path, study: optuna.Study) -> None:
    write = (
        "import os, sys, optuna;"
        "from hydra_plugins.spaceship_optuna._journal import open_journal;"
        "study = optuna.load_study(study_name='s', storage=open_journal(sys.argv[1]));"
        "study.set_user_attr('last', 1); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", write, str(journal)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert study.user_attrs["last"] == 1


def test_differences_are_named(study: optuna.Study) -> None:
    facts = {"data": "abc", "split": {"n_folds": 5, "salt": "s"}}
    _study.agree(study, facts)
    _study.agree(study, facts)
    changed = {"data": "abc", "split": {"n_folds": 3, "salt": "s"}, "seed": 1}
    with pytest.raises(ConfigError, match=r"seed: was nothing, is 1; split\.n_folds: was 5, is 3"):
        _study.agree(study, changed)


def test_joiner_waits_for_a_living_creator_only(journal: Path, study: optuna.Study) -> None:
    timer = threading.Timer(0.5, _study.make_ready, [study])
    timer.start()
    start = time.monotonic()
    joined, created = _study.open_study(
        open_journal(str(journal)), "s", ["minimize"], must_exist=True
    )
    assert not created
    assert joined.user_attrs["ready"]
    assert time.monotonic() - start >= 0.4
    timer.join()


def test_joiner_does_not_wait_for_a_dead_creator(journal: Path, study: optuna.Study) -> None:
    study.set_user_attr("creator", DEAD)
    start = time.monotonic()
    _study.open_study(open_journal(str(journal)), "s", ["minimize"], must_exist=False)
    assert time.monotonic() - start < 2


def test_study_of_other_directions_is_refused(journal: Path, study: optuna.Study) -> None:
    _study.make_ready(study)
    with pytest.raises(ConfigError, match="minimize"):
        _study.open_study(open_journal(str(journal)), "s", ["maximize"], must_exist=False)


@pytest.mark.parametrize(
    ("given", "located"),
    [
        ("a.journal", "{here}/a.journal"),
        ("sqlite:///a b.db", "sqlite:///{here}/a b.db"),
        ("sqlite:////x/a.db", "sqlite:////x/a.db"),
        ("sqlite:///file:a.db?uri=true", "sqlite:///file:a.db?uri=true"),
        ("postgresql://user@host/a", "postgresql://user@host/a"),
    ],
)
def test_storage_is_found_from_any_folder(tmp_path: Path, given: str, located: str) -> None:
    assert locate_storage(given, tmp_path, "s") == located.format(here=Path.cwd())


def test_latest_study(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without resume"):
        _study.latest_study(tmp_path, None)
    for age, name in ((50, "old"), (10, "new"), (90, "older")):
        (tmp_path / f"{name}.journal").touch()
        os.utime(tmp_path / f"{name}.journal", (0, 1e9 - age))
    assert _study.latest_study(tmp_path, None) == "new"


@pytest.mark.parametrize("name", ["last", "a,b", "../x", "", "'q'", " x"])
def test_names_that_cannot_be_used(name: str) -> None:
    with pytest.raises(ConfigError, match="study_name"):
        _study.checked_name(name)
