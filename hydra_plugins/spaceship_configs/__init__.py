"""Hydra search path plugin: `configs/` of the working directory, before the shipped configs."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.plugins.search_path_plugin import SearchPathPlugin

from spaceship.config.installation import configs


class WorkingDirectoryConfigs(SearchPathPlugin):
    """Put `./configs` on the search path of this project's app, and of no other Hydra app.

    Its files add choices to the groups and win over shipped files of the same name. A folder with
    a `config.yaml` is left out: it is another app's, or the checkout's own.

    >>> issubclass(WorkingDirectoryConfigs, SearchPathPlugin)  # Hydra finds it by its base
    True
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepend the folder, if there is one and the app is this project's."""
        folder = Path.cwd() / "configs"
        if not folder.is_dir() or (folder / "config.yaml").exists():
            return
        paths = {element.path.removeprefix("file://") for element in search_path.get_path()}
        if str(configs()) in paths:
            search_path.prepend("working directory", str(folder), SearchPathQuery(provider="main"))
