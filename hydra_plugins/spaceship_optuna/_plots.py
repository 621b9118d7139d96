"""Optuna's plots of a study as files: HTML to explore, PNG to glance at.

Candidates have search spaces of their own, so everything about parameters is plotted for one
candidate at a time, under the parameters' short names.
"""

import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._results import candidate_of, complete
from hydra_plugins.spaceship_optuna._spaces import CANDIDATE

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

_FEWEST = 2
"""Complete trials below which a plot shows nothing."""
_DIMENSIONS = (2, 3)
"""Numbers of objectives for which a Pareto front can be drawn."""
_SIZES = {"history": (10.0, 5.0), "importances": (8.0, 5.0), "pareto": (9.0, 6.0)}
_WIDEST, _HIGH = 20.0, 5.0
"""Size in inches of the plots that grow with the number of parameters."""
_LONGEST = 14
"""Letters of a category that a plot has room for."""


@dataclass(frozen=True)
class _Plot:
    """One plot to make.

    Attributes:
        name: Of its files.
        title: What it shows, of which study and candidate.
        function: The function of `optuna.visualization` that draws it.
        studies: What that function is given.
        options: More that it is given.

    """

    name: str
    title: str
    function: str
    studies: Any
    options: dict[str, Any]


def write_plots(study: optuna.Study, folder: Path) -> list[Path]:
    """Write every plot that can be made of a study and return the files.

    The HTML files share one `plotly.min.js` beside them, and need no network.

    Args:
        study: The study, finished or not.
        folder: Where the files go; made if it is missing.

    """
    kinds = {"plotly": ("html", _write_html), "matplotlib": ("png", _write_png)}
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


def _plots(study: optuna.Study) -> list[_Plot]:
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


def _history(study: optuna.Study, labels: Sequence[str | None], metric: str) -> _Plot:
    studies = [extract(study, label, 0) for label in labels]
    title = f"{study.study_name}: {metric} of each trial"
    return _Plot("history", title, "plot_optimization_history", studies, {"target_name": metric})


def _front(study: optuna.Study, names: Sequence[str]) -> _Plot:
    drawable = len(names) in _DIMENSIONS
    title = f"{study.study_name}: Pareto front"
    options = {"target_names": list(names)}
    return _Plot("pareto-front", title, "plot_pareto_front", drawable and study, options)


def _of_parameters(whose: str, own: optuna.Study, parts: Sequence[str], metric: str) -> list[_Plot]:
    """Return the plots of one candidate's parameters over one objective."""
    if not any(trial.params for trial in own.get_trials(deepcopy=False)):
        return []
    kinds = {
        "importances": ("plot_param_importances", f"what {metric} depends on"),
        "slice": ("plot_slice", f"{metric} over each parameter"),
        "parallel": ("plot_parallel_coordinate", f"{metric} over all parameters"),
    }
    return [
        _Plot(
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


def _write_html(plot: _Plot, path: Path) -> None:
    from optuna import visualization

    figure = getattr(visualization, plot.function)(plot.studies, **plot.options)
    figure.update_layout(title=plot.title, margin={"t": 80})
    figure.write_html(path, include_plotlyjs="directory")


def _write_png(plot: _Plot, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from optuna.visualization import matplotlib as visualization

    with plt.style.context("default"):  # Optuna changes the style for good
        before = set(plt.get_fignums())
        try:
            getattr(visualization, plot.function)(plot.studies, **plot.options)
            figure = plt.gcf()
            _tidy(figure, plot)
            figure.savefig(path, dpi=100, bbox_inches="tight")
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)


def _tidy(figure: "Figure", plot: _Plot) -> None:
    """Give a figure its title, room for every axis, and ticks that do not overlap."""
    kind = plot.name.partition("-")[0]
    several = max((len(axes.get_xticks()) for axes in figure.axes), default=1)
    count = several - 1 if kind == "parallel" else len(figure.axes) - 1
    figure.set_size_inches(_SIZES.get(kind) or (min(2 + 2.2 * count, _WIDEST), _HIGH))
    for axes in figure.axes:
        axes.set_title("")
        axes.set_title("", loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _label_decades(axis)
    figure.suptitle(plot.title, fontsize=12, y=0.98)
    figure.canvas.draw()  # only then are there labels to cut
    for axes in figure.axes:
        if kind == "slice":
            axes.tick_params(axis="x", rotation=30)
            axes.xaxis.label.set_fontsize(10)
            _cut_labels(axes.xaxis)
        elif kind == "parallel":
            _cut_labels(axes.yaxis)


def _label_decades(axis: "Axis") -> None:
    """Label 1, 2 and 5, or only decades, in plain digits; matplotlib's own labels overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    close = high < low * 100
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if close else (1.0,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _cut_labels(axis: "Axis") -> None:
    labels = [label.get_text() for label in axis.get_ticklabels()]
    if any(len(label) > _LONGEST for label in labels):
        cut = [t if len(t) <= _LONGEST else f"{t[: _LONGEST - 1]}…" for t in labels]
        axis.set_ticks(axis.get_ticklocs(), labels=cut)


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
