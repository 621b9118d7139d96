"""Proof that a run was made again: `reproduction.json` among its artifacts, and tags."""

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.files import write_json
from spaceship.process.temporary import temporary_folder
from spaceship.record.recorded_run import RecordedRun
from spaceship.records import read_record, to_plain
from spaceship.registry.moves import account, now
from spaceship.registry.reproduced import REPRODUCED, Reproduced
from spaceship.reproduction.differences import Comparison, Difference
from spaceship.reproduction.suspects import Suspect

PROOF_FILE = "reproduction.json"
_MOST = 100  # proofs that a file keeps, the latest


@dataclass(frozen=True)
class Proof:
    """One time that a run was made again. Values of the data are left out: artifacts may be shared.

    >>> Proof("2026-11-30T08:00:00+00:00", "ann@box", "AMD EPYC, Linux", True, "bits", {}).equal
    True
    """

    at: str  # ISO 8601, UTC
    by: str  # account@host
    machine: str  # its kind
    equal: bool
    against: str  # bits, or tolerance
    stages: Mapping[str, str]  # result of each
    difference: Difference | None = None
    suspects: Sequence[str] = ()  # the likeliest first


@dataclass(frozen=True)
class Proofs:
    """The proofs of a run, the latest last."""

    run_id: str
    proofs: Sequence[Proof]


def write_proof(
    experiment: Experiment,
    recorded: RecordedRun,
    again: RecordedRun,
    comparison: Comparison,
    suspects: Sequence[Suspect] = (),
) -> Proof:
    """Log the proof with the recorded run and its versions, in the experiment's store.

    A run that is equal in every bit counts as reproduced. Of a run that was deleted, its versions
    alone say so.

    >>> from spaceship.record.run_record import RunRecord
    >>> from spaceship.reproduction.differences import compare_stages
    >>> RunRecord.start(experiment, tmp_path, run_id := store.start_run("first", {})).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> write_proof(experiment, run, run, compare_stages(run, run)).equal
    True
    >>> Reproduced.of(store.client.get_run(run_id).data.tags).count
    1
    """
    proof = _proof(again, comparison, suspects)
    run_id, there = recorded.provenance.run_id, True
    if run_id is None:
        return proof
    if proof.equal and not comparison.tolerance:
        there = count_once_more(experiment, run_id, proof.at, proof.machine)
    if there:
        _log(experiment, run_id, proof)
    return proof


def count_once_more(experiment: Experiment, run_id: str, at: str, machine: str) -> bool:
    """Count one more time with a run and its versions; return whether the run is still there.

    The registry's lock keeps the other processes of this machine from counting meanwhile.

    >>> count_once_more(experiment, "a1b2", "2026-11-30T08:00:00+00:00", "AMD EPYC, Linux")
    False
    """
    from mlflow import MlflowException

    def tag(tags: Mapping[str, str]) -> str:
        return json.dumps(to_plain(Reproduced.of(tags).once_more(at, machine)))

    client = experiment.store.client
    with experiment.registry.aliases.lock():
        for one in client.search_model_versions(f"run_id = '{run_id}'"):
            client.set_model_version_tag(one.name, str(one.version), REPRODUCED, tag(one.tags))
        try:
            client.set_tag(run_id, REPRODUCED, tag(client.get_run(run_id).data.tags))
        except MlflowException:  # deleted
            return False
    return True


def machine_of(run: RecordedRun) -> str:
    """Return the kind of the machine of a run: model of the CPU, and system.

    >>> from spaceship.record.run_record import RunRecord
    >>> _ = RunRecord.start(experiment, tmp_path, None)
    >>> machine_of(RecordedRun.read(tmp_path)).rpartition(", ")[2] in ("Linux", "macOS", "Windows")
    True
    """
    found = run.provenance.environment
    return f"{found.cpu}, {found.system.partition('-')[0]}"


def _proof(again: RecordedRun, comparison: Comparison, suspects: Sequence[Suspect]) -> Proof:
    difference = comparison.difference
    if difference is not None and difference.stage == "typed":
        difference = replace(difference, recorded=None, again=None)
    return Proof(
        now().isoformat(timespec="seconds"),
        f"{account()}@{socket.gethostname()}",
        machine_of(again),
        comparison.equal,
        "tolerance" if comparison.tolerance else "bits",
        {line.name: str(line.status) for line in comparison.stages},
        difference,
        [f"{one.kind}: {one.text}" for one in suspects],
    )


def _log(experiment: Experiment, run_id: str, proof: Proof) -> None:
    """Add a proof to the file of a run."""
    from mlflow import MlflowException

    client, known = experiment.store.client, list[Proof]()
    with temporary_folder() as temporary, experiment.registry.aliases.lock():
        path = temporary / PROOF_FILE
        with suppress(MlflowException, OSError, RegistryError):  # none yet, or broken
            client.download_artifacts(run_id, PROOF_FILE, str(temporary))
            known += read_record(path, Proofs).proofs
        write_json(path, to_plain(Proofs(run_id, [*known, proof][-_MOST:])))
        with suppress(MlflowException):  # the run is deleted
            client.log_artifact(run_id, str(path))
