"""`mode=pp` (preprocess): the data checked, stored and described, and the features as tables."""

import hashlib
import json
import logging
from pathlib import Path

from spaceship.config.build import build
from spaceship.config.installation import PACKAGE
from spaceship.data.cache import filling, load_dataset
from spaceship.data.description import describe, description_table
from spaceship.experiment import Experiment, features_name
from spaceship.files import write_atomically
from spaceship.task.spaceship_titanic.columns import LABEL

log = logging.getLogger(__name__)

_CODE = ("task", "split")
"""Folders of the package whose code the stored features depend on."""


def pp(experiment: Experiment) -> None:
    """Check the data, store data and features as Parquet, and describe the columns.

    The stored features are fitted on the training part and are for people to look at: each fold,
    twin and serving model fits its own, so no figure rests on them.
    """
    people, folder = load_dataset(experiment.source, experiment.outputs)
    profile = describe(people.train, LABEL)
    write_atomically(folder / "profile.csv", profile.to_csv())
    log.info("%d passengers to learn from, %d to predict", len(people.train), len(people.test))
    log.info("%s", description_table(profile))
    stored = _store_features(experiment, folder / "features")
    log.info("Data, profile and features are in %s", folder)
    log.info("Features: %s", stored.relative_to(folder))


def _store_features(experiment: Experiment, folder: Path) -> Path:
    """Write the feature tables unless the same set, made by the same code, is there already."""
    node, protocol = experiment.nodes.resolved("features"), experiment.protocol
    key = _digest(node, protocol.holdout_fraction, protocol.salt)
    final = folder / f"{features_name(node)}-{key}"
    if not final.is_dir():
        learn, _ = protocol.split(experiment.dataset.train)
        features = build(node).fit(learn, learn[LABEL].to_numpy())
        with filling(final) as temporary:
            for part in ("train", "test"):
                table = features.transform(getattr(experiment.dataset, part))
                table.to_parquet(temporary / f"{part}.parquet")
    return final


def _digest(*contents: object) -> str:
    """Return a digest of everything the features depend on: their config, the split, the code."""
    paths = sorted(path for name in _CODE for path in (PACKAGE / name).rglob("*.py"))
    code = [path.read_text() for path in paths]
    return hashlib.sha256(json.dumps([*contents, code], default=str).encode()).hexdigest()[:12]
