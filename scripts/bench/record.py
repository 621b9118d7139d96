"""CPU of a run's record: its share of the CPU seconds of `mode=train`, measured within one process.

`python -m scripts.bench.record [OVERRIDES]` trains once in a temporary folder.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from spaceship.cli.main import main
from spaceship.record.run_record import RunRecord
from spaceship.record.stages import FoldFeatures

_SPENT = dict[str, float]()
_MEASURED = ((RunRecord, "scored"), (RunRecord, "fitted"), (RunRecord, "judged"))


def timed(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that adds its CPU seconds to those of its name.

    >>> timed("example", abs)(-1)
    1
    """

    @wraps(plain)
    def measured(*given: object, **named: object) -> object:
        start = time.process_time()
        try:
            return plain(*given, **named)
        finally:
            _SPENT[name] = _SPENT.get(name, 0.0) + time.process_time() - start

    return measured


def run() -> None:
    """Train, and print the CPU of each part of the record in ms, and their share of all."""
    for owner, name in (*_MEASURED, (FoldFeatures, "__call__")):
        setattr(owner, name, timed(name, getattr(owner, name)))
    start = RunRecord.start.__func__  # type: ignore[attr-defined]
    RunRecord.start = classmethod(timed("start", start))  # type: ignore[assignment, method-assign]
    with tempfile.TemporaryDirectory() as outputs:
        sys.argv = ["run.py", "mode=train", f"paths.outputs={outputs}", *sys.argv[1:]]
        try:
            main()
        finally:
            total, own = time.process_time(), sum(_SPENT.values())
            parts = ", ".join(f"{name} {1000 * one:.0f}" for name, one in _SPENT.items())
            sys.stdout.write(
                f"record {own:.3f} of {total:.2f} CPU s, {own / total:.1%} ({parts})\n"
            )


if __name__ == "__main__":
    run()
