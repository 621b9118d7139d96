"""Source files of this package that a stored model needs, as one zip file that Python imports from.

A serving model carries it, so that MLflow loads the model where the project is not installed.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from spaceship.config.installation import PACKAGE

CODE_FILE = f"{PACKAGE.name}.zip"
_OWN = rf"{PACKAGE.name}\b[\w.]*"
_IMPORT = re.compile(rf"^\s*(?:import ({_OWN})|from ({_OWN}) import (\([^)]*|.*))", re.MULTILINE)


def write_code(modules: Iterable[str], folder: Path) -> Path:
    """Write the source files of modules, and in turn those of this package that they import.

    The package's own `__init__` imports lazily, so its imports are not followed. The same code
    gives the same bytes.

    >>> from zipfile import is_zipfile
    >>> is_zipfile(write_code([type(task).__module__], tmp_path))
    True
    """
    found, waiting = dict[str, Path](), [*modules]
    while waiting:
        name = waiting.pop()
        source = _source(name)
        if name not in found and source is not None:
            found[name] = source
            waiting += imported(source.read_text("utf-8")) if name != PACKAGE.name else []
            waiting.append(name.rpartition(".")[0])
    path = folder / CODE_FILE
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in sorted(found):
            inside = found[name].relative_to(PACKAGE.parent).as_posix()
            archive.writestr(ZipInfo(inside), found[name].read_bytes(), ZIP_DEFLATED)
    return path


def imported(text: str) -> Iterator[str]:
    """Yield the modules of this package that a source file imports, and names that may be some.

    >>> [*imported("from spaceship.task import Task, label")]
    ['spaceship.task', 'spaceship.task.Task', 'spaceship.task.label']
    """
    for whole, module, names in _IMPORT.findall(text):
        yield whole or module
        yield from (f"{module}.{name}" for name in re.findall(r"\w+", names))


def _source(name: str) -> Path | None:
    """Return the file of a module or package of ours, None of anything else."""
    if name.split(".", maxsplit=1)[0] != PACKAGE.name:
        return None
    place = PACKAGE.parent.joinpath(*name.split("."))
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)
