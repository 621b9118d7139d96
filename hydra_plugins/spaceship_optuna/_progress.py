"""Progress of a running study: a live line on a terminal, one log line per trial anywhere else.

Only the study's storage is read, so the trials of all workers are shown, whichever process or
machine runs them. Errors of the storage or the terminal never end the sweep.
"""

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self, TextIO

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.text import Text

from hydra_plugins.spaceship_optuna._leaderboard import digits
from hydra_plugins.spaceship_optuna._ranking import best_of, candidate_of, pareto_front, seconds
from hydra_plugins.spaceship_optuna._study import counted

log = logging.getLogger(__name__)

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_JOIN_SECONDS = 10.0


class Tally:
    """Counts of the finished trials by state, and the best trial or the Pareto front so far."""

    def __init__(self, study: optuna.Study, n_trials: int, metric: str) -> None:
        """Count nothing yet."""
        self.study, self.n_trials, self.metric = study, n_trials, metric
        self.several = len(study.directions) > 1
        self.counts = Counter[TrialState]()
        self.top: list[FrozenTrial] = []
        self._seen: set[int] = set()

    def unseen(self) -> list[FrozenTrial]:
        """Return the finished trials that were not added yet, in the order of their ends."""
        new = [trial for trial in counted(self.study) if trial.number not in self._seen]
        return sorted(new, key=lambda trial: (str(trial.datetime_complete), trial.number))

    def add(self, trial: FrozenTrial) -> bool:
        """Count a trial; return whether it is a new best trial, or new on the Pareto front."""
        self._seen.add(trial.number)
        self.counts[trial.state] += 1
        if trial.state != TrialState.COMPLETE:
            return False
        rivals, directions = [*self.top, trial], self.study.directions
        best = best_of(rivals, directions) or trial
        self.top = pareto_front(rivals, directions) if self.several else [best]
        return trial in self.top

    def new_best_line(self, trial: FrozenTrial) -> str:
        """Return the line that stays on a terminal for a new best trial."""
        what = "new on the Pareto front:" if self.several else f"best {self.metric} yet"
        return _joined(f"trial {trial.number}", candidate_of(trial), f"{what} {values(trial)}")

    def log_line(self, trial: FrozenTrial) -> str:
        """Return the log line of the trial that was counted last."""
        error = str(trial.user_attrs.get("error", "")).partition("\n")[0][:100]
        found = [_STATES[trial.state], values(trial) or error, self._best("best")]
        end = [f"{self.counts.total()}/{self.n_trials}", f"{seconds(trial):.1f} s"]
        return _joined(f"trial {trial.number}", candidate_of(trial), *found, *end)

    def summary(self, *more: str) -> str:
        """Return the counts and the best value, with more texts behind them."""
        counts = [f"{self.counts[one]} {name}" for one, name in _STATES.items() if self.counts[one]]
        states = ", ".join(counts) or "none finished"
        trials = f"{self.counts.total()}/{self.n_trials} trials"
        return _joined(trials, states, self._best(f"best {self.metric}"), *more)

    def _best(self, name: str) -> str:
        if self.several:
            return f"Pareto front: {len(self.top)} trials"
        for trial in self.top:
            whose = ", ".join(filter(None, (candidate_of(trial), f"trial {trial.number}")))
            return f"{name} {values(trial)} ({whose})"
        return f"no {name} yet"


class Progress:
    """Display of a study's progress for as long as the context lasts."""

    def __init__(
        self,
        study: optuna.Study,
        n_trials: int,
        metric_name: str = "value",
        stream: TextIO | None = None,
        every: float = 0.5,
    ) -> None:
        """Prepare the display; nothing is read or shown before the context is entered.

        Args:
            study: In any storage that may be read from a second thread.
            n_trials: Finished trials the study is to have, those before a resume included.
            metric_name: Name of the objective.
            stream: Where to show the progress; None is standard output.
            every: Seconds between two reads of the storage.

        """
        self._stream = stream or sys.stdout
        self._live: Live | None = None
        self._tally, self._every = Tally(study, n_trials, metric_name), every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._started = time.monotonic()
        self._before: int | None = None

    def __enter__(self) -> Self:
        """Start to watch the study; trials that have finished before are not shown."""
        self._started = time.monotonic()
        self._look()
        if self._stream.isatty():
            self._live = _live_display(self._stream)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop watching and show the summary; an error in the context goes on."""
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)
        if not self._thread.is_alive():  # otherwise the storage hangs, and would hang this too
            self._look()
        summary = self._tally.summary(f"in {clock(time.monotonic() - self._started)}")
        if self._live is None:
            log.info(summary)
            return
        for handler in _stream_handlers():
            if isinstance(handler.stream, FileProxy):
                handler.setStream(handler.stream.rich_proxied_file)
        with suppress(OSError, ValueError):  # the terminal is closed
            self._live.stop()
            self._live.console.print(summary)

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._look()

    def _look(self) -> None:
        """Show what has finished since the last look; the next look makes up for a failed one."""
        try:
            for trial in self._tally.unseen():
                better = self._tally.add(trial)
                if self._before is None:  # it had finished before the context was entered
                    continue
                if self._live is None:
                    log.info(self._tally.log_line(trial))
                elif better:
                    self._live.console.print(self._tally.new_best_line(trial))
            if self._before is None:
                self._before = self._tally.counts.total()
            if self._live:
                text = Text(self._line(), no_wrap=True, overflow="ellipsis")
                self._live.update(text, refresh=True)
        except Exception as error:  # noqa: BLE001 - a failing storage must not end the sweep
            log.debug("Progress could not be read or shown: %s", error)

    def _line(self) -> str:
        """Return the live line: counts, best value, trials per minute and the time left."""
        done = self._tally.counts.total()
        rate = (done - (self._before or 0)) / max(time.monotonic() - self._started, 1e-9)
        left = (self._tally.n_trials - done) / rate if rate else None
        return self._tally.summary(f"{60 * rate:.1f}/min" if rate else "", f"{clock(left)} left")


def values(trial: FrozenTrial) -> str:
    """Return a trial's values, or the steps of a pruned one; empty if it has neither."""
    if trial.state == TrialState.PRUNED:  # its value is one step's, not comparable with the others'
        return f"after step {len(trial.intermediate_values)}"
    return " / ".join(digits(value) for value in trial.values or ())


def clock(duration: float | None) -> str:
    """Return a duration in seconds as mm:ss, from an hour on as h:mm:ss."""
    if duration is None:
        return "--:--"
    return str(timedelta(seconds=round(duration))).removeprefix("0:")


def _joined(*parts: str | None) -> str:
    return "  ".join(filter(None, parts))


def _live_display(stream: TextIO) -> Live | None:
    """Start a live line on a terminal, below what is printed and logged; None if it is dumb."""
    console = Console(
        file=stream, force_terminal=True, soft_wrap=True, markup=False, highlight=False, emoji=False
    )
    if console.is_dumb_terminal:
        return None
    stderr = sys.stderr.isatty()
    for handler in _stream_handlers():
        if handler.stream is stream or (stderr and handler.stream is sys.stderr):
            handler.setStream(FileProxy(console, handler.stream))
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=stderr)
    live.start()
    return live


def _stream_handlers() -> Iterator["logging.StreamHandler[Any]"]:
    """Yield the handlers of all loggers that write to a stream."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler):
                yield handler
