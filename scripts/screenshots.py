"""Pictures of the docs: `python -m scripts.screenshots` runs real commands and draws docs/images.

Terminals are SVG, MLflow's pages PNG, which needs playwright and chromium. About four minutes.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scripts.terminal import COLUMNS, record

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
_CHAMPION = "lgbm on full · synthetic"
_HOME = b"/home/me/project"  # in place of a temporary folder, as long a name
_CUT = 150  # seconds after which a command is ended whose end is not wanted
_SETTLED = 3000  # milliseconds in which a page stops moving
_LONG = 400
"""Rows of the screen that holds all that a command has written."""
_PARTS = ("configs", "hydra_plugins", "scripts", "spaceship", "Makefile", "pyproject.toml")
_SWEEP = ("mode=tune", "hydra.sweeper.n_trials=12")


class Scene(NamedTuple):
    """A picture of a terminal."""

    overrides: tuple[str, ...] = ()  # of the command
    until: str = ""  # text of the last line when the picture is taken; empty: at the end
    before: tuple[str, ...] = ()  # overrides of a command before it, in outputs of its own


SCENES = {
    "champion": Scene(),
    "refused": Scene(("mode=train", "model=catboost")),
    "tune": Scene(_SWEEP, r"[5-9]/12 trials"),
    "typo": Scene(("mode=train", "model=catbost")),
    "challenger": Scene(
        ("mode=train", "model=lgbm", "gate=predecessor"),
        before=("mode=train", "model=logistic_regression"),
    ),
}


PAGES = {
    "report": ("mode=report",),
    "explanation": ("mode=explain", "row=0013_01"),
}
"""Commands that write a page into a folder of that name, of the champion of the first scene."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=Path, default=IMAGES, help="folder of the pictures")
    every = [*SCENES, "pages", "report", "explanation"]
    options.add_argument("names", nargs="*", default=every, help="all by default")
    given = options.parse_args(arguments)
    images, chosen = given.images, given.names
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = copied(Path(place))
        for name in (name for name in SCENES if name in chosen):
            scene, where = SCENES[name], folder
            print(name, flush=True)
            if scene.before:
                where = copied(Path(place) / name)
                run(where, scene.before)
            draw(run(where, scene.overrides, scene.until), scene.overrides, images / f"{name}.svg")
        if "pages" in chosen:
            with served(folder) as address:
                photograph(address, images)
        for name, overrides in PAGES.items():
            if name in chosen:
                print(name, flush=True)
                run(folder, overrides)
                [page] = (folder / "outputs").glob(f"{name}s/**/*.html")
                photograph_file(page, images / f"{name}.png")


def copied(place: Path) -> Path:
    """Copy the project to where nobody's settings and outputs are."""
    folder = place / "spaceship"
    for part in _PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        folder.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, folder / part)
    shutil.rmtree(folder / "configs" / "local")
    return folder


def run(folder: Path, overrides: Sequence[str], until: str = "") -> bytes:
    """Run the project's script; return what it wrote, up to a text if one is given."""
    command = ["python", "scripts/run.py", *overrides]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PYTHONPATH": str(folder), "PATH": path}
    done = record(command, folder, environment, seconds=_CUT if until else 600)
    signs = done.signs
    taken = next((n for n, one in enumerate(signs) if until and re.search(until, one.line)), None)
    written = b"".join(one.data for one in signs[: None if taken is None else taken + 1])
    return written.replace(str(folder.parent).encode(), _HOME)


def draw(written: bytes, overrides: Sequence[str], image: Path) -> None:
    """Draw a terminal with a command and what it wrote, as SVG without fonts of other hosts."""
    screen = pyte.Screen(COLUMNS, _LONG)
    pyte.ByteStream(screen).feed(written)
    rows = [
        Text.assemble(("$ ", "green"), ("python scripts/run.py " + " ".join(overrides), "bold"))
    ]
    rows += [text_of(screen.buffer[row]) for row in range(_LONG)]
    while not rows[-1].plain.strip():
        rows.pop()
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    for one in rows:
        console.print(one, no_wrap=True)
    svg = console.export_svg(title="spaceship", theme=MONOKAI)
    image.write_text(re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL), encoding="utf-8")


def text_of(row: Mapping[int, pyte.screens.Char]) -> Text:
    """Return a row of a screen in its colours."""
    chars = [row[column] for column in range(COLUMNS)]
    parts = groupby(chars, lambda char: (char.fg, char.bold, char.italics))
    text = Text()
    for (colour, bold, italic), same in parts:
        known = {"default": None, "brown": "yellow"}.get(colour, colour)
        known = f"#{known}" if known and re.fullmatch(r"[0-9a-f]{6}", known) else known
        text.append(
            "".join(char.data for char in same), Style(color=known, bold=bold, italic=italic)
        )
    text.rstrip()
    return text


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve MLflow's pages as `make ui` does, and give the first link that it prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "spaceship.tracking.ui", str(folder / "outputs"), port]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        lines = iter(server.stdout or ())
        link = next(line.strip() for line in lines if "/#/experiments/" in line)
        try:
            yield link
        finally:
            server.terminate()


def photograph_file(file: Path, image: Path) -> None:
    """Photograph the top of a page that lies in a file."""
    with browsed(file.as_uri(), 960) as page:
        page.wait_for_timeout(_SETTLED)
        page.screenshot(path=image)


def photograph(link: str, images: Path) -> None:
    """Photograph the leaderboard, the page of its first run and that of the model."""
    with browsed(link, 720) as page:
        run = page.get_by_text(_CHAMPION)
        run.wait_for()
        for name in ("Close", "Hide banner"):  # MLflow's assistant, and a remark on views
            page.get_by_role("button", name=name, exact=True).first.click()
        page.wait_for_timeout(_SETTLED)
        page.screenshot(path=images / "leaderboard.png")
        run.click()
        page.get_by_text("Show more").first.click()
        page.wait_for_timeout(_SETTLED)
        page.screenshot(path=images / "run.png")


@contextmanager
def browsed(link: str, height: int) -> Iterator["Page"]:
    """Open a page in a window of 1280 pixels by a height."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.goto(link)
        yield page
        browser.close()


if __name__ == "__main__":
    main()
