"""Descriptions of a registered model and its versions: true after each move, whatever fails."""

from dataclasses import replace

import pytest

from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.mode.promote import promote
from spaceship.mode.rollback import rollback
from spaceship.registry import packaging
from spaceship.registry.descriptions import CARD_HEAD, describe
from spaceship.registry.registry import CHALLENGER, Registry
from spaceship.tracking.views import CHAMPION_TAG
from tests.registry.candidates import NewJob, Twins, one_better, promotion


def texts(registry: Registry) -> tuple[str, dict[str, str]]:
    """Return the description of the model, and of each version by its number."""
    client = registry.store.client
    found = client.search_model_versions(f"name = '{registry.model}'")
    model = client.get_registered_model(registry.model).description
    return str(model), {str(one.version): str(one.description) for one in found}


@pytest.fixture
def two(registry: Registry, new_job: NewJob, twins: Twins) -> Registry:
    """Give a registry with a champion and a challenger."""
    promotion(registry).judge(new_job(twins.weak))
    assert promotion(registry).judge(new_job(one_better(twins.weak))).award == CHALLENGER
    return registry


def test_a_new_champion_and_a_challenger_are_described(two: Registry) -> None:
    model, versions = texts(two)
    first, second = model.split("\n\n")[:2]
    assert first.startswith("**Champion**: version 1 ")
    assert second.startswith("**Challenger**: version 2 ")
    assert "mode=promote" in model
    assert "mode=rollback" not in model, "there is nothing to go back to"
    assert versions["1"].startswith("Champion: ")
    assert versions["2"].startswith("Challenger: ")
    assert versions["1"].endswith("champion against no champion")
    assert versions["2"].endswith("challenger against version 1")


def test_moves_by_hand_are_described_and_cards_stay(
    two: Registry, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging, "load", lambda _: None)
    cards = {number: text.partition(CARD_HEAD)[2] for number, text in texts(two)[1].items()}
    said = replace(experiment, settings=experiment.settings.model_copy(update={"reason": "<b>_"}))
    promote(said)
    model, versions = texts(two)
    assert model.startswith("**Champion**: version 2 ")
    assert "**Challenger**: none" in model
    assert "&lt;b&gt;\\_" in model
    assert "mode=rollback" in model
    assert versions["1"].startswith("Without an alias: ")
    assert "ceased to be champion" in versions["1"]
    run = two.store.client.get_run(two.champion().run_id)
    assert run.data.tags[CHAMPION_TAG] == "version 2"
    rollback(said)
    model, versions = texts(two)
    assert model.startswith("**Champion**: version 1 ")
    assert versions["1"].startswith("Champion: ")
    assert versions["1"].count("became champion") == 2
    assert {n: text.partition(CARD_HEAD)[2] for n, text in versions.items()} == cards


def test_a_description_that_a_crash_left_old_is_mended_by_the_next(two: Registry) -> None:
    whole = texts(two)
    client = two.store.client
    client.update_registered_model(two.model, "**Champion**: version 9")
    client.update_model_version(two.model, "1", whole[1]["1"].replace("Champion", "Challenger", 1))
    describe(two)
    assert texts(two) == whole


def test_figures_of_an_earlier_release_stay(two: Registry) -> None:
    figures = "**Figures when it was registered**: lgbm on full, data ab12"
    two.store.client.update_model_version(two.model, "1", f"Challenger: old\n\n{figures}")
    describe(two)
    text = texts(two)[1]["1"]
    assert text.startswith("Champion: ")
    assert text.endswith(figures)


def test_what_a_person_wrote_stays(two: Registry) -> None:
    client, before = two.store.client, texts(two)
    client.update_registered_model(two.model, "Champion since May, see the wiki")
    client.update_model_version(two.model, "1", "Mine. Champion: ")
    client.update_model_version(two.model, "2", "")
    describe(two)
    model, versions = texts(two)
    assert (model, versions["1"]) == ("Champion since May, see the wiki", "Mine. Champion: ")
    assert versions["2"].split("\n\n")[0] == before[1]["2"].split("\n\n")[0], "empty: written"


def test_a_description_that_cannot_be_written_ends_nothing(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the database is gone")

    monkeypatch.setattr("mlflow.MlflowClient.update_registered_model", fail)
    job = new_job(twins.good)
    assert promotion(registry).judge(job).award == "champion"
    assert registry.champion().run_id == job.run_id
    assert Report.read(job.folder).run_id == job.run_id
