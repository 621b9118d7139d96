"""The benchmark that kills sweeps, on one round of a few trials."""

import pytest

from scripts.chaos import sweep_kills as bench_sweep_kills


@pytest.mark.slow
def test_killed_sweeps_are_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    status = bench_sweep_kills.main(["--rounds", "1", "--trials", "6", "--seed", "3"])
    told = capsys.readouterr().out
    assert status == 0, told
    assert told.count("| ok |") == 1
