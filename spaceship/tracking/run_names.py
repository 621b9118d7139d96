"""Runs as people name them: by id, by the start of it, or by name."""

import re
from collections.abc import Callable, Sequence

from spaceship.config.spelling import nearest
from spaceship.errors import ConfigError, expected
from spaceship.text import first_few, one_line
from spaceship.tracking.runs import RunRow

_LENGTH = 8  # characters of an id, at the least
ALIASES = ("champion", "challenger", "last")
"""Names that stand for a run of the task."""
_WANTED = "the id of a run, the start of one id, or the name of one run"


def find_run(
    runs: Sequence[RunRow],
    wanted: str,
    mode: str,
    command: Callable[..., str],
    word: str = "run={}",
) -> RunRow:
    """Return the run, of those given oldest first, that `run=` (`word`) names for a mode.

    Raises:
        ConfigError: No run or several runs bear this name; `command` makes the commands to type.

    >>> run = RunRow("a1b2c3", "lgbm on full", "FINISHED", 0, {}, {})
    >>> {find_run([run], name, "show", "".format).run_id for name in ("a1b", "lgbm on")}
    {'a1b2c3'}

    """
    see_all = f"see the ids of all runs: {command('mode=leaderboard')}"
    named = [run for run in runs if wanted in (run.run_id, run.name)]
    begun = [run for run in runs if wanted and run.run_id.startswith(wanted.lower())]
    found = named or begun or [run for run in runs if wanted and run.name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    short, shown = short_ids([run.run_id for run in runs]), repr(one_line(wanted))
    if found:
        latest = [short[run.run_id] for run in reversed(found)]
        several = f"{shown}, which {len(found)} runs have: {first_few(latest)}"
        do = f"name one, such as the latest: {command(f'mode={mode}', word.format(latest[0]))}"
        raise ConfigError(expected(_WANTED, several, do))
    ids = {one: one for one in ALIASES} | {one_line(run.name): short[run.run_id] for run in runs}
    if re.fullmatch("[0-9a-fA-F]+", wanted):
        ids |= {run_id[: len(wanted)]: one for run_id, one in short.items()}
    if near := nearest(one_line(wanted), ids):
        meant = command(f"mode={mode}", word.format(ids[near[0]]))
        raise ConfigError(expected(_WANTED, shown, f"did you mean {first_few(near)}: {meant}"))
    raise ConfigError(expected(_WANTED, shown, see_all))


def short_ids(run_ids: Sequence[str]) -> dict[str, str]:
    """Return the starts of ids, long enough to tell them apart.

    >>> short_ids(["a" * 32, "b" * 32])["a" * 32]
    'aaaaaaaa'
    """
    length = _LENGTH
    while len({one[:length] for one in run_ids}) < len({*run_ids}):
        length += 1
    return {one: one[:length] for one in run_ids}
