"""Cost of a served row: CPU in the pipeline, rows a second in batches, answers over HTTP.

Seconds are those of the CPU, medians of several turns; waits over HTTP are those of the clock, so
they hold on a quiet machine only. The server runs on loopback and ends with the benchmark. The
floor of each bar is measured beside it: the trees alone, and requests without rows.
"""

import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from scripts.bench.measure import experiment, kaggle_folder, launch, machine, parser, table

TURNS = 7
BATCH = 1000
CALLS = {1: 200, BATCH: 5}  # rows at once, and how often a turn asks
HOST = "127.0.0.1"
_JSON = {"Content-Type": "application/json"}
Row = tuple[str, str, str, str]  # what, found, floor, bar
Call = Callable[[], object]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what a row costs, and the bars."""
    os.environ["OMP_NUM_THREADS"] = "1"  # no library that reads it is loaded yet
    options = parser(__doc__)
    options.add_argument("--data", type=kaggle_folder, help="Kaggle's files; none: synthetic rows")
    options.add_argument("--model", default="lgbm", help="of the group model")
    options.add_argument("--features", default="full", help="of the group features")
    options.add_argument("--seconds", default=30, type=int, help="of load by many clients")
    options.add_argument("--clients", default=16, type=int)
    given = options.parse_args(arguments)
    own = ["data=local", f"data.dir={given.data}"] if given.data else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        rows = save_model(folder, f"model={given.model}", f"features={given.features}", *own)
        found = [*in_process(folder, rows), *over_http(folder, rows, given)]
    print(machine())
    print(table(["what", "found", "floor", "bar"], found))


def save_model(folder: Path, *overrides: str) -> list[dict[str, Any]]:
    """Store the serving model of a recipe; return the rows to predict, as JSON has them."""
    from spaceship.data.checks import checked
    from spaceship.registry import packaging
    from spaceship.task.written import as_written

    job = experiment("mode=train", *overrides)
    data = checked(job.source.read(job.task), job.task)
    task, train, test = data.task, data.train, data.test
    pipeline = job.pipeline(job.recipe()).fit(train, task.target(train))
    packaging.save(pipeline, folder, train.drop(columns=task.label), task)
    asked = train if test is None else test
    plain = as_written(asked[[*task.model_columns]], task.raw).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def in_process(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Row]:
    """Yield the CPU of one row and of a batch: in the pipeline, and from request to answer."""
    for size, times in CALLS.items():
        ways, trees = ways_to_answer(folder, rows[:size])
        shown, bar = (_as_rate, "50,000") if size > 1 else (_as_wait, "3")
        floor = shown(cpu(trees, times), size) if trees else ""
        what = f"batches of {size:,}, rows/s" if size > 1 else "one row, ms"
        for way, call in ways.items():
            allowed = "" if way.startswith("request") else bar
            yield f"{what}: {way}", shown(cpu(call, times), size), floor, allowed


def ways_to_answer(folder: Path, rows: list[dict[str, Any]]) -> tuple[dict[str, Call], Call | None]:
    """Return the calls that predict rows, by name, and that of LightGBM's trees alone, if any."""
    from spaceship.model import server
    from spaceship.model.request_rows import JSON, as_frame, read_json

    model: Any = server._load(folder)  # noqa: SLF001 - what the server does with a request
    body = _body(rows)
    values = read_json(body, model.metadata.get_input_schema().input_names())
    ways: dict[str, Call] = {
        "values to answers": partial(model.answer, values),
        "a frame to answers": partial(model.predict, as_frame(values)),
        "request to answer": partial(server.answer_to, body, JSON, model),
    }
    return ways, _trees(model.pipeline, as_frame(values))


def _as_wait(seconds: float, _: int) -> str:
    return f"{seconds * 1e3:.2f}"


def _as_rate(seconds: float, size: int) -> str:
    return f"{size / seconds:,.0f}"


def _trees(pipeline: Any, frame: Any) -> Call | None:
    """Return a call of the boosters' trees alone, on ready input; None for another model."""
    from spaceship.model.blend import Blend

    last = pipeline.steps[-1][1]
    if isinstance(last, Blend):
        pairs = [
            (last.fitted_preparations_[place].steps, one)
            for place, bags in last.fitted_members_
            for one in bags
        ]
    else:
        pairs = [(pipeline.steps[:-1], last)]
    if not all(getattr(one, "takes_coded", False) for _, one in pairs):
        return None
    calls = [
        _booster(one, encoding.coded(features.build(frame)))
        for ((_, features), (_, encoding)), one in pairs
    ]
    return lambda: [call() for call in calls]


def _booster(model: Any, coded: Any) -> Call:
    from catboost import CatBoost

    from spaceship.model.catboost import _pool  # as rows come to it

    if hasattr(model, "booster_"):
        return partial(model.booster_.predict, coded.values, num_threads=1)
    return partial(CatBoost.predict, model, _pool(coded), thread_count=1)


def over_http(folder: Path, rows: list[dict[str, Any]], given: Any) -> Iterator[Row]:
    """Yield waits of one client and of many, errors, and the server's CPU and memory.

    Floors are the waits of a question whether the server answers, and its memory before any row.
    """
    with _server(folder) as (port, process):
        empty = Load().of(port, [], clients=1, seconds=2)
        start = process.memory_info().rss / 1e6
        Load().of(port, rows, clients=1, seconds=2)  # libraries are loaded by the first requests
        seconds = max(2, given.seconds // 3)
        alone = Load().of(port, rows, clients=1, seconds=seconds)
        yield "one client, p50 and p95, ms", alone.waits(), empty.waits(), "p95: 8"
        before = sum(process.cpu_times()[:2])
        many = Load().of(port, rows, clients=given.clients, seconds=given.seconds)
        cpu = (sum(process.cpu_times()[:2]) - before) / len(many.seconds)
        yield f"{given.clients} clients, p50 and p95, ms", many.waits(), "", ""
        yield "requests/s", f"{len(many.seconds) / given.seconds:,.0f}", "", ""
        yield "CPU a request, ms", f"{cpu * 1e3:.2f}", "", ""
        yield f"errors in {given.seconds} s", str(len(many.errors)), "0", "0"
        memory = process.memory_info().rss / 1e6
        yield "memory of the server, MB", f"{memory:.0f}", f"{start:.0f}", "350"


@dataclass
class Load:
    """Requests of one row each, or of none (`/ping`), by clients that wait for each answer."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def of(self, port: int, rows: list[dict[str, Any]], clients: int, seconds: float) -> "Load":
        """Ask for some seconds; return this."""
        end = time.monotonic() + seconds
        own = [
            threading.Thread(target=self._ask, args=(port, rows[at::clients], end))
            for at in range(clients)
        ]
        for thread in own:
            thread.start()
        for thread in own:
            thread.join()
        return self

    def _ask(self, port: int, rows: list[dict[str, Any]], end: float) -> None:
        connection, at = http.client.HTTPConnection(HOST, port, timeout=60), 0
        while time.monotonic() < end:
            body, at = _body([rows[at % len(rows)]]) if rows else None, at + 1
            start = time.perf_counter()
            try:
                if body is None:
                    connection.request("GET", "/ping")
                else:
                    connection.request("POST", "/invocations", body, _JSON)
                answer = connection.getresponse()
                text = answer.read()
            except OSError as error:
                self.errors.append(repr(error))
                return
            self.seconds.append(time.perf_counter() - start)
            if answer.status != http.client.OK:
                self.errors.append(text.decode())

    def waits(self) -> str:
        """Return median and 95th percentile of the waits, in milliseconds."""
        return f"{median(self.seconds) * 1e3:.1f}, {quantiles(self.seconds, n=20)[-1] * 1e3:.1f}"


@contextmanager
def _server(folder: Path) -> Iterator[tuple[int, Any]]:
    """Give the port and the process of a server of a stored model."""
    import psutil

    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "spaceship.model.server", str(folder), "--port", str(port)]
    with launch(command, -3, OMP_NUM_THREADS="1") as process:
        try:
            for _ in range(240):
                with socket.socket() as one:
                    if one.connect_ex((HOST, port)) == 0:
                        break
                time.sleep(0.25)
            Load().of(port, [], clients=1, seconds=0.1)  # answered once the model is loaded
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


def _body(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"dataframe_records": rows}).encode()


def cpu(call: Call, times: int) -> float:
    """Return the CPU seconds of a call, the median of several turns of many calls."""
    call()
    found = []
    for _ in range(TURNS):
        start = time.process_time()
        for _ in range(times):
            call()
        found.append((time.process_time() - start) / times)
    return median(found)


if __name__ == "__main__":
    main()
