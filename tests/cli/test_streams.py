"""Standard streams: closed, full, of few characters; what is printed never steers the terminal."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest

from spaceship.cli.streams import SafeStream, escape_log_records, lost_output, open_streams
from tests.commands import ROOT

SCRIPT = str(ROOT / "scripts" / "run.py")
FULL = "error: expected to write to standard output, found No space left on device; the work is"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `run` is the project's script."""
    line = f'run() {{ "{sys.executable}" "{SCRIPT}" "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)  # noqa: S607


@pytest.fixture
def restored() -> Iterator[None]:
    """Restore the streams and the log records of this process."""
    streams, factory = (sys.stdout, sys.stderr), logging.getLogRecordFactory()
    raises, encoding = logging.raiseExceptions, os.environ.get("PYTHONIOENCODING")
    yield
    sys.stdout, sys.stderr = streams
    logging.setLogRecordFactory(factory)
    logging.raiseExceptions = raises
    os.environ.pop("PYTHONIOENCODING", None)
    if encoding is not None:
        os.environ["PYTHONIOENCODING"] = encoding


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("run --cfg job | true; exit ${PIPESTATUS[0]}", 141, ""),
        ("run --help | true; exit ${PIPESTATUS[0]}", 141, ""),
        ("run --cfg job >&-", 0, ""),
        ("run --cfg job >&- 2>&- <&-", 0, ""),
        ("run --cfg job >/dev/full", 2, FULL),
        ("run --cfg job >/dev/full 2>/dev/full", 2, ""),
        ("run mode=none 2>&-", 2, ""),
        ("run mode=none 2>/dev/full", 2, ""),
        ("run mode=none 2>&1 >&- | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 2, ""),
    ],
)
def test_a_stream_that_takes_nothing_is_no_fault_of_the_work(
    line: str, status: int, said: str
) -> None:
    done = shell(line)
    assert done.returncode == status
    assert done.stderr.startswith(said) if said else not done.stderr


@pytest.mark.slow
def test_a_closed_stream_gives_its_number_to_no_file() -> None:
    program = "from spaceship.cli.streams import open_streams; open_streams(); "
    program += "print(open('/dev/zero').fileno() > 2, file=__import__('sys').stderr)"
    done = shell(f'"{sys.executable}" -c "{program}" >&- <&-')
    assert done.stderr == "True\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.usefixtures("restored")
def test_every_line_can_be_written_in_every_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    open_streams()
    sys.stdout.write("0.1 % → 4 % ≥ 3 … 日本 \udcff ±\n")
    assert lost_output() is None
    found = written.getvalue().decode(encoding)
    assert found.startswith(("0.1 % -> 4 %", "0.1 % → 4 %"))
    assert "日本" in found or r"\u65e5\u672c" in found
    assert r"\udcff" in found
    assert os.environ["PYTHONIOENCODING"] == f"{encoding}:backslashreplace"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07\x9b1A", r"\x1b]0;title\x07\x9b1A"),
        ("a\rb\x00c\x08\x7f\x0b\x0c", r"a\rb\x00c\x08\x7f\x0b\x0c"),
        ("user\u202egnp.exe\u2066\u200b\u2028", r"user\u202egnp.exe\u2066\u200b\u2028"),
        ("two\nlines\tand ümlauts 🚀", "two\nlines\tand ümlauts 🚀"),
    ],
)
def test_control_characters_are_escaped_in_whatever_is_written(said: str, shown: str) -> None:
    written = io.StringIO()
    stream = SafeStream(written)
    print(said, file=stream)
    stream.writelines([said])
    assert written.getvalue() == f"{shown}\n{shown}"


@pytest.mark.parametrize(
    ("message", "values", "shown"),
    [
        ("Read %s", ("a\nerror: b\x1b[31m",), r"Read a\nerror: b\x1b[31m"),
        ("%d rows of %r", (3, "a\nb"), r"3 rows of 'a\\nb'"),
        ("%s", ("a  b\n1  \x1b",), "a  b\n1  \\x1b"),
        ("Failed: %s", (ValueError("one\ntwo\x1b"),), "Failed: one\ntwo\\x1b"),
        ("%(name)s", ({"name": "a\x1b"},), r"a\x1b"),
        ("100 % sure\x1b", (), r"100 % sure\x1b"),
        ("%d rows", ("many",), None),
    ],
)
@pytest.mark.usefixtures("restored")
def test_control_characters_are_escaped_in_log_lines_and_line_ends_in_values(
    message: str, values: tuple[object, ...], shown: str | None
) -> None:
    escape_log_records()
    record = logging.getLogger("some").makeRecord("some", 20, "", 0, message, values, None)
    if shown is not None:
        assert record.getMessage() == shown


def failing(error: Exception) -> TextIO:
    class Failing(io.StringIO):
        def write(self, _: str) -> int:
            raise error

    return Failing()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("closed file")])
def test_the_first_failed_write_is_kept_and_the_rest_dropped(error: Exception) -> None:
    stream = SafeStream(failing(error))
    stream.write("one")
    stream.write("two")
    stream.flush()
    assert stream.fault is error


@pytest.mark.parametrize("name", ["encoding", "isatty", "fileno", "buffer", "reconfigure"])
def test_everything_else_is_the_streams_own(name: str) -> None:
    kept: Callable[..., object] = getattr(SafeStream(sys.__stdout__ or sys.stdout), name)
    assert kept == getattr(sys.__stdout__, name)
