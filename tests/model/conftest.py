"""Keep the candidates to one thread: a test's few rows are not worth a busy second core."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Bound the libraries that take their number of threads from the machine."""
    with threadpool_limits(1):
        yield
