"""Studies and their queue in real storage: nothing is run twice."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna import _queue, _recovery, _study
from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._errors import SettingsError
from hydra_plugins.spaceship_optuna._search_space import Arm, SearchPlan
from hydra_plugins.spaceship_optuna._storage import locate_storage, open_storage
from hydra_plugins.spaceship_optuna._study import VOID
from tests.sweeper.studies import DEAD, PLAN, claim, slots, worker_of

Open = Callable[[], optuna.Study]


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
        study, SearchPlan((), (Arm("a", (), own, {"x": 1}),)), n_trials, 3, grid=True
    )
    assert ("Of the grid's 4 points 3 are tried" in caplog.text) is told


def test_plan_that_was_cut_short_is_completed(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 3, 2)
    _queue.plan_trials(study, PLAN, 7, 2)
    assert slots(study) == list(range(7))
    assert [one.system_attrs["fixed_params"] for one in study.get_trials()][3] == {"candidate": "b"}


def test_trials_enqueued_by_others_count(study: optuna.Study) -> None:
    study.enqueue_trial({"candidate": "a", "a/x": 0.1})
    _queue.plan_trials(study, PLAN, 3, 1)
    assert len(study.get_trials()) == 3
    assert claim(study).number == 0


def test_slot_planned_twice_is_run_once(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 2, 1)
    study.enqueue_trial({}, user_attrs={"slot": 1})
    for _ in range(2):
        study.tell(claim(study), 1.0)
    assert _queue.claim(study, 5) is None
    assert len(_study.counted(study)) == 2
    assert study.get_trials()[2].user_attrs[VOID] == "planned twice"


def test_point_in_place_of_a_repeated_one_can_be_claimed_at_once(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed: list[int] = []
    enqueue = study.enqueue_trial

    def enqueue_and_claim(*arguments: Any, **more: Any) -> None:
        enqueue(*arguments, **more)
        claimed.append(claim(study).number)  # as another worker may, before anything else is done

    enqueue({}, user_attrs={"slot": 0})
    trial = claim(study)
    monkeypatch.setattr(study, "enqueue_trial", enqueue_and_claim)
    worker_of(study).replace(study, trial, PLAN.arms[0])
    assert claimed == [1]
    assert slots(study) == [0]
    assert study.get_trials()[0].state == TrialState.FAIL


def test_smaller_budget_leaves_the_rest_waiting(study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 3, 1)
    assert _queue.is_left(study, 1)
    study.tell(claim(study, n_trials=1), 1.0)
    assert not _queue.is_left(study, 1)
    assert _queue.claim(study, 1) is None


def test_claims_from_many_threads_are_exclusive(journal: Path, study: optuna.Study) -> None:
    _queue.plan_trials(study, PLAN, 12, 1)
    claimed: list[int] = []

    def work() -> None:
        own = open_storage(str(journal))
        mine = optuna.load_study(study_name="s", storage=own)
        while (trial := _queue.claim(mine, 12)) is not None:
            claimed.append(trial.number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == list(range(12))


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
        _queue.claim(study, 5)
    monkeypatch.undo()
    assert _recovery.release_own(study) == [0]
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_differences_are_named(study: optuna.Study) -> None:
    facts = {"data": "abc", "split": {"n_folds": 5, "salt": "s"}}
    _study.check_facts(study, facts)
    _study.check_facts(study, facts)
    changed = {"data": "abc", "split": {"n_folds": 3, "salt": "s"}, "seed": 1}
    with pytest.raises(
        SettingsError, match=r"seed: was nothing, is 1; split\.n_folds: was 5, is 3"
    ):
        _study.check_facts(study, changed)


def test_joiner_waits_for_a_living_creator_only(journal: Path, study: optuna.Study) -> None:
    timer = threading.Timer(0.5, _study.open_to_joiners, [study])
    timer.start()
    start = time.monotonic()
    joined, created = _study.open_study(
        open_storage(str(journal)), "s", ["minimize"], must_exist=True
    )
    assert not created
    assert joined.user_attrs["ready"]
    assert time.monotonic() - start >= 0.4
    timer.join()


def test_joiner_does_not_wait_for_a_dead_creator(journal: Path, study: optuna.Study) -> None:
    study.set_user_attr("creator", DEAD)
    start = time.monotonic()
    _study.open_study(open_storage(str(journal)), "s", ["minimize"], must_exist=False)
    assert time.monotonic() - start < 2


def test_study_of_other_directions_is_refused(journal: Path, study: optuna.Study) -> None:
    _study.open_to_joiners(study)
    with pytest.raises(SettingsError, match="minimize"):
        _study.open_study(open_storage(str(journal)), "s", ["maximize"], must_exist=False)


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
    with pytest.raises(SettingsError, match="without resume"):
        _study.latest_study(tmp_path, None)
    for age, name in ((50, "old"), (10, "new"), (90, "older")):
        (tmp_path / f"{name}.journal").touch()
        os.utime(tmp_path / f"{name}.journal", (0, 1e9 - age))
    assert _study.latest_study(tmp_path, None) == "new"


@pytest.mark.parametrize("name", ["last", "a,b", "../x", "", "'q'", " x"])
def test_names_that_cannot_be_used(name: str) -> None:
    with pytest.raises(SettingsError, match="study_name"):
        _study.check_name(name)
