"""Runs named by id, by the start of it or by name; a name of none or of several is an error."""

import pytest

from spaceship.errors import ConfigError
from spaceship.tracking.run_names import find_run, short_ids
from spaceship.tracking.runs import RunRow

IDS = ("12e5" + "0" * 28, "12e6" + "0" * 28, "abcdef12" + "1" * 24, "abcdef12" + "2" * 24)
NAMES = ("lgbm on full · local", "svm on raw", "twice", "twice")
RUNS = [RunRow(one, name, "FINISHED", 0, {}, {}) for one, name in zip(IDS, NAMES, strict=True)]


def command(*words: str) -> str:
    return " ".join(["spaceship", *words])


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(IDS[0], 0), ("12e5", 0), ("12E6", 1), ("svm on raw", 1), (NAMES[0], 0), ("abcdef122", 3)],
)
def test_a_run_is_found(wanted: str, number: int) -> None:
    assert find_run(RUNS, wanted, "show", command) == RUNS[number]


def test_a_name_goes_before_the_start_of_an_id() -> None:
    named = RunRow("f" * 32, "12e", "FINISHED", 0, {}, {})
    assert find_run([*RUNS, named], "12e", "show", command) == named


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("twice", "which 2 runs have: abcdef122, abcdef121; name one, such as the latest: "),
        ("12e", "which 2 runs have: 12e600000, 12e500000; name one"),
        ("svm on row", "did you mean svm on raw: spaceship mode=show run=12e600000"),
        ("12e8", "did you mean 12e5, 12e6: spaceship mode=show run=12e500000"),
        ("something else", "see the ids of all runs: spaceship mode=leaderboard"),
        ("", "see the ids of all runs: spaceship mode=leaderboard"),
    ],
)
def test_no_run_and_several_runs_are_an_error_with_a_command(wanted: str, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        find_run(RUNS, wanted, "show", command)
    assert text in str(refused.value)


def test_a_hostile_name_is_escaped() -> None:
    hostile = RunRow("e" * 32, "svm\n\x1b[31m on raw", "FINISHED", 0, {}, {})
    with pytest.raises(ConfigError) as refused:
        find_run([hostile], "svm\n\x1b[31m on row", "show", command)
    assert str(refused.value).isprintable()
    assert r"did you mean svm\n\x1b[31m on raw" in str(refused.value)


def test_short_ids_tell_runs_apart() -> None:
    assert [*short_ids(IDS).values()] == [one[:9] for one in IDS]
    assert short_ids([]) == {}
