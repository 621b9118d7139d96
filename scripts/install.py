"""Installation steps: `python -m …`, with one line on a terminal that shows what it is doing.

`python scripts/install.py pip install …`. Nothing but the standard library is installed by then.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_TICK = 0.25  # seconds between two looks at the module
_SHOWN = 40
"""Lines of its output that a failed module leaves on the terminal."""
_GOING = ("Collecting ", "Downloading ", "Using cached ", "Building wheel ")
_LIST = "Installing collected packages: "


def main(arguments: Sequence[str]) -> int:
    """Run a module and return its exit status."""
    command = [sys.executable, "-m", *arguments]
    if not sys.stdout.isatty():
        quiet = os.environ | {"PIP_QUIET": "1"}
        return subprocess.run(command, check=False, env=quiet).returncode
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            status = _follow(process, output.fileno())
        except KeyboardInterrupt:  # the module has got it, too
            process.wait()
            status = 130
        _show("")
        output.seek(0)
        sys.stdout.writelines(output.readlines()[-_SHOWN:] if status else [])
    return status


def _follow(process: "subprocess.Popen[bytes]", output: int) -> int:
    """Show what a module is doing until it ends, and return its exit status."""
    start, before = time.monotonic(), set(_packages())
    while process.poll() is None:
        seconds = int(time.monotonic() - start)
        written = os.pread(output, os.fstat(output).st_size, 0).decode(errors="replace")
        installed = [name for name in _packages() if name not in before]
        _show(f"  {seconds // 60}:{seconds % 60:02d}  {doing(written, installed)}")
        time.sleep(_TICK)
    return process.returncode


def doing(written: str, installed: Sequence[str]) -> str:
    r"""Return what pip is doing, given its output and the packages that it has installed.

    >>> doing("Collecting mlflow==3.17.2\n  Downloading mlflow-3.17.2-py3.whl", [])
    'Downloading mlflow-3.17.2-py3.whl'
    >>> doing("Installing collected packages: pytz, numpy, mlflow", ["pytz", "numpy"])
    'Installing 3 packages: 2 numpy'
    """
    lines = [line.strip() for line in written.splitlines()]
    found = next((one for one in reversed(lines) if one.startswith((*_GOING, _LIST))), "…")
    if not found.startswith(_LIST):
        return found
    count = f"{len(installed)} {installed[-1]}" if installed else "0"
    return f"Installing {found.count(',') + 1} packages: {count}"


def _packages() -> list[str]:
    """Return the names of the installed packages, the latest last."""
    found = [path for place in sys.path for path in Path(place or ".").glob("*.dist-info")]
    with suppress(OSError):  # one is being replaced
        found.sort(key=lambda path: path.stat().st_mtime)
    return [path.name.partition("-")[0] for path in found]


def _show(text: str) -> None:
    """Replace the line on the terminal, without control codes: some terminals have none."""
    width = shutil.get_terminal_size().columns - 1
    sys.stdout.write(f"\r{text[:width]:{width}}\r")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
