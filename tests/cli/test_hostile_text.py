"""Names and values of others: none steers the terminal, forges a line or fills a screen."""

import re
from pathlib import Path

import pytest

from tests.commands import Shell

EVIL = "x\nerror: all fine\x1b[31m\u202e"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
HEADER = f'PassengerId,Transported,"{EVIL}"\n'


def write(folder: Path, train: str, test: str = "PassengerId,HomePlanet\n0009_01,Mars\n") -> Path:
    folder.mkdir()
    (folder / "train.csv").write_text(train)
    (folder / "test.csv").write_text(test)
    return folder


def assert_harmless(out: str, err: str) -> None:
    assert not RAW.search(out + err)
    lines = (out + err).splitlines()
    assert sum(line.startswith("error: ") for line in lines) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "given",
    [
        ("mode=pp", "data=local"),
        ("mode=init", "task.label=Transported", "task.name=made"),
        ("mode=init", "task.label=none", "task.name=made"),
        ("mode=inference", "inference.output=/"),
        ("mode=history", "history.output=none"),
        ("mode=leaderboard", "leaderboard.output=none"),
        ("mode=show", f"run={EVIL}"),
        ("mode=compare", f"runs=['{EVIL}',last]"),
    ],
)
def test_folders_headers_and_values_cannot_steer_the_terminal(
    shell: Shell, tmp_path: Path, given: tuple[str, ...]
) -> None:
    folder = write(tmp_path / EVIL, f'{HEADER}0001_01,True,1\n0002_01,"no{EVIL}",2\n')
    done = shell(*given, f"data.dir='{folder}'", "reason='\x1b]0;title\x07'")
    assert done.returncode == 2, done.stdout + done.stderr
    assert_harmless(done.stdout, done.stderr)


@pytest.mark.parametrize("override", ["mode=a\x1b[31mb", "model.\x9bx=1", "+a\x07=1", "--\x1b[1m"])
def test_a_command_line_cannot_steer_the_terminal(shell: Shell, override: str) -> None:
    done = shell(override)
    assert done.returncode == 2
    assert not RAW.search(done.stdout + done.stderr)


def test_three_hundred_faults_do_not_fill_the_screen(shell: Shell, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(300)]
    task = tmp_path / "configs" / "task" / "wide.yaml"
    task.parent.mkdir(parents=True)
    columns = "".join(f"  {name}: number\n" for name in names)
    task.write_text(f"problem: regression\nlabel: y\nid: null\ncolumns:\n{columns}")
    texts = ",".join(names)
    folder = write(tmp_path / "wide", f"y,{texts}\n1,{texts}\n2,{texts}\n", f"{texts}\n{texts}\n")
    done = shell("mode=pp", "task=wide", f"data.dir={folder}")
    assert done.returncode == 2
    assert "… and 290 more" in done.stderr
    (folder / "train.csv").write_text("y,z\n1,2\n2,3\n")
    done = shell("mode=pp", "task=wide", f"data.dir={folder}")
    assert "missing: c0, c1, " in done.stderr
    assert "… and 290 more" in done.stderr
    assert len(done.stdout + done.stderr) < 2000
