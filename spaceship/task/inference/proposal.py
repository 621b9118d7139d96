"""Proposal of a task: what two raw frames and a few words of a person say about a table."""

from dataclasses import dataclass, field
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict

from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.column_types import Kind, as_text
from spaceship.task.inference import suspicions
from spaceship.task.inference.columns import Finding, infer_column
from spaceship.task.inference.label import Label, infer_label
from spaceship.task.inference.names import check_names, is_safe, label_of, present, unsafe
from spaceship.task.inference.profile import Profile, profile
from spaceship.task.inference.roles import (
    counts_rows,
    find_id,
    find_slices,
    group_candidates,
    noun_of,
)
from spaceship.task.label import Problem

Text = Annotated[str, BeforeValidator(as_text)]


class Asked(BaseModel):
    """What a person says about a task on the command line; everything else is inferred."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text | None = None
    label: Text | None = None
    id: Text | None = None
    group: Text | None = None
    time: Text | None = None
    problem: Problem | None = None
    overwrite: bool = False


@dataclass
class Proposal:
    """An inferred task: roles, label, findings by column, and what to check before use."""

    rows: int
    label_name: str
    label: Label
    findings: dict[str, Finding]
    id: str | None = None
    group: str | None = None
    time: str | None = None
    groups: dict[str, str] = field(default_factory=dict)  # candidates for the group, and why
    times: list[str] = field(default_factory=list)  # candidates for the time
    slices: list[str] = field(default_factory=list)
    noun: str = "row"
    group_noun: str = "group"
    suspicions: list[str] = field(default_factory=list)  # of the whole table


def propose(train: pd.DataFrame, test: pd.DataFrame | None, asked: Asked) -> Proposal:
    """Return the task that raw rows and a person's words suggest.

    Raise ConfigError or DataError if the label, the id, the group or the time cannot be used.

    >>> frame = pd.DataFrame({"id": ["a", "b", "c"], "fee": [1, 2, 2], "left": ["n", "y", "n"]})
    >>> made = propose(frame, None, Asked(label="left"))
    >>> made.id, made.label.problem.value, [*made.findings]
    ('id', 'binary', ['fee'])
    """
    check_names(train.columns)
    label = label_of(train, test, asked.label)
    profiles, broken = _profiles(train, test, label)
    meaning = infer_label(_profile_of_label(train[label]), asked.problem)
    if strange := [one for one in meaning.classes if not is_safe(one)]:
        raise DataError(unsafe(strange[0], f"values of the label {label!r}"))
    made = Proposal(len(train), label, meaning, broken)
    made.id = _checked_id(profiles, train, asked.id, label) or _found_id(profiles, test, asked)
    for role, name in (("group", asked.group), ("time", asked.time)):
        if name is not None:
            setattr(made, role, _checked(name, profiles, role, label))
    if made.group is not None and made.group == made.id:
        do = "give another column for one of them"
        raise ConfigError(expected("task.group to be another column than the id", made.id, do))
    made.findings = _findings(profiles, broken, train, test, {made.id, made.group})
    if not any(one.column is not None for one in made.findings.values()):
        reasons = "; ".join(f"{name}: {one.about}" for name, one in [*made.findings.items()][:5])
        do = "give files with a column that both have and that differs between rows"
        raise DataError(expected("a column to learn from", reasons or "none", do))
    _check_time(made)
    _fill_roles(made, profiles, test)
    _suspect(made, profiles, train, test)
    return made


def _profile_of_label(column: pd.Series) -> Profile:
    try:
        return profile(column)
    except TypeError as error:
        do = "give another column as task.label=COLUMN"
        raise DataError(expected(f"the label {column.name!r} to have values", error, do)) from error


def _profiles(
    train: pd.DataFrame, test: pd.DataFrame | None, label: str
) -> tuple[dict[str, Profile], dict[str, Finding]]:
    """Return the profiles of the columns, and findings about those that have none."""
    profiles, broken = {}, {}
    for name in train.columns:
        if name == label:
            continue
        if not name or not is_safe(name):
            why = "a name that Hydra cannot hold" if name else "no name"
            broken[name] = Finding(None, f"left out: it has {why}; rename it in the file")
            continue
        other = test[name] if test is not None and name in test.columns else None
        try:
            profiles[name] = profile(train[name], other)
        except (TypeError, ValueError, NotImplementedError):
            broken[name] = Finding(None, f"left out: values of type {train[name].dtype}")
    return profiles, broken


def _checked_id(
    profiles: dict[str, Profile], train: pd.DataFrame, name: str | None, label: str
) -> str | None:
    if name is None:
        return None
    found = _checked(name, profiles, "id", label)
    values = profiles[found]
    if values.distinct < len(train):
        what = f"{values.missing} missing and {values.known - values.distinct} repeated"
        do = "give another column, or none; values that stand in several rows may be a task.group"
        raise ConfigError(expected(f"task.id={found} to name each row", what, do))
    return found


def _found_id(profiles: dict[str, Profile], test: pd.DataFrame | None, asked: Asked) -> str | None:
    taken = {asked.group, asked.time}
    return find_id({name: one for name, one in profiles.items() if name not in taken}, test)


def _checked(name: str, profiles: dict[str, Profile], role: str, label: str) -> str:
    if name.strip() == label:
        found = f"the label {label!r}"
        raise ConfigError(expected(f"task.{role} to be no label", found, "give another column"))
    return present(name, profiles, role)


def _findings(
    profiles: dict[str, Profile],
    broken: dict[str, Finding],
    train: pd.DataFrame,
    test: pd.DataFrame | None,
    apart: set[str | None],
) -> dict[str, Finding]:
    found = dict(broken)
    for name, values in profiles.items():
        if name in apart:
            continue
        finding = infer_column(values)
        spellings = finding.column.missing if finding.column is not None else ()
        if not all(map(is_safe, spellings)):
            finding = Finding(None, "left out: a value that Hydra cannot hold")
        if test is not None and name not in test.columns:
            finding = finding.left_out("the test file lacks it")
        if finding.column is not None and finding.column.type.kind is Kind.NUMBER:
            why = counts_rows(values, train[name])
            from_start = why.startswith("grows") and values.texts.iloc[:3].isin(["0", "1"]).any()
            if from_start:
                finding = finding.left_out(why)
            elif why:
                finding = Finding(finding.column, finding.about, (*finding.doubts, why))
        found[name] = finding
    return {name: found[name] for name in train.columns if name in found}


def _check_time(made: Proposal) -> None:
    if made.time is None or made.time in {made.group, made.id}:
        return
    column = made.findings[made.time].column
    if column is None or not (column.type.kind is Kind.TIME or column.type.kind is Kind.NUMBER):
        about = made.findings[made.time].about
        kind = f"a column {about}" if column is None else f"a {column.type}, {about}"
        do = "give a column of dates or numbers, or leave task.time out"
        raise ConfigError(expected(f"task.time={made.time} to be dates or numbers", kind, do))


def _fill_roles(made: Proposal, profiles: dict[str, Profile], test: pd.DataFrame | None) -> None:
    apart = {made.id, made.group, made.time}
    others = {name: one for name, one in profiles.items() if name not in apart}
    if made.group is None:
        made.groups = group_candidates(others, test)
    kinds = {name: one.column.type for name, one in made.findings.items() if one.column}
    if made.time is None:
        made.times = [name for name, kind in kinds.items() if kind.kind is Kind.TIME]
    made.slices = find_slices(profiles, made.findings)
    made.noun = noun_of(made.id) or "row"
    noun = noun_of(made.group)
    made.group_noun = noun if noun and noun != made.noun else "group"


def _suspect(
    made: Proposal, profiles: dict[str, Profile], train: pd.DataFrame, test: pd.DataFrame | None
) -> None:
    """Add doubts to the findings, and suspicions about the whole table."""
    doubts = suspicions.leaks(train, made.findings, (made.label_name, made.label), made.group)
    if test is not None:
        for name, finding in made.findings.items():
            if finding.column is not None:
                apart = suspicions.distant_dates(profiles[name], test[name], finding)
                doubts |= {name: apart} if apart else {}
    for name, doubt in doubts.items():
        old = made.findings[name]
        made.findings[name] = Finding(old.column, old.about, (*old.doubts, doubt))
    made.suspicions += made.label.doubts
    if made.label.missing:
        made.suspicions.append(f"{made.label.missing:,} rows have no {made.label_name}")
    kept = [name for name, one in made.findings.items() if one.column is not None]
    kept += [made.group] if made.group is not None else []
    kept.sort(key=lambda name: -profiles[name].distinct)
    if twice := suspicions.contradictions(train, kept, made.label_name):
        found = f"{twice:,} rows have a twin with another {made.label_name}"
        made.suspicions.append(f"{found}: no model gets both right")
    if test is not None and made.group is not None:
        if made.group not in test.columns:
            do = "give another group, or none"
            raise ConfigError(expected(f"task.group={made.group} in both files", "train alone", do))
        both = len({*train[made.group].dropna()} & {*test[made.group].dropna()})
        if both:
            made.suspicions.append(f"{both:,} groups ({made.group}) are in both train and test")
