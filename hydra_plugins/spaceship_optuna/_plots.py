"""Optuna's plots of a study as files: HTML to explore, PNG to glance at.

Candidates have search spaces of their own, so everything about parameters is plotted for one
candidate at a time, under the parameters' short names.
"""

import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._drawing import Plot, write_html, write_png
from hydra_plugins.spaceship_optuna._ranking import candidate_of, complete
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE

log = logging.getLogger(__name__)

_FEWEST = 2
"""Complete trials below which a plot shows nothing."""
_DIMENSIONS = (2, 3)
"""Numbers of objectives for which a Pareto front can be drawn."""


def write_plots(study: optuna.Study, folder: Path) -> list[Path]:
    """Write every plot that can be made of a study and return the files.

    The HTML files share one `plotly.min.js` beside them, and need no network.

    Args:
        study: The study, finished or not.
        folder: Where the files go; made if it is missing.

    """
    kinds = {"plotly": ("html", write_html), "matplotlib": ("png", write_png)}
    missing = [package for package in kinds if find_spec(package) is None]
    if missing:
        log.info("Plots that need %s are left out: not installed.", " and ".join(missing))
    written = []
    with _quiet():
        plots = _plots(study)
        folder.mkdir(parents=True, exist_ok=True)
        for package, (suffix, write) in kinds.items():
            if package in missing:
                continue
            for plot in plots:
                path = folder / f"{plot.name}.{suffix}"
                try:
                    write(plot, path)
                except Exception as error:  # noqa: BLE001 - a plot is not worth a sweep
                    log.warning("%s could not be drawn: %s", plot.title, error)
                else:
                    written.append(path)
    return written


def _plots(study: optuna.Study) -> list[Plot]:
    """Return the plots there are enough complete trials for."""
    trials = complete(study)
    if len(trials) < _FEWEST:
        return []
    several = len(study.directions) > 1
    names = study.metric_names or _numbered(len(study.directions))
    counts = Counter(candidate_of(trial) for trial in trials)
    plots = [_front(study, names)] if several else [_history(study, list(counts), names[0])]
    for label in (one for one, count in counts.items() if count >= _FEWEST):
        for objective, name in enumerate(names):
            own = extract(study, label, objective)
            parts = [part for part in (label, name if several else None) if part]
            whose = f"{study.study_name}, {label}" if label else study.study_name
            plots += _of_parameters(whose, own, parts, name)
    return [plot for plot in plots if plot.studies]


def _history(study: optuna.Study, labels: Sequence[str | None], metric: str) -> Plot:
    studies = [extract(study, label, 0) for label in labels]
    title = f"{study.study_name}: {metric} of each trial"
    return Plot("history", title, "plot_optimization_history", studies, {"target_name": metric})


def _front(study: optuna.Study, names: Sequence[str]) -> Plot:
    drawable = len(names) in _DIMENSIONS
    title = f"{study.study_name}: Pareto front"
    options = {"target_names": list(names)}
    return Plot("pareto-front", title, "plot_pareto_front", drawable and study, options)


def _of_parameters(whose: str, own: optuna.Study, parts: Sequence[str], metric: str) -> list[Plot]:
    """Return the plots of one candidate's parameters over one objective."""
    if not any(trial.params for trial in own.get_trials(deepcopy=False)):
        return []
    kinds = {
        "importances": ("plot_param_importances", f"what {metric} depends on"),
        "slice": ("plot_slice", f"{metric} over each parameter"),
        "parallel": ("plot_parallel_coordinate", f"{metric} over all parameters"),
    }
    return [
        Plot(
            name="-".join([kind, *(_file_name(part) for part in parts)]),
            title=f"{whose}: {what}",
            function=function,
            studies=own,
            options={"target_name": metric},
        )
        for kind, (function, what) in kinds.items()
    ]


def extract(study: optuna.Study, label: str | None, objective: int) -> optuna.Study:
    """Return a study in memory of one candidate's complete trials and one objective.

    Trials keep their numbers, because they name the job folders; those of others become failed
    ones, which no plot shows.

    Args:
        study: Where the trials come from.
        label: The candidate; None in a study that has only one.
        objective: Index of the objective.

    """
    direction = study.directions[objective]
    own = optuna.create_study(study_name=label or study.study_name, direction=direction)
    wanted = {one.number: one for one in complete(study) if candidate_of(one) == label}
    names = short_names({key for trial in wanted.values() for key in trial.params}, label)
    for number in range(max(wanted, default=-1) + 1):
        trial = wanted.get(number)
        state = TrialState.FAIL
        blank = optuna.trial.create_trial(state=state)
        own.add_trial(_renamed(trial, names, objective) if trial else blank)
    return own


def short_names(parameters: set[str], label: str | None) -> dict[str, str]:
    """Return what to call each parameter: the end of its key, where no other one ends so."""
    keys = {
        name: name.removeprefix(f"{label}/")
        for name in parameters
        if label is None or name != CANDIDATE
    }
    ends = Counter(key.rpartition(".")[2] for key in keys.values())
    return {
        name: end if ends[end := key.rpartition(".")[2]] == 1 else key
        for name, key in sorted(keys.items())
    }


def _renamed(trial: FrozenTrial, names: dict[str, str], objective: int) -> FrozenTrial:
    kept = {old: new for old, new in names.items() if old in trial.params}
    return optuna.trial.create_trial(
        value=trial.values[objective],
        params={new: trial.params[old] for old, new in kept.items()},
        distributions={new: trial.distributions[old] for old, new in kept.items()},
    )


def _numbered(count: int) -> list[str]:
    return ["value"] if count == 1 else [f"value {index}" for index in range(count)]


def _file_name(text: str) -> str:
    return "".join(char if char.isalnum() or char in "+_." else "-" for char in text)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's and the drawing libraries' remarks to themselves."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
