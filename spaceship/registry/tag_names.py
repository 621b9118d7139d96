"""Names of tags that MLflow's pages do not list, with a bin beside each: those under `mlflow.`."""

from collections.abc import Mapping

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
