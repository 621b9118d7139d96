"""`mode=reproduce`: a run is made again from its record and compared with it, stage by stage."""

import logging
from dataclasses import dataclass
from pathlib import Path

from spaceship.errors import DiffersError, expected
from spaceship.experiment import Experiment
from spaceship.mode._recorded import recorded_run
from spaceship.process.temporary import temporary_folder
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import stage_title
from spaceship.registry.registry import CHALLENGER
from spaceship.reproduction.differences import Difference, StageLine, compare_stages
from spaceship.reproduction.proof import write_proof
from spaceship.reproduction.remake import Remake
from spaceship.reproduction.suspects import Suspect, find_suspects
from spaceship.results import Result, report_result
from spaceship.screen import Commands, Table, Tone, show

log = logging.getLogger(__name__)

_TONES = {"same": Tone.GOOD, "differs": Tone.BAD, "not compared": Tone.FAIR}


@dataclass(frozen=True)
class ReproduceResult(Result):
    """A run that was made again, and the result."""

    run_id: str | None
    name: str
    equal: bool
    stages: tuple[StageLine, ...]  # in their order
    difference: Difference | None  # the first one
    suspects: tuple[Suspect, ...]  # the likeliest first
    data: str  # where they came from
    verdict: str  # why it was not made again; empty: it was
    output: str | None  # folder in which the run is kept


def reproduce(experiment: Experiment) -> ReproduceResult:
    """Make the run that `run=` names again, compare it, and log the proof with the run.

    Raise DiffersError if a stage differs; SpaceshipError if the run cannot be made again.
    """
    settings = experiment.settings.reproduce
    with temporary_folder() as folder:
        wanted = recorded_run(experiment, folder / "recorded")
        log.info("To make again: %s", wanted.run.name)
        places = (wanted.outputs, experiment.outputs)
        remake = Remake(wanted.run, wanted.rival, settings, folder, places)
        again = remake()
        comparison = compare_stages(wanted.run, again, tolerance=settings.against == "tolerance")
        suspects = find_suspects(wanted.run, again, comparison, remake)
        write_proof(experiment, wanted.run, again, comparison, suspects)
        if settings.output is not None:
            remake.keep(again, Path(settings.output).expanduser().absolute())
    result = ReproduceResult(
        wanted.run.provenance.run_id,
        wanted.run.name,
        comparison.equal,
        comparison.stages,
        comparison.difference,
        suspects,
        remake.notes["data"],
        remake.notes["verdict"],
        settings.output,
    )
    show(log, _table(result))
    _tell(result, wanted.run)
    registry = experiment.registry
    waiting = registry.find(CHALLENGER)
    proven = waiting is not None and waiting.needs_proof and waiting.reproduced.count
    if proven and waiting is not None and waiting.run_id == result.run_id:
        show(log, Commands({"make the challenger champion": registry.command("mode=promote")}))
    return result


def _table(result: ReproduceResult) -> Table:
    details = {result.difference.stage: str(result.difference)} if result.difference else {}
    if result.verdict:
        details["verdict"] = result.verdict
    rows = [
        (stage_title(one.name), str(one.status), details.get(one.name) or one.detail)
        for one in result.stages
    ]
    return Table(rows, ("stage", "", "first difference"), tones=_TONES)


def _tell(result: ReproduceResult, run: RecordedRun) -> None:
    """Print what the comparison rests on; raise DiffersError if the run is not the same."""
    log.info("Data: %s.", result.data)
    if result.output is not None:
        log.info("Kept: %s", result.output)
    if result.equal:
        log.info("Made again, all that was compared is the same: %s.", run.name)
        return
    for suspect in result.suspects:
        log.info("Suspect: %s: %s", suspect.kind, suspect.text)
    report_result(result)
    found = "no stage that could be compared"
    if result.difference is not None:
        found = f"another {stage_title(result.difference.stage)} ({result.difference})"
    do = "see the suspects above" if result.suspects else "see the stages above"
    raise DiffersError(expected(f"the same results of {run.name}", found, do))
