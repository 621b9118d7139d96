"""The benchmark that kills sweeps, on one round of a few trials."""

import os
import tempfile
import time
from typing import Any

import forks
import pytest
from forks import Fork

from scripts.bench import measure as bench
from scripts.chaos import sweep_kills as bench_sweep_kills


def measure(command: list[str]) -> bench.Measured:
    begun = time.perf_counter()
    done = forks.run(command, tempfile.gettempdir())
    return bench.Measured(time.perf_counter() - begun, 0, 0, done.returncode, done.stdout)


@pytest.mark.slow
def test_killed_sweeps_are_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(os.devnull, "w") as nothing:  # noqa: PTH123
        files = (nothing.fileno(), nothing.fileno())

        def launch(command: list[str], _: Any) -> Fork:
            return Fork(command, tempfile.gettempdir(), files=files)

        monkeypatch.setattr(bench, "launch", launch)
        monkeypatch.setattr(bench, "measure", measure)
        status = bench_sweep_kills.main(["--rounds", "1", "--trials", "6", "--seed", "3"])
    told = capsys.readouterr().out
    assert status == 0, told
    assert told.count("| ok |") == 1
