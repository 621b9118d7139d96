"""Candidates to promote, weak ones and good ones, and the promotion that judges them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sklearn.pipeline import Pipeline

from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.verdict import Verdict
from spaceship.registry.descriptions import CARD_HEAD
from spaceship.registry.promotion import Promotion
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.tracking.job import Job
from tests.tasks import built_in

PROTOCOL = Protocol(holdout_fraction=0.4, salt="pepper", n_folds=3, seed=1)
RULES: dict[str, Any] = {"floor": Floor(minimum=0.5), "gain": Gain()}
LENIENT = Gate(**RULES)
NewJob = Callable[..., Job]
Update = Callable[[Report, Report, Path], Report]


@dataclass(frozen=True)
class Twins:
    """A weak and a good model with what they predict of the hold-out, and the data's digest."""

    digest: str
    weak: HoldOut
    good: HoldOut
    weak_pipeline: Pipeline


def up_to_date(champion: Report, _: Report, twin: Path) -> Report:
    """Nothing in a test that uses this has to be brought up to date."""
    pytest.fail(f"asked to update {champion.name} with {twin}")


@cache
def labels() -> Labels:
    """Return the labels of the fixture `people`."""
    source = SyntheticData(n_groups=400, seed=2912, drift=0.0, test_fraction=0.33)
    data = checked(source.read(built_in()), built_in())
    return Labels.of(data.task, data.train)


def promotion(
    registry: Registry, gate: Gate = LENIENT, update: Update = up_to_date, reason: str = ""
) -> Promotion:
    return Promotion(gate, registry, update, labels(), reason, keep=described)


def described(report: Report, verdict: Verdict, champion: str | None) -> str:
    """Return what stands for a card in a version's description."""
    against = "no champion" if champion is None else f"version {champion}"
    return f"{CARD_HEAD}: {report.name}, {verdict.award} against {against}"


def one_better(holdout: HoldOut) -> HoldOut:
    """Return the same hold-out with one mistake less."""
    wrong, values = int(holdout.losses.argmax()), holdout.values.copy()
    values[wrong] = holdout.target[wrong]
    return replace(holdout, values=values)


def aliases(registry: Registry) -> tuple[str | None, str | None]:
    found = [registry.find(alias) for alias in (CHAMPION, CHALLENGER)]
    champion, challenger = (None if one is None else one.number for one in found)
    return champion, challenger


def n_versions(registry: Registry) -> int:
    return len(registry.store.client.search_model_versions(f"name='{registry.model}'"))
