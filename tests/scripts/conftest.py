"""Puts the scripts where their tests can import them, as Python does for a script that it runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
