"""Flags of the command line: Hydra's own, anywhere among the overrides, and those of this project.

`--help` and `--version` are this project's, `--keys` shows settings with their comments, and `-v`
logs the details of this project and its sweeper.
"""

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import NoReturn

from spaceship.cli.machine_output import capture_text
from spaceship.cli.overrides import command
from spaceship.cli.suggestions import CommandLine
from spaceship.config._upstream import get_args_parser
from spaceship.config.spelling import nearest
from spaceship.config.verbatim import verbatim
from spaceship.errors import ConfigError, Slip, expected

_CHOICE = re.compile(r"argument (\S+?): invalid choice: '(.*)' \(choose from (.*)\)")
_DETAILS = "hydra.verbose=[spaceship,hydra_plugins.spaceship_optuna]"  # true: Hydra's own, too

_arranged: list[bool] = []  # True once this process's command line is that of the project


class _Parser(ArgumentParser):
    """Parser whose errors are those of the project."""

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError, with the corrected command where a choice is misspelt."""
        if (found := _CHOICE.fullmatch(message)) is None:
            raise ConfigError(f"expected flags as --help lists them, found: {message}; see --help")
        flag, value, known = found[1], found[2], re.findall(r"[\w-]+", found[3])
        wanted = f"one of {', '.join(known)} after {flag}"
        do = "choose one of them"
        if near := nearest(value, known):
            words = [near[0] if word == value else word for word in sys.argv[1:]]
            do = f"did you mean {near[0]}: {command(words)}"
        raise ConfigError(expected(wanted, value, do))


def arrange() -> None:
    """Put the flags of this process's command line first, for Hydra; answer this project's.

    Raise ConfigError with the corrected command for an unknown flag, SystemExit after an answer.

    >>> before, sys.argv = sys.argv, ["run.py", "mode=train", "-m", "seed=1,2", "-v"]
    >>> arrange()
    >>> sys.argv, _ = before, print(sys.argv[1:])
    ['-m', 'mode=train', 'seed=1,2', 'hydra.verbose=[spaceship,hydra_plugins.spaceship_optuna]']
    >>> _arranged.clear()
    """
    sys.argv[1:] = words = verbatim(sys.argv[1:])
    _arranged.append(True)
    _check_blanks(words)
    if not any(word.startswith("-") for word in words):
        return
    options, unknown = read(words)
    if wrong := [word for word in unknown if word.startswith("-")]:
        raise ConfigError(str(_line(words, options, wrong).message()))
    if options.experimental_rerun is not None:
        found = "--experimental-rerun, which unpickles its file"
        do = "type the line in .hydra/overrides.yaml of the job, or the run's tag `command`"
        raise ConfigError(expected("a command line that can be read before it runs", found, do))
    asked = (options.help, options.version, options.cfg, options.hydra_help)
    if any(asked) or options.keys is not None or options.info is not None:
        capture_text()
    if options.help or options.version or options.keys is not None:
        sys.stdout.write(_answer(options))
        sys.exit(0)
    flags = list(words)
    for word in options.overrides:
        flags.remove(word)
    verbose = [_DETAILS] if options.verbose else []
    kept = [word for word in flags if word != "-v" and not word.startswith("--verb")]
    sys.argv[1:] = [*kept, *options.overrides, *verbose]


def read(words: Sequence[str]) -> tuple[Namespace, list[str]]:
    """Return the values of flags and overrides, and other words.

    >>> options, unknown = read(["mode=train", "-m", "seed=1,2", "--mdoe"])
    >>> options.multirun, options.overrides, unknown
    (True, ['mode=train', 'seed=1,2'], ['--mdoe'])
    """
    return _parser().parse_known_intermixed_args(words)


def suggestion(*, sweeps: bool) -> str | None:
    """Return what is wrong with the names in this process's command line, None if nothing is.

    `sweeps`: an override may have several values.

    >>> suggestion(sweeps=True) is None  # of the program that runs this example
    True
    """
    words = sys.argv[1:]
    if not _arranged:  # the words of another program, such as a test's
        return None
    line = _line(words, read(words)[0], (), sweeps=sweeps)
    return line.message() or line.swept_message()


def corrected(meant: Mapping[str, Slip]) -> str:
    """Return this process's command with misspelt values corrected, to end a message with.

    It is empty if a value is not on the command line but in a YAML file.

    >>> corrected({})
    ''
    """
    words = sys.argv[1:]
    for key, slip in meant.items():
        name = re.compile(rf"(\+*([\w.]+\.)?{re.escape(key)})=.*", re.DOTALL)
        found = [at for at, word in enumerate(words) if name.fullmatch(word)]
        for at in found:
            before, _, value = words[at].partition("=")
            words[at] = f"{before}={value.replace(slip.found, slip.meant)}"
        if not found:
            return ""
    return f": {command(words)}" if meant and _arranged else ""


def _answer(options: Namespace) -> str:
    from spaceship.cli.help import help_text, version_line
    from spaceship.cli.keys import keys_text

    if options.keys is not None:
        return keys_text(options.keys)
    return version_line() if options.version else help_text()


def _check_blanks(words: Sequence[str]) -> None:
    """Raise ConfigError for blanks around the = of an override."""
    joined: list[str] = []
    for at, word in enumerate(words):
        if joined and (word.startswith("=") or words[at - 1] == "="):
            joined[-1] += word
        else:
            joined.append(word)
    if meant := " ".join(one for one in joined if one not in words):
        do = f"did you mean {meant}: {command(joined)}"
        raise ConfigError(expected("no blanks around =", "some", do))


def _line(
    words: Sequence[str], options: Namespace, unknown: Sequence[str], *, sweeps: bool = True
) -> CommandLine:
    flags = re.findall(r"--[\w-]+", _parser().format_usage())
    return CommandLine(words, options.overrides, unknown, flags, sweeps)


def _parser() -> ArgumentParser:
    made = _Parser(parents=[get_args_parser()], add_help=False, conflict_handler="resolve")
    made.add_argument("--version", action="store_true")
    made.add_argument("--verbose", "-v", action="store_true")
    made.add_argument("--keys", nargs="?", const="")
    return made
