"""Command lines for messages: commands on one registered model, which work as typed."""

from collections.abc import Sequence
from pathlib import Path

from spaceship.config.installation import checkout, program_anywhere
from spaceship.text import shell_line

_REPEATED = ("data.", "paths.", "tracking", "gate.may_promote=")
_TEST, _LABELLED = "data.test=", ("data.train=", "data.dir=")
_PATHS = ("data.dir", "data.train", "data.test", "paths.data", "paths.outputs")


def command_line(model: str, outputs: Path, repeated: Sequence[str], words: Sequence[str]) -> str:
    """Return a command on a registered model; `repeated` are overrides that it needs besides.

    >>> line = command_line("shop-local", Path("/o"), ["data.dir=/d"], ["mode=train"])
    >>> line.partition(" task=")[2]
    'shop data=local mode=train data.dir=/d paths.outputs=/o'
    """
    task, _, source = model.rpartition("-")
    own = [f"task={task}", f"data={source}", *words, *repeated]
    root = checkout()
    default = root is not None and outputs.absolute() == root / "outputs"
    if not default and not any(item.startswith("paths.outputs=") for item in repeated):
        own.append(f"paths.outputs={outputs.absolute()}")
    return f"{program_anywhere()} {shell_line(own)}"


def repeated(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides that another command on the same model needs too, paths absolute.

    Rows to predict without labelled ones beside them are those of one prediction.

    >>> repeated(["mode=train", "data.n_groups=300", "data.test=new.csv", "paths.outputs=/o"])
    ('data.n_groups=300', 'paths.outputs=/o')
    >>> repeated(["data.train=/d/old.csv", "data.test=/d/new.csv"])
    ('data.train=/d/old.csv', 'data.test=/d/new.csv')
    """
    kept = [item for item in overrides if item.startswith(_REPEATED)]
    if not any(item.startswith(_LABELLED) for item in kept):
        kept = [item for item in kept if not item.startswith(_TEST)]
    return tuple(map(_absolute, kept))


def _absolute(override: str) -> str:
    key, _, value = override.partition("=")
    if key not in _PATHS or value.startswith(("'", '"', "null")) or "://" in value:
        return override
    return f"{key}={Path(value).expanduser().absolute()}"
