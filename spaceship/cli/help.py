"""Answers to `--help` and `--version`; groups and choices are those of the YAML files."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

from spaceship.config.installation import configs, program_typed, yaml_text

GROUPS = {
    "mode": "what to do",
    "task": "what the columns mean",
    "data": "where the rows come from",
    "split": "which rows are held out, and the folds",
    "features": "columns made of the raw ones",
    "model": "what is trained",
    "gate": "when a candidate becomes champion",
    "gate/rule": "one more rule: +gate/rule@gate.NAME=NAME",
    "tracking": "where runs and models are kept",
    "engine": "which processes predict a long file",
    "experiment": "remembered combinations",
}
"""Groups that `--help` lists, and what each of them decides."""
_EXAMPLES = {
    "": "check data, train, predict",
    "mode=train model=catboost": "another model against the champion",
    "mode=tune": "tune several models, gate the best",
    "-m mode=train model=lgbm,catboost": "a grid: one run for each",
    "mode=inference inference.input=FILE.csv": "the champion predicts a file",
    "mode=init data.dir=DIR task.label=COLUMN": "begin with a table of your own",
}
_FLAGS = {
    "--keys [SECTION]": "every setting; or of gate, model=lgbm, hydra.sweeper, …",
    "--cfg job": "the config of a command, without running it",
    "-m, --multirun": "one job for each of the values with commas between them",
    "-v, --verbose": "more log lines",
    "--version": "versions of this program and of its libraries",
    "--hydra-help": "Hydra's own flags and groups, such as hydra/sweeper",
}
_WIDTH = 80
_LIBRARIES = ("hydra-core", "mlflow", "optuna")


def help_text() -> str:
    """Return what the program is, examples, groups with their choices, flags.

    >>> "model=" in help_text()
    True
    """
    program = program_typed()
    lines = [
        "Tabular experiments whose scores can be trusted: data are checked, models scored",
        "and gated, the champion predicts.",
        "",
        f"Usage: {program} [GROUP=CHOICE | KEY=VALUE | FLAG]...",
        "",
        "Examples:",
        *(f"  # {what}\n  {program} {words}".rstrip() for words, what in _EXAMPLES.items()),
    ]
    for group, what in GROUPS.items():
        choices = {path.stem: description(path) for path in files(group)}
        if choices:
            lines += ["", f"{group}=  {what}", *_table(choices)]
    flags = _table(_FLAGS)
    more = "Every KEY of --keys can be set: KEY=VALUE, quoted for the shell where need be."
    return "\n".join([*lines, "", "Flags:", *flags, "", more, ""])


def version_line() -> str:
    """Return the versions of this program, Python and the main libraries, nothing imported.

    >>> version_line().startswith("spaceship ")
    True
    """
    known = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"spaceship {version('spaceship')}, Python {platform.python_version()}, {known}\n"


def files(group: str) -> list[Path]:
    """Return the YAML files of a group's choices: shipped ones, and those of the folder in use.

    >>> [path.stem for path in files("tracking")]
    ['server', 'sqlite']
    """
    folders = [configs()]
    if not (Path.cwd() / "configs" / "config.yaml").exists():  # of another app, or the checkout
        folders.append(Path.cwd() / "configs")
    every = (path for one in folders for path in sorted((one / group).glob("*.yaml")))
    found = {path.stem: path for path in every if path.is_file()}
    return [found[name] for name in sorted(found)] if group in GROUPS else []


def description(path: Path) -> str:
    """Return the first line of comment in a YAML file.

    >>> description(configs() / "mode" / "promote.yaml")
    'The challenger becomes champion.'
    """
    found = re.search(r"^# (?!@)(.*)", yaml_text(path), re.MULTILINE)
    return found[1] if found else ""


def _table(rows: dict[str, str]) -> list[str]:
    """Return lines of two columns; of a text that does not fit, its begin."""
    width = max(map(len, rows))
    lines = (f"  {name:<{width}}  {what}" for name, what in rows.items())
    return [one if len(one) <= _WIDTH else f"{one[: _WIDTH - 1].rstrip()}…" for one in lines]
