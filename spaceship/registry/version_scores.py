"""Recipe and scores of versions, from what is stored with them: their runs may be deleted."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from spaceship.errors import SpaceshipError
from spaceship.evaluation.metrics import metric_title
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.model.recipe_name import recipe_name
from spaceship.process.temporary import temporary_folder
from spaceship.records import Figure, from_text, to_plain
from spaceship.registry.registry import RECIPE, Registry
from spaceship.registry.reproduced import Reproduced
from spaceship.text import digits, one_line
from spaceship.tracking.runs import pages
from spaceship.tracking.tag_names import hidden, value

SCORES = hidden("scores")  # tag of a version: its scores, as JSON


@dataclass(frozen=True)
class VersionScores:
    """The scores of a version in its task's main metric.

    >>> print(VersionScores("accuracy", 0.8151, 0.067, 0.7429))
    accuracy 0.8151 ± 0.0670, held out 0.7429
    """

    metric: str
    cross_validated: Figure
    sd: Figure  # over the folds
    held_out: Figure | None = None  # None: not told when it was registered
    sample: str = ""  # that it learnt from, in words; empty: all rows

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the scores of a report.

        >>> made = report(80, 100, metrics={"cv_accuracy": 0.81, "cv_accuracy_std": 0.02})
        >>> str(VersionScores.of(made))
        'accuracy 0.8100 ± 0.0200'
        """
        found = report.metrics
        metric = "rmse" if "cv_rmse" in found else "accuracy"
        score, sd = (found.get(f"cv_{metric}{end}", math.nan) for end in ("", "_std"))
        return cls(metric, score, sd, found.get(f"holdout_{metric}"), report.sample_words)

    def to_tag(self) -> str:
        """Return the scores as the value of a tag."""
        return json.dumps(to_plain(self))

    def __str__(self) -> str:
        held = "" if self.held_out is None else f", held out {digits(self.held_out)}"
        drawn = f", on {self.sample}" if self.sample else ""
        title = metric_title(self.metric)
        return f"{title} {digits(self.cross_validated)} ± {digits(self.sd)}{held}{drawn}"


@dataclass(frozen=True)
class VersionSummary:
    """Recipe by name and scores of a version; None is lost.

    >>> print(VersionSummary("lgbm on full", None))
    lgbm on full
    """

    recipe: str | None
    scores: VersionScores | None
    reproduced: Reproduced = field(default_factory=Reproduced)

    def __str__(self) -> str:
        parts = (self.recipe, self.scores, self.reproduced if self.reproduced.count else None)
        return ", ".join(str(one) for one in parts if one is not None)


def summaries(registry: Registry, numbers: Collection[str | None]) -> dict[str, VersionSummary]:
    """Return recipe and scores of versions by number; deleted versions are left out.

    >>> summaries(registry, ["1"])
    {}
    """
    search, query = registry.store.client.search_model_versions, f"name = '{registry.model}'"
    found = {str(one.version): one for one in pages(search, query)} if any(numbers) else {}
    return {
        number: VersionSummary(
            recipe_in(one.tags), _scores(registry, number, one.tags), Reproduced.of(one.tags)
        )
        for number, one in found.items()
        if number in numbers
    }


def recipe_in(tags: Mapping[str, str]) -> str | None:
    """Return the recipe among a version's tags by its name, on one line; None if it is lost.

    >>> recipe_in({RECIPE: "{}"}) is None
    True
    """
    try:
        return one_line(recipe_name(json.loads(value(tags, RECIPE) or "")))
    except (ValueError, KeyError, TypeError):  # the tag is lost or garbled
        return None


def _scores(registry: Registry, number: str, tags: Mapping[str, str]) -> VersionScores | None:
    """Return the scores in a version's tag, of an older release those in its report."""
    try:
        if SCORES in tags:
            return from_text(VersionScores, tags[SCORES], SCORES)
        version = registry.version(number)
        if REPORT_FILE not in version.digests:
            return None
        with temporary_folder() as folder:
            registry.fetch(version, REPORT_FILE, folder)
            return VersionScores.of(Report.read(folder))
    except SpaceshipError:
        return None
