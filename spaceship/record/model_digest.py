"""Digest of a stored model: of what was learnt, the same for two saves of the same fit."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from spaceship._upstream import MLFLOW_SKOPS_FILE
from spaceship.data.digest import TableDigest, short_digest

_NOT_LEARNT = {
    *("__id__", "_sklearn_version", "n_jobs", "thread_count", "nthread", "num_threads"),
    *("_skops_version", "protocol"),
}
"""Keys that change with the process, the release or the number of threads."""
_SETTINGS_OF_LIGHTGBM = re.compile(r"\\nparameters:.*?end of parameters", re.DOTALL)
_THREADS_OF_XGBOOST = re.compile(rb"(?:\x06n_jobs|\x07nthread)SL.{8}-?\d+", re.DOTALL)


def model_digest(folder: Path) -> TableDigest:
    """Return the digest of a model that `packaging.save` wrote, and of each of its steps.

    skops names objects by their addresses, CatBoost notes the time: neither counts, nor do numbers
    of threads.

    >>> from spaceship.registry import packaging
    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> for name in ("a", "b"):
    ...     packaging.save_twin(fitted, tmp_path / name, task)
    >>> model_digest(tmp_path / "a") == model_digest(tmp_path / "b")
    True
    >>> list(model_digest(tmp_path / "a").columns)
    ['features', 'encoding', 'estimator']
    """
    with ZipFile(folder / MLFLOW_SKOPS_FILE) as archive:
        whole = json.loads(archive.read("schema.json"))
        made = _Stored(archive)
        steps = {name: short_digest(made.text(node)) for name, node in _steps(whole)}
        return TableDigest(short_digest(made.text(whole)), columns=steps)


class _Stored:
    """The nodes of a skops file as text that equal states share."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.file = cache(self._file)

    def text(self, node: Any) -> str:
        """Return a node as JSON; entries of dictionaries and members of sets are sorted."""
        return json.dumps(self._plain(node), sort_keys=True)

    def _plain(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._plain(one) for one in node]
        if isinstance(node, str):
            return _SETTINGS_OF_LIGHTGBM.sub("", node)
        if not isinstance(node, Mapping):
            return node
        kept = {key: one for key, one in node.items() if key not in _NOT_LEARNT}
        if "file" in kept:
            kept["file"] = self.file(kept["file"])
        if "key_types" in kept:  # one for each entry, in their order
            types = kept.pop("key_types")["content"]
            entries = zip(types, kept.pop("content").items(), strict=True)
            named = [(key, kind["__class__"], one) for kind, (key, one) in entries]
            kept["entries"] = sorted(
                self.text([key, kind, one]) for key, kind, one in named if key not in _NOT_LEARNT
            )
        made = {key: self._plain(one) for key, one in kept.items()}
        if made.get("__loader__") == "SetNode":
            made["content"] = sorted(json.dumps(one, sort_keys=True) for one in made["content"])
        return made

    def _file(self, name: str) -> str:
        content = self._archive.read(name)
        if content.startswith(b"CBM1"):
            content = _without_notes(content)
        return short_digest(_THREADS_OF_XGBOOST.sub(b"", content))


def _without_notes(content: bytes) -> bytes:
    """Return a model of CatBoost without the time and the settings of its training."""
    from catboost import CatBoost

    model = CatBoost()
    model.load_model(blob=content)
    notes = model.get_metadata()
    for name in [*notes.keys()]:
        del notes[name]
    return bytes(model.__getstate__()["__model"])


def _steps(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and node of each step of the outermost pipeline."""
    if isinstance(node, list):
        for one in node:
            yield from _steps(one)
    elif isinstance(node, Mapping):
        inside = node.get("content")
        if isinstance(inside, Mapping) and isinstance(inside.get("content"), Mapping):
            steps = inside["content"].get("steps")
            if steps is not None:
                for pair in steps["content"]:
                    name, step = pair["content"]
                    yield json.loads(name["content"]), step
                return
        for one in node.values():
            yield from _steps(one)
