"""The run that `run=` names for a mode: by alias, id or name; without it the champion's."""

from spaceship.card.surroundings import leaderboard
from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.registry.registry import CHALLENGER, CHAMPION
from spaceship.tracking.leaderboard import Basis, Runs
from spaceship.tracking.run_names import find_run
from spaceship.tracking.runs import RunRow


def wanted_run(experiment: Experiment, runs: Runs, wanted: str | None, mode: str) -> RunRow:
    """Return the run that `run=` names; without it the champion's, else the best scored one.

    Raise ConfigError if no run, or several, bear the name; NoChampionError if `run=champion`, and
    there is none; RegistryError if `run=challenger`, and there is none; or no run has been scored
    yet.
    """
    registry = experiment.registry
    name = _of_itself(experiment) if wanted is None else wanted
    if wanted == CHAMPION:
        name = registry.champion().run_id
    elif wanted == CHALLENGER:
        if (version := registry.find(CHALLENGER)) is None:
            do = f"see what the models are: {registry.command('mode=history')}"
            raise RegistryError(expected(f"a challenger of {registry.model}", "none", do))
        name = version.run_id
    return find_run([*runs.by_id.values()], name, mode, registry.command)


def _of_itself(experiment: Experiment) -> str:
    """Return the id of the champion's run, else of the best scored one of the task."""
    registry = experiment.registry
    if (champion := registry.find(CHAMPION)) is not None:
        return champion.run_id
    if own := leaderboard(experiment.store, experiment.task, Basis(experiment.source.name)):
        return own[0].run_id
    what, do = f"a scored run of {registry.model}", "train one: "
    raise RegistryError(expected(what, "none", f"{do}{registry.command('mode=train')}"))
