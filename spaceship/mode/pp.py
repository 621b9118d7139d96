"""`mode=pp`: the data checked, stored and profiled, and the features as tables to look at."""

import hashlib
import json
import logging
from pathlib import Path

from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.config.build import build, resolved
from spaceship.config.installation import PACKAGE
from spaceship.data._base import Passengers
from spaceship.data.cache import filling, load_passengers
from spaceship.data.checks import LABEL
from spaceship.drift.profile import describe, show
from spaceship.files import write_atomically

log = logging.getLogger(__name__)


def pp(cfg: DictConfig) -> None:
    """Check the data, keep it and its features as Parquet, and write a profile of the columns.

    The features are fitted on the training part. They are for looking at: each fold, twin and
    serving model fits its own, so nothing here can leak into a score.
    """
    people, folder = load_passengers(parts.data_source(cfg), parts.outputs(cfg))
    profile = describe(people.train, LABEL)
    write_atomically(folder / "profile.csv", profile.to_csv())
    log.info("%d passengers to learn from, %d to predict", len(people.train), len(people.test))
    log.info("%s", show(profile))
    stored = _store_features(cfg, people, folder / "features")
    log.info("Data, profile and features are in %s", folder)
    log.info("Features: %s", stored.relative_to(folder))


def _store_features(cfg: DictConfig, people: Passengers, folder: Path) -> Path:
    """Write the feature tables unless the same set, made by the same code, is there already."""
    protocol = parts.protocol(cfg)
    name = parts.features_name({"features": cfg.features})
    key = _key(resolved(cfg.features), protocol.holdout_fraction, protocol.salt)
    final = folder / f"{name}-{key}"
    if not final.is_dir():
        learn, _ = protocol.parts(people.train)
        features = build(cfg.features).fit(learn, learn[LABEL].to_numpy())
        with filling(final) as temporary:
            for part in ("train", "test"):
                features.transform(getattr(people, part)).to_parquet(temporary / f"{part}.parquet")
    return final


def _key(*contents: object) -> str:
    """Return a digest of what the features are made by: their config, the split and the code."""
    folders = [PACKAGE / "features", PACKAGE / "task", PACKAGE / "split"]
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    code = [path.read_text() for path in paths]
    return hashlib.sha256(json.dumps([*contents, code], default=str).encode()).hexdigest()[:12]
