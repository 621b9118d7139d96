"""Weights of the members of a blend: learnt from predictions of unseen rows, and applied."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from spaceship.task.arrays import Floats, Mask, Target
from spaceship.task.label import Problem

_ROUNDS = 100  # members that greedy selection draws, with replacement
_ROUNDING = 1e-9  # share of a loss by which a smaller one may be so by rounding alone
_CLIP = 1e-6  # least distance from 0 and 1 of probabilities whose logarithm is taken

Weights = tuple[list[float], float]
"""The weight of each member, and the intercept of log-odds or numbers, 0 with `greedy`."""


class Method(StrEnum):
    """Ways in which a blend weighs its members.

    `mean` averages all fits, so that a member counts once a bag, and needs no inner folds; `stack`
    weighs log-odds, logarithms of several classes or numbers by a regression without negative
    weights, as Breiman's stacking does; `greedy` averages predictions of members drawn one by one,
    with replacement, each the one that helps most (Caruana et al., "Ensemble selection from
    libraries of models", ICML 2004).
    """

    MEAN = "mean"
    STACK = "stack"
    GREEDY = "greedy"


def learnt(method: str, table: Floats, target: Target, problem: Problem) -> Weights:
    """Return weights and intercept that suit predictions of unseen rows.

    The table is (n_rows, n_members), or (n_rows, n_members, n_classes); the method is not `mean`.

    >>> right = np.array([True, False, True, False])
    >>> learnt("greedy", np.column_stack([right * 0.8 + 0.1, ~right]), right, Problem.BINARY)
    ([1.0, 0.0], 0.0)
    """
    if method == Method.GREEDY:
        found = fits_in_mean(table, target, problem, _ROUNDS)
        return [number / sum(found) for number in found], 0.0
    return _STACKS[problem](table, target)


def combined(method: str, table: Floats, weights: Weights, problem: Problem) -> Floats:
    """Return the blend's prediction, (n_rows,) or (n_rows, n_classes).

    It is added up member by member, so that no row depends on others.

    >>> combined("mean", np.array([[0.5, 0.75]]), ([0.5, 0.5], 0.0), Problem.BINARY)
    array([0.625])
    """
    shares, intercept = weights
    plain = method != Method.STACK or problem is Problem.REGRESSION
    values = table if plain else _SCALES[problem](table)
    total = np.full(table[:, 0].shape, intercept)
    for number, share in enumerate(shares):
        total += share * values[:, number]
    if plain:
        return total
    return _softmax(total) if problem is Problem.MULTICLASS else 1 / (1 + np.exp(-total))


def _softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def _logarithms(chances: Floats) -> Floats:
    return np.asarray(np.log(np.clip(chances, _CLIP, None)))


def _log_odds(chances: Floats) -> Floats:
    clipped = np.clip(chances, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _stack(table: Floats, truth: Mask) -> Weights:
    """Return the non-negative weights and the intercept with the least log loss."""
    from scipy.optimize import minimize

    design = np.column_stack([_log_odds(table), np.ones(len(table))])
    sign = np.where(truth, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = sign * (design @ parameters)
        slope = -sign / (1 + np.exp(margin))
        return float(np.logaddexp(0, -margin).mean()), design.T @ slope / len(sign)

    n_members = table.shape[1]
    start = np.append(np.full(n_members, 1 / n_members), 0.0)
    bounds = [(0.0, None)] * n_members + [(None, None)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found[:-1].tolist(), float(found[-1])


def _stack_numbers(table: Floats, target: Target) -> Weights:
    """Return the non-negative weights and the intercept with the least squared error."""
    from scipy.optimize import lsq_linear

    design = np.column_stack([table, np.ones(len(table))])
    least = np.append(np.zeros(table.shape[1]), -np.inf)
    found = lsq_linear(design, target, bounds=(least, np.inf)).x
    return found[:-1].tolist(), float(found[-1])


def _stack_classes(table: Floats, target: Target) -> Weights:
    """Return the non-negative weights of logarithms of several classes with the least log loss."""
    from scipy.optimize import minimize

    logs, rows = _logarithms(table), np.arange(len(table))

    def loss(weights: Floats) -> tuple[float, Floats]:
        chance = _softmax(np.einsum("m,nmk->nk", weights, logs))
        slope = np.einsum("nk,nmk->m", chance, logs) - logs[rows, :, target].sum(axis=0)
        return float(-_logarithms(chance[rows, target]).mean()), slope / len(rows)

    n_members = table.shape[1]
    start, bounds = np.full(n_members, 1 / n_members), [(0.0, None)] * n_members
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found.tolist(), 0.0


def fits_in_mean(
    table: Floats,
    target: Target,
    problem: Problem,
    most: int,
    fits: Sequence[tuple[int, int]] | None = None,
) -> list[int]:
    """Return the number of fits of each member in the best mean that is found step by step.

    In each of at most so many steps the member that lowers the loss most is added; it can be added
    several times. `fits` gives for each member its fits in the mean at the start, and those that a
    step adds; without it, none and one. If no step helps, the start is returned. The table and the
    loss are those of `learnt`.

    >>> right = np.array([True, False, True, False])
    >>> table = np.column_stack([right * 0.8 + 0.1, right * 0.4 + 0.3])
    >>> fits_in_mean(table, right, Problem.BINARY, 4)
    [1, 0]
    >>> fits_in_mean(table, right, Problem.BINARY, 4, [(0, 3), (2, 1)])
    [12, 2]
    """
    found, added = zip(*(fits or [(0, 1)] * table.shape[1]), strict=True)
    total = np.einsum("m,nm...->n...", found, table)
    best, least = found, np.inf
    if sum(found):
        least = _mean_losses(total[:, None] / sum(found), target, problem)[0]
    for _ in range(most):
        candidates = np.stack(
            [(total + more * table[:, at]) / (sum(found) + more) for at, more in enumerate(added)],
            axis=1,
        )
        each = _mean_losses(candidates, target, problem)
        one = int(each.argmin())
        found = tuple(number + added[one] * (at == one) for at, number in enumerate(found))
        total += added[one] * table[:, one]
        if each[one] < least * (1 - _ROUNDING):
            best, least = found, each[one]
    return [*best]


def _mean_losses(candidates: Floats, target: Target, problem: Problem) -> Floats:
    """Return the mean loss of each candidate, (n_members,): log loss or squared error."""
    if problem is Problem.REGRESSION:
        return np.asarray(((candidates - target[:, None]) ** 2).mean(axis=0))
    if problem is Problem.MULTICLASS:
        right = candidates[np.arange(len(target)), :, target]
    else:
        right = np.where(target[:, None], candidates, 1 - candidates)
    return np.asarray(-np.log(np.clip(right, _CLIP, None)).mean(axis=0))


_SCALES = {Problem.BINARY: _log_odds, Problem.MULTICLASS: _logarithms}
_STACKS = {
    Problem.BINARY: _stack,
    Problem.MULTICLASS: _stack_classes,
    Problem.REGRESSION: _stack_numbers,
}
