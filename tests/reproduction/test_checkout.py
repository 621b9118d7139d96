"""Code of a run made again: a copy of commit and diff, or one message on what is missing."""

from hashlib import sha256
from pathlib import Path

import pytest

from spaceship.errors import RegistryError
from spaceship.record.code import Code
from spaceship.reproduction.checkout import code_of
from tests.record.test_code import git

THEN, NOW = "fee = 2\n", "fee = 3\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a repository with a package of one file."""
    root = tmp_path / "project"
    (root / "spaceship").mkdir(parents=True)
    (root / "spaceship" / "plan.py").write_text("fee = 1\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def recorded(root: Path, **files: str) -> Code:
    """Return the state of the repository, with the digests of some Python files."""
    found = Code.of(root)
    digests = {
        f"spaceship/{one}.py": sha256(text.encode()).hexdigest() for one, text in files.items()
    }
    return Code(**{**vars(found), "files": digests})


def test_commit_and_diff_are_made_again_beside_the_present_code(root: Path, tmp_path: Path) -> None:
    (root / "spaceship" / "plan.py").write_text(THEN)
    code = recorded(root, plan=THEN)
    (root / "spaceship" / "plan.py").write_text(NOW)
    with code_of(code, "", root, tmp_path) as found:
        assert (found / "spaceship" / "plan.py").read_text() == THEN
        assert (root / "spaceship" / "plan.py").read_text() == NOW
        assert len(git(root, "worktree", "list").splitlines()) == 1, "a killed run leaves none"
    assert not found.exists()


def test_a_copy_inside_of_another_repository_has_the_diff_too(root: Path) -> None:
    (root / "spaceship" / "plan.py").write_text(THEN)
    code = recorded(root, plan=THEN)
    (root / "spaceship" / "plan.py").write_text(NOW)
    with code_of(code, "", root, root) as found:
        assert (found / "spaceship" / "plan.py").read_text() == THEN


def test_an_untracked_file_is_taken_if_it_is_the_same(root: Path, tmp_path: Path) -> None:
    (root / "spaceship" / "new.py").write_text(THEN)
    code = recorded(root, plan="fee = 1\n", new=THEN)
    with code_of(code, "", root, tmp_path) as found:
        assert (found / "spaceship" / "new.py").read_text() == THEN
    (root / "spaceship" / "new.py").write_text(NOW)
    fails(code, root, tmp_path, "files that git did not keep (files that differ: spaceship/new.py)")


def test_what_is_missing_is_one_message_with_what_can_be_compared(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = recorded(root, plan="fee = 1\n")
    part = Code(**{**vars(code), "diff_complete": False})
    pruned = Code(**{**vars(code), "commit": "0" * 40})
    fails(part, root, tmp_path, "only a part of its changes to commit")
    fails(pruned, root, tmp_path, f"no commit {'0' * 12} of {root}")
    fails(code, None, tmp_path, "no git repository here")
    fails(Code("", files=code.files), root, tmp_path, "version 0.1.0 of the package")
    monkeypatch.setenv("PATH", str(tmp_path))
    fails(code, root, tmp_path, "as there is no git")


def fails(code: Code, root: Path | None, folder: Path, found: str) -> None:
    with pytest.raises(RegistryError) as raised, code_of(code, "0.1.0", root, folder):
        pass
    assert found in str(raised.value)
    assert "reproduce.code=present" in str(raised.value)
    assert not (folder / "code").exists()
