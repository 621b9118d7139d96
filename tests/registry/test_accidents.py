"""A champion stays whole whatever is lost, changed, late or killed while a candidate is judged."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from spaceship.errors import RegistryError
from spaceship.evaluation.report import Report
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.registry.aliases import Aliases
from spaceship.registry.moves import MoveState
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.store import Store
from tests.registry.candidates import (
    NewJob,
    Twins,
    aliases,
    n_versions,
    one_better,
    promotion,
)


@pytest.mark.parametrize("lost", ["report.json", "holdout.csv"])
def test_a_champion_whose_figures_are_lost_is_not_replaced(
    registry: Registry, new_job: NewJob, twins: Twins, lost: str
) -> None:
    first = new_job(twins.weak)
    promotion(registry).judge(first)
    artifacts = Path(str(registry.store.artifacts))
    for path in artifacts.rglob(lost):  # beside the model, and with the run
        path.unlink()
    verdict = promotion(registry).judge(new_job(twins.good))
    assert verdict.award == "refused"
    assert "the champion has no hold-out predictions" in verdict.reason
    assert aliases(registry) == ("1", None)


def test_a_champion_that_cannot_be_updated_is_not_replaced(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))

    def update(champion: Report, _: Report, twin: Path) -> Report:
        message = f"{champion.name} at {twin.name} does not load"
        raise RegistryError(message)

    job = new_job(twins.good, digest="another")
    assert promotion(registry, update=update).judge(job).award == "refused"
    assert aliases(registry) == ("1", None)


def test_a_candidate_is_held_against_the_champion_that_came_meanwhile(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = promotion(registry)
    judge.judge(new_job(twins.weak))
    other = new_job(one_better(twins.weak))
    judge.judge(other)
    prepare, calls = Aliases.prepare, count()

    def late(self: Aliases, *arguments: Any) -> Any:
        if next(calls) == 0:  # as another machine would, between judgement and move
            point(registry, "2")
        return prepare(self, *arguments)

    monkeypatch.setattr(Aliases, "prepare", late)
    job = new_job(one_better(twins.weak))
    verdict = judge.judge(job)
    assert (verdict.award, verdict.rule) == ("refused", "any_gain"), "no better than the new one"
    written = json.loads((job.folder / VERDICT_FILE).read_text())
    assert (written["champion_before"], written["version_registered"]) == ("2", None)
    assert n_versions(registry) == 2


def point(registry: Registry, number: str) -> None:
    registry.store.client.set_registered_model_alias(registry.model, CHAMPION, number)


@pytest.mark.parametrize("name", ["report.json", "holdout.csv"])
def test_a_champion_whose_figures_were_changed_is_not_compared_with(
    registry: Registry, new_job: NewJob, twins: Twins, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = new_job(twins.good)
    promotion(registry).judge(first)
    (path,) = Path(str(registry.store.artifacts)).rglob(f"evidence/{name}")
    path.write_text(path.read_text() + " ")
    verdict = promotion(registry).judge(new_job(twins.good))
    assert verdict.award == "refused"
    assert f"{name} of version 1" in caplog.text
    assert "found it changed" in caplog.text


class Killed(BaseException):
    """What nothing on the way may catch."""


def test_a_verdict_that_a_crash_kept_from_being_noted_is_noted_once_it_is_asked_for(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    job = new_job(twins.good)
    verdict = promotion(registry).judge(job)
    (job.folder / VERDICT_FILE).unlink()
    again = promotion(registry).judge(job)
    assert (again.award, again.reason) == (verdict.award, verdict.reason)
    assert again.award == CHAMPION
    assert Verdict.read(job.folder) == again
    noted = json.loads((job.folder / VERDICT_FILE).read_text())
    assert (noted["version_registered"], noted["champion_before"]) == ("2", "1")
    assert (n_versions(registry), registry.champion().number) == (2, "2")


class MortalClient:
    """A client of MLflow whose process dies before the call that is one too many."""

    def __init__(self, client: Any, calls: int) -> None:
        self.client, self.calls = client, calls
        self.died_at = ""

    def __getattr__(self, name: str) -> Any:
        if self.calls == 0:
            self.died_at = self.died_at or name
            raise Killed(name)
        self.calls -= 1
        return getattr(self.client, name)


@pytest.mark.slow
def test_killed_at_any_call_the_old_champion_or_the_new_one_is_there_whole(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    outcomes = []
    for calls in count():
        job = new_job(twins.good)
        mortal = Store(registry.store.uri, registry.store.artifacts, registry.store.experiment)
        client = MortalClient(registry.store.client, calls)
        mortal.__dict__["client"] = client
        try:
            promotion(replace(registry, store=mortal)).judge(job)
        except Killed:
            outcomes.append((client.died_at, registry.champion().run_id == job.run_id))
        else:
            break
        with registry.aliases.lock():
            assert not any(move.is_open for move in registry.aliases.moves())
        champion, moves = registry.champion(), registry.aliases.moves()
        last = [move for move in moves if move.alias == CHAMPION and move.state == MoveState.DONE][
            -1
        ]
        assert champion.number == last.after
        for name in ("report.json", "holdout.csv", "twin"):
            registry.fetch(champion, name, tmp_path / f"whole-{calls}")
        with registry.aliases.lock():
            registry.aliases.move(CHAMPION, "1", "for the next death")
    moved = [new for _, new in outcomes]
    assert moved == sorted(moved), "once it is champion it stays"
    assert outcomes[0][1] is False
    assert outcomes[-1][1] is True
    assert "set_registered_model_alias" in {call for call, new in outcomes if not new}
    assert registry.champion().run_id == job.run_id
