"""Model card as Markdown: `card.md`, and the description of a registered version."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from spaceship.card.card import Card, Interval
from spaceship.registry.descriptions import CARD_HEAD
from spaceship.screen import Table
from spaceship.task.task import Task
from spaceship.text import digits
from spaceship.tracking.markdown import command, page, plain, table

_MOST = 8  # columns and slices
_LENGTH = 3800  # characters of a description that leave room for the moves of a version


def card_markdown(card: Card, most: int | None = None) -> str:
    """Return the card in Markdown, the most important parts first; whole parts up to a length.

    >>> card_markdown(model_card).splitlines()[0]
    '**Model card**: lightgbm on fields, ...'
    """
    text = ""
    for part in filter(None, _parts(card)):
        if most is None or len(text) + len(part) < most:
            text += f"{part}\n\n"
    return text.rstrip() + "\n"


def description(card: Card) -> str:
    """Return the card as the description of a registered version.

    >>> len(description(model_card)) < 4000
    True
    """
    return page(card_markdown(card, _LENGTH).rstrip())


def _parts(card: Card) -> Iterator[str]:
    yield f"{CARD_HEAD}: {plain(card.title)}, data {plain(card.data_digest[:12])}"
    yield _purpose(card)
    yield _standing(card)
    if card.verdict is not None:
        yield f"Verdict of the gate: {plain(card.verdict.reason)}"
    yield _scores(card)
    yield _paired(card)
    yield _listed("Limits", [plain(one) for one in card.limits])
    facts = {**card.protocol, **card.looks}
    yield _listed("Protocol", [f"{plain(key)}: {plain(one)}" for key, one in facts.items()])
    yield _importances(card)
    yield _slices(card)
    yield f"Recipe: {plain(_pairs(card.settings))}" if card.settings else ""
    yield "\n".join(["Made again by:", *map(command, card.remake)]) if card.remake else ""


def _purpose(card: Card) -> str:
    if not card.task:
        return ""
    task = Task.read(card.task)
    learnt = f"{len(task.columns)} columns of {card.rows:,} {task.nouns}"
    return plain(f"Predicts {task.label} ({task.problem}), learnt from {learnt}.")


def _standing(card: Card) -> str:
    if (one := card.standing) is None:
        return ""
    held = " and ".join(one.aliases)
    since = f" since {_time(one.since)}" if one.since else ""
    again = f", {plain(one.reproduced)}" if one.reproduced else ""
    return f"At {_time(one.at)}: version {plain(one.version)}, {held or 'no alias'}{since}{again}"


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def _scores(card: Card) -> str:
    told = any(one.held_out is not None for one in card.scores)
    head = ("metric", "cross-validated", *(["held out"] if told else []))
    rows = [
        (
            one.title + ("" if one.higher_is_better else " (lower is better)"),
            shown(one.cross_validated),
            *([shown(one.held_out) if one.held_out else ""] if told else []),
        )
        for one in card.scores
    ]
    return table(Table(rows, head, "<>"))


def shown(figure: Interval) -> str:
    """Return a figure with its 95 % interval, as people read it.

    >>> shown(Interval(0.81234, 0.8, 0.825)), shown(Interval(12.5))
    ('0.8123 (0.8000 to 0.8250)', '12.50')
    """
    value = digits(figure.value)
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({digits(figure.low)} to {digits(figure.high)})"


def _paired(card: Card) -> str:
    if (one := card.paired) is None:
        return ""
    who = f"Against the champion ({plain(one.champion)})" if one.champion else "Paired"
    return f"{who}: {plain(one.title)} {shown(one.difference)} on the same {one.rows:,} rows"


def _importances(card: Card) -> str:
    rows = [
        (one.column, digits(one.loss), "" if one.push is None else digits(one.push))
        for one in card.importances[:_MOST]
    ]
    return table(Table(rows, ("column", "rise of the loss", "mean push"), "<>"))


def _slices(card: Card) -> str:
    rows = [
        (f"{one.slice} {one.value}", f"{one.n:,}", shown(one.score))
        for one in card.slices
        if one.differs
    ]
    return table(Table(rows[:_MOST], ("slice that differs", "rows", "score"), "<>"))


def _listed(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title}:", *(f"- {one}" for one in lines)]) if lines else ""


def _pairs(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={one}" for key, one in settings.items())
