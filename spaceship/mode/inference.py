"""`mode=inference`: the champion predicts the test passengers."""

import logging
import tempfile
from pathlib import Path

from omegaconf import DictConfig

from spaceship import packaging, parts
from spaceship.errors import ConfigError
from spaceship.registry import MODEL
from spaceship.submission import submission, write

log = logging.getLogger(__name__)


def inference(cfg: DictConfig) -> None:
    """Write the champion's predictions of the test passengers as Kaggle wants them."""
    if not cfg.inference.output:
        message = f"expected inference.output=FILE, found {cfg.inference.output!r}; name a CSV file"
        raise ConfigError(message)
    registry = parts.registry(cfg)
    champion = registry.champion()
    people = parts.passengers(cfg)
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = packaging.load(str(registry.fetch(champion, MODEL, Path(temporary))))
    table = submission(pipeline.predict(people.test), people)
    path = Path(cfg.inference.output).expanduser().absolute()
    write(table, path)
    share = table["Transported"].mean()
    log.info("Champion: version %s of %s", champion.number, registry.model)
    log.info("%d predictions, %.1f %% transported: %s", len(table), 100 * share, path)
