"""Recipe and scores of versions come from the versions: their runs may be deleted."""

import pytest

from spaceship.registry.registry import RECIPE, Registry
from spaceship.registry.version_scores import SCORES, VersionScores, summaries
from spaceship.tracking.job_run import score_tags
from spaceship.tracking.tag_names import plain
from tests.registry.candidates import NewJob, Twins, promotion
from tests.reports import MakeReport


@pytest.fixture
def one(registry: Registry, new_job: NewJob, twins: Twins) -> VersionScores:
    """Give the scores of the only version, whose run is deleted."""
    promotion(registry).judge(new_job(twins.weak))
    client = registry.store.client
    client.delete_run(registry.version("1").run_id)
    scores = summaries(registry, ["1"])["1"].scores
    assert scores is not None
    return scores


def test_a_version_knows_its_scores_when_its_run_is_gone(one: VersionScores, twins: Twins) -> None:
    assert (one.metric, one.held_out) == ("accuracy", float(twins.weak.accuracy))


def test_a_version_of_an_older_release_has_them_in_its_report(
    registry: Registry, one: VersionScores
) -> None:
    registry.store.client.delete_model_version_tag(registry.model, "1", SCORES)
    found = summaries(registry, ["1"])["1"].scores
    assert found is not None
    assert found.held_out == one.held_out


def test_what_is_garbled_is_left_out(registry: Registry, one: VersionScores) -> None:
    client = registry.store.client
    for key in (SCORES, RECIPE, plain(RECIPE)):
        client.set_model_version_tag(registry.model, "1", key, "{")
    found = summaries(registry, ["1", "2", None])
    assert [*found] == ["1"], "there is no version 2"
    assert (found["1"].recipe, found["1"].scores, str(found["1"])) == (None, None, "")
    assert one.metric == "accuracy"


def test_a_recipe_cannot_forge_a_line(registry: Registry, one: VersionScores) -> None:
    text = '{"name": "x\\ny\\u001b[31m", "features": {"_target_": "a.b.C"}}'
    registry.store.client.set_model_version_tag(registry.model, "1", RECIPE, text)
    assert str(summaries(registry, ["1"])["1"]) == rf"x\ny\x1b[31m on b, {one}"


def test_a_version_that_learnt_from_a_sample_says_so(report: MakeReport) -> None:
    made = report(80, 100, rows=500, drawn_from=10_000)
    assert str(VersionScores.of(made)).endswith(", on a sample of 500 of 10,000 labelled rows")
    assert score_tags(made)["sample"] == made.sample_words
    assert "sample" not in score_tags(report(80, 100))
