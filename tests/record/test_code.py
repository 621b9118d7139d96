"""Code of a run: its difference can be applied, holds no secret and is bounded; git may lack."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from spaceship.config.installation import repository
from spaceship.record.code import Code


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("plan.py", "latin.txt"):
        (tmp_path / name).write_text("fee = 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "diff.noprefix=true"]
    command = ["git", "-C", str(root), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_commit_has_no_difference(root: Path) -> None:
    code = Code.of(root)
    assert (code.commit, code.dirty, code.diff) == (git(root, "rev-parse", "HEAD"), False, "")
    assert code.diff_complete


def test_the_difference_makes_the_changed_state_of_the_commit(root: Path, tmp_path: Path) -> None:
    (root / "plan.py").write_text("fee = 2\n")
    (root / "bits").write_bytes(b"\0\1")
    git(root, "add", "bits")
    code = Code.of(root)
    git(root, "reset", "-q", "--hard")
    patch = tmp_path / "a.diff"
    patch.write_text(code.diff)
    git(root, "apply", str(patch))
    assert (root / "plan.py").read_text() == "fee = 2\n"
    assert (root / "bits").read_bytes() == b"\0\1"
    assert code.diff_complete


def test_the_repository_of_a_hook_is_another_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(root, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other.git"))
    assert Code.of(root).commit == commit


def test_untracked_files_are_named_with_their_digest(root: Path) -> None:
    (root / "a folder").mkdir()
    (root / "a folder" / "new é.py").write_text("text")
    found = Code.of(root)
    assert found.dirty
    (name,) = found.untracked
    assert (name, found.untracked[name][:12]) == ("a folder/new é.py", "982d9e3eb996")


@pytest.mark.parametrize(
    "text",
    [
        "url = 'postgresql://me:s3cret@host/db'\n",
        "API_KEY = 's3cret'\n",
        "db:\n  password: s3cret\n",
        "export KAGGLE_API_TOKEN=s3cret\n",
        '{"client_secret": "s3cret"}\n',
        "x\n" * 199_990 + "url = 'postgresql://me:s3cret" + "x" * 99 + "@host/db'\n",
        "x\n" * 300_000,
        "caf\xe9\n",
    ],
)
def test_a_difference_is_incomplete_if_it_is_cut_redacted_or_no_text(root: Path, text: str) -> None:
    (root / "latin.txt").write_text(text, encoding="latin-1")
    code = Code.of(root)
    assert not code.diff_complete
    assert "s3cret" not in code.diff
    assert len(code.diff) <= 400_000
    assert code.diff_sha256


def test_without_git_the_files_say_which_code_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_git = Code.of(repository())
    monkeypatch.setenv("PATH", "")
    code = Code.of(root)
    assert (code.commit, code.diff) == ("", "")
    assert (code.digest, code.files) == (with_git.digest, with_git.files)


def test_code_that_speaks_of_secrets_is_kept_whole(root: Path) -> None:
    """Neither types nor calls nor names of variables are secrets."""
    lines = ["def sign(password: str, token: Token) -> None:", "    max_tokens = 400000"]
    lines += [
        "    token = tokens[0]",
        "    key = os.environ['API_KEY']",
        "password: ${oc.env:PWD}",
        "",
    ]
    (root / "plan.py").write_text("\n".join(lines))
    assert Code.of(root).diff_complete


def test_a_difference_that_git_does_not_give_is_not_complete(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "plan.py").write_text("fee = 2\n")
    slow_git(tmp_path / "bin", "diff", monkeypatch)
    code = Code.of(root)
    assert (code.dirty, code.diff, code.diff_complete) == (True, "", False)


def test_too_many_untracked_files_are_named_by_their_folders(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "rows").mkdir()
    (root / "rows" / "a.csv").write_text("1")
    slow_git(tmp_path / "bin", "--untracked-files=all", monkeypatch)
    code = Code.of(root)
    assert code.commit == git(root, "rev-parse", "HEAD")
    assert (code.dirty, code.untracked["rows/"]) == (True, "no file")


def test_what_takes_long_to_read_is_named_by_its_size(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (root / name).write_bytes(bytes(60))
    (root / "d").symlink_to("/dev/zero")  # it has no end
    monkeypatch.setattr("spaceship.record.code.MOST_BYTES", 130)
    found = Code.of(root).untracked
    assert (found["a"], found["c"], found["d"]) == (found["b"], "size 60", "no file")
    assert len(found["a"]) == 64


def slow_git(folder: Path, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a git before the real one that does not answer if a word is among its arguments."""
    folder.mkdir()
    script = f'#!/bin/sh\ncase " $* " in *" {word} "*) exec sleep 9;; esac\n'
    (folder / "git").write_text(f'{script}exec {shutil.which("git")} "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr("spaceship.record.code.SECONDS", 0.5)
