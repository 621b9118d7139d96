"""`mode=image`: a folder from which docker builds an image of the champion."""

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile, is_zipfile

from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.model.server import PORT
from spaceship.registry.code_archive import CODE_FILE
from spaceship.registry.registry import MODEL
from spaceship.results import Result
from spaceship.screen import Commands, show
from spaceship.text import shell_line

log = logging.getLogger(__name__)

_SERVER = "spaceship.model.server"
DOCKERFILE = """\
# Version {number} of {model}. Build and run it:
#   docker build -t {tag} .
#   docker run --rm -p {port}:{port} {tag}
FROM python:{python}-slim
# hadolint ignore=DL3008
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends libgomp1 \\
    && rm -rf /var/lib/apt/lists/* \\
    && useradd --create-home --uid 1000 server
WORKDIR /home/server
COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt
COPY {folder} {folder}
USER 1000
ENV PYTHONPATH={folder}/code/{archive} MLFLOW_DISABLE_TELEMETRY=true PYTHONUNBUFFERED=1
EXPOSE {port}
HEALTHCHECK --interval=10s --start-period=30s CMD \
["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/ping')"]
CMD ["python", "-m", "{server}", "{folder}", "--host", "0.0.0.0", "--port", "{port}"]
"""
IGNORED = "**\n!Dockerfile\n!requirements.txt\n!model/**\n"


@dataclass(frozen=True)
class ImageResult(Result):
    """A folder for docker."""

    model: str  # registered model
    champion: str  # version
    folder: str


def image(experiment: Experiment) -> ImageResult:
    """Write Dockerfile, requirements and model into `<outputs>/image/<task>-<source>`, whole.

    Raise RegistryError if the champion was registered without the code of its server.
    """
    registry = experiment.registry
    champion = registry.champion()
    target = experiment.outputs / "image" / registry.model
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unfinished-") as temporary:
        made = Path(temporary) / "context"
        made.mkdir()
        folder = registry.fetch(champion, MODEL, made)
        if not _has_server(folder):
            what = f"version {champion.number} of {registry.model} to hold its server"
            train = registry.command("mode=train", "gate.force=true", "reason=image")
            found = "none: it was registered by an earlier release"
            raise RegistryError(expected(what, found, f"train another one: {train}"))
        text = dockerfile(folder, registry.model, champion.number)
        (made / "Dockerfile").write_text(text)
        (made / ".dockerignore").write_text(IGNORED)
        shutil.copy(folder / "requirements.txt", made)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    log.info("Image of version %s of %s: %s", champion.number, registry.model, target)
    build = shell_line(["docker", "build", "-t", _tag(registry.model), str(target)])
    run = shell_line(["docker", "run", "--rm", "-p", "127.0.0.1:8080:8080", _tag(registry.model)])
    show(log, Commands({"build it where docker runs": build, "then let it answer": run}))
    return ImageResult(registry.model, champion.number, str(target))


def dockerfile(folder: Path, model: str, number: str) -> str:
    """Return the Dockerfile of a stored model, with the Python that it was fitted by.

    >>> from mlflow.models import Model
    >>> made = Model(flavors={"python_function": {"python_version": "3.11.7"}})
    >>> made.save(tmp_path / "MLmodel")
    >>> dockerfile(tmp_path, "churn-local", "3").splitlines()[3]
    'FROM python:3.11-slim'
    """
    from mlflow.models import Model

    flavor = Model.load(str(folder / "MLmodel")).flavors["python_function"]
    python = ".".join(str(flavor["python_version"]).split(".")[:2])
    places = {"folder": MODEL, "archive": CODE_FILE, "server": _SERVER, "port": PORT}
    return DOCKERFILE.format(model=model, number=number, tag=_tag(model), python=python, **places)


def _tag(model: str) -> str:
    """Return the name of an image, which docker wants in small letters."""
    return model.lower()


def _has_server(folder: Path) -> bool:
    archive = folder / "code" / CODE_FILE
    wanted = f"{_SERVER.replace('.', '/')}.py"
    return is_zipfile(archive) and wanted in ZipFile(archive).namelist()
