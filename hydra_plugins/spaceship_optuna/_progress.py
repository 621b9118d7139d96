"""How a running study is going: a live line on a terminal, log lines anywhere else.

Only the study's storage is read, so it shows the trials of all workers, whichever process or
machine they are on; and whatever goes wrong here never reaches the sweep.
"""

import logging
import os
import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self, TextIO

import optuna
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._leaderboard import digits
from hydra_plugins.spaceship_optuna._ranking import (
    best_of,
    candidate_of,
    pareto_front,
    seconds,
)
from hydra_plugins.spaceship_optuna._study import FINISHED, VOID

log = logging.getLogger(__name__)

_CLEAR = "\r\x1b[K"
_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_QUIET_SECONDS = 0.2
"""How long nothing is drawn after a log line is announced: by then it has been written."""
_LAST_WORD_SECONDS = 10.0


class Tally:
    """What has been seen of a study: its trials by state, the best one and the Pareto front."""

    def __init__(self, study: optuna.Study, n_trials: int) -> None:
        """Start with nothing seen."""
        self.study = study
        self.n_trials = n_trials
        self.directions = study.directions
        self.counts = dict.fromkeys(_STATES.values(), 0)
        self.top: list[FrozenTrial] = []
        self._seen: set[int] = set()

    @property
    def done(self) -> int:
        """How many trials are finished and count."""
        return sum(self.counts.values())

    @property
    def several(self) -> bool:
        """Whether the study has several objectives."""
        return len(self.directions) > 1

    def unseen(self) -> list[FrozenTrial]:
        """Return the trials that have finished since, in that order."""
        finished = self.study.get_trials(deepcopy=False, states=FINISHED)
        new = [trial for trial in finished if trial.number not in self._seen]
        return sorted(new, key=lambda trial: (str(trial.datetime_complete), trial.number))

    def add(self, trial: FrozenTrial) -> bool:
        """Count a trial; return whether it is a new best, or new on the Pareto front."""
        self._seen.add(trial.number)
        if VOID in trial.user_attrs:
            return False
        self.counts[_STATES[trial.state]] += 1
        if trial.state != TrialState.COMPLETE:
            return False
        rivals = [*self.top, trial]
        best = best_of(rivals, self.directions)
        self.top = pareto_front(rivals, self.directions) if self.several else [best or trial]
        return trial in self.top

    def best(self) -> str:
        """Return the best so far, or the size of the Pareto front, in words."""
        if self.several:
            return f"Pareto front: {len(self.top)} trials"
        return f"best {values(self.top[0])} ({whose(self.top[0])})" if self.top else "no best yet"

    def describe(self, trial: FrozenTrial) -> str:
        """Return the line that reports a trial which has just been counted."""
        error = str(trial.user_attrs.get("error", "")).partition("\n")[0][:100]
        parts = [
            f"trial {trial.number}",
            candidate_of(trial) or "",
            _STATES[trial.state],
            values(trial) or error,
            self.best(),
            f"{self.done}/{self.n_trials}",
            f"{seconds(trial):.1f} s",
        ]
        return "  ".join(part for part in parts if part)


class Progress:
    """Show how a study is going for as long as the context lasts."""

    def __init__(
        self,
        study: optuna.Study,
        n_trials: int,
        metric_name: str = "value",
        stream: TextIO | None = None,
        every: float = 0.5,
    ) -> None:
        """Get ready; nothing is read or shown before the context is entered.

        Args:
            study: In any storage that bears being read from a second thread.
            n_trials: Finished trials the study is to have, those before a resume included.
            metric_name: What the objective is called.
            stream: Where to show it; None is standard output.
            every: Seconds between two looks at the storage.

        """
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._tally = Tally(study, n_trials)
        self._metric = metric_name
        self._every = every
        self._lock = threading.RLock()
        self._quiet_until = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._make_record = logging.getLogRecordFactory()
        self._started = time.monotonic()
        self._before: int | None = None

    def __enter__(self) -> Self:
        """Start to watch the study; trials that have finished before are not shown."""
        self._started = time.monotonic()
        if self._live:
            self._make_record = logging.getLogRecordFactory()
            logging.setLogRecordFactory(self._announced)
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching and say how it ended; an error in the context goes on."""
        self._ended.set()
        self._thread.join(_LAST_WORD_SECONDS)
        if not self._thread.is_alive():  # otherwise the storage hangs, and would hang this too
            self._look()
        if self._live:
            if logging.getLogRecordFactory() == self._announced:
                logging.setLogRecordFactory(self._make_record)
            self._write(f"{_CLEAR}{self._summary()}\n")
        else:
            log.info(self._summary())

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._look()
            if self._live and time.monotonic() >= self._quiet_until:
                self._write(_CLEAR + self._line())

    def _look(self) -> None:
        """Report what has finished since the last look; the next one makes up for a failure."""
        try:
            new = self._tally.unseen()
            for trial in new:
                better = self._tally.add(trial)
                if self._before is not None and VOID not in trial.user_attrs:
                    self._report(trial, better=better)
            self._before = self._tally.done if self._before is None else self._before
        except Exception as error:  # noqa: BLE001 - a storage that hiccups must not end the sweep
            log.debug("Progress could not be read: %s", error)

    def _report(self, trial: FrozenTrial, *, better: bool) -> None:
        if not self._live:
            log.info(self._tally.describe(trial))
        elif better:
            what = "new on the Pareto front:" if self._tally.several else f"best {self._metric} yet"
            text = f"trial {trial.number}  {candidate_of(trial) or ''}  {what} {values(trial)}"
            self._write(f"{_CLEAR}{text.replace('    ', '  ')}\n")

    def _line(self) -> str:
        """Return the live line, cut to the terminal's width: a line that wraps cannot be redone."""
        tally, rate = self._tally, self._rate()
        left = (tally.n_trials - tally.done) / rate if rate else None
        parts = [
            f"{tally.done}/{tally.n_trials} trials",
            self._states(),
            tally.best().replace("best", f"best {self._metric}", 1),
            f"{60 * rate:.1f}/min" if rate else "",
            f"{clock(left)} left",
        ]
        return "  ".join(part for part in parts if part)[: self._width() - 1]

    def _summary(self) -> str:
        tally, spent = self._tally, time.monotonic() - self._started
        best = tally.best().replace("best", f"best {self._metric}", 1)
        done = f"{tally.done}/{tally.n_trials} trials"
        return f"{done}  {self._states()}  {best}  in {clock(spent)}"

    def _states(self) -> str:
        counts = self._tally.counts.items()
        return ", ".join(f"{n} {name}" for name, n in counts if n) or "none finished"

    def _rate(self) -> float:
        """Return trials per second since the context was entered."""
        new = self._tally.done - (self._before or 0)
        return new / max(time.monotonic() - self._started, 1e-9)

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError, AttributeError):
            return shutil.get_terminal_size().columns

    def _announced(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """Clear the live line before a log line of this process is written where it stands."""
        self._quiet_until = time.monotonic() + _QUIET_SECONDS
        self._write(_CLEAR)
        return self._make_record(*args, **kwargs)

    def _write(self, text: str) -> None:
        """Write to the stream, unless it has been closed."""
        try:
            with self._lock:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):
            self._live = False


def values(trial: FrozenTrial) -> str:
    """Return a trial's values in words, or how far it came; empty if it has none."""
    if trial.state == TrialState.PRUNED:  # its value is one step's, not comparable with the others'
        return f"after step {len(trial.intermediate_values)}"
    return " / ".join(digits(value) for value in trial.values or ())


def whose(trial: FrozenTrial) -> str:
    """Return the candidate and number of a trial in words."""
    label = candidate_of(trial)
    return f"{label}, trial {trial.number}" if label else f"trial {trial.number}"


def clock(duration: float | None) -> str:
    """Return a duration in seconds as mm:ss, from an hour on as h:mm:ss."""
    if duration is None:
        return "--:--"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
