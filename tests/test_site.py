"""Pages made of other files: the reference of settings, and the documentation's site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import reference
from tests.commands import ROOT


def test_the_reference_of_settings_is_up_to_date() -> None:
    made = reference.page()
    assert reference.PAGE.read_text(encoding="utf-8") == made, "run python -m scripts.reference"


def test_every_setting_of_the_shipped_files_has_a_comment() -> None:
    lines = (ROOT / "configs" / "config.yaml").read_text(encoding="utf-8").splitlines()
    assert not [key for key, _, comment in reference.settings(lines) if not comment]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(build, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    tutorial = (tmp_path / "tutorial.html").read_text(encoding="utf-8")
    assert "https://fonts" not in tutorial
