"""Spaceship: a Hydra-configured experiment framework for Kaggle's Spaceship Titanic."""


def __getattr__(name: str) -> str:
    """Return `__version__`, which pyproject.toml declares, read when it is first used."""
    if name != "__version__":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib.metadata import version

    return version("spaceship")
