"""Proofs of runs that were made again: counted with run and version, whole, and private."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from spaceship.data._base import Dataset
from spaceship.experiment import Experiment
from spaceship.mode.history import history
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import RunRecord
from spaceship.records import read_record
from spaceship.registry.registry import CHALLENGER, CHAMPION, MODEL
from spaceship.registry.reproduced import Reproduced
from spaceship.reproduction.differences import Comparison, Difference, compare_stages
from spaceship.reproduction.facts import Kind
from spaceship.reproduction.proof import PROOF_FILE, Proofs, machine_of, write_proof
from spaceship.reproduction.suspects import Suspect


@pytest.fixture
def made(experiment: Experiment, people: Dataset, tmp_path: Path) -> RecordedRun:
    """Give a recorded run that is a challenger."""
    run_id = experiment.store.start_run("first", {})
    folder, model = tmp_path / "run", tmp_path / "model"
    for path in (folder, model):
        path.mkdir()
    (model / "MLmodel").write_text("{}")
    RunRecord.start(experiment, folder, run_id).loaded(people)
    registry = experiment.registry
    number = registry.register({MODEL: model}, run_id, {})
    with registry.aliases.lock():
        registry.aliases.move(CHALLENGER, number, "good")
    return RecordedRun.read(folder)


def proofs(experiment: Experiment, run: RecordedRun, folder: Path) -> Proofs:
    run_id = str(run.provenance.run_id)
    experiment.store.client.download_artifacts(run_id, PROOF_FILE, str(folder))
    return read_record(folder / PROOF_FILE, Proofs)


def counts(experiment: Experiment, run: RecordedRun) -> tuple[int, int]:
    """Return how often the run was made again, by its own tag and by that of its version."""
    tags = experiment.store.client.get_run(str(run.provenance.run_id)).data.tags
    return Reproduced.of(tags).count, experiment.registry.version("1").reproduced.count


def test_equal_runs_are_counted_with_run_and_version(
    experiment: Experiment, made: RecordedRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        write_proof(experiment, made, made, compare_stages(made, made))
    assert counts(experiment, made) == (3, 3)
    found = proofs(experiment, made, tmp_path)
    assert (found.run_id, len(found.proofs)) == (made.provenance.run_id, 3)
    last = found.proofs[-1]
    assert (last.equal, last.against, last.difference) == (True, "bits", None)
    assert last.machine == machine_of(made)
    assert (last.stages["typed"], last.stages["verdict"]) == ("same", "not recorded")
    with experiment.registry.aliases.lock():
        experiment.registry.aliases.move(CHAMPION, "1", "good")
    with caplog.at_level("INFO"):
        history(experiment)
    assert f"reproduced 3x, last {last.at[:10]} on {last.machine}" in caplog.text


def test_several_at_once_lose_no_count(experiment: Experiment, made: RecordedRun) -> None:
    def once(_: int) -> bool:
        return write_proof(experiment, made, made, compare_stages(made, made)).equal

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(once, range(8)))
    assert counts(experiment, made) == (8, 8)


def test_a_deleted_run_leaves_the_proof_to_its_version(
    experiment: Experiment, made: RecordedRun
) -> None:
    run_id = str(made.provenance.run_id)
    experiment.store.client.delete_run(run_id)
    write_proof(experiment, made, made, compare_stages(made, made))
    assert counts(experiment, made) == (0, 1)
    assert experiment.store.client.list_artifacts(run_id) is not None


def test_a_difference_is_on_file_without_values_of_the_data_and_is_not_counted(
    experiment: Experiment, made: RecordedRun, tmp_path: Path
) -> None:
    found = Difference("typed", "train", "Age", "7_01", "31.0", "32.0", 9, 1, ("Age",))
    unlike = Comparison(compare_stages(made, made).stages, found)
    write_proof(experiment, made, made, unlike, [Suspect(Kind.DATA, "1 row changed")])
    assert counts(experiment, made) == (0, 0)
    (proof,) = proofs(experiment, made, tmp_path).proofs
    assert proof.difference == replace(found, recorded=None, again=None)
    assert (proof.equal, list(proof.suspects)) == (False, ["data: 1 row changed"])


def test_equal_with_a_tolerance_is_on_file_and_is_not_counted(
    experiment: Experiment, made: RecordedRun, tmp_path: Path
) -> None:
    write_proof(experiment, made, made, compare_stages(made, made, tolerance=True))
    assert counts(experiment, made) == (0, 0)
    assert proofs(experiment, made, tmp_path).proofs[0].against == "tolerance"
