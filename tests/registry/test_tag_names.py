"""Tags that MLflow's pages do not list, and a store of an older release, whose tags they list."""

from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.tag_names import plain
from tests.registry.candidates import NewJob, Twins, aliases, one_better, promotion


def as_in_an_older_release(registry: Registry) -> None:
    """Give every tag of the model and its versions the name that it had without a prefix."""
    client, name = registry.store.client, registry.model
    for key, text in registry.aliases.tags().items():
        client.delete_registered_model_tag(name, key)
        client.set_registered_model_tag(name, plain(key), text)
    for version in client.search_model_versions(f"name = '{name}'"):
        for key, text in version.tags.items():
            client.delete_model_version_tag(name, version.version, key)
            client.set_model_version_tag(name, version.version, plain(key), text)


def test_only_what_people_may_change_is_listed(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    listed = [key for key in registry.aliases.tags() if not key.startswith("mlflow.")]
    assert listed == []
    tags = registry.store.client.get_model_version(registry.model, "1").tags
    shown = {key for key in tags if not key.startswith("mlflow.")}
    assert shown == {"award", "reason", "data_digest", "holdout_accuracy"}


def test_a_store_of_an_older_release_goes_on(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    as_in_an_older_release(registry)
    assert registry.champion().recipe["name"] == "lgbm"
    assert registry.damage("1") is None
    verdict = promotion(registry).judge(new_job(twins.good))
    assert verdict.award == CHAMPION
    assert aliases(registry) == ("2", None)
    first, second = registry.aliases.moves()
    assert (first.key.startswith("move-"), second.follows) == (True, first.key)
    assert registry.previous_champion() == "1"
    assert len(LookRecords.read(registry.aliases).looks) == 2


def test_a_look_of_an_older_release_counts_once(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    job = new_job(one_better(twins.weak))
    promotion(registry).judge(job)
    key = next(key for key in registry.aliases.tags() if str(job.run_id) in key)
    text = registry.aliases.tags()[key]
    registry.store.client.set_registered_model_tag(registry.model, plain(key), text)
    assert len(LookRecords.read(registry.aliases).looks) == 2
