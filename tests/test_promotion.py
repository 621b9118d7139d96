"""Candidate against champion, twin against twin; whatever goes wrong, a champion stays whole."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline

from spaceship import packaging
from spaceship.data._base import Passengers
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import RefusedError, RegistryError, TrackingError
from spaceship.features.raw import RawFeatures
from spaceship.gate.policy import Gate
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.guard.floor import Floor
from spaceship.guard.gain import Gain
from spaceship.guard.repeats import Repeats
from spaceship.guard.significance import Significance
from spaceship.job import Job
from spaceship.ledger import DONE
from spaceship.pipeline import build_pipeline
from spaceship.promotion import Referee
from spaceship.registry import CHALLENGER, CHAMPION, Registry
from spaceship.report import HoldOut, Report
from spaceship.schema import LABEL
from spaceship.tracking import Store
from spaceship.training import Protocol, fit_twin, holdout_metrics, predict_holdout

PROTOCOL = Protocol(holdout_fraction=0.4, salt="pepper", n_folds=3, seed=1)
RULES = {"floor": Floor(minimum=0.5), "gain": Gain()}
LENIENT = Gate(**RULES)
NewJob = Callable[..., Job]


@dataclass(frozen=True)
class Twins:
    """A weak and a good model with what they predict of the hold-out, and the data's digest."""

    digest: str
    weak: HoldOut
    good: HoldOut
    weak_pipeline: Pipeline


@pytest.fixture(scope="module")
def twins(people: Passengers) -> Twins:
    def boosted(**options: Any) -> Pipeline:
        model = LGBMClassifier(random_state=1, n_jobs=1, verbose=-1, **options)
        return build_pipeline(RawFeatures(), "native", model)

    stump = boosted(n_estimators=1, max_depth=1, num_leaves=2)
    weak, by_weak = fit_twin(stump, people.train, PROTOCOL)
    _, by_good = fit_twin(boosted(n_estimators=40), people.train, PROTOCOL)
    assert by_good.accuracy > 1.03 * by_weak.accuracy > 0.5
    return Twins(people.digest, by_weak, by_good, weak)


@pytest.fixture
def new_job(store: Store, tmp_path: Path, twins: Twins) -> NewJob:
    """Give a maker of jobs that hold a candidate; the folders of models hold a text instead."""
    numbers = count()

    def make(holdout: HoldOut, *, digest: str = twins.digest, run: bool = True) -> Job:
        job = Job(tmp_path / f"job-{next(numbers)}", in_multirun=False)
        for folder in (job.model, job.twin):
            folder.mkdir(parents=True)
            (folder / "MLmodel").write_text("flavors: {}\n")
        recipe = {"name": "lgbm", "estimator": {"random_state": "${seed}"}}
        metrics = holdout_metrics(holdout)
        report = Report("lgbm", "synthetic", digest, recipe, metrics, holdout=holdout)
        report.write(job.folder)
        if run:
            job.note_run(store.start_run(job.folder.name, {}))
        return job

    return make


def up_to_date(champion: Report, twin: Path) -> Report:
    """Nothing in a test that uses this has to be brought up to date."""
    pytest.fail(f"asked to update {champion.name} with {twin}")


def referee(registry: Registry, gate: Gate = LENIENT) -> Referee:
    return Referee(gate, registry, up_to_date)


def one_better(holdout: HoldOut) -> HoldOut:
    """Return the same hold-out with one mistake less."""
    wrong = next(n for n, guess in enumerate(holdout.predictions) if guess != holdout.labels[n])
    chances = list(holdout.probabilities)
    chances[wrong] = float(holdout.labels[wrong])
    return replace(holdout, probabilities=tuple(chances))


def aliases(registry: Registry) -> tuple[str | None, str | None]:
    found = [registry.find(alias) for alias in (CHAMPION, CHALLENGER)]
    champion, challenger = (None if one is None else one.number for one in found)
    return champion, challenger


def n_versions(registry: Registry) -> int:
    return len(registry.store.client.search_model_versions(f"name='{registry.model}'"))


def test_the_first_champion_is_registered_whole_and_on_record(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    job = new_job(twins.good)
    verdict = referee(registry).conclude(job)
    assert verdict.award == CHAMPION
    champion = registry.champion()
    assert (champion.number, champion.run_id) == ("1", job.run_id)
    assert champion.recipe == Report.read(job.folder).recipe
    for name in ("report.json", "holdout.csv", "twin", VERDICT_FILE):
        registry.fetch(champion, name, tmp_path)
    assert {*champion.digests} == {"model", "twin", "report.json", "holdout.csv"}
    assert Report.read(tmp_path).run_id == job.run_id
    assert Report.read(tmp_path).holdout == twins.good
    tags = registry.store.client.get_run(champion.run_id).data.tags
    assert (tags["award"], tags["reason"]) == (CHAMPION, verdict.reason)
    (move,) = registry.moves()
    assert (move.alias, move.before, move.after, move.reason) == (
        CHAMPION,
        None,
        "1",
        verdict.reason,
    )
    written = json.loads((job.folder / VERDICT_FILE).read_text())
    assert written["version"] == 1
    assert (written["version_registered"], written["champion_before"]) == ("1", None)
    assert not job.twin.exists()
    assert not job.model.exists(), "what is registered lies in MLflow only"


def test_no_champion_below_the_floor(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    job = new_job(twins.weak)
    verdict = referee(registry, Gate(floor=Floor(minimum=0.99))).conclude(job)
    assert (verdict.award, verdict.rule) == ("refused", "floor")
    assert aliases(registry) == (None, None)
    assert n_versions(registry) == 0
    assert job.model.is_dir(), "the serving model stays, to be looked at"
    assert not job.twin.exists()


def test_no_gain_a_small_gain_and_a_large_one(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    judge = referee(registry)
    assert judge.conclude(new_job(twins.weak)).award == CHAMPION
    assert judge.conclude(new_job(twins.weak)).award == "refused"
    assert aliases(registry) == ("1", None)
    small = judge.conclude(new_job(one_better(twins.weak)))
    assert small.award == CHALLENGER
    assert small.numbers["champion_accuracy"] == twins.weak.accuracy
    assert aliases(registry) == ("1", "2")
    large = judge.conclude(new_job(twins.good))
    assert large.award == CHAMPION
    assert large.numbers["candidate_accuracy"] == twins.good.accuracy
    assert large.numbers["paired_rows"] == len(twins.good.labels)
    assert aliases(registry) == ("3", None), "the challenger was one of the champion before"
    assert registry.previous_champion() == "1"
    assert judge.conclude(new_job(twins.weak)).award == "refused"
    assert aliases(registry) == ("3", None)


def test_a_ceiling_caps_the_award(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    judge = referee(registry)
    judge.conclude(new_job(twins.weak), ceiling=CHALLENGER)
    assert aliases(registry) == ("1", None), "the first one has nobody to challenge"
    assert judge.conclude(new_job(twins.good), ceiling=CHALLENGER).rule == "ceiling"
    assert aliases(registry) == ("1", "2")


def test_a_gate_that_moves_nothing_tells_what_it_would_have_done(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    job = new_job(twins.good)
    verdict = referee(registry, Gate(dry_run=True, **RULES)).conclude(job)
    assert verdict.award == CHAMPION
    assert Verdict.read(job.folder) == verdict
    assert aliases(registry) == (None, None)
    assert n_versions(registry) == 0
    assert registry.moves() == []


def test_a_refusal_is_an_error_where_the_gate_requires_otherwise(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    judge = referee(registry, Gate(require=True, **RULES))
    judge.conclude(new_job(twins.good))
    job = new_job(twins.weak)
    with pytest.raises(RefusedError, match=r"found: Refused: .*; gate\.require=false") as caught:
        judge.conclude(job)
    assert caught.value.exit_status == 3
    assert Verdict.read(job.folder).award == "refused"
    tags = registry.store.client.get_run(job.logged_run()).data.tags
    assert tags["award"] == "refused"


def test_a_verdict_is_given_once(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    for holdout in (twins.good, twins.weak):
        job = new_job(holdout)
        first = referee(registry).conclude(job)
        assert referee(registry).conclude(job) == first
    assert n_versions(registry) == 1
    assert len(registry.moves()) == 1


def test_a_job_without_a_run_cannot_be_judged(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    with pytest.raises(TrackingError, match="run it with the callback"):
        referee(registry).conclude(new_job(twins.good, run=False))
    assert n_versions(registry) == 0


def test_the_champion_is_scored_again_where_the_data_has_moved(
    registry: Registry, new_job: NewJob, twins: Twins, people: Passengers
) -> None:
    first = new_job(twins.weak)
    shutil.rmtree(first.twin)
    packaging.save(twins.weak_pipeline, first.twin, people.train)
    referee(registry).conclude(first)
    drifted = SyntheticData(n_groups=400, seed=2912, drift=1.0, test_fraction=0.33).load()
    _, held = PROTOCOL.parts(drifted.train)
    expected = predict_holdout(twins.weak_pipeline, held)
    assert expected != twins.weak
    updated: list[Report] = []

    def update(champion: Report, twin: Path) -> Report:
        holdout = predict_holdout(packaging.load(str(twin)), held)
        updated.append(replace(champion, holdout=holdout, data_digest=drifted.digest))
        return updated[-1]

    truth = tuple(float(label) for label in held[LABEL])
    perfect = replace(expected, probabilities=truth)
    job = new_job(perfect, digest=drifted.digest)
    verdict = Referee(LENIENT, registry, update).conclude(job)
    assert [report.holdout for report in updated] == [expected]
    assert updated[0].run_id == first.run_id
    assert verdict.award == CHAMPION
    assert verdict.numbers["champion_accuracy"] == expected.accuracy


def test_a_champion_without_the_seeds_the_gate_asks_for_is_scored_on_them(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    referee(registry).conclude(new_job(twins.weak))
    repeats = {str(seed): {"accuracy": 0.7} for seed in (1, 2, 3)}
    asked: list[str] = []

    def update(champion: Report, twin: Path) -> Report:
        assert (twin / "MLmodel").is_file()
        asked.append(champion.name)
        return replace(champion, repeats=repeats)

    strict = Gate(repeats=Repeats(seeds=[1, 2, 3], floor=0.5), significance=Significance(), **RULES)
    job = new_job(twins.good)
    better = {seed: {"accuracy": 0.8} for seed in repeats}
    replace(Report.read(job.folder), repeats=better).write(job.folder)
    assert Referee(strict, registry, update).conclude(job).award == CHAMPION
    assert asked == ["lgbm"]


def test_a_champion_is_not_compared_on_passengers_its_twin_was_trained_on(
    registry: Registry, new_job: NewJob, twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    part = HoldOut(*(values[:50] for values in _columns(twins.weak)))
    referee(registry).conclude(new_job(part))
    verdict = referee(registry).conclude(new_job(twins.good))
    assert verdict.award == "refused"
    assert f"found {len(twins.good.labels) - 50} in the hold-out" in caplog.text
    assert aliases(registry) == ("1", None)


def _columns(holdout: HoldOut) -> tuple[Any, Any, Any]:
    return holdout.passenger_ids, holdout.labels, holdout.probabilities


@pytest.mark.parametrize("lost", ["report.json", "holdout.csv"])
def test_a_champion_whose_figures_are_lost_is_not_replaced(
    registry: Registry, new_job: NewJob, twins: Twins, lost: str
) -> None:
    first = new_job(twins.weak)
    referee(registry).conclude(first)
    artifacts = Path(str(registry.store.artifacts))
    (path,) = artifacts.glob(f"{first.run_id}/artifacts/{lost}")
    path.unlink()
    verdict = referee(registry).conclude(new_job(twins.good))
    assert verdict.award == "refused"
    assert "the champion has no hold-out predictions" in verdict.reason
    assert aliases(registry) == ("1", None)


def test_a_champion_that_cannot_be_updated_is_not_replaced(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    referee(registry).conclude(new_job(twins.weak))

    def update(champion: Report, twin: Path) -> Report:
        message = f"{champion.name} at {twin.name} does not load"
        raise RegistryError(message)

    job = new_job(twins.good, digest="another")
    assert Referee(LENIENT, registry, update).conclude(job).award == "refused"
    assert aliases(registry) == ("1", None)


def test_a_forced_candidate_becomes_champion_on_record(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    referee(registry).conclude(new_job(twins.good))
    force = Referee(Gate(force=True, **RULES), registry, up_to_date, "the data were mended")
    verdict = force.conclude(new_job(twins.weak), ceiling=CHALLENGER)
    assert (verdict.award, verdict.rule) == (CHAMPION, "forced")
    assert aliases(registry) == ("2", None)
    assert "the data were mended" in registry.moves()[-1].reason
    assert registry.previous_champion() == "1"


def test_a_candidate_is_held_against_the_champion_that_came_meanwhile(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = referee(registry)
    judge.conclude(new_job(twins.weak))
    other = new_job(one_better(twins.weak))
    judge.conclude(other)
    prepare, calls = Registry.prepare, count()

    def late(self: Registry, *arguments: Any) -> Any:
        if next(calls) == 0:  # as another machine would, between judgement and move
            point(self, "2")
        return prepare(self, *arguments)

    monkeypatch.setattr(Registry, "prepare", late)
    job = new_job(one_better(twins.weak))
    verdict = judge.conclude(job)
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
    referee(registry).conclude(first)
    (path,) = Path(str(registry.store.artifacts)).glob(f"{first.run_id}/artifacts/{name}")
    path.write_text(path.read_text() + " ")
    verdict = referee(registry).conclude(new_job(twins.good))
    assert verdict.award == "refused"
    assert f"{name} of version 1" in caplog.text
    assert "found it changed" in caplog.text


class Killed(BaseException):
    """What nothing on the way may catch."""


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


def test_killed_at_any_call_the_old_champion_or_the_new_one_is_there_whole(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    referee(registry).conclude(new_job(twins.weak))
    outcomes = []
    for calls in count():
        job = new_job(twins.good)
        mortal = Store(registry.store.uri, registry.store.artifacts, registry.store.experiment)
        client = MortalClient(registry.store.client, calls)
        mortal.__dict__["client"] = client
        try:
            referee(replace(registry, store=mortal)).conclude(job)
        except Killed:
            outcomes.append((client.died_at, registry.champion().run_id == job.run_id))
        else:
            break
        with registry.lock():
            assert not any(move.is_open for move in registry.moves())
        champion, moves = registry.champion(), registry.moves()
        last = [move for move in moves if move.alias == CHAMPION and move.state == DONE][-1]
        assert champion.number == last.after
        for name in ("report.json", "holdout.csv", "twin"):
            registry.fetch(champion, name, tmp_path / f"whole-{calls}")
        with registry.lock():
            registry.move(CHAMPION, "1", "for the next death")
    moved = [new for _, new in outcomes]
    assert moved == sorted(moved), "once it is champion it stays"
    assert outcomes[0][1] is False
    assert outcomes[-1][1] is True
    assert "set_registered_model_alias" in {call for call, new in outcomes if not new}
    assert registry.champion().run_id == job.run_id
