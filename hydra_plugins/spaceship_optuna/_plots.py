"""PNG plots of an Optuna study: history or Pareto front, and the parameters of each candidate.

Each candidate has a search space of its own, so its parameters are plotted apart from those of
other candidates, under short names. To explore a study there is optuna-dashboard.
"""

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from hydra_plugins.spaceship_optuna._live_line import LiveLine
from hydra_plugins.spaceship_optuna._results import candidate_of, complete
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE

if TYPE_CHECKING:
    from optuna.distributions import CategoricalChoiceType

log = logging.getLogger(__name__)

_KINDS = {
    "history": ("plot_optimization_history", "{} of each trial"),
    "pareto-front": ("plot_pareto_front", "Pareto front"),
    "importances": ("plot_param_importances", "what {} depends on"),
    "slice": ("plot_slice", "{} over each parameter"),
    "parallel": ("plot_parallel_coordinate", "{} over all parameters"),
}
"""Optuna's function and the title of each kind of plot."""
_FEWEST, _MOST, _LONGEST = 2, 3, 14
"""Complete trials of a plot, objectives of a Pareto front, letters of a category."""


class _Plot(NamedTuple):
    kind: str
    whose: str
    metrics: list[str]
    studies: object
    parts: Sequence[str] = ()  # of the file name, after the kind


def write_plots(study: optuna.Study, folder: Path) -> list[Path]:
    """Write every plot for which a study has enough complete trials; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("matplotlib.category").setLevel(logging.WARNING)  # remarks on 63 and 127
    line = LiveLine(lambda _: f"{line.sign()} Plots of the study: {len(written)} drawn")
    with warnings.catch_warnings(action="ignore"), line:
        for plot in _plots(study):
            path = folder / (re.sub(r"[^\w+.]", "-", "-".join([plot.kind, *plot.parts])) + ".png")
            title = f"{plot.whose}: {_KINDS[plot.kind][1].format(plot.metrics[0])}"
            try:
                _draw(plot, title, path)
            except Exception as error:  # noqa: BLE001 - a plot is not worth a sweep
                log.warning("%s could not be drawn: %s", title, error)
            else:
                written.append(path)
    optuna.logging.set_verbosity(verbosity)
    return written


def _plots(study: optuna.Study) -> Iterator[_Plot]:
    counts = Counter(candidate_of(trial) for trial in complete(study))
    if counts.total() < _FEWEST:
        return
    whole, n = study.study_name, len(study.directions)
    metrics = study.metric_names or (["value"] if n == 1 else [f"value {i}" for i in range(n)])
    if n == 1:
        yield _Plot("history", whole, metrics, [extract(study, label, 0) for label in counts])
    elif n <= _MOST:
        yield _Plot("pareto-front", whole, metrics, study)
    labels = [label for label, count in counts.items() if count >= _FEWEST]
    for label, (objective, metric) in product(labels, enumerate(metrics)):
        own = extract(study, label, objective)
        if any(trial.params for trial in own.get_trials(deepcopy=False)):
            whose = f"{whole}, {label}" if label else whole
            parts = [part for part in (label, metric if n > 1 else None) if part]
            for kind in ("importances", "slice", "parallel"):
                yield _Plot(kind, whose, [metric], own, parts)


def extract(study: optuna.Study, label: str | None, objective: int) -> optuna.Study:
    """Return a study in memory: one candidate's complete trials, one objective, short names.

    Trials keep their numbers, because these name the job folders: a failed trial, which no plot
    shows, stands for each trial of another candidate. The label is None if there is only one.
    """
    direction = study.directions[objective]
    own = optuna.create_study(study_name=label or study.study_name, direction=direction)
    wanted = {one.number: one for one in complete(study) if candidate_of(one) == label}
    names = short_names({key for trial in wanted.values() for key in trial.params}, label)
    for number in range(max(wanted, default=-1) + 1):
        blank = create_trial(state=TrialState.FAIL)
        own.add_trial(_renamed(wanted[number], names, objective) if number in wanted else blank)
    return own


def short_names(parameters: set[str], label: str | None) -> dict[str, str]:
    """Return a short name for each parameter: the end of its key, if no other key ends so."""
    own = sorted(name for name in parameters if label is None or name != CANDIDATE)
    keys = {name: name.removeprefix(f"{label}/") for name in own}
    ends = {name: key.rpartition(".")[2] for name, key in keys.items()}
    counts = Counter(ends.values())
    return {name: ends[name] if counts[ends[name]] == 1 else keys[name] for name in own}


def _renamed(trial: FrozenTrial, names: dict[str, str], objective: int) -> FrozenTrial:
    """Return a trial under short names, with long categories cut if they stay distinct."""
    params, spaces = {}, {}
    for old in names.keys() & trial.params.keys():
        value, space = trial.params[old], trial.distributions[old]
        if isinstance(space, CategoricalDistribution):
            cut = {choice: _cut(choice) for choice in space.choices}
            if len({*cut.values()}) == len(cut):
                value, space = cut[value], CategoricalDistribution(list(cut.values()))
        params[names[old]], spaces[names[old]] = value, space
    return create_trial(value=trial.values[objective], params=params, distributions=spaces)


def _cut(choice: "CategoricalChoiceType") -> "CategoricalChoiceType":
    if isinstance(choice, str) and len(choice) > _LONGEST:
        return f"{choice[: _LONGEST - 1]}…"
    return choice


def _draw(plot: _Plot, title: str, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from optuna.visualization import matplotlib as visualization

    several = plot.kind == "pareto-front"
    options = {"target_names": plot.metrics} if several else {"target_name": plot.metrics[0]}
    before = plt.get_fignums()
    with plt.style.context("default"):  # Optuna changes the style for good
        try:
            getattr(visualization, _KINDS[plot.kind][0])(plot.studies, **options)
            figure = plt.gcf()
            width = min(max(2.2 * len(figure.axes), 9.0), 20.0)  # grows with the parameters
            figure.set_size_inches(width, 5.0)
            figure.suptitle(title, fontsize=12, y=0.98)
            for axes in figure.axes:
                axes.set_title("")
                axes.set_title("", loc="left")
                if plot.kind == "slice":
                    axes.tick_params(axis="x", rotation=30)
                for axis in (axes.xaxis, axes.yaxis):
                    if axis.get_scale() == "log":
                        _label_plainly(axis)
            figure.savefig(path, dpi=100, bbox_inches="tight")
        finally:
            for number in {*plt.get_fignums()} - {*before}:
                plt.close(number)


def _label_plainly(axis: Any) -> None:
    """Label the decades of a log axis, or 1, 2 and 5 of each if there are few, without powers."""
    from matplotlib.ticker import LogLocator

    low, high = axis.get_view_interval()
    subs = (1.0, 2.0, 5.0) if high < low * 100 else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=7))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")
