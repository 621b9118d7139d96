"""Saved views of an experiment in MLflow's pages, written before a job or a multirun starts."""

import logging

from spaceship.callbacks._hook import Hook
from spaceship.config.installation import program
from spaceship.errors import only_logged
from spaceship.tracking.views import save_views

log = logging.getLogger(__name__)

INCOMPLETE = "The page of the run in MLflow is not complete"


def open_views(hook: Hook) -> None:
    """Write the saved views of the task and the data source of a job or a multirun."""
    with only_logged(log, INCOMPLETE):
        if hook.data_tags():
            experiment = hook.experiment
            save_views(experiment.store, experiment.task, experiment.source.name, program())
