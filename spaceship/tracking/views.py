"""Saved views of MLflow's pages: leaderboard, sweeps and champions of one task and data source.

A view is a tag of the experiment, in the form that MLflow's own page writes (since 3.15);
`tests/tracking/test_pages.py` opens it in a browser.
"""

import base64
import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spaceship.evaluation.metrics import Direction, direction, metric_names
from spaceship.task.task import Task
from spaceship.tracking.markdown import LENGTH, command
from spaceship.tracking.store import Store
from spaceship.tracking.ui import VIEW

NOTE = "mlflow.note.content"  # tag of a run or an experiment: its description, Markdown
SWEEP_TAG = "sweep"  # of the run above the jobs of a multirun: the name of study or folder
CHAMPION_TAG = "champion"  # of a run whose model has ever been champion
_DEFLATE = "deflate;"
_OURS = "spaceship"  # in the state of a view that nobody has changed by hand: its version
_FIRST = ("attributes.`Run Name`", "runDateAndNestInfo")  # columns that MLflow shows first
_WIDTHS = {
    "award": 80,
    "data_source": 86,
    "candidate": 180,
    "best": 180,
    "sweep": 180,
    "reason": 260,
}
_ABOUT = """**Leaderboard, Sweeps, Champions**: views by task and data source, at the top right.

- *Leaderboard*: the candidates that came to the gate, by their cross-validated score
- *Sweeps*: the multiruns, each with its best candidate
- *Champions*: the candidates that are or were champion

A run's own description says what came out, and which command makes it again. In a shell:
"""


@dataclass(frozen=True)
class View:
    """One saved view: a table of runs.

    >>> view = View("Champions", "churn", "local", "tags.champion != ''", ("tags.award",))
    >>> view.name, view.key
    ('Champions local · churn', 'champions-churn-local')
    """

    kind: str
    task: str
    source: str  # of data
    condition: str  # that a run fulfils, in MLflow's search language
    columns: tuple[str, ...]  # such as "metrics.cv_accuracy"
    order: str = "attributes.start_time"
    ascending: bool = False

    @property
    def key(self) -> str:
        """The key by which a link opens the view."""
        return f"{self.kind.lower()}-{self.task}-{self.source}"

    @property
    def name(self) -> str:
        """The name in the list of views, whose end may be cut."""
        return f"{self.kind} {self.source} · {self.task}"

    def state(self) -> dict[str, Any]:
        """Return the state of MLflow's page, the columns' names quoted as it does."""
        columns = [_quoted(one) for one in self.columns]
        widths = {_quoted(one): _WIDTHS.get(one.partition(".")[2], 90) for one in self.columns}
        return {
            _OURS: 1,
            "selectedColumns": columns,
            "columnOrder": [*_FIRST, *columns],
            "columnWidths": {_FIRST[0]: 186, _FIRST[1]: 122, **widths},
            "orderByKey": _quoted(self.order) if "metrics" in self.order else self.order,
            "orderByAsc": self.ascending,
            "searchFilter": self.condition,
        }


def views(task: Task, source: str) -> list[View]:
    """Return the views of a task and a data source.

    >>> [view.key for view in views(task, "local")][0]
    'leaderboard-spaceship_titanic-local'
    """
    names, of = metric_names(task.problem), (task.name, source)
    main, second = names[0], "log_loss" if "log_loss" in names else names[1]
    of_data = f"tags.data_source = '{source}' and tags.task = '{task.name}'"
    figures = tuple(f"metrics.{one}" for one in (f"cv_{main}", f"holdout_{main}", f"cv_{second}"))
    shown = ("tags.award", figures[0], "tags.data_source", *figures[1:], "metrics.fit_seconds")
    candidates = (*shown, "tags.candidate", "params.features", "tags.reason")
    least_first = direction(main) is Direction.MINIMIZE
    gated = "tags.candidate != '' and tags.award != ''"
    return [
        View("Leaderboard", *of, f"{gated} and {of_data}", candidates, figures[0], least_first),
        View("Sweeps", *of, f"tags.{SWEEP_TAG} != '' and {of_data}", _of_sweeps(shown)),
        View("Champions", *of, f"tags.{CHAMPION_TAG} != '' and {of_data}", candidates),
    ]


def save_views(store: Store, task: Task, source: str, program: str) -> None:
    """Write the views of a task and a data source that are missing, or of an older release.

    A view that was changed on the page stays as it is, so does a description of the experiment.

    >>> save_views(store, task, "local", "make ui")
    >>> tags = store.client.get_experiment(store.experiment_id).tags
    >>> sorted(key.removeprefix(VIEW) for key in tags if key.startswith(VIEW))[0]
    'champions-spaceship_titanic-local'
    """
    client, experiment = store.client, store.experiment_id
    tags = client.get_experiment(experiment).tags
    for view in views(task, source):
        state, old = view.state(), read_view(tags.get(VIEW + view.key, ""))
        if old is None or (old != state and _OURS in old):
            client.set_experiment_tag(experiment, VIEW + view.key, _written(view.name, state))
    if NOTE not in tags:
        about = f"{_ABOUT}\n{command(f'{program} mode=history')}"
        client.set_experiment_tag(experiment, NOTE, about[:LENGTH])


def read_view(text: str) -> dict[str, Any] | None:
    """Return the state in the tag of a view, None if it is no view.

    >>> read_view("nothing") is None
    True
    """
    try:
        packed = json.loads(text)["state"].removeprefix(_DEFLATE)
        return dict(json.loads(zlib.decompress(base64.b64decode(packed))))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        return None


def _of_sweeps(shown: tuple[str, ...]) -> tuple[str, ...]:
    return (*shown[:3], "tags.best", *shown[3:-1], f"tags.{SWEEP_TAG}", "tags.reason")


def _quoted(column: str) -> str:
    kind, _, name = column.partition(".")
    return f"{kind}.`{name}`"


def _written(name: str, state: Mapping[str, object]) -> str:
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    now = int(time.time() * 1000)
    return json.dumps(
        {"name": name, "createdAt": now, "updatedAt": now, "state": f"{_DEFLATE}{packed}"}
    )
