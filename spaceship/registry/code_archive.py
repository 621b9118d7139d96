"""Source files of this package that a stored model needs, as one zip file that Python imports from.

A serving model carries it, so that MLflow loads the model where the project is not installed.
"""

from collections.abc import Iterable
from modulefinder import Module, ModuleFinder
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from spaceship.config.installation import PACKAGE

CODE_FILE = f"{PACKAGE.name}.zip"


def write_code(modules: Iterable[str], folder: Path) -> Path:
    """Write the source files of modules, and in turn those of this package that they import.

    The package's own `__init__` imports lazily, so its imports are not followed. The same code
    gives the same bytes.

    >>> from zipfile import is_zipfile
    >>> is_zipfile(write_code([type(task).__module__], tmp_path))
    True
    """
    finder = ModuleFinder(path=[])  # finds no other packages
    finder.modules[PACKAGE.name] = Module(PACKAGE.name, path=[str(PACKAGE)])  # type: ignore[arg-type]
    for name in modules:
        finder.import_hook(name)
    own = [name for name in finder.modules if name.split(".")[0] == PACKAGE.name]
    path = folder / CODE_FILE
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in sorted(own):  # the others are built into Python, such as `time`
            module = Path(*name.split("."))
            inside = (PACKAGE.parent / module).is_dir()
            source = module / "__init__.py" if inside else module.with_suffix(".py")
            content = (PACKAGE.parent / source).read_bytes()
            archive.writestr(ZipInfo(source.as_posix()), content, ZIP_DEFLATED)
    return path
