"""Run of an engine over the parts of a table that are not scored yet, with a progress bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from time import perf_counter
from typing import Self

from spaceship.engine._base import Engine, Part
from spaceship.progress import phase
from spaceship.records import read_record
from spaceship.scoring.score_part import Scored, ScorePart
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.text import first_few


def score_all(engine: Engine, parts: Sequence[Part], score: ScorePart) -> Scored:
    """Return the sum of the records of all parts; a record that is there is not made again.

    >>> from spaceship.engine.local import LocalEngine
    >>> from spaceship.scoring.cut import cut
    >>> from spaceship.scoring.score_part import preloaded
    >>> parts = cut([people.test], task, tmp_path, size=100)
    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> with preloaded(fitted, "model"):
    ...     scored = score_all(LocalEngine(1), parts, ScorePart(str(tmp_path), "model", task))
    >>> scored.rows == len(people.test)
    True
    """
    total = sum(part.rows for part in parts)
    title, steps = f"Predicting {total:,} {score.task.nouns}", total if len(parts) > 1 else None
    with phase(title, steps) as shown:
        ends = list[float]()  # of parts; the first one waits for the start of the workers
        done = 0

        def sink(scored: Scored) -> None:
            nonlocal done
            ends.append(perf_counter())
            done += scored.rows if len(ends) > 1 else 0
            rate = f"{done / max(ends[-1] - ends[0], 1e-9):,.0f} rows a second" if done else ""
            shown.advance(rate, scored.rows)

        kept = [part for part in parts if score.record(part.number).exists()]
        shown.advance(steps=sum(part.rows for part in kept))
        engine.run([part for part in parts if part not in kept], score, sink)
    return reduce(add, (read_record(score.record(part.number), Scored) for part in parts))


@dataclass(frozen=True)
class Summary:
    """The predictions in a few figures."""

    mean: float | None  # of numbers
    shares: dict[str, float] | None  # of the predicted classes, the largest first

    @classmethod
    def of(cls, scored: Scored, task: Task) -> Self:
        """Return the summary of the predictions of all parts.

        >>> Summary.of(Scored(2, {"True": 1, "False": 1}, 0.0, None), task).shares
        {'True': 0.5, 'False': 0.5}
        """
        counts, total, rows = scored.counts, scored.total, scored.rows
        if not task.is_classification:
            return cls(total / rows if rows else None, None)
        ordered = sorted(counts, key=lambda name: -counts[name])
        return cls(None, {name: counts[name] / rows for name in ordered})

    def words(self, task: Task) -> str:
        """Return the share of True or of each class, or the mean, in words; nothing of no rows.

        >>> Summary(None, {"True": 0.25, "False": 0.75}).words(task).endswith(" True")
        True
        """
        if self.mean is not None:
            return f", mean {self.mean:.5g}"
        if not self.shares:
            return ""
        if task.problem is Problem.BINARY:
            share = _percent(self.shares.get(str(task.positive), 0.0))
            return f", {share} {task.label} {task.positive}"
        every = (f"{_percent(share)} {name}" for name, share in self.shares.items())
        return f", {task.label} {first_few(every)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
