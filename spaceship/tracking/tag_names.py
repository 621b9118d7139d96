"""Names of tags that MLflow's pages do not list, with a bin beside each: those under `mlflow.`."""

from collections.abc import Mapping

from hydra_plugins.spaceship_optuna.process import is_here, process_tags

_HIDDEN = "mlflow.spaceship."


def hidden(name: str) -> str:
    """Return the name that a tag is written under.

    >>> hidden("digests")
    'mlflow.spaceship.digests'
    """
    return f"{_HIDDEN}{name}"


def plain(key: str) -> str:
    """Return the name of a tag; older releases wrote it without a prefix.

    >>> plain(hidden("move-1")), plain("move-1")
    ('move-1', 'move-1')
    """
    return key.removeprefix(_HIDDEN)


def value(tags: Mapping[str, str], key: str) -> str | None:
    """Return the value of a tag, given its hidden name; that of an older release's if it is alone.

    >>> value({"digests": "old"}, hidden("digests"))
    'old'
    """
    return tags.get(key, tags.get(plain(key)))


def own_tags() -> dict[str, str]:
    """Return the tags of a run that name this process.

    >>> sorted(own_tags())
    ['mlflow.spaceship.host', 'mlflow.spaceship.place', 'mlflow.spaceship.process']
    """
    return {f"mlflow.{key}": text for key, text in process_tags().items()}


def process_of(tags: Mapping[str, str]) -> dict[str, str]:
    """Return a run's tags with those of its process as older releases wrote them, plainly.

    >>> process_of(own_tags() | {"spaceship.process": "of an older release"}) == (
    ...     process_of(process_tags()) | own_tags()
    ... )
    True
    """
    hidden_ones = {key: text for key, text in tags.items() if key.startswith(_HIDDEN)}
    return {**tags, **{key.removeprefix("mlflow."): text for key, text in hidden_ones.items()}}


def is_on(process: Mapping[str, str], host: str | None) -> bool:
    """Return whether a process, by the tags of `process_of`, is one of a machine, unseen from here.

    >>> is_on(process_of(own_tags()), "old-box"), is_on({"spaceship.host": "old-box"}, "old-box")
    (False, True)
    """
    return host is not None and process.get("spaceship.host") == host and not is_here(process)
