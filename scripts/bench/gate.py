"""Error rates of the gate: equal candidates that pass by luck, better ones that do not pass."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from scripts.bench.measure import (
    experiment,
    kaggle_parser,
    machine,
    progress,
    table,
)
from spaceship.cli.main import prepare
from spaceship.evaluation.cross_validation import PreparedFold
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import fit_twin, measure
from spaceship.experiment import Experiment
from spaceship.gate.award import Award
from spaceship.gate.looks import Looks

LATER = range(2, 11)  # looks at which a better candidate comes
CHAMPIONS = 2  # made worse, by repetition and share
PASSED = {Award.CHALLENGER, Award.CHAMPION}


class MislabelledClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that learns from labels of which a random share is wrong."""

    def __init__(self, estimator: Any, share: float = 0.1, seed: int = 0) -> None:
        """Keep the arguments."""
        self.estimator, self.share, self.seed = estimator, share, seed

    def fit(self, X: Any, y: Any) -> "MislabelledClassifier":
        """Fit on labels of which a share is turned over."""
        wrong = np.random.default_rng(self.seed).random(len(y)) < self.share
        self.estimator_ = clone(self.estimator).fit(X, np.where(wrong, ~y, y))
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the fitted classifier."""
        return self.estimator_.predict_proba(X)


@dataclass(frozen=True)
class Outcome:
    """One comparison: with which champion, the measured gain and the award."""

    share: float  # of wrong labels that the champion learnt from
    champion: str  # the sequence of comparisons with it
    gain: float  # of the candidate in the mean accuracy, out of fold
    award: Award


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge equal and better candidates on many hold-outs; print the rates of the awards."""
    options = kaggle_parser(__doc__)
    options.add_argument("--repetitions", type=int, default=20, help="hold-outs of other salts")
    options.add_argument("--shares", default="0.16,0.26", help="wrong labels of a worse champion")
    options.add_argument("--equal", type=int, default=40, help="equal candidates, at least 11")
    options.add_argument("--gate", default="default")
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args(arguments)
    prepare()
    shares = [float(text) for text in given.shares.split(",")]
    setting = (f"data.dir={given.data}", "data=local", "model=lgbm", f"gate={given.gate}")
    numbers = range(given.repetitions)
    jobs = (delayed(repetition)(setting, shares, given.equal, n) for n in numbers)
    done: list[list[Outcome]] = []
    with suppress(KeyboardInterrupt):  # what has been done by then is reported
        done.extend(Parallel(given.workers, return_as="generator")(jobs))
    print(machine())
    print(f"hold-outs: {len(done)} of {given.repetitions}")
    print(summary([one for part in done for one in part], len(done)))


def repetition(
    setting: Sequence[str], shares: Sequence[float], n_equal: int, number: int
) -> list[Outcome]:
    """Return every comparison on the hold-out of one salt.

    The equal candidates are of the champion's recipe, with other seeds.
    """
    prepare()
    made = experiment(*setting, f"split.salt=repetition-{number}")
    seeds = range(n_equal + 1)
    first, *equal = (_report(made, seed) for seed in seeds)
    outcomes = [_judge(made, one, first, 0.0, look) for look, one in enumerate(equal, 2)]
    for share, seed in product(shares, range(CHAMPIONS)):
        worse = _report(made, 1000 + seed, share)
        outcomes += [_judge(made, equal[look], worse, share, look) for look in LATER]
    progress(f"hold-out {number + 1}")
    return outcomes


def _report(made: Experiment, seed: int, share: float = 0.0) -> Report:
    """Return the report of a candidate of the recipe, fitted with a seed and wrong labels."""
    data, protocol = made.dataset, made.protocol
    pipeline = made.pipeline(made.recipe())
    last = pipeline.steps[-1][1].set_params(random_state=seed)
    if share:
        pipeline.steps[-1] = ("estimator", MislabelledClassifier(last, share, seed))
    prepared: dict[int, PreparedFold] = made.kept.once("prepared", made.settings.split.salt, dict)
    blank = replace(made.blank_report, name=f"seed {seed} on {made.settings.split.salt}")
    report = measure(pipeline, made.training, blank, prepared)
    _, holdout = fit_twin(pipeline, data.train, data.task, protocol)
    return replace(report, holdout=holdout, run_id=f"{seed} {share}")


def _judge(
    made: Experiment, candidate: Report, champion: Report, share: float, look: int
) -> Outcome:
    verdict = made.gate.decide(candidate, champion, Looks.nth(look))
    gain = candidate.metrics["cv_accuracy"] - champion.metrics["cv_accuracy"]
    return Outcome(share, champion.name, gain, verdict.award)


def summary(found: Sequence[Outcome], repetitions: int) -> str:
    """Return the rates of the awards, by the share of wrong labels that the champion learnt."""
    rows = []
    for share in sorted({one.share for one in found}):
        own = [one for one in found if one.share == share]
        rates = [rate(own, awards) for awards in (PASSED, {Award.CHAMPION})]
        rates += [rate_of_sequences(own, awards) for awards in (PASSED, {Award.CHAMPION})]
        gain = f"{100 * fmean(one.gain for one in own):+.2f}"
        count = f"{len(own)} ({len(own) // repetitions} a hold-out)"
        rows.append([f"{share:.1%}", gain, count, *(f"{rate:.1%}" for rate in rates)])
    head = ["wrong labels of the champion", "gain, points", "comparisons"]
    head += ["challenger or more", "champion"]
    return table([*head, "challenger within the sequence", "champion within it"], rows)


def rate(found: Sequence[Outcome], awards: Collection[Award]) -> float:
    """Return the share of comparisons that end with one of the awards."""
    return fmean(one.award in awards for one in found)


def rate_of_sequences(found: Sequence[Outcome], awards: Collection[Award]) -> float:
    """Return the share of champions of whose comparisons at least one ends with an award."""
    sequences = {one.champion for one in found}
    passed = {one.champion for one in found if one.award in awards}
    return len(passed) / len(sequences)


if __name__ == "__main__":
    main()
