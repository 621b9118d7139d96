"""Scoring of one part: its rows predicted by the champion, the predictions kept beside them."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from spaceship.data.submission import submission, writing
from spaceship.drift.profile import Profile, Tally, take_tally
from spaceship.engine._base import Part
from spaceship.engine._worker import end_with
from spaceship.evaluation.answers import answers
from spaceship.evaluation.cross_validation import decision_threshold, predict
from spaceship.files import write_json
from spaceship.records import to_plain
from spaceship.scoring.cut import read_part
from spaceship.scoring.joined import write_predictions
from spaceship.task.task import Task

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_PIPELINES: dict[str, "Pipeline"] = {}  # that this process has loaded, by folder
_KEPT = 2  # of them: workers of a cluster may outlive many commands


@dataclass(frozen=True)
class Scored:
    """A part that is scored: a record, kept beside its predictions."""

    rows: int
    counts: dict[str, int]  # rows of each predicted class; of numbers none
    total: float  # of predicted numbers
    tally: Tally | None  # of its columns and scores; None: drift is not measured

    def __add__(self, other: Self) -> Self:
        """Return the record of both parts.

        >>> Scored(1, {"yes": 1}, 0.0, None) + Scored(2, {"yes": 1, "no": 1}, 0.0, None)
        Scored(rows=3, counts={'yes': 2, 'no': 1}, total=0.0, tally=None)
        """
        counts = dict(Counter(self.counts) + Counter(other.counts))
        tally = self.tally and other.tally and self.tally + other.tally
        return replace(
            self,
            rows=self.rows + other.rows,
            counts=counts,
            total=self.total + other.total,
            tally=tally,
        )


@dataclass(frozen=True)
class ScorePart:
    """What scores a part, in any process: pickled, it loads the champion once a process.

    >>> ScorePart("/parts", "/model", task).predicted(7).name
    'predicted-000007.arrow'
    """

    folder: str  # of predictions and records
    model: str  # folder of the champion
    task: Task
    margin: float | None = None  # half width of intervals
    proba: bool = False  # whether probabilities or an interval stand beside the labels
    reference: Profile | None = None  # of the rows that the champion learnt from

    def predicted(self, number: int) -> Path:
        """Return the file of a part's predictions, indexed by the position of each row."""
        return Path(self.folder) / f"predicted-{number:06d}.arrow"

    def record(self, number: int) -> Path:
        """Return the file of a part's record, which is there once the part is done."""
        return Path(self.folder) / f"scored-{number:06d}.json"

    def load(self) -> None:
        """Load the champion into this process."""
        _loaded(self.model)

    def __call__(self, part: Part) -> Scored:
        """Return the record of a part; it is written once the predictions are."""
        rows, task, pipeline = read_part(part), self.task, _loaded(self.model)
        frame, reference = rows.reset_index(drop=True), self.reference
        values = predict(pipeline, frame, task)
        answered = answers(values, task, decision_threshold(pipeline), self.margin)
        answered = answered if self.proba else answered[[task.label]]
        table = submission(answered, rows, task)
        label, counts = table[task.label], dict[str, int]()
        if task.is_classification:
            found = label.astype("str").value_counts()
            counts = {str(name): int(count) for name, count in found.items()}
        total = 0.0 if task.is_classification else float(label.sum())
        tally = None if reference is None else take_tally(frame, task, values, reference)
        scored = Scored(len(table), counts, total, tally)
        with writing(Path(self.folder)):
            write_predictions(table.set_axis(rows.index), self.predicted(part.number))
            write_json(self.record(part.number), to_plain(scored))
        return scored


@contextmanager
def preloaded(pipeline: "Pipeline", folder: str) -> Iterator[None]:
    """Let this process score with a pipeline that it has loaded from a folder, or its copy.

    >>> with preloaded(pipeline, "model"):
    ...     print(_loaded("model") is pipeline)
    True
    """
    _PIPELINES[folder] = pipeline
    try:
        yield
    finally:
        _PIPELINES.pop(folder, None)


def _loaded(folder: str) -> "Pipeline":
    """Return the pipeline in a folder, loaded once in this process, which ends with its parent."""
    from spaceship.registry import packaging

    if folder not in _PIPELINES:
        end_with(os.getppid())
        _PIPELINES[folder] = packaging.load(folder)
        for oldest in [*_PIPELINES][:-_KEPT]:
            del _PIPELINES[oldest]
    return _PIPELINES[folder]
