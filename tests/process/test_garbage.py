"""Pauses of garbage collection, which keep no object of a notebook that uses the package."""

import subprocess
import sys

import pytest

CODE = """
import gc, weakref
from spaceship.process.garbage import collection_paused
class Cycle: pass
one = Cycle()
one.own, seen = one, weakref.ref(one)
with collection_paused({own}):
    import wave
del one
gc.collect()
print(seen() is None, gc.isenabled())
"""


@pytest.mark.parametrize(("own", "freed"), [("", True), ("own=True", False)])
def test_objects_of_the_caller_are_freed_after_a_pause(own: str, *, freed: bool) -> None:
    code = CODE.format(own=own)
    told = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    assert told.stdout.decode() == f"{freed} True\n"
