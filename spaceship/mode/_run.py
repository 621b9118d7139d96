"""The run that `run=` names for a mode: by alias, version, id or name; the champion's without."""

from contextlib import suppress

from spaceship.card.surroundings import leaderboard
from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry, Version
from spaceship.tracking.leaderboard import TAGS, Basis, Runs
from spaceship.tracking.run_names import find_run
from spaceship.tracking.runs import RunRow, read_runs

_LAST = "last"
_LONGEST = 8  # digits of a version: as many are the start of an id


def wanted_run(
    experiment: Experiment, runs: Runs, wanted: str | None, mode: str, word: str = "run={}"
) -> RunRow:
    """Return the run that `run=` names; without it the champion's, else the best scored one.

    `last` is the run of the task that was scored last, a number that of a version. `word` is the
    override of commands in messages. Raise ConfigError if no run, or several, bear the name;
    NoChampionError if `run=champion`, and there is none; RegistryError if `run=challenger`, and
    there is none; if the run of a version was deleted; or no run has been scored yet.
    """
    registry = experiment.registry
    name = _of_itself(experiment, runs) if wanted is None else wanted
    if wanted == CHAMPION:
        name = _of_version(registry, registry.champion(), runs)
    elif wanted == CHALLENGER:
        if (version := registry.find(CHALLENGER)) is None:
            do = f"see what the models are: {registry.command('mode=history')}"
            raise RegistryError(expected(f"a challenger of {registry.model}", "none", do))
        name = _of_version(registry, version, runs)
    elif wanted == _LAST:
        name = _last(experiment)
    elif wanted is not None and wanted.isdecimal() and len(wanted) < _LONGEST:
        version = None
        with suppress(RegistryError):  # no such version: the start of an id
            version = registry.version(wanted)
        name = wanted if version is None else _of_version(registry, version, runs)
    return find_run([*runs.by_id.values()], name, mode, registry.command, word)


def _of_version(registry: Registry, version: Version, runs: Runs) -> str:
    """Return the id of a version's run; raise RegistryError if the run was deleted."""
    if version.run_id in runs.by_id:
        return version.run_id
    again = registry.command("mode=reproduce", f"run={version.number}")
    do = f"make it again from the record kept with its version: {again}"
    do += f", or take another run: {registry.command('mode=leaderboard')}"
    what = f"the run of version {version.number} of {registry.model}"
    raise RegistryError(expected(what, "it deleted", do))


def _last(experiment: Experiment) -> str:
    """Return the id of the run of the task, on its data source, that was scored last."""
    runs, registry = Runs.of(read_runs(experiment.store, TAGS)), experiment.registry
    own = experiment.task.name, experiment.source.name
    for run in reversed([*runs.by_id.values()]):
        of = runs.task(run), run.tags.get("data_source")
        if of == own and runs.kind(run, trials=False) == "scored":
            return run.run_id
    raise _none_scored(registry)


def _none_scored(registry: Registry) -> RegistryError:
    do = f"train one: {registry.command('mode=train')}"
    return RegistryError(expected(f"a scored run of {registry.model}", "none", do))


def _of_itself(experiment: Experiment, runs: Runs) -> str:
    """Return the id of the champion's run, else of the best scored one of the task."""
    registry = experiment.registry
    if (champion := registry.find(CHAMPION)) is not None:
        return _of_version(registry, champion, runs)
    if own := leaderboard(experiment.store, experiment.task, Basis(experiment.source.name)):
        return own[0].run_id
    raise _none_scored(registry)
