"""Progress of a running study: a live line on a terminal, one log line per trial anywhere else.

Only the study's storage is read, so the trials of all workers are shown, whichever process or
machine runs them. Errors of the storage or the terminal never end the sweep.
"""

import logging
import time
from collections import Counter
from itertools import product
from typing import Self, TextIO

import optuna
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._hooks import Objective, StudyTerms
from hydra_plugins.spaceship_optuna._live_line import LiveLine, clock
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
_OBJECTIVE, _TERMS = Objective(), StudyTerms()  # of an app without a host
_SECONDS = 0.5  # between two looks at the storage
_FEWEST = 3
"""Trials to be finished before the time left is estimated: the first ones are of one candidate."""


class Progress:
    """Display of a study's progress for as long as the context lasts.

    `n_trials` are the finished trials that the study is to have, those before a resume included.
    The storage is read from a second thread, `every` so many seconds. No trial is started after
    `timeout` seconds.
    """

    def __init__(  # noqa: PLR0913 - a display has many sides
        self,
        study: optuna.Study,
        n_trials: int,
        objective: Objective = _OBJECTIVE,
        terms: StudyTerms = _TERMS,
        *,
        timeout: float | None = None,
        stream: TextIO | None = None,
        every: float = _SECONDS,
    ) -> None:
        self._study, self._n_trials, self._terms = study, n_trials, terms
        self._metric, self._step_metric = objective.name, objective.step_metric
        self._several = len(study.directions) > 1
        self._counts = Counter[TrialState]()
        self._seen: set[int] = set()
        self._before: int | None = None  # trials finished before the context was entered
        self._top: list[FrozenTrial] = []  # the best trial, or the Pareto front
        self._running: FrozenTrial | None = None  # the one that has got farthest
        self._timeout = self._left = timeout
        self._every, self._looked = every, time.monotonic()
        self._line = LiveLine(self._text, stream, min(every, LiveLine.SECONDS))

    def __enter__(self) -> Self:
        self._look()
        self._line.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._line.__exit__(*error)
        if not self._line.hangs:  # otherwise the storage does, and would hang this too
            self._look()
        summary = self._summary(f"in {clock(self._elapsed)}")
        if self._line.drawn:
            self._line.print(summary)
        else:
            log.info(summary)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._line.started

    def _text(self, width: int) -> str:
        """Return the live line, after a look at the storage if it is time for one."""
        if time.monotonic() - self._looked >= self._every:
            self._look()
            self._looked = time.monotonic()
        return self._live_line(width) if self._line.drawn else ""

    def _look(self) -> None:
        """Show what has finished since the last look; the next look makes up for a failed one."""
        try:
            new = [trial for trial in counted(self._study) if trial.number not in self._seen]
            for trial in sorted(new, key=lambda one: (str(one.datetime_complete), one.number)):
                better = self._add(trial)
                if self._before is None:
                    continue
                if not self._line.drawn:
                    log.info(self._log_line(trial))
                elif better:
                    front, best = "new on the Pareto front:", f"best {self._metric} yet"
                    found = f"{front if self._several else best} {_values(trial)}"
                    self._line.print(_joined(*_named(trial), found))
            if self._before is None:
                self._before = self._counts.total()
            if self._line.drawn:
                running = self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
                farthest = max(running, key=lambda one: len(one.intermediate_values), default=None)
                self._running = farthest
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

    def _live_line(self, width: int) -> str:
        """Return bar, counts, best or running trial and times; the most important that fits."""
        done = self._counts.total()
        self._count_down(done - (self._before or 0), self._n_trials - done)
        head = f"{self._line.sign(done / self._n_trials)} {done}/{self._n_trials} trials"
        news, left = self._running_texts(), f"{clock(self._left)} left"
        if self._top:
            named, best = self._best(f"best {self._metric}"), self._best("best")
            all_of_it = _joined(self._states(), named)
            news = (_joined(all_of_it, news[0]), all_of_it, named, best)
        elif done:
            news = (_joined(self._states(), news[0]), *news)
        times = (clock(self._elapsed), left), (left,)
        lines = (_joined(head, one, *each) for one, each in product(news, times))
        return next((line for line in lines if len(line) < width), _joined(head, left))

    def _running_texts(self) -> tuple[str, ...]:
        """Return the running trial's candidate, step and latest score, from long to short."""
        trial = self._running
        if trial is None:
            return ("" if self._seen else "the first trial starts",)
        number, label = _named(trial)
        scores, n_steps = trial.intermediate_values, self._terms.n_steps
        score = digits(scores[max(scores)]) if scores else None
        step = min(len(scores) + 1, n_steps or len(scores) + 1)
        counts = f"{step} of {n_steps}", f"{step}/{n_steps}"
        full, short = (f"{self._terms.step} {count if n_steps else step}" for count in counts)
        measured = score and f"{self._step_metric} {score}"
        return tuple(
            f"{who}: {', '.join(filter(None, what))}"
            for who, *what in (
                (f"{number} ({label})" if label else number, full, measured),
                (label or number, full, measured),
                (label or number, short, measured),
                (label or number, short, score),
                (label or number, short),
            )
        )

    def _count_down(self, finished: int, missing: int) -> None:
        """Lower the time left to what is left of the timeout, and to what the trials so far say."""
        known = [] if self._left is None else [self._left]
        if self._timeout is not None:
            known.append(max(self._timeout - self._elapsed, 0.0))
        if finished >= min(_FEWEST, self._n_trials):
            known.append(self._elapsed / finished * max(missing, 0))
        self._left = min(known, default=None)

    def _states(self) -> str:
        counts = [(self._counts[state], name) for state, name in _STATES.items()]
        return ", ".join(f"{count} {name}" for count, name in counts if count) or "none finished"

    def _summary(self, *more: str) -> str:
        trials = f"{self._counts.total()}/{self._n_trials} trials"
        return _joined(trials, self._states(), self._best(f"best {self._metric}"), *more)

    def _best(self, name: str) -> str:
        if self._several:
            return f"Pareto front: {len(self._top)} trials"
        for trial in self._top:
            whose = ", ".join(filter(None, reversed(_named(trial))))
            return f"{name} {_values(trial)} ({whose})"
        return f"no {name} yet"


def _named(trial: FrozenTrial) -> tuple[str, str | None]:
    return f"trial {trial.number}", candidate_of(trial)


def _values(trial: FrozenTrial) -> str:
    """Return a trial's values, or the steps of a pruned one; empty if it has neither."""
    if trial.state == TrialState.PRUNED:  # its value is one step's, not comparable with the others'
        return f"after step {len(trial.intermediate_values)}"
    return " / ".join(digits(value) for value in trial.values or ())


def _joined(*parts: str | None) -> str:
    return "  ".join(filter(None, parts))
