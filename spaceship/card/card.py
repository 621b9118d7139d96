"""Card of a model: every figure that a report shows, as one record, kept as `card.json`.

The HTML report, the Markdown of a version's description and other programs read this record; none
of them computes a figure. An unknown part is empty, and the report leaves it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from spaceship.gate.verdict import Verdict
from spaceship.records import Figure


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval, all in the figure's own unit.

    >>> Interval(0.81, 0.79, 0.83).low
    0.79
    """

    value: Figure
    low: Figure | None = None  # None: not known
    high: Figure | None = None


@dataclass(frozen=True)
class Score:
    """One metric of the model: cross-validated, and held out if the verdict may tell it."""

    metric: str  # such as `log_loss`
    title: str  # such as "log loss"
    higher_is_better: bool
    cross_validated: Interval
    held_out: Interval | None = None


@dataclass(frozen=True)
class Curve:
    """Points of one line of a chart, in order along the line; both have one length."""

    name: str  # of the line: a class, "candidate", "champion"
    x: Sequence[float]
    y: Sequence[float]
    area: Figure | None = None  # below the line, such as ROC AUC; None: has no meaning
    n: Sequence[int] = ()  # rows behind each point; none: not counted


@dataclass(frozen=True)
class Charts:
    """Charts of the hold-out's predictions; those of another kind of problem are empty."""

    roc: Sequence[Curve] = ()  # false positive rate, true positive rate
    precision_recall: Sequence[Curve] = ()  # recall, precision
    calibration: Sequence[Curve] = ()  # mean probability, share of hits
    thresholds: Sequence[Curve] = ()  # threshold, score: one curve a metric
    threshold: Figure | None = None  # in use
    classes: Sequence[str] = ()  # rows and columns of `confusion`
    confusion: Sequence[Sequence[int]] = ()  # rows: true, columns: predicted
    residuals: Sequence[Curve] = ()  # regression: predicted number, residual (true minus predicted)
    residual_counts: Curve | None = None  # regression: middle of a bin, number of rows in it


@dataclass(frozen=True)
class ColumnImportance:
    """Importance of one raw column through the whole pipeline, on the twin's hold-out."""

    column: str
    loss: Figure  # rise of the mean loss when the column's values are dealt out anew, by groups
    error: Figure  # standard error of the rise; a group is one draw
    push: Figure | None = None  # mean absolute contribution to the prediction (Shapley values)


@dataclass(frozen=True)
class SliceLine:
    """The score of the rows that share a value."""

    slice: str
    value: str
    n: int
    score: Interval
    differs: bool = False  # from the score of all rows, beyond the luck of so many slices


@dataclass(frozen=True)
class WorstRow:
    """One row of the hold-out that the model predicts badly."""

    id: str
    truth: str
    predicted: str
    loss: Figure
    probability: Figure | None = None  # of the truth
    values: Mapping[str, str] = field(default_factory=dict)  # its raw columns


@dataclass(frozen=True)
class Paired:
    """Candidate and champion on the same hold-out rows."""

    rows: int
    groups: int | None  # None: not known
    difference: Interval  # candidate minus champion, in the task's main metric
    metric: str
    title: str
    only_candidate_right: int | None = None  # classes only
    only_champion_right: int | None = None
    champion: str = ""  # its recipe by name


@dataclass(frozen=True)
class TrialLine:
    """One trial of the sweep that the run belongs to."""

    number: int
    state: str  # such as "complete", "pruned"
    score: Figure | None
    settings: Mapping[str, str]
    seconds: Figure | None = None


@dataclass(frozen=True)
class Reign:
    """One step of the alias `champion`."""

    version: str
    recipe: str
    since: str  # UTC, ISO 8601; empty: not known, the alias was moved outside
    until: str | None  # None: still champion; empty: not known
    score: Figure | None  # cross-validated, in the task's main metric
    by: str = ""


@dataclass(frozen=True)
class Standing:
    """The version of a run in the registry at the time of its report."""

    version: str
    aliases: Sequence[str]  # that point to it; none: it holds no alias
    since: str  # UTC, ISO 8601, of the first alias; empty: not known, or no alias
    at: str  # time of the report, UTC, ISO 8601
    reproduced: str = ""  # how often its run was made again, in words


@dataclass(frozen=True)
class RunLine:
    """One line of the leaderboard."""

    run_id: str
    recipe: str
    score: Figure
    error: Figure
    held_out: Figure | None
    award: str  # of the gate; `champion now` where its version holds an alias
    made: str  # UTC, ISO 8601
    command: str = ""


@dataclass(frozen=True)
class DriftLine:
    """Drift of one column between training and predicted rows."""

    column: str
    psi: Figure
    beyond: bool  # the limit of `inference.max_drift`


@dataclass(frozen=True)
class Card:
    """Everything that is known of one run's model."""

    title: str  # the recipe by name
    task: Mapping[str, object]  # `Task.to_plain`
    problem: Literal["binary", "multiclass", "regression"]
    data_source: str
    data_digest: str
    rows: int  # labelled ones
    run_id: str | None
    made: str  # UTC, ISO 8601
    award: str  # of the gate
    verdict: Verdict | None
    protocol: Mapping[str, str]  # in words: hold-out, folds, groups, seed
    looks: Mapping[str, str]  # in words: which look at the hold-out, the gain by luck, the budget
    scores: Sequence[Score]
    settings: Mapping[str, str]  # of the recipe, by config key
    limits: Sequence[str]  # sentences: what the model cannot be trusted with
    remake: Sequence[str]  # commands that make the run again
    charts: Charts = field(default_factory=Charts)
    importances: Sequence[ColumnImportance] = ()  # the most important first
    slices: Sequence[SliceLine] = ()
    worst: Sequence[WorstRow] = ()  # the worst first
    paired: Paired | None = None
    trials: Sequence[TrialLine] = ()
    trial_metric: str = ""
    standing: Standing | None = None  # None: no version is registered, or not known
    champions: Sequence[Reign] = ()  # the first first
    leaderboard: Sequence[RunLine] = ()  # the best first
    drift: Sequence[DriftLine] = ()
    told: bool = True  # whether figures of the hold-out may be shown
