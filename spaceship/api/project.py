"""Project: a task, its data and its models, with a method for each command."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.api.child_process import run_command
from spaceship.api.command_result import CommandResult
from spaceship.config.overrides import Settings, override, overrides

if TYPE_CHECKING:
    import pandas as pd

    from spaceship.api.loaded_model import LoadedModel
    from spaceship.experiment import Experiment


class Project:
    """A task on a data set, with its models and runs: the same that the command line works on.

    Each command runs in a process of its own, from start to end: this process keeps its
    environment, folder, logging and signals. What it prints is shown while it runs, in a notebook
    as one line. Ctrl-C (in Jupyter: Interrupt) ends it with its runs closed as KILLED, and raises
    KeyboardInterrupt. Reading (`champion`, `load`, `leaderboard`) happens in this process and
    changes nothing there, except that a project with `gate.may_promote=false` takes from it the
    right to move `champion`. No setting of a command gives that right back.

    Args:
        task: Name of the task, as `task=` takes it: `configs/task/NAME.yaml` in the folder that
            Python runs in, or a built-in one.
        data: Folder with the task's files, one labelled file, or the name of a data source such as
            "synthetic"; None for the source that the task starts with.
        outputs: Folder of all state; None for the one that the command line uses.
        settings: Further settings of every command: values by key, or overrides.
        quiet: Whether nothing is shown while a command runs.

    Raises:
        SpaceshipError: By each method, if a setting cannot be used; the message says what was
            expected, what was found and what to do. `spaceship.errors` has the kinds.

    Example:
        >>> import spaceship
        >>> few = {"data.n_groups": 400, "features": "raw", "gate.floor.minimum": 0.5}
        >>> project = spaceship.Project(outputs=tmp_path, settings=few, quiet=True)
        >>> project.train({"model": "logistic_regression"}).award
        'champion'
        >>> champion = project.champion()
        >>> champion.version, champion.name
        ('1', 'logistic_regression on raw')
        >>> champion.predict_proba(people.test).shape == (len(people.test), 2)
        True

    """

    def __init__(
        self,
        task: str = "spaceship_titanic",
        data: str | Path | None = None,
        outputs: str | Path | None = None,
        settings: Settings | Iterable[str] = (),
        *,
        quiet: bool = False,
    ) -> None:
        """Keep the words of every command; nothing is read yet."""
        given = [settings] if isinstance(settings, Mapping) else [*settings]
        places = [] if outputs is None else [override("paths.outputs", Path(outputs).absolute())]
        self._words = [f"task={task}", *_data(data), *places, *overrides(given)]
        self._quiet = quiet

    def __repr__(self) -> str:
        return f"Project({' '.join(self._words)})"

    def run(self, mode: str, *settings: str | Settings) -> CommandResult:
        """Run a command, such as `promote`, `rollback`, `history` or `inference`.

        Args:
            mode: The command, as `mode=` takes it.
            *settings: Settings of this command alone: overrides such as "model=lgbm", or values by
                key such as `{"model.estimator.n_estimators": 300}`.

        Returns:
            What the command says of itself; a refusal by the gate is a result, not an error.

        Raises:
            SpaceshipError: The command has ended with an error that the user can mend.
            KeyboardInterrupt: It was interrupted.

        Example:
            >>> Project(outputs=tmp_path, quiet=True).run("trian")
            Traceback (most recent call last):
            spaceship.errors.ConfigError: expected ...

        """
        words = [f"mode={mode}", *self._words, *overrides(settings)]
        return CommandResult.of(run_command(words, quiet=self._quiet))

    def train(self, *settings: str | Settings) -> CommandResult:
        """Score and fit a candidate, and let the gate compare it with the champion.

        Args:
            *settings: As for `run`; without any, the champion's recipe is trained again.

        Returns:
            `metrics`: the cross-validated figures; `award`, `verdict`: the gate's.

        """
        return self.run("train", *settings)

    def tune(self, *settings: str | Settings) -> CommandResult:
        """Search for the best candidate and let the gate compare it with the champion.

        Args:
            *settings: As for `run`, such as `{"hydra.sweeper.n_trials": 20, "model": "lgbm"}`.

        Returns:
            `result`: the study and its `best` trial; `table("leaderboard")`: a row a candidate;
            `metrics`, `award`, `verdict`: figures and the gate's decision of the best one.

        """
        return self.run("tune", *settings)

    def explain(
        self, row: str | int, changes: Mapping[str, object] | None = None, *settings: str | Settings
    ) -> CommandResult:
        """Explain why the champion predicts what it does for one row of the data.

        Args:
            row: The row's id, or its number from 1 where the task has no id.
            changes: What if: other values of the row, by raw column; None is a missing value.
            *settings: As for `run`, such as `{"inference.input": "rows.csv"}` for a row of a file.

        Returns:
            `result`: `predicted`, the label; `value`, the probability or number that is explained;
            `base`, its mean over the background rows; `what_if`; `files`, a page and its figures.
            `table("pushes")`: what each raw column adds to `value`, so that `base` and all pushes
            add up to it; `table("nearest")`: the nearest labelled rows.

        Raises:
            NoChampionError: There is none yet.

        """
        given = {"row": str(row)}
        shown = {name: "" if one is None else one for name, one in (changes or {}).items()}
        words = [f"{column}={value}" for column, value in shown.items()]
        what_if = [{"explain.set": words}] if words else []
        return self.run("explain", given, *what_if, *settings)

    def report(self, run: str | None = None, *settings: str | Settings) -> CommandResult:
        """Write the report of a run as one page that a browser opens offline.

        Args:
            run: Id of the run, the start of its id, or its name; None for the champion's.
            *settings: As for `run`, such as `{"report.output": "mine.html"}`.

        Returns:
            `result`: the files `html`, `json` (every figure of the page) and `markdown`.

        """
        return self.run("report", *([] if run is None else [{"run": run}]), *settings)

    def compare(self, old: str, new: str, *settings: str | Settings) -> CommandResult:
        """Return what differs between two runs, with paired tests on the rows that both predicted.

        Args:
            old: A run: its id, the start of its id, its name, "champion", "challenger", "last", or
                the number of a version.
            new: The other one.
            *settings: As for `run`, such as `{"compare.output": "both.md"}`.

        Returns:
            `result`: `same`, whether nothing differs but costs and verdicts; `changes` in config,
            code, packages and threads; `data`, `metrics`, `slices`; `table("tests")`: a row a
            metric.

        """
        return self.run("compare", {"runs": [old, new]}, *settings)

    def champion(self) -> "LoadedModel":
        """Return the model in production, as `load` does."""
        return self.load("champion")

    def load(self, name: str) -> "LoadedModel":
        """Return a model, or the figures of a candidate that was refused.

        Args:
            name: Version such as "3", alias ("champion", "challenger"), or a run: its id, the start
                of its id, or its name.

        Raises:
            NoChampionError: There is no champion yet.
            ConfigError: There is no such alias or run.
            RegistryError: There is no such version, or a file of it is missing or changed.

        """
        with self._reading() as experiment:
            from spaceship.api.loading import load

            return load(experiment, name)

    def leaderboard(self, *, trials: bool = False) -> "pd.DataFrame":
        """Return all scored runs of the task, the best first, those that do not compare below.

        Args:
            trials: Whether the trials of sweeps are listed, beside the best one of each.

        Returns:
            A row a run, by `run_id`: `recipe`; `score`, cross-validated, in the task's main metric,
            and its standard deviation over the folds `sd`; `held_out` and its standard error,
            missing where they may not be shown; `award`, `aliases`, `made` (UTC); `same_data` and
            `same_split` (a score compares with the first where both are true), and the `command`
            that makes the run again.

        Example:
            >>> Project(outputs=tmp_path).leaderboard().empty
            True

        """
        with self._reading("leaderboard") as experiment:
            from spaceship.api.loading import ranked

            return ranked(experiment, trials=trials)

    @contextmanager
    def _reading(self, mode: str = "history") -> Iterator["Experiment"]:
        """Give the Experiment of the project in a mode, for the block."""
        from spaceship.api.reading import reading

        try:
            with reading(self._words, mode) as experiment:
                yield experiment
        except Exception as error:
            if type(error).__module__.startswith(("hydra.", "omegaconf.")):
                self.run("history")  # raises it as the command line explains it
            raise


def _data(data: str | Path | None) -> list[str]:
    """Return the overrides that choose the data: files by their place, or a source by its name."""
    if data is None:
        return []
    path = Path(data).expanduser()
    if isinstance(data, str) and not path.exists():
        return [f"data={data}"]
    key = "data.train" if path.is_file() else "data.dir"
    return ["data=local", override(key, path.absolute())]
