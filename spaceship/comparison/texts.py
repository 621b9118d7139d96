"""Sections of a comparison, on a terminal and as Markdown: a title, and a table or a sentence."""

import re
from collections.abc import Iterator, Sequence
from os.path import commonprefix

from spaceship.comparison.comparison import Comparison
from spaceship.comparison.data_changes import DataChanges
from spaceship.comparison.figure_texts import Section, figure_section, paired_table
from spaceship.drift.alert import drift_table
from spaceship.record.changes import Change
from spaceship.record.stages import stage_title
from spaceship.screen import Table
from spaceship.text import digits, first_few, one_line, shortened
from spaceship.tracking import markdown

_MOST = 20  # lines of a table; the files have all
_LONG = 40  # characters of a value, of which only what differs is shown
_LONGEST = 120  # that are shown
_MISSING = "-"  # as in tables of figures: `none` is a value of some keys
_BEFORE = 8  # characters before the first difference of long values
_SHOWN_DIGEST = 8


def sections(found: Comparison, most: int | None = _MOST) -> Iterator[Section]:
    """Yield what differs, in the order in which a run works.

    >>> from spaceship.comparison.comparison import RunFacts
    >>> one, other = (RunFacts(name, name, "lgbm", "churn") for name in ("a1", "b2"))
    >>> found = Comparison(one, other, same=False, stages=["out_of_fold", "model"])
    >>> [*sections(found)]
    [('Stages with other results', 'out of fold, model')]
    """
    names = (_heading(found.old.named), _heading(found.new.named))
    rests = found.changes
    commits = [] if rests.commit is None else [_short(rests.commit)]
    for title, changes in (
        ("Config", rests.config),
        ("Code", commits),
        ("Files of code, by digest", [*map(_short, rests.code)]),
        ("Packages", rests.packages),
        ("Threads", rests.threads),
        ("Environment", rests.environment),
    ):
        yield from _changes(title, changes, names, most)
    if found.data is not None:
        yield from _data(found.data, most)
    if found.stages:
        yield "Stages with other results", ", ".join(map(stage_title, found.stages))
    if found.old.award != found.new.award:
        yield "Verdicts", f"{found.old.award or 'none'} → {found.new.award or 'none'}"
    yield from figure_section("Metrics", found.metrics, names)
    if found.tests:
        yield "Paired tests on the rows of both", paired_table(found.tests, names)
        folds = {_FOLDS[one.same_folds] for one in found.tests if one.part == "out of fold"}
        yield "Paired tests, how to read them", "; ".join([_P, *folds])
    if found.slices:
        rows = [
            (
                one_line(f"{one.slice}={one.value}"),
                f"{one.rows:,}",
                digits(one.old),
                digits(one.new),
                digits(one.difference, sign="+"),
                digits(one.error),
            )
            for one in found.slices
        ]
        head = ("slice", "rows", *names, "difference", "± standard error")
        yield (
            "Slices that moved most, out of fold",
            Table(rows, head, "<>", spared=("rows", *names)),
        )
    yield from figure_section("Time and size", found.costs, names)


_P = "p is the chance of so large a difference, either way, if neither run were better; not "
_P += "corrected for the number of runs that are compared"
_FOLDS = {
    True: "the tested rows were in the same folds",
    False: "the tested rows were in other folds: the luck of the deal is a part of it",
    None: "whether the tested rows were in the same folds is not known",
}


def summary(found: Comparison) -> str:
    """Return the line about two runs that are the same, else the names of the two.

    >>> from spaceship.comparison.comparison import RunFacts
    >>> one, other = (RunFacts(name, name, "lgbm", "churn", seconds=3) for name in ("a1", "b2"))
    >>> summary(Comparison(one, other, same=True))
    'a1 and b2 are the same in all that MLflow has; they took 3.0 s and 3.0 s.'
    """
    old, new = found.old, found.new
    took = " and ".join("-" if s is None else f"{s:.1f} s" for s in (old.seconds, new.seconds))
    if not found.same:
        return f"{_run(found.old.named, old.run_id, old.name)} → " + _run(
            new.named, new.run_id, new.name
        )
    names = f"{one_line(old.named)} and {one_line(new.named)}"
    if old.run_id == new.run_id:
        return f"{names} are one run: {one_line(old.name)} ({old.run_id[:8]})."
    known = "all that is recorded" if old.recorded and new.recorded else "all that MLflow has"
    judged = f"; verdicts: {old.award or '-'}, {new.award or '-'}" if old.award != new.award else ""
    return f"{names} are the same in {known}; they took {took}{judged}."


def as_markdown(found: Comparison) -> str:
    """Return the whole comparison as a Markdown page.

    >>> from spaceship.comparison.comparison import RunFacts
    >>> one, other = (RunFacts(name, name, "lgbm", "churn") for name in ("a1", "b2"))
    >>> as_markdown(Comparison(one, other, same=False)).splitlines()[0]
    '# Comparison of two runs'
    """
    parts = [f"# Comparison of two runs\n\n{markdown.plain(summary(found))}"]
    parts += [markdown.plain(note) for note in found.notes]
    for title, shown in () if found.same else sections(found, None):
        text = markdown.table(shown) if isinstance(shown, Table) else markdown.plain(shown)
        parts.append(f"## {title}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _run(named: str, run_id: str, name: str) -> str:
    is_id = run_id.startswith(named) and not named.isdecimal()
    own = "" if is_id else f"{named}: "
    return one_line(f"{own}{name} ({run_id[:8]})")


def _heading(named: str) -> str:
    """Return how a run was named, of a whole id the start."""
    return one_line(named)[:8] if re.fullmatch("[0-9a-f]{32}", named) else one_line(named)


def _short(change: Change) -> Change:
    """Return a change with digests that fit the screen."""

    def shown(text: str | None) -> str | None:
        digest, comma, more = (text or "").partition(",")
        return text and f"{digest[:_SHOWN_DIGEST]}{comma}{more}"

    return Change(change.name, shown(change.old), shown(change.new))


def _changes(
    title: str, changes: Sequence[Change], names: Sequence[str], most: int | None
) -> Iterator[Section]:
    in_both_first = sorted(changes, key=lambda one: one.old is None or one.new is None)
    rows = [(one.name, *_values(one)) for one in in_both_first[:most]]
    if len(changes) > len(rows):
        left = len(changes) - len(rows)
        rows.append((f"… and {left} more; all: compare.output=FILE.md", "", ""))
    if rows:
        yield title, Table([tuple(map(one_line, row)) for row in rows], ("", *names), "<")


def _values(change: Change) -> tuple[str, str]:
    """Return both values; of long ones the part from the first difference on.

    >>> _values(Change("blocks", "a" * 60 + "b", "a" * 60 + "c"))
    ('…aaaaaaaab', '…aaaaaaaac')
    >>> _values(Change("calibration", "none", None))
    ('none', '-')
    """
    texts = [_MISSING if one is None else one for one in (change.old, change.new)]
    same = len(commonprefix(texts)) - _BEFORE  # noqa: RUF071 - of texts, not of paths
    if same > _BEFORE and max(map(len, texts)) > _LONG:
        texts = [f"…{one[same:]}" for one in texts]
    return shortened(texts[0], _LONGEST), shortened(texts[1], _LONGEST)


def _data(data: DataChanges, most: int | None) -> Iterator[Section]:
    rows = data.rows
    if rows is not None:
        kinds = (
            ("added", rows.added, rows.added_ids),
            ("removed", rows.removed, rows.removed_ids),
            ("changed", rows.changed, rows.changed_ids),
        )
        lines = [
            (kind, f"{count:,}", first_few(map(one_line, ids), total=count if ids else 0))
            for kind, count, ids in kinds
            if count
        ]
        lines += [("in another order", "", "")] if rows.reordered else []
        if lines:
            title = f"Labelled rows: {rows.old:,} → {rows.new:,}"
            yield title, Table(lines, ("", "rows", "ids"), "<><", spared=("ids",))
    else:
        yield "Data", "another digest; the rows are not recorded"
    if data.test:
        yield "Rows to predict", data.test
    if columns := data.columns[:most]:
        cells = [
            f"{one_line(one.column)} "
            + (f"(only {one.only})" if one.only else "" if one.rows is None else f"({one.rows:,})")
            for one in columns
        ]
        yield "Columns with other values (rows)", first_few((one.strip() for one in cells), 10)
    if data.drift:
        yield "Drift of labelled rows", drift_table(data.drift)
