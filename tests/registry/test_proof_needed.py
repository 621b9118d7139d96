"""Gate that wants a run made again before its model is champion: it is challenger first."""

from spaceship.gate.award import Award
from spaceship.gate.policy import Gate
from spaceship.gate.rule.reproduced import PROOFS, Reproduced
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.registry.candidates import RULES, NewJob, Twins, aliases, promotion

STRICT = Gate(**RULES, reproduced=Reproduced())


def test_the_best_candidate_becomes_challenger_and_its_verdict_names_the_command(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    job = new_job(twins.good)
    verdict = promotion(registry, STRICT).judge(job)
    assert (verdict.award, verdict.rule) == (CHALLENGER, PROOFS)
    then = f"mode=reproduce run={job.run_id}, then mode=promote"
    assert verdict.reason.endswith(f"; Times made again 0 (must be ≥ 1), {then}.")
    assert aliases(registry) == (None, "1")
    assert registry.version("1").needs_proof


def test_a_weak_candidate_is_refused_for_what_it_lacks(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.good))
    verdict = promotion(registry, STRICT).judge(new_job(twins.weak))
    assert (verdict.award, verdict.rule) == ("refused", "any_gain")
    assert aliases(registry) == ("1", None)


def test_without_a_champion_a_challenger_gives_way_to_a_better_one_alone(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    strict = promotion(registry, STRICT)
    assert strict.judge(new_job(twins.good)).award == CHALLENGER
    assert strict.judge(new_job(twins.weak)).award == "refused"
    assert aliases(registry) == (None, "1")


def test_force_goes_without(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    gate = Gate(**RULES, reproduced=Reproduced(), force=True)
    verdict = promotion(registry, gate, reason="a fire").judge(new_job(twins.good))
    assert verdict.reason == "Forced: a fire. Not met: times made again."
    assert aliases(registry) == ("1", None)


def test_a_rule_that_only_informs_awards_champion(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    gate = Gate(**RULES, reproduced=Reproduced(otherwise=Award.CHAMPION))
    assert promotion(registry, gate).judge(new_job(twins.good)).award == CHAMPION
    assert not registry.version("1").needs_proof
