"""Passwords of the roles of a stack's database, in files that no other user may read."""

import re
import secrets
import sys
from pathlib import Path

from spaceship.errors import expected

CLIENTS, SERVER = "clients.pgpass", "server.pgpass"
_ROLES = {CLIENTS: ["studies"], SERVER: ["mlflow", "postgres"]}


def passwords(folder: Path, data: Path) -> dict[str, str]:
    """Return the password of each role; make those that are missing unless `data` are made."""
    found: dict[str, str] = {}
    for name, roles in _ROLES.items():
        path, new = folder / name, folder / f"{name}.new"
        if data.exists() and not path.exists():
            do = "restore it from a backup of the folder, or move the folder away"
            sys.exit(expected(f"the passwords of {data} in {path}", "no file", do))
        if not path.exists():
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text("".join(f"*:*:*:{x}:{secrets.token_hex(16)}\n" for x in roles))
            new.replace(path)
        found |= dict(re.findall(r"(\w+):(\w+)$", path.read_text(), re.MULTILINE))
    return found
