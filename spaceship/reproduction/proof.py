"""Proof that a run was made again: `reproduction.json` among its artifacts, and tags."""

from collections.abc import Sequence
from datetime import datetime

from spaceship.experiment import Experiment
from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.differences import Comparison
from spaceship.reproduction.suspects import Suspect

PROOF_FILE = "reproduction.json"


def write_proof(
    experiment: Experiment,
    recorded: RecordedRun,
    again: RecordedRun,
    comparison: Comparison,
    suspects: Sequence[Suspect] = (),
) -> datetime:
    """Log the proof with the run and its versions in the experiment's store; return its time.

    The run is that of `recorded.provenance.run_id`. Only an equal run is counted as reproduced.
    """
    raise NotImplementedError
