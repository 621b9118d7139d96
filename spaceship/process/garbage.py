"""Garbage collection of Python, paused where a large library is imported."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_own: list[bool] = []  # not empty in the process of a command


@contextmanager
def collection_paused(*, own: bool = False) -> Iterator[None]:
    """Search for no cycles of objects while the block runs: an import takes half the time.

    In the process of a command, which a block with `own` declares, what it and later blocks import
    is never searched either: each search would take 0.3 s. Elsewhere, such as in a notebook, that
    would keep objects of somebody else for ever.

    >>> with collection_paused():
    ...     from matplotlib.figure import Figure
    >>> gc.isenabled()
    True
    """
    _own[:] = [True] if own else _own
    enabled, modules = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if _own and len(sys.modules) > modules:
            gc.freeze()
        if enabled:
            gc.enable()
