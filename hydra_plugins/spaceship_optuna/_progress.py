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

from hydra_plugins.spaceship_optuna._results import (
    best_of,
    candidate_of,
    digits,
    pareto_front,
    seconds,
)
from hydra_plugins.spaceship_optuna._study import counted

log = logging.getLogger(__name__)

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_JOIN_SECONDS = 10.0


class Progress:
    """Display of a study's progress for as long as the context lasts.

    `n_trials` are the finished trials that the study is to have, those before a resume included.
    The storage is read from a second thread, `every` so many seconds.
    """

    def __init__(
        self,
        study: optuna.Study,
        n_trials: int,
        metric: str = "value",
        stream: TextIO | None = None,
        every: float = 0.5,
    ) -> None:
        self._study, self._n_trials, self._metric = study, n_trials, metric
        # an app's wrapper that escapes control characters has the stream itself as `terminal`
        terminal: TextIO = getattr(sys.stdout, "terminal", sys.stdout)
        self._stream, self._every = stream or terminal, every
        self._several = len(study.directions) > 1
        self._counts = Counter[TrialState]()
        self._seen: set[int] = set()
        self._before: int | None = None  # trials finished before the context was entered
        self._top: list[FrozenTrial] = []  # the best trial, or the Pareto front
        self._live: Live | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._look()
        if self._stream.isatty():
            self._live = _live_display(self._stream)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)
        if not self._thread.is_alive():  # otherwise the storage hangs, and would hang this too
            self._look()
        summary = self._summary(f"in {clock(time.monotonic() - self._started)}")
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
            new = [trial for trial in counted(self._study) if trial.number not in self._seen]
            for trial in sorted(new, key=lambda one: (str(one.datetime_complete), one.number)):
                better = self._add(trial)
                if self._before is None:
                    continue
                if self._live is None:
                    log.info(self._log_line(trial))
                elif better:
                    front, best = "new on the Pareto front:", f"best {self._metric} yet"
                    found = f"{front if self._several else best} {_values(trial)}"
                    self._live.console.print(_joined(*_named(trial), found))
            if self._before is None:
                self._before = self._counts.total()
            if self._live:
                text = Text(self._live_line(), no_wrap=True, overflow="ellipsis")
                self._live.update(text, refresh=True)
        except Exception as error:  # noqa: BLE001 - a failing storage must not end the sweep
            log.debug("Progress could not be read or shown: %s", error)

    def _add(self, trial: FrozenTrial) -> bool:
        """Count a trial; return whether it is a new best trial, or new on the Pareto front."""
        self._seen.add(trial.number)
        self._counts[trial.state] += 1
        if trial.state != TrialState.COMPLETE:
            return False
        rivals, directions = [*self._top, trial], self._study.directions
        best = best_of(rivals, directions) or trial
        self._top = pareto_front(rivals, directions) if self._several else [best]
        return trial in self._top

    def _log_line(self, trial: FrozenTrial) -> str:
        error = str(trial.user_attrs.get("error", "")).partition("\n")[0][:100]
        found = [_STATES[trial.state], _values(trial) or error, self._best("best")]
        count = f"{self._counts.total()}/{self._n_trials}"
        return _joined(*_named(trial), *found, count, f"{seconds(trial):.1f} s")

    def _live_line(self) -> str:
        done = self._counts.total()
        rate = (done - (self._before or 0)) / max(time.monotonic() - self._started, 1e-9)
        left = (self._n_trials - done) / rate if rate else None
        return self._summary(f"{60 * rate:.1f}/min" if rate else "", f"{clock(left)} left")

    def _summary(self, *more: str) -> str:
        counts = [(self._counts[state], name) for state, name in _STATES.items()]
        states = ", ".join(f"{count} {name}" for count, name in counts if count) or "none finished"
        trials = f"{self._counts.total()}/{self._n_trials} trials"
        return _joined(trials, states, self._best(f"best {self._metric}"), *more)

    def _best(self, name: str) -> str:
        if self._several:
            return f"Pareto front: {len(self._top)} trials"
        for trial in self._top:
            whose = ", ".join(filter(None, reversed(_named(trial))))
            return f"{name} {_values(trial)} ({whose})"
        return f"no {name} yet"


def clock(duration: float | None) -> str:
    """Return a duration in seconds as mm:ss, from an hour on as h:mm:ss."""
    if duration is None:
        return "--:--"
    return str(timedelta(seconds=round(duration))).removeprefix("0:")


def _named(trial: FrozenTrial) -> tuple[str, str | None]:
    return f"trial {trial.number}", candidate_of(trial)


def _values(trial: FrozenTrial) -> str:
    """Return a trial's values, or the steps of a pruned one; empty if it has neither."""
    if trial.state == TrialState.PRUNED:  # its value is one step's, not comparable with the others'
        return f"after step {len(trial.intermediate_values)}"
    return " / ".join(digits(value) for value in trial.values or ())


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
        if handler.stream in (stream, sys.stdout) or (stderr and handler.stream is sys.stderr):
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
