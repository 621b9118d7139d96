"""Files that comparisons need of a version outlive its run, which MLflow may delete for good."""

import errno
import json
import logging
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from spaceship.errors import RegistryError
from spaceship.files import digest
from spaceship.gate.policy import Gate
from spaceship.registry.registry import CHAMPION, DIGESTS, MODEL, Registry
from spaceship.tracking.store import Store
from tests.registry.candidates import RULES, NewJob, Twins, promotion


def collect_garbage(store: Store) -> None:
    """Run `mlflow gc`."""
    from mlflow.cli import gc

    gc(["--backend-store-uri", store.uri, "--tracking-uri", store.uri], standalone_mode=False)


def test_a_champion_is_compared_with_after_its_run_is_gone(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    first = new_job(twins.weak)
    judge = promotion(registry)
    judge.judge(first)
    registry.store.client.delete_run(first.logged_run())
    collect_garbage(registry.store)
    assert not (Path(str(registry.store.artifacts), first.logged_run()) / "artifacts").exists()
    champion = registry.champion()
    assert {MODEL, "twin", "report.json", "holdout.csv"} <= champion.digests.keys()
    for name in champion.digests:
        (where := tmp_path / f"fetched-{name}").mkdir()
        assert registry.fetch(champion, name, where).exists()
    assert judge.judge(new_job(twins.good)).award == CHAMPION


def test_a_version_of_old_has_its_files_with_its_run(registry: Registry, tmp_path: Path) -> None:
    (model := tmp_path / "model").mkdir()
    (model / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    registry.store.client.log_text(run_id, "{}", "report.json")
    registry.store.client.log_text(run_id, "text", "twin/a.txt")
    (tmp_path / "report.json").write_text("{}")
    digests = {name: digest(tmp_path / name) for name in ("model", "report.json")}
    client, number = registry.store.client, registry.register({MODEL: model}, run_id, {})
    client.set_model_version_tag(registry.model, number, DIGESTS, json.dumps(digests))
    version = registry.version(number)
    (tmp_path / "report.json").unlink()
    assert registry.fetch(version, "report.json", tmp_path).read_text() == "{}"
    with pytest.raises(RegistryError, match=r"a digest of twin of version 1 .* found none"):
        registry.fetch(version, "twin", tmp_path)


def test_the_model_alone_is_fetched_and_served(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    model = registry.fetch(registry.champion(), MODEL, tmp_path)
    assert {path.name for path in model.iterdir()} - {"registered_model_meta"} == {"MLmodel"}


def test_a_champion_whose_twin_is_lost_leaves_a_way_on(
    registry: Registry, new_job: NewJob, twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    (twin,) = Path(str(registry.store.artifacts)).rglob("evidence/twin/MLmodel")
    twin.unlink()
    verdict = promotion(registry).judge(new_job(twins.good, digest="of other data"))
    assert verdict.award == "refused"
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert (
        "twin of version 1 of spaceship_titanic-synthetic, found it missing" in warning.getMessage()
    )
    assert "mode=rollback" in warning.getMessage()
    assert "gate.force=true reason='…'" in warning.getMessage()
    forcing = promotion(registry, Gate(**RULES, force=True), reason="its twin is lost")
    assert forcing.judge(new_job(twins.good, digest="of other data")).award == CHAMPION


def test_a_full_disk_does_not_damage_a_version(
    registry: Registry,
    new_job: NewJob,
    twins: Twins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    full = Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(OSError, match=f"No space left on device: '{tmp_path / 'copy'}'"):
            registry.fetch(registry.champion(), MODEL, tmp_path / "copy")
    assert registry.damage("1") is None
