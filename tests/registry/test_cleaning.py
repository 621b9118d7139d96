"""Rules of cleaning: what stays is what aliases, history, rollback and running jobs need."""

import socket

import pytest

from spaceship.registry.cleaning import Plan, promised_versions
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.registry.old_versions import champions, crowned, ended, rules, version

GONE = {
    "spaceship.host": "a-machine-that-is-gone",
    "spaceship.place": "another boot",
    "spaceship.process": "[1, 0.0]",
}


def going(plan: Plan) -> list[str]:
    return sorted((str(one.version) for one in plan.versions), key=int)


def test_the_latest_versions_and_champions_stay(registry: Registry) -> None:
    champions(registry, 6)
    plan = rules(registry).plan()
    assert going(plan) == ["1", "2", "3"]
    assert [len(plan.models), len(plan.runs)] == [3, 3]
    assert going(rules(registry, keep=10).plan()) == []


def test_what_rollback_comes_back_to_stays_however_old_it_is(registry: Registry) -> None:
    champions(registry, 7)
    crowned(registry, "6", "5", "4")  # rolled back, and next to 3
    assert going(rules(registry).plan()) == ["1"]
    assert registry.previous_champion() == "3"


def test_aliases_stay_also_those_that_were_set_by_hand(registry: Registry) -> None:
    champions(registry, 8)
    client = registry.store.client
    client.set_registered_model_alias(registry.model, "audited", "1")
    client.set_registered_model_alias(registry.model, CHALLENGER, "3")
    assert going(rules(registry).plan()) == ["2", "4", "5"]
    client.set_registered_model_alias(registry.model, CHAMPION, "5")  # the way back leads to 4, 3
    assert going(rules(registry).plan()) == ["2"]


@pytest.mark.parametrize(
    ("path", "champion", "kept"),
    [
        ("12345", "5", "345"),
        ("123454", "4", "2345"),
        ("1234", None, "234"),
        ("12345", "2", "12345"),
        ("", None, ""),
        ("", "2", "2"),
    ],
)
def test_the_way_back_ends_where_a_version_came_back(
    registry: Registry, path: str, champion: str | None, kept: str
) -> None:
    for _ in range(5):
        version(registry)
    crowned(registry, *path)
    moves = registry.aliases.moves()
    assert "".join(sorted(promised_versions(moves, champion, [*"12345"], 2))) == kept


def test_a_model_registered_by_hand_stays_and_keeps_its_run(registry: Registry) -> None:
    version(registry, "prod-model")
    plan = rules(registry, keep=1).plan()
    assert [len(plan.versions), len(plan.models), len(plan.runs)] == [0, 0, 0]


def test_runs_stay_while_young_running_or_needed(registry: Registry) -> None:
    champions(registry, 1)
    store = registry.store
    old = ended(store)
    store.start_run("at work", {})
    assert [run.info.run_id for run in rules(registry).plan().runs] == [old]
    assert rules(registry, days=1).plan().runs == []
    assert rules(registry, days=None).plan().runs == []


def test_the_runs_of_a_sweep_go_together(registry: Registry) -> None:
    store = registry.store
    parent = store.start_run("sweep", {})
    child = ended(store, parent=parent)
    grandchild = ended(store, parent=child)
    ended(store, parent="of a run that is not there")
    assert len(rules(registry).plan().runs) == 1
    store.end_run(parent, "FINISHED")
    found = {run.info.run_id for run in rules(registry).plan().runs}
    assert found > {parent, child, grandchild}


def test_only_running_runs_of_a_machine_that_is_gone_are_closed(registry: Registry) -> None:
    store = registry.store
    lost = store.client.create_run(store.experiment_id, tags=GONE).info.run_id
    store.start_run("here", {})
    ended(store)
    found = rules(registry, host="a-machine-that-is-gone").on_host()
    assert [run.info.run_id for run in found] == [lost]
    assert rules(registry).on_host() == []
    assert rules(registry, host="no-such-machine").on_host() == []
    assert rules(registry, host=socket.gethostname()).on_host() == [], "its process is seen to live"
