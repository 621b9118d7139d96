"""`mode=pp` (preprocess): the data checked, stored and described, and the features as tables."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from spaceship.config.build import build
from spaceship.config.installation import PACKAGE, code_digest
from spaceship.data.cache import filling
from spaceship.data.description import describe, description_csv, description_table
from spaceship.experiment import Experiment
from spaceship.files import write_atomically
from spaceship.model.recipe_name import features_name
from spaceship.progress import phase
from spaceship.record.run_record import RunRecord
from spaceship.results import Result
from spaceship.screen import show

log = logging.getLogger(__name__)

_CODE = ("features", "task", "split")
"""Folders of the package whose code the stored features depend on."""


@dataclass(frozen=True)
class PpResult(Result):
    """Checked data and features, as files."""

    data_digest: str
    rows: int  # to learn from
    rows_to_predict: int
    columns: int
    folder: str  # of the data
    profile: str  # file that describes the columns
    features: str  # folder of the tables of features


def pp(experiment: Experiment) -> PpResult:
    """Check the data, store data and features as Parquet, and describe the columns.

    The stored features are fitted on the training part and are for people to look at: each fold,
    twin and serving model fits its own, so no figure rests on them.
    """
    made = prepare(experiment)
    RunRecord.of(experiment, experiment.job).loaded(experiment.dataset)
    return made


def prepare(experiment: Experiment, level: int = logging.INFO) -> PpResult:
    """Run `pp`, and log the description at a level."""
    data, folder = experiment.data.stored()
    with phase("Describing the columns"):
        profile = describe(data.train, data.task)
        write_atomically(folder / "profile.csv", description_csv(profile))
    log.log(level, "%s", data.summary)
    show(log, description_table(profile), level)
    features = _store_features(experiment, folder / "features")
    log.log(level, "Data, profile and features are in %s", folder)
    return PpResult(
        data_digest=data.digest,
        rows=len(data.train),
        rows_to_predict=0 if data.test is None else len(data.test),
        columns=data.train.shape[1],
        folder=str(folder),
        profile=str(folder / "profile.csv"),
        features=str(features),
    )


def _store_features(experiment: Experiment, folder: Path) -> Path:
    """Write the feature tables unless the same set, made by the same code, is there already."""
    node, protocol = experiment.nodes.resolved("features"), experiment.protocol
    key = _digest(node, asdict(protocol))
    final = folder / f"{features_name(node)}-{key}"
    if not final.is_dir():
        data = experiment.dataset
        learn, _ = protocol.split(data.train, data.task)
        with phase("Making the features"):
            features = build(node).fit(learn, data.task.target(learn))
        parts = {"train": data.train, "test": data.test}
        with filling(final) as temporary:
            for part, frame in parts.items():
                if frame is not None:
                    features.transform(frame).to_parquet(temporary / f"{part}.parquet")
    return final


def _digest(*contents: object) -> str:
    """Return a digest of everything the features depend on: their config, the split, the code."""
    code = code_digest(*(PACKAGE / name for name in _CODE))
    return hashlib.sha256(json.dumps([*contents, code], default=str).encode()).hexdigest()[:12]
