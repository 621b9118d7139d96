"""Preparations inside a fitted blend or inner folds: steps that make features of raw columns."""

from collections.abc import Iterator

from spaceship.task.arrays import Estimator


def preparations(fitted: Estimator) -> Iterator[Estimator]:
    """Yield the fitted steps before each estimator inside one that takes raw columns itself.

    Of a calibrated or bagged estimator, those of the first one. Any other estimator has none.

    >>> from spaceship.model.inner_cv import with_inner_choices
    >>> tuned = with_inner_choices(pipeline, task, threshold="tuned")
    >>> tuned = tuned.fit(people.train, people.train.iloc[:, -1])
    >>> [list(steps.named_steps) for steps in preparations(tuned)]
    [['features', 'encoding']]
    >>> list(preparations(pipeline[-1]))
    []
    """
    from sklearn.pipeline import Pipeline

    if isinstance(fitted, Pipeline) and len(fitted) == 1:
        yield from _inside(fitted[-1])


def _inside(fitted: Estimator) -> Iterator[Estimator]:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import TunedThresholdClassifierCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    from spaceship.model.blend import Blend
    from spaceship.model.inner_cv import InnerFolds, InnerIterations

    if isinstance(fitted, Pipeline) and len(fitted) > 1:
        yield fitted[:-1]
    elif isinstance(fitted, Pipeline):
        yield from _inside(fitted[-1])
    elif isinstance(fitted, Blend):
        own = fitted.fitted_preparations_
        yield from (one for one in own if not isinstance(one, FunctionTransformer))
        for place, bags in fitted.fitted_members_:
            if isinstance(own[place], FunctionTransformer):
                yield from _inside(bags[0])
    elif isinstance(fitted, InnerFolds | InnerIterations):
        yield from _inside(fitted.fitted_)
    elif isinstance(fitted, CalibratedClassifierCV):
        yield from _inside(fitted.calibrated_classifiers_[0].estimator)
    elif isinstance(fitted, TunedThresholdClassifierCV):
        yield from _inside(fitted.estimator_)
